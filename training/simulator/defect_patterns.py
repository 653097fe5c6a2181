"""How each kind of defect looks, on its own little map: u, v in units of its size, level > 0 where it is.

A pattern is a pure function of (u, v, skin colour, random generator made from the defect's seed, severity).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from grader.types import DefectKind
from training.simulator.noise import Floats, cell_tile, fractal_tile, on_plane, smoothstep
from training.simulator.skin import rgb


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Patch:
    """level: (N,) > 0 inside. share: (N,) 0-1 cover. colour: (N, 3) sRGB. height_mm, dull: (N,)."""

    level: Floats
    share: Floats
    colour: Floats
    height_mm: Floats
    dull: Floats


Pattern = Callable[[Floats, Floats, Floats, np.random.Generator, float], Patch]


def _cloud(u: Floats, v: Floats, rng: np.random.Generator, scale: float = 0.1, rough: float = 1.3) -> Floats:
    at = rng.random(2).astype(np.float32)
    return on_plane(fractal_tile(rough, 3.0), u * np.float32(scale) + at[0], v * np.float32(scale) + at[1])


def _colours(base: Floats, shade: Floats) -> Floats:
    return np.clip(base * shade[:, None], 0.0, 1.0).astype(np.float32)


def _patch(level: Floats, share: Floats, colour: Floats, height: Floats, dull: float | Floats) -> Patch:
    return Patch(
        level=level.astype(np.float32),
        share=np.clip(share, 0, 1).astype(np.float32),
        colour=colour.astype(np.float32),
        height_mm=height.astype(np.float32),
        dull=np.broadcast_to(np.asarray(dull, np.float32), level.shape),
    )


def _dots(
    u: Floats, v: Floats, rng: np.random.Generator, count: int, size: tuple[float, float], wobble: float
) -> Floats:
    """Level of a cluster of dots: their radius minus the distance to the nearest edge, in units."""
    cloud = _cloud(u, v, rng, 0.4, 1.7)
    place = rng.normal(0, 0.5, (count, 2))
    place *= np.minimum(1.0, 1.15 / np.maximum(np.hypot(place[:, 0], place[:, 1]), 1e-6))[:, None]
    radii = rng.uniform(size[0], size[1], count) * rng.uniform(0.6, 1.0, count)
    level = np.full(u.shape, -9.0, np.float32)
    for (x, y), radius in zip(place, radii, strict=True):
        squash = rng.uniform(0.75, 1.3)
        level = np.maximum(level, (radius - np.hypot((u - x) * squash, (v - y) / squash)) / radius)
    return (level + wobble * cloud).astype(np.float32)


def bruise(u: Floats, v: Floats, skin: Floats, rng: np.random.Generator, severity: float) -> Patch:
    """Soft flat brown under an unbroken skin."""
    squash = rng.uniform(0.75, 1.3)
    level = 1 - np.hypot(u * squash, v / squash) + 0.2 * _cloud(u, v, rng, 0.08, 2.1)
    edge = rng.uniform(0.12, 0.4)
    share = (0.3 + 0.65 * severity) * smoothstep(-edge, edge, level)
    brown = rgb(*((132, 84, 44), (112, 66, 36), (146, 104, 60), (96, 60, 44))[rng.integers(4)])
    colour = (
        (skin * 0.45 + brown * 0.55) * rng.uniform(0.75, 1.05) * (1 + 0.07 * _cloud(u, v, rng, 0.25))[:, None]
    )
    return _patch(level, share, colour, -rng.uniform(0.1, 0.7) * smoothstep(0, 0.5, level), 0.15)


ROT_COLOURS = (
    ((112, 62, 30), (88, 44, 22)),
    ((150, 92, 48), (120, 66, 34)),
    ((178, 124, 72), (150, 96, 52)),
    ((86, 50, 30), (38, 26, 20)),
    ((60, 40, 30), (28, 22, 20)),
    ((132, 70, 36), (64, 36, 24)),
    ((160, 84, 40), (130, 62, 30)),
)


def rot(u: Floats, v: Floats, skin: Floats, rng: np.random.Generator, severity: float) -> Patch:
    """Brown soft decay: rings, a firm edge, sinking, wrinkles, sometimes mould."""
    rim, core = (rgb(*c) * rng.normal(1, 0.08) for c in ROT_COLOURS[rng.integers(len(ROT_COLOURS))])
    away = np.hypot(u, v)
    cloud = _cloud(u, v, rng, 0.09, rng.choice([1.5, 1.9, 2.3, 2.3]).item())
    level = 1 - away + rng.uniform(0.05, 0.25) * cloud
    edge = rng.uniform(0.015, 0.08)
    inward = np.clip(level * 1.15, 0, 1)
    rings = (
        np.sin(away * rng.uniform(9, 26) + cloud * 1.2 + rng.uniform(0, 6))
        * rng.choice([0.0, 0.05, 0.12]).item()
    )
    shade = (
        1 + rings + 0.09 * _cloud(u, v, rng, 0.2, 1.5) + rng.uniform(0.01, 0.07) * _cloud(u, v, rng, 0.7, 0.9)
    )
    colour = _colours(rim + (core - rim) * smoothstep(0.1, 0.9, inward)[:, None], shade)
    through = rng.uniform(0.0, 0.3)
    colour = colour * (1 - through) + colour * skin * 1.3 * through
    if rng.random() < 0.5:
        halo = np.exp(-(((level + 0.02) / 0.06) ** 2)) * rng.uniform(0.2, 0.7)
        colour = colour + (rgb(*((196, 150, 84), (54, 34, 22))[rng.integers(2)]) - colour) * halo[:, None]
    ridge = np.abs(_cloud(u, v, rng, 0.14, 1.9))
    wrinkle = rng.choice([0.0, 0.4, 1.2]).item() * smoothstep(0, 0.4, level)
    height = -rng.uniform(0.3, 2.5) * smoothstep(0, 0.5, level) - wrinkle * np.exp(-((ridge / 0.22) ** 2))
    dull = np.full(u.shape, rng.uniform(0.1, 0.8), np.float32)
    if rng.random() < 0.28:
        first, _, number = cell_tile(900, 0, 0.5)
        tuft = np.clip((0.12 + 0.35 * number - first) / 0.12, 0, 1).astype(np.float32)
        at = rng.random(2)
        fuzz = 0.012 * _cloud(u, v, rng, 0.8, 0.9)
        grow = on_plane(tuft, u * np.float32(0.2) + at[0] + fuzz, v * np.float32(0.2) + at[1] - fuzz)
        grow = (
            grow
            * smoothstep(
                0.15,
                0.5,
                level + 0.25 * np.sin(away * rng.uniform(8, 16)) + 0.25 * _cloud(u, v, rng, 0.25) - 0.15,
            )
            * (0.75 + 0.25 * _cloud(u, v, rng, 0.9, 0.8))
        )
        grow = np.clip(grow, 0, 1)
        mould = rgb(*((226, 222, 208), (150, 164, 164), (196, 182, 150), (120, 128, 110))[rng.integers(4)])
        colour = colour + (mould - colour) * (0.9 * grow)[:, None]
        height = height + 0.6 * grow
        dull = np.maximum(dull, grow)
    return _patch(level, smoothstep(-edge, edge, level) * (0.9 + 0.1 * severity), colour, height, dull)


def scab(u: Floats, v: Floats, skin: Floats, rng: np.random.Generator, severity: float) -> Patch:
    """Olive-black to grey corky spots with ragged rims, in clusters that run together."""
    count = int(rng.integers(2, 22))
    level = _dots(u, v, rng, count, (0.10, 0.34), rng.uniform(0.1, 0.4))
    rough = _cloud(u, v, rng, 1.2, 0.8)
    middle = rgb(
        *((58, 54, 34), (92, 82, 58), (70, 52, 36), (128, 112, 84), (40, 38, 30), (88, 96, 54))[
            rng.integers(6)
        ]
    )
    rim = rgb(*((44, 40, 26), (60, 48, 30), (150, 140, 112), (96, 40, 40), (80, 84, 44))[rng.integers(5)])
    colour = _colours(rim + (middle - rim) * smoothstep(0.1, 0.55, level)[:, None], 1 + 0.14 * rough)
    crack = (
        np.exp(-((_cloud(u, v, rng, 0.45, 1.2) / 0.12) ** 2))
        * smoothstep(0.3, 0.7, level)
        * rng.choice([0.0, 0.7])
    )
    colour = colour * (1 - crack)[:, None]
    share = smoothstep(-0.12, 0.12, level) * (0.65 + 0.35 * severity)
    return _patch(level, share, colour, smoothstep(0, 0.4, level) * (0.2 + 0.15 * rough) - 0.5 * crack, 0.9)


def spots(u: Floats, v: Floats, skin: Floats, rng: np.random.Generator, severity: float) -> Patch:
    """Bitter pit and the like: many small, round, sunken, brown dots."""
    level = _dots(u, v, rng, int(rng.integers(5, 34)), (0.06, 0.13), 0.12)
    base = rgb(*((84, 56, 34), (66, 44, 30), (104, 84, 44), (74, 34, 30), (92, 96, 50))[rng.integers(5)])
    colour = _colours(skin * 0.25 + base * 0.75, 1 - 0.25 * smoothstep(0.2, 0.9, level))
    share = smoothstep(-0.4, 0.35, level) * (0.5 + 0.5 * severity)
    return _patch(level, share, colour, -0.5 * smoothstep(-0.1, 0.7, level), 0.4)


def russet(u: Floats, v: Floats, skin: Floats, rng: np.random.Generator, severity: float) -> Patch:
    """Corky brown: an open net or a closed sheet."""
    fall = 1 - np.hypot(u, v * rng.uniform(0.8, 1.6))
    fine = _cloud(u, v, rng, 0.35, 1.0)
    net = 0.5 - np.abs(_cloud(u, v, rng, 0.3, 1.3)) * 1.1
    dense = rng.random()
    level = np.minimum(fall * 2.0 + 0.35 * fine + 0.2, (net + 0.6 * fall + (dense - 0.4) * 1.2 + 0.15 * fine))
    colour = _colours(
        rgb(*((168, 122, 70), (148, 104, 60), (182, 146, 96), (134, 108, 78))[rng.integers(4)]),
        1 + 0.1 * fine,
    )
    return _patch(
        level,
        smoothstep(-0.12, 0.18, level) * (0.6 + 0.35 * severity),
        colour,
        0.15 * smoothstep(0, 0.4, level) * (1 + fine),
        0.9,
    )


def scald(u: Floats, v: Floats, skin: Floats, rng: np.random.Generator, severity: float) -> Patch:
    """A diffuse brown sheet without depth."""
    level = 0.85 - np.hypot(u, v) + 0.45 * _cloud(u, v, rng, 0.1, 1.5)
    brown = rgb(*((150, 104, 58), (124, 84, 50), (168, 128, 76), (110, 84, 60))[rng.integers(4)])
    colour = _colours(skin * 0.4 + brown * 0.6, 1 + 0.06 * _cloud(u, v, rng, 0.5, 1.0))
    return _patch(
        level, smoothstep(-0.22, 0.22, level) * (0.4 + 0.5 * severity), colour, np.zeros_like(u), 0.2
    )


def sunburn(u: Floats, v: Floats, skin: Floats, rng: np.random.Generator, severity: float) -> Patch:
    """A yellow, bronze or bleached disc, browning in the middle."""
    away = np.hypot(u, v * rng.uniform(0.85, 1.25))
    level = 1 - away + 0.07 * _cloud(u, v, rng, 0.08, 1.7)
    rim = rgb(*((214, 178, 84), (196, 150, 70), (228, 210, 150), (184, 128, 66))[rng.integers(4)])
    core = rgb(*((150, 96, 48), (128, 74, 40), (186, 130, 66), (232, 214, 170))[rng.integers(4)])
    mix = (
        rim + (core - rim) * smoothstep(0.25, 0.9, level + 0.08 * _cloud(u, v, rng, 0.2))[:, None] * severity
    )
    colour = _colours(skin * 0.2 + mix * 0.8, 1 + 0.04 * _cloud(u, v, rng, 0.6, 1.0))
    return _patch(
        level,
        smoothstep(-0.28, 0.28, level) * (0.55 + 0.4 * severity),
        colour,
        -0.2 * smoothstep(0.4, 1, level),
        0.3,
    )


def puncture(u: Floats, v: Floats, skin: Floats, rng: np.random.Generator, severity: float) -> Patch:
    """A small dark hole with a torn, browned rim."""
    squash = rng.uniform(0.7, 1.4)
    level = 1 - np.hypot(u * squash, v / squash) + 0.14 * _cloud(u, v, rng, 0.2, 1.6)
    hole = smoothstep(0.3, 0.55, level)
    rim = rgb(*((136, 90, 48), (108, 70, 40), (180, 140, 86), (92, 56, 36))[rng.integers(4)])
    colour = rim + (rgb(*((34, 22, 16), (60, 36, 22), (84, 52, 30))[rng.integers(3)]) - rim) * hole[:, None]
    return _patch(level, smoothstep(-0.18, 0.12, level) * 0.95, colour, -1.6 * hole, 0.6)


def crack(u: Floats, v: Floats, skin: Floats, rng: np.random.Generator, severity: float) -> Patch:
    """A split, open and dark or healed and corky, drawn out and ragged."""
    bend = rng.normal(0, 0.22)
    line = bend * (u * u - 0.4) + 0.12 * _cloud(u * 0.9, np.zeros_like(v), rng, 0.16, 1.9)
    half = rng.uniform(0.05, 0.14) * np.clip(1 - (u / 1.35) ** 2, 0, 1) ** 0.7
    level = (
        half - np.abs(v - line) + 0.012 * _cloud(u, v, rng, 0.8, 1.2) - 0.3 * np.clip(np.abs(u) - 1.3, 0, 9)
    ) * 8
    healed = rng.random() < 0.45
    inside = smoothstep(0.15, 0.5, level)
    rim = rgb(*((150, 108, 62), (176, 136, 84), (120, 82, 48))[rng.integers(3)])
    deep = rim * 0.85 if healed else rgb(*((40, 26, 16), (66, 42, 24), (214, 186, 120))[rng.integers(3)])
    colour = _colours(rim + (deep - rim) * inside[:, None], 1 + 0.12 * _cloud(u, v, rng, 1.0, 0.8))
    return _patch(
        level,
        smoothstep(-0.16, 0.16, level) * 0.95,
        colour,
        -(0.3 if healed else 1.3) * smoothstep(0, 0.6, level),
        0.8,
    )


def scar(u: Floats, v: Floats, skin: Floats, rng: np.random.Generator, severity: float) -> Patch:
    """Limb rub (smooth tan, ragged, drawn out) or hail pits (round, dry, healed)."""
    if rng.random() < 0.45:
        level = _dots(u, v, rng, int(rng.integers(1, 7)), (0.25, 0.5), 0.12)
        tan = rgb(*((150, 112, 70), (120, 84, 52), (176, 144, 100), (96, 72, 50))[rng.integers(4)])
        colour = _colours(skin * 0.15 + tan * 0.85, 0.85 + 0.3 * smoothstep(0.7, 0.1, level))
        return _patch(
            level,
            smoothstep(-0.2, 0.2, level) * (0.6 + 0.35 * severity),
            colour,
            -0.7 * smoothstep(-0.1, 0.6, level),
            0.7,
        )
    long = rng.uniform(1.2, 2.4)
    rough = _cloud(u, v * 2, rng, 0.4, 1.0)
    level = (
        1
        - np.hypot(u / long, v * long * 0.8)
        + 0.3 * _cloud(u, v, rng, 0.12, 1.7)
        + rng.uniform(0, 0.12) * rough
    )
    tan = rgb(*((184, 146, 96), (158, 120, 78), (140, 112, 86), (200, 174, 128))[rng.integers(4)])
    return _patch(
        level,
        smoothstep(-0.15, 0.15, level) * (0.65 + 0.3 * severity),
        _colours(tan, 1 + 0.09 * rough),
        0.08 * rough * smoothstep(0, 0.3, level),
        0.6,
    )


def insect(u: Floats, v: Floats, skin: Floats, rng: np.random.Generator, severity: float) -> Patch:
    """A bored hole with frass around it, or a group of stings."""
    if rng.random() < 0.35:
        level = _dots(u, v, rng, int(rng.integers(2, 7)), (0.12, 0.2), 0.1)
        colour = _colours(rgb(58, 38, 26), 1 + 0.8 * smoothstep(0.5, 0.0, level))
        return _patch(
            level, smoothstep(-0.5, 0.2, level) * 0.9, colour, -0.5 * smoothstep(0, 0.7, level), 0.5
        )
    away = np.hypot(u, v)
    grain = _cloud(u, v, rng, 0.8, 0.7)
    level = 1 - away + 0.2 * _cloud(u, v, rng, 0.25, 1.4)
    hole = smoothstep(0.55, 0.75, level)
    frass = rgb(*((112, 72, 38), (150, 100, 54), (70, 46, 30), (132, 96, 66))[rng.integers(4)])
    colour = _colours(frass, 1 + 0.25 * grain) * (1 - 0.85 * hole)[:, None]
    return _patch(
        level,
        smoothstep(-0.12, 0.15, level) * 0.93,
        colour,
        0.4 * grain * smoothstep(0, 0.3, level) - 1.5 * hole,
        0.9,
    )


def sooty(u: Floats, v: Floats, skin: Floats, rng: np.random.Generator, severity: float) -> Patch:
    """Thin grey-black smudges, or fly-speck: groups of tiny black points."""
    fall = 1 - np.hypot(u, v * rng.uniform(0.8, 1.3))
    if rng.random() < 0.3:
        first, _, number = cell_tile(900, 0, 0.5)
        speck = np.clip((0.10 + 0.22 * number - first) / 0.1, -1, 1).astype(np.float32)
        at = rng.random(2)
        level = np.minimum(
            on_plane(speck, u * np.float32(0.9) + at[0], v * np.float32(0.9) + at[1]), fall * 2
        )
        share = smoothstep(-0.4, 0.4, level) * 0.9
    else:
        level = 1.1 * fall + 0.4 * _cloud(u, v, rng, 0.12, 1.2) + 0.15 * _cloud(u, v, rng, 0.6, 0.9) - 0.2
        share = smoothstep(-0.3, 0.5, level) * (0.3 + 0.5 * severity)
    dark = rgb(*((46, 46, 38), (34, 32, 30), (62, 64, 44))[rng.integers(3)])
    return _patch(level, share, _colours(dark, np.ones_like(u)), np.zeros_like(u), 0.6)


def other(u: Floats, v: Floats, skin: Floats, rng: np.random.Generator, severity: float) -> Patch:
    """Paint, dried residue or a patch of mould."""
    which = rng.integers(3)
    cloud = _cloud(u, v, rng, 0.2, 1.2)
    fine = _cloud(u, v, rng, 0.9, 0.8)
    if which == 0:
        long = rng.uniform(1.0, 2.5)
        level = 1 - np.hypot(u / long, v * long) + 0.12 * cloud
        colour = _colours(
            rgb(
                *((30, 60, 150), (240, 240, 238), (190, 30, 40), (20, 20, 24), (30, 120, 80))[rng.integers(5)]
            ),
            1 + 0.03 * fine,
        )
        return _patch(
            level, smoothstep(-0.05, 0.05, level) * 0.95, colour, 0.05 * smoothstep(0, 0.2, level), 0.2
        )
    level = 0.8 - np.hypot(u, v) + 0.4 * cloud + 0.1 * fine
    pale = rgb(*((206, 204, 196), (186, 190, 180), (168, 176, 150))[rng.integers(3)])
    share = smoothstep(-0.2, 0.3, level) * ((0.45 + 0.4 * severity) if which == 1 else 0.9)
    return _patch(
        level,
        share,
        _colours(pale, 1 + 0.08 * fine),
        (0.5 if which == 2 else 0.05) * smoothstep(0, 0.5, level) * (1 + 0.4 * fine),
        1.0,
    )


PATTERNS: dict[DefectKind, Pattern] = {
    DefectKind.BRUISE: bruise,
    DefectKind.ROT: rot,
    DefectKind.SCAB: scab,
    DefectKind.RUSSET: russet,
    DefectKind.SCALD: scald,
    DefectKind.SUNBURN: sunburn,
    DefectKind.PUNCTURE: puncture,
    DefectKind.CRACK: crack,
    DefectKind.SCAR: scar,
    DefectKind.INSECT: insect,
    DefectKind.SPOTS: spots,
    DefectKind.SOOTY: sooty,
    DefectKind.OTHER: other,
}
