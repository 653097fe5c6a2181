"""What lies under the fruit: belts, rollers, cups, trays, paper, wood, dark, cloth, metal, leaves, crates."""

from __future__ import annotations

import numpy as np

from training.simulator.noise import Floats, fractal_tile, on_plane, smoothstep
from training.simulator.skin import Skin, blank_skin, blend, rgb
from training.simulator.spec import GroundSpec

GROUND_KINDS = (
    "belt",
    "rollers",
    "cups",
    "tray",
    "paper",
    "wood",
    "dark",
    "cloth",
    "metal",
    "leaves",
    "plain",
    "white",
    "clutter",
)


def paint_ground(spec: GroundSpec, x: Floats, y: Floats, centres_mm: Floats) -> Skin:
    """Paint ground points (x, y) in mm. centres_mm: (n, 2) where fruit lie (cups are there). Height is relief in mm.

    Raises:
        ValueError: unknown kind of ground.
    """
    if spec.kind not in GROUND_KINDS:
        raise ValueError(f"ground kind: expected one of {', '.join(GROUND_KINDS)}, got {spec.kind!r}")
    rng = np.random.default_rng((spec.seed, 31))
    at = rng.random(8).astype(np.float32)
    turn = rng.uniform(0, 2 * np.pi) if spec.kind in ("wood", "paper", "cloth", "clutter", "metal") else 0.0
    u = (x * np.float32(np.cos(turn)) + y * np.float32(np.sin(turn))).astype(np.float32)
    v = (y * np.float32(np.cos(turn)) - x * np.float32(np.sin(turn))).astype(np.float32)
    skin = blank_skin(x.size)
    skin.surface[:] = 0
    cloud = on_plane(fractal_tile(1.6, 3.0), u / 520 + at[0], v / 520 + at[1])
    grain = on_plane(fractal_tile(0.7, 8.0), u / 90 + at[2], v / 90 + at[3])
    skin.albedo = (
        np.broadcast_to(np.array(spec.colour, np.float32), (x.size, 3))
        * (1 + 0.03 * cloud + 0.03 * grain)[:, None]
    )
    skin.gloss[:] = 0.0 if rng.random() < 0.6 else rng.uniform(0.13, 0.5)
    skin.blur[:] = 0.9
    match spec.kind:
        case "belt":
            pitch = rng.uniform(1.2, 5.0)
            weave = np.sin(u * (2 * np.pi / pitch)) * np.sin(v * (2 * np.pi / pitch))
            skin.height_mm = (0.12 * weave * rng.uniform(0, 1) + 0.05 * grain).astype(np.float32)
            dirt = smoothstep(0.8, 2.2, on_plane(fractal_tile(1.1, 4.0), u / 300 + at[4], v / 300 + at[5]))
            skin.albedo = blend(
                skin.albedo, skin.albedo * 0.6 + rgb(110, 100, 84) * 0.3, rng.uniform(0, 0.6) * dirt
            )
        case "rollers":
            phase = np.mod(u / spec.pitch_mm + at[4], 1.0) - 0.5
            bulge = np.sqrt(np.clip(1 - (phase / 0.46) ** 2, 0, 1))
            skin.height_mm = (spec.pitch_mm * 0.42 * bulge).astype(np.float32)
            gap = smoothstep(0.42, 0.47, np.abs(phase))
            skin.albedo = blend(skin.albedo * (1 + 0.04 * grain)[:, None], rgb(14, 14, 14), gap)
            skin.gloss[:] = rng.uniform(0.1, 0.5) * (1 - gap)
            skin.blur[:] = rng.uniform(0.4, 0.9)
        case "cups":
            away = np.full(x.shape, 1e4, np.float32)
            for cx, cy in centres_mm:
                away = np.minimum(away, np.hypot(x - cx, y - cy))
            ring = spec.pitch_mm * 0.55
            skin.height_mm = (
                -14 * smoothstep(ring, ring * 0.35, away) + 2.0 * np.exp(-(((away - ring) / 3.0) ** 2))
            ).astype(np.float32)
            skin.albedo = blend(
                skin.albedo,
                np.array(spec.colour, np.float32) * 0.45,
                smoothstep(ring * 1.06, ring * 1.12, away) * 0.8,
            )
            skin.gloss[:] = rng.uniform(0.2, 0.7)
            skin.blur[:] = 0.5
        case "tray":
            pitch = spec.pitch_mm * 1.25
            a, b = np.cos(u * (2 * np.pi / pitch)), np.cos(v * (2 * np.pi / pitch))
            skin.height_mm = (9 * (a + b)).astype(np.float32) + 0.25 * grain
            skin.albedo = skin.albedo * (0.75 + 0.14 * (a + b))[:, None].astype(np.float32)
        case "wood":
            rings = on_plane(fractal_tile(1.1, 3.0), u / 900 + at[4], v / 45 + at[5])
            skin.albedo = skin.albedo * (1 + 0.13 * rings + 0.05 * np.sin(9 * rings))[:, None]
            plank = np.abs(np.mod(v / 95 + at[6], 1.0) - 0.5) < 0.008
            skin.albedo = skin.albedo * np.where(plank & (rng.random() < 0.5), 0.4, 1.0)[:, None]
            skin.gloss[:] = rng.uniform(0.0, 0.5)
            skin.blur[:] = 0.6
        case "cloth":
            threads = np.sin(u * 3.1) * np.sin(v * 3.1)
            skin.height_mm = (0.15 * threads + 1.2 * cloud).astype(np.float32)
            if rng.random() < 0.5:
                other = np.clip(rng.random(3) * 0.9 + 0.05, 0, 1).astype(np.float32)
                check = (np.mod(u / 26, 1) < 0.5).astype(np.float32) * 0.5 + (np.mod(v / 26, 1) < 0.5) * 0.5
                skin.albedo = blend(skin.albedo, other, (check * rng.uniform(0.2, 0.9)).astype(np.float32))
        case "metal":
            brushed = on_plane(fractal_tile(0.7, 4.0), u / 900 + at[4], v / 14 + at[5])
            skin.albedo = skin.albedo * (1 + 0.05 * brushed)[:, None]
            skin.height_mm = (0.02 * brushed).astype(np.float32)
            skin.gloss[:] = 1.0
            skin.blur[:] = rng.uniform(0.3, 0.8)
        case "leaves":
            _leaves(skin, u, v, rng, grain)
        case "clutter":
            _clutter(skin, u, v, rng)
        case "dark":
            skin.gloss[:] = 0.0
        case _:
            pass
    np.clip(skin.albedo, 0.004, 0.97, out=skin.albedo)
    return skin


def _leaves(skin: Skin, u: Floats, v: Floats, rng: np.random.Generator, grain: Floats) -> None:
    """Leaves of many greens and browns lying over each other on soil or grass."""
    soil = rgb(*((62, 50, 38), (44, 58, 26), (96, 84, 66))[rng.integers(3)])
    skin.albedo = np.broadcast_to(soil, skin.albedo.shape) * (1 + 0.25 * grain)[:, None]
    autumn = rng.random() * 0.6
    for layer in range(int(rng.integers(12, 55))):
        cx, cy, turn = rng.uniform(-190, 190), rng.uniform(-190, 190), rng.uniform(0, 2 * np.pi)
        length, width = rng.uniform(28, 52), rng.uniform(13, 25)
        near = np.flatnonzero((np.abs(u - cx) < length) & (np.abs(v - cy) < length))
        if not near.size:
            continue
        du, dv = u[near] - np.float32(cx), v[near] - np.float32(cy)
        a = du * np.float32(np.cos(turn)) + dv * np.float32(np.sin(turn))
        b = (
            dv * np.float32(np.cos(turn))
            - du * np.float32(np.sin(turn))
            + np.float32(rng.normal(0, 0.004)) * a * a
        )
        s = np.clip(a / np.float32(length), -1, 1)
        inside = np.float32(width) * (1 - s * s) * (1 - 0.3 * s) - np.abs(b) + 0.5 * np.sin(a * 1.3)
        leaf = inside > 0
        old = rng.random() < autumn
        tint = (
            rgb(*((150, 110, 60), (176, 150, 60), (120, 70, 40))[rng.integers(3)])
            if old
            else rgb(*((58, 92, 36), (84, 120, 52), (44, 76, 34), (122, 146, 70))[rng.integers(4)])
        )
        tint = tint * rng.normal(1, 0.12)
        vein = np.exp(-((b / 0.8) ** 2)) + 0.4 * np.exp(
            -((np.mod((a - np.abs(b) * 0.8) / 7.0, 1) - 0.5) ** 2) / 0.01
        )
        paint = np.clip(tint * (1 + 0.18 * vein + 0.08 * grain[near])[:, None], 0, 1)
        around = near[(inside > -4) & ~leaf]
        skin.albedo[around] *= 0.7
        skin.albedo[near[leaf]] = paint[leaf]
        skin.height_mm[near[leaf]] = (layer * 0.3 + 0.02 * b * b * rng.uniform(-1, 1) + 0.25 * vein)[leaf]
    skin.gloss[:] = 0.2


def _clutter(skin: Skin, u: Floats, v: Floats, rng: np.random.Generator) -> None:
    """Random coloured rectangles and discs: labels, boxes, tools, anything flat."""
    for _ in range(int(rng.integers(4, 16))):
        cx, cy = rng.uniform(-260, 260, 2)
        turn = rng.uniform(0, np.pi)
        a = (u - cx) * np.float32(np.cos(turn)) + (v - cy) * np.float32(np.sin(turn))
        b = (v - cy) * np.float32(np.cos(turn)) - (u - cx) * np.float32(np.sin(turn))
        half = rng.uniform(8, 120, 2)
        inside = (
            (np.abs(a) < half[0]) & (np.abs(b) < half[1]) if rng.random() < 0.7 else np.hypot(a, b) < half[0]
        )
        first = rng.random(3) * rng.uniform(0.2, 1.0)
        tint = np.broadcast_to(first.astype(np.float32), (u.size, 3))
        if rng.random() < 0.4:
            second = rng.random(3).astype(np.float32)
            bars = np.sin(a * rng.uniform(0.1, 1.5)) * np.sin(b * rng.uniform(0.05, 0.8)) > rng.uniform(
                -0.2, 0.6
            )
            tint = np.where(bars[:, None], second, tint)
        skin.albedo = np.where(inside[:, None], tint, skin.albedo).astype(np.float32)
        skin.height_mm = np.where(inside, skin.height_mm + 2, skin.height_mm).astype(np.float32)
