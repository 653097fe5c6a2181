"""Defects of skin and wounds: russet, scald, sunburn, puncture, crack, scar, insect.

u, v in units of the defect's size; level > 0 where it is.
"""

from __future__ import annotations

import numpy as np

from training.simulator.noise import Floats, smoothstep
from training.simulator.pattern_parts import Patch, blotch_cloud, cluster_of_dots, make_patch, shaded
from training.simulator.skin import rgb


def russet(u: Floats, v: Floats, skin: Floats, rng: np.random.Generator, severity: float) -> Patch:
    """Corky brown: an open net or a closed sheet."""
    fall = 1 - np.hypot(u, v * rng.uniform(0.8, 1.6))
    fine = blotch_cloud(u, v, rng, 0.35, 1.0)
    net = 0.5 - np.abs(blotch_cloud(u, v, rng, 0.3, 1.3)) * 1.1
    dense = rng.random()
    level = np.minimum(fall * 2.0 + 0.35 * fine + 0.2, (net + 0.6 * fall + (dense - 0.4) * 1.2 + 0.15 * fine))
    colour = shaded(
        rgb(*((168, 122, 70), (148, 104, 60), (182, 146, 96), (134, 108, 78))[rng.integers(4)]),
        1 + 0.1 * fine,
    )
    return make_patch(
        level,
        smoothstep(-0.12, 0.18, level) * (0.7 + 0.28 * severity),
        colour,
        0.15 * smoothstep(0, 0.4, level) * (1 + fine),
        0.9,
    )


def scald(u: Floats, v: Floats, skin: Floats, rng: np.random.Generator, severity: float) -> Patch:
    """A diffuse brown sheet without depth."""
    level = 0.85 - np.hypot(u, v) + 0.45 * blotch_cloud(u, v, rng, 0.1, 1.5)
    brown = rgb(*((150, 104, 58), (124, 84, 50), (168, 128, 76), (110, 84, 60))[rng.integers(4)])
    colour = shaded(skin * 0.4 + brown * 0.6, 1 + 0.06 * blotch_cloud(u, v, rng, 0.5, 1.0))
    return make_patch(
        level, smoothstep(-0.22, 0.22, level) * (0.6 + 0.35 * severity), colour, np.zeros_like(u), 0.2
    )


def sunburn(u: Floats, v: Floats, skin: Floats, rng: np.random.Generator, severity: float) -> Patch:
    """A yellow, bronze or bleached disc, browning in the middle."""
    away = np.hypot(u, v * rng.uniform(0.85, 1.25))
    level = 1 - away + 0.07 * blotch_cloud(u, v, rng, 0.08, 1.7)
    rim = rgb(*((214, 178, 84), (196, 150, 70), (228, 210, 150), (184, 128, 66))[rng.integers(4)])
    core = rgb(*((150, 96, 48), (128, 74, 40), (186, 130, 66), (232, 214, 170))[rng.integers(4)])
    mix = (
        rim
        + (core - rim)
        * smoothstep(0.25, 0.9, level + 0.08 * blotch_cloud(u, v, rng, 0.2))[:, None]
        * severity
    )
    colour = shaded(skin * 0.2 + mix * 0.8, 1 + 0.04 * blotch_cloud(u, v, rng, 0.6, 1.0))
    return make_patch(
        level,
        smoothstep(-0.28, 0.28, level) * (0.55 + 0.4 * severity),
        colour,
        -0.2 * smoothstep(0.4, 1, level),
        0.3,
    )


def puncture(u: Floats, v: Floats, skin: Floats, rng: np.random.Generator, severity: float) -> Patch:
    """A small dark hole with a torn, browned rim."""
    squash = rng.uniform(0.7, 1.4)
    level = 1 - np.hypot(u * squash, v / squash) + 0.14 * blotch_cloud(u, v, rng, 0.2, 1.6)
    hole = smoothstep(0.3, 0.55, level)
    rim = rgb(*((136, 90, 48), (108, 70, 40), (180, 140, 86), (92, 56, 36))[rng.integers(4)])
    colour = rim + (rgb(*((34, 22, 16), (60, 36, 22), (84, 52, 30))[rng.integers(3)]) - rim) * hole[:, None]
    return make_patch(level, smoothstep(-0.18, 0.12, level) * 0.95, colour, -1.6 * hole, 0.6)


def crack(u: Floats, v: Floats, skin: Floats, rng: np.random.Generator, severity: float) -> Patch:
    """A split, open and dark or healed and corky, drawn out and ragged."""
    bend = rng.normal(0, 0.22)
    line = bend * (u * u - 0.4) + 0.12 * blotch_cloud(u * 0.9, np.zeros_like(v), rng, 0.16, 1.9)
    half = rng.uniform(0.05, 0.14) * np.clip(1 - (u / 1.35) ** 2, 0, 1) ** 0.7
    level = (
        half
        - np.abs(v - line)
        + 0.012 * blotch_cloud(u, v, rng, 0.8, 1.2)
        - 0.3 * np.clip(np.abs(u) - 1.3, 0, 9)
    ) * 8
    healed = rng.random() < 0.45
    inside = smoothstep(0.15, 0.5, level)
    rim = rgb(*((150, 108, 62), (176, 136, 84), (120, 82, 48))[rng.integers(3)])
    deep = rim * 0.85 if healed else rgb(*((40, 26, 16), (66, 42, 24), (214, 186, 120))[rng.integers(3)])
    colour = shaded(rim + (deep - rim) * inside[:, None], 1 + 0.12 * blotch_cloud(u, v, rng, 1.0, 0.8))
    return make_patch(
        level,
        smoothstep(-0.16, 0.16, level) * 0.95,
        colour,
        -(0.3 if healed else 1.3) * smoothstep(0, 0.6, level),
        0.8,
    )


def scar(u: Floats, v: Floats, skin: Floats, rng: np.random.Generator, severity: float) -> Patch:
    """Limb rub (smooth tan, ragged, drawn out) or hail pits (round, dry, healed)."""
    if rng.random() < 0.45:
        level = cluster_of_dots(u, v, rng, int(rng.integers(1, 7)), (0.25, 0.5), 0.12)
        tan = rgb(*((150, 112, 70), (120, 84, 52), (176, 144, 100), (96, 72, 50))[rng.integers(4)])
        colour = shaded(skin * 0.15 + tan * 0.85, 0.85 + 0.3 * smoothstep(0.7, 0.1, level))
        return make_patch(
            level,
            smoothstep(-0.2, 0.2, level) * (0.6 + 0.35 * severity),
            colour,
            -0.7 * smoothstep(-0.1, 0.6, level),
            0.7,
        )
    long = rng.uniform(1.2, 2.4)
    rough = blotch_cloud(u, v * 2, rng, 0.4, 1.0)
    level = (
        1
        - np.hypot(u / long, v * long * 0.8)
        + 0.3 * blotch_cloud(u, v, rng, 0.12, 1.7)
        + rng.uniform(0, 0.12) * rough
    )
    tan = rgb(*((184, 146, 96), (158, 120, 78), (140, 112, 86), (200, 174, 128))[rng.integers(4)])
    return make_patch(
        level,
        smoothstep(-0.15, 0.15, level) * (0.65 + 0.3 * severity),
        shaded(tan, 1 + 0.09 * rough),
        0.08 * rough * smoothstep(0, 0.3, level),
        0.6,
    )


def insect(u: Floats, v: Floats, skin: Floats, rng: np.random.Generator, severity: float) -> Patch:
    """A bored hole with frass around it, or a group of stings."""
    if rng.random() < 0.35:
        level = cluster_of_dots(u, v, rng, int(rng.integers(2, 7)), (0.12, 0.2), 0.1)
        colour = shaded(rgb(58, 38, 26), 1 + 0.8 * smoothstep(0.5, 0.0, level))
        return make_patch(
            level, smoothstep(-0.5, 0.2, level) * 0.9, colour, -0.5 * smoothstep(0, 0.7, level), 0.5
        )
    away = np.hypot(u, v)
    grain = blotch_cloud(u, v, rng, 0.8, 0.7)
    level = 1 - away + 0.2 * blotch_cloud(u, v, rng, 0.25, 1.4)
    hole = smoothstep(0.55, 0.75, level)
    frass = rgb(*((112, 72, 38), (150, 100, 54), (70, 46, 30), (132, 96, 66))[rng.integers(4)])
    colour = shaded(frass, 1 + 0.25 * grain) * (1 - 0.85 * hole)[:, None]
    return make_patch(
        level,
        smoothstep(-0.12, 0.15, level) * 0.93,
        colour,
        0.4 * grain * smoothstep(0, 0.3, level) - 1.5 * hole,
        0.9,
    )
