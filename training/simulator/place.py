"""Random fruit, defects, lamps, cameras and poses: what a picture may hold, and how often."""

from __future__ import annotations

import numpy as np

from grader.types import Crop, DefectKind
from training.simulator.noise import Floats
from training.simulator.spec import DefectSpec, FruitSpec, GroundSpec, LampSpec, LensSpec, LightSpec, Rotation
from training.simulator.varieties import APPLES, MELONS

AREA_MM2: dict[DefectKind, tuple[float, float, float]] = {
    # median, spread (natural log), greatest share of the skin
    DefectKind.BRUISE: (160.0, 0.9, 0.25),
    DefectKind.ROT: (800.0, 1.4, 0.95),
    DefectKind.SCAB: (150.0, 1.1, 0.4),
    DefectKind.RUSSET: (500.0, 1.2, 0.6),
    DefectKind.SCALD: (1500.0, 0.9, 0.6),
    DefectKind.SUNBURN: (1400.0, 0.7, 0.35),
    DefectKind.PUNCTURE: (14.0, 0.7, 0.02),
    DefectKind.CRACK: (60.0, 0.8, 0.06),
    DefectKind.SCAR: (120.0, 1.1, 0.25),
    DefectKind.INSECT: (28.0, 0.8, 0.05),
    DefectKind.SPOTS: (70.0, 0.8, 0.12),
    DefectKind.SOOTY: (400.0, 1.1, 0.5),
    DefectKind.OTHER: (150.0, 1.1, 0.3),
}
LEAST_MM2 = 3.0
KIND_WEIGHTS = {
    DefectKind.ROT: 2.4,
    DefectKind.BRUISE: 1.8,
    DefectKind.SCAB: 1.6,
    DefectKind.RUSSET: 0.8,
    DefectKind.SCALD: 0.6,
    DefectKind.SUNBURN: 0.6,
    DefectKind.PUNCTURE: 1.0,
    DefectKind.CRACK: 0.9,
    DefectKind.SCAR: 1.2,
    DefectKind.INSECT: 1.0,
    DefectKind.SPOTS: 1.0,
    DefectKind.SOOTY: 0.8,
    DefectKind.OTHER: 0.5,
}


def as_rotation(matrix: Floats) -> Rotation:
    """A (3, 3) array as nested tuples."""
    rows = np.asarray(matrix, np.float64)
    a, b, c = (tuple(float(v) for v in row) for row in rows)
    return ((a[0], a[1], a[2]), (b[0], b[1], b[2]), (c[0], c[1], c[2]))


def turn_about(axis: tuple[float, float, float], angle_rad: float) -> Floats:
    """Rotation matrix about an axis (Rodrigues)."""
    x, y, z = np.array(axis) / np.linalg.norm(axis)
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + np.sin(angle_rad) * k + (1 - np.cos(angle_rad)) * k @ k, np.float32)


def random_rotation(rng: np.random.Generator) -> Floats:
    """A rotation, all equally likely."""
    matrix, upper = np.linalg.qr(rng.normal(size=(3, 3)))
    matrix = matrix * np.sign(np.diag(upper))
    return np.asarray(matrix * np.linalg.det(matrix), np.float32)


def aim_axis(toward: Floats, tilt_rad: float, stem_first: bool, rng: np.random.Generator) -> Floats:
    """A rotation whose stem (or calyx) end points along `toward`, tilted a little."""
    goal = toward / np.linalg.norm(toward)
    side = np.cross(goal, rng.normal(size=3))
    side /= np.linalg.norm(side)
    axis = goal * np.cos(tilt_rad) + np.cross(goal, side) * np.sin(tilt_rad)
    z = axis if stem_first else -axis
    x = np.cross(z, rng.normal(size=3))
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(z, x), z], 1).astype(np.float32)


def random_defects(rng: np.random.Generator, crop: Crop, diameter_mm: float) -> tuple[DefectSpec, ...]:
    """One to a few defects of mixed kinds; sometimes one that takes most of the fruit."""
    kinds = list(KIND_WEIGHTS)
    weights = np.array([KIND_WEIGHTS[k] for k in kinds])
    count = 1 + int(rng.choice(5, p=[0.5, 0.24, 0.14, 0.08, 0.04]))
    skin = np.pi * diameter_mm**2
    grown = (diameter_mm / 75.0) ** 2
    chosen: list[DefectSpec] = []
    main = kinds[int(rng.choice(len(kinds), p=weights / weights.sum()))]
    for _ in range(count):
        kind = main if rng.random() < 0.5 else kinds[int(rng.choice(len(kinds), p=weights / weights.sum()))]
        median, spread, most = AREA_MM2[kind]
        area = float(np.clip(median * grown**0.7 * np.exp(rng.normal(0, spread)), LEAST_MM2, most * skin))
        if kind is DefectKind.ROT and rng.random() < 0.15:
            area = float(rng.uniform(0.4, 0.98)) * skin
        direction = rng.normal(size=3)
        if kind is DefectKind.CRACK and rng.random() < 0.5:
            direction = np.array([*rng.normal(0, 0.35, 2), 1.0])
        if kind is DefectKind.SPOTS and rng.random() < 0.6:
            direction[2] = -abs(direction[2]) - 0.5
        chosen.append(
            DefectSpec(
                kind=kind,
                area_mm2=area,
                direction=(float(direction[0]), float(direction[1]), float(direction[2])),
                severity=float(rng.beta(2.5, 1.6)),
                seed=int(rng.integers(2**31)),
            )
        )
    return tuple(chosen)


def random_fruit(
    rng: np.random.Generator, crop: Crop, *, sound: bool, variety: str | None = None
) -> FruitSpec:
    """One fruit of any or a given variety."""
    table: dict[str, tuple[float, float]] = (
        {n: v.diameter_mm for n, v in APPLES.items()}
        if crop is Crop.APPLE
        else {n: v.diameter_mm for n, v in MELONS.items()}
    )
    name = variety or str(rng.choice(sorted(table)))
    diameter = float(rng.uniform(*table[name]))
    defects = () if sound else random_defects(rng, crop, diameter)
    rotten = any(d.kind is DefectKind.ROT and d.area_mm2 > 0.35 * np.pi * diameter**2 for d in defects)
    stem = 0.0 if rng.random() < 0.18 else float(rng.uniform(6, 28))
    return FruitSpec(
        seed=int(rng.integers(2**31)),
        crop=crop,
        variety=name,
        equatorial_diameter_mm=diameter,
        defects=defects,
        stem_mm=stem,
        shrivel=float(rng.uniform(0.2, 1.0)) if rotten or (not sound and rng.random() < 0.06) else 0.0,
        wet=float(rng.uniform(0.2, 0.8)) if rng.random() < 0.06 else 0.0,
        dust=float(rng.uniform(0.1, 0.9)) if rng.random() < 0.15 else 0.0,
        sticker=bool(rng.random() < 0.08),
    )


def random_light(rng: np.random.Generator) -> LightSpec:
    """Soft boxes, strips, windows, bare bulbs, sun."""
    tint = np.array(
        [(1.0, 1.0, 1.0), (1.0, 0.93, 0.82), (1.0, 0.86, 0.66), (0.9, 0.96, 1.0)][
            int(rng.choice(4, p=[0.5, 0.25, 0.1, 0.15]))
        ]
    )
    lamps = []
    shop = rng.random() < 0.2
    count = int(rng.integers(4, 9)) if shop else int(rng.choice([1, 2, 3, 4], p=[0.4, 0.3, 0.2, 0.1]))
    for _ in range(count):
        style = 3 if shop else int(rng.integers(4))
        width, height, strength = (
            (rng.uniform(14, 40), rng.uniform(10, 30), rng.uniform(10, 40)),
            (rng.uniform(50, 110), rng.uniform(3, 8), rng.uniform(15, 60)),
            (rng.uniform(20, 40), rng.uniform(20, 40), rng.uniform(8, 25)),
            (rng.uniform(4, 9), rng.uniform(4, 9), rng.uniform(60, 400)),
        )[style]
        lamps.append(
            LampSpec(
                azimuth_deg=float(rng.uniform(0, 360)),
                elevation_deg=float(rng.uniform(25, 88)),
                width_deg=float(width),
                height_deg=float(height),
                strength=float(strength),
                bars=int(rng.integers(1, 3)) if style == 2 else 0,
                colour=(float(tint[0]), float(tint[1]), float(tint[2])),
            )
        )
    sky = rng.uniform(0.15, 1.2) * np.clip(tint * rng.normal(1, 0.05, 3), 0.1, 2)
    floor = np.clip(rng.uniform(0.08, 0.7) * rng.normal(1, 0.06, 3), 0.02, 1)
    return LightSpec(
        lamps=tuple(lamps),
        sky=(float(sky[0]), float(sky[1]), float(sky[2])),
        floor=(float(floor[0]), float(floor[1]), float(floor[2])),
        key_share=float(0.05 + 0.8 * rng.beta(1.2, 1.8)),
        shadow_blur=float(rng.beta(1.4, 1.2)),
    )


def random_lens(rng: np.random.Generator) -> LensSpec:
    """From a good camera to a poor one; dim, cast and overexposed too."""
    cast = rng.normal(1.0, 0.05, 3)
    if rng.random() < 0.08:
        cast *= np.array(
            [(1.25, 0.45, 1.35), (1.15, 0.75, 1.2), (1.25, 1.0, 0.7), (0.85, 1.0, 1.25), (0.9, 1.15, 0.9)][
                int(rng.integers(5))
            ]
        )
    return LensSpec(
        exposure=float(np.clip(np.exp(rng.normal(np.log(0.26), 0.38)), 0.05, 0.6)),
        gains=(float(cast[0]), float(cast[1]), float(cast[2])),
        defocus_px=float(rng.exponential(0.38)) if rng.random() < 0.92 else float(rng.uniform(1.2, 3.0)),
        motion_px=float(rng.uniform(1, 6)) if rng.random() < 0.1 else 0.0,
        motion_deg=float(rng.uniform(0, 180)),
        noise=float(rng.exponential(0.014)),
        vignette=float(rng.uniform(0, 0.35)) if rng.random() < 0.4 else 0.0,
        contrast=float(rng.uniform(0, 0.5)),
        saturation=float(np.clip(rng.normal(1.0, 0.12), 0.6, 1.4)),
        sharpen=float(rng.uniform(0, 1.0)) if rng.random() < 0.4 else 0.0,
        jpeg_quality=int(rng.integers(70, 99)),
    )


GROUND_COLOURS: dict[str, tuple[tuple[int, int, int], ...]] = {
    "belt": ((40, 96, 60), (34, 60, 120), (30, 30, 32), (225, 225, 222), (120, 122, 124), (20, 80, 90)),
    "rollers": ((228, 228, 226), (60, 62, 66), (24, 24, 26), (150, 152, 156), (40, 70, 130)),
    "cups": ((24, 24, 26), (30, 60, 130), (70, 70, 74), (180, 40, 40), (220, 220, 220)),
    "tray": ((110, 60, 130), (50, 110, 60), (28, 28, 30), (196, 180, 150), (70, 110, 180)),
    "paper": ((245, 245, 245), (250, 250, 250), (235, 232, 226), (225, 228, 232)),
    "wood": ((176, 130, 84), (120, 80, 50), (206, 174, 128), (90, 66, 48), (222, 204, 172)),
    "dark": ((8, 8, 8), (16, 16, 18), (26, 24, 24), (3, 3, 3)),
    "cloth": ((150, 40, 44), (60, 80, 130), (210, 205, 196), (70, 110, 80), (120, 116, 112)),
    "metal": ((170, 172, 176), (130, 132, 136), (200, 200, 204)),
    "leaves": ((80, 100, 50),),
    "white": ((255, 255, 255), (250, 250, 248)),
    "plain": ((80, 120, 170), (110, 150, 110), (170, 170, 170), (196, 120, 100), (60, 70, 80)),
    "clutter": ((150, 140, 130), (90, 90, 96), (200, 196, 190), (60, 56, 52)),
}


def random_ground(rng: np.random.Generator, kinds: tuple[str, ...] | None = None) -> GroundSpec:
    """Any ground, or one of the given kinds."""
    kind = str(
        rng.choice(kinds or (*sorted(GROUND_COLOURS), "white", "white", "white", "paper", "dark", "wood"))
    )
    choices = GROUND_COLOURS[kind]
    colour = np.clip(
        np.array(choices[int(rng.integers(len(choices)))]) / 255 * rng.normal(1, 0.08, 3), 0.005, 0.98
    )
    return GroundSpec(
        kind=kind,
        colour=(float(colour[0]), float(colour[1]), float(colour[2])),
        seed=int(rng.integers(2**31)),
        pitch_mm=float(rng.uniform(45, 90)),
    )
