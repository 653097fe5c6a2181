"""Defects that grow or soften: bruise, rot, scab, spots, sooty blotch, mould and foreign matter.

u, v in units of the defect's size; level > 0 where it is.
"""

from __future__ import annotations

import numpy as np

from training.simulator.noise import Floats, cell_tile, on_plane, smoothstep
from training.simulator.pattern_parts import Patch, blotch_cloud, cluster_of_dots, make_patch, shaded
from training.simulator.skin import rgb

ROT_COLOURS = (
    ((112, 62, 30), (88, 44, 22)),
    ((150, 92, 48), (120, 66, 34)),
    ((178, 124, 72), (150, 96, 52)),
    ((86, 50, 30), (38, 26, 20)),
    ((60, 40, 30), (28, 22, 20)),
    ((132, 70, 36), (64, 36, 24)),
    ((160, 84, 40), (130, 62, 30)),
)


def bruise(u: Floats, v: Floats, skin: Floats, rng: np.random.Generator, severity: float) -> Patch:
    """Soft flat brown under an unbroken skin."""
    squash = rng.uniform(0.75, 1.3)
    level = 1 - np.hypot(u * squash, v / squash) + 0.2 * blotch_cloud(u, v, rng, 0.08, 2.1)
    edge = rng.uniform(0.12, 0.4)
    share = (0.5 + 0.45 * severity) * smoothstep(-edge, edge, level)
    brown = rgb(*((132, 84, 44), (112, 66, 36), (146, 104, 60), (96, 60, 44))[rng.integers(4)])
    colour = (
        (skin * 0.45 + brown * 0.55)
        * rng.uniform(0.75, 1.05)
        * (1 + 0.07 * blotch_cloud(u, v, rng, 0.25))[:, None]
    )
    return make_patch(level, share, colour, -rng.uniform(0.1, 0.7) * smoothstep(0, 0.5, level), 0.15)


def rot(u: Floats, v: Floats, skin: Floats, rng: np.random.Generator, severity: float) -> Patch:
    """Brown soft decay: rings, a firm edge, sinking, wrinkles, sometimes mould."""
    rim, core = (rgb(*c) * rng.normal(1, 0.08) for c in ROT_COLOURS[rng.integers(len(ROT_COLOURS))])
    away = np.hypot(u, v)
    cloud = blotch_cloud(u, v, rng, 0.09, rng.choice([1.5, 1.9, 2.3, 2.3]).item())
    level = 1 - away + rng.uniform(0.05, 0.25) * cloud
    edge = rng.uniform(0.015, 0.08)
    inward = np.clip(level * 1.15, 0, 1)
    rings = (
        np.sin(away * rng.uniform(9, 26) + cloud * 1.2 + rng.uniform(0, 6))
        * rng.choice([0.0, 0.05, 0.12]).item()
    )
    shade = (
        1
        + rings
        + 0.09 * blotch_cloud(u, v, rng, 0.2, 1.5)
        + rng.uniform(0.01, 0.07) * blotch_cloud(u, v, rng, 0.7, 0.9)
    )
    colour = shaded(rim + (core - rim) * smoothstep(0.1, 0.9, inward)[:, None], shade)
    through = rng.uniform(0.0, 0.3)
    colour = colour * (1 - through) + colour * skin * 1.3 * through
    if rng.random() < 0.5:
        halo = np.exp(-(((level + 0.02) / 0.06) ** 2)) * rng.uniform(0.2, 0.7)
        colour = colour + (rgb(*((196, 150, 84), (54, 34, 22))[rng.integers(2)]) - colour) * halo[:, None]
    ridge = np.abs(blotch_cloud(u, v, rng, 0.14, 1.9))
    wrinkle = rng.choice([0.0, 0.4, 1.2]).item() * smoothstep(0, 0.4, level)
    height = -rng.uniform(0.3, 2.5) * smoothstep(0, 0.5, level) - wrinkle * np.exp(-((ridge / 0.22) ** 2))
    dull = np.full(u.shape, rng.uniform(0.1, 0.8), np.float32)
    if rng.random() < 0.28:
        first, _, number = cell_tile(900, 0, 0.5)
        tuft = np.clip((0.12 + 0.35 * number - first) / 0.12, 0, 1).astype(np.float32)
        at = rng.random(2)
        fuzz = 0.012 * blotch_cloud(u, v, rng, 0.8, 0.9)
        grow = on_plane(tuft, u * np.float32(0.2) + at[0] + fuzz, v * np.float32(0.2) + at[1] - fuzz)
        grow = (
            grow
            * smoothstep(
                0.15,
                0.5,
                level
                + 0.25 * np.sin(away * rng.uniform(8, 16))
                + 0.25 * blotch_cloud(u, v, rng, 0.25)
                - 0.15,
            )
            * (0.75 + 0.25 * blotch_cloud(u, v, rng, 0.9, 0.8))
        )
        grow = np.clip(grow, 0, 1)
        mould = rgb(*((226, 222, 208), (150, 164, 164), (196, 182, 150), (120, 128, 110))[rng.integers(4)])
        colour = colour + (mould - colour) * (0.9 * grow)[:, None]
        height = height + 0.6 * grow
        dull = np.maximum(dull, grow)
    return make_patch(level, smoothstep(-edge, edge, level) * (0.9 + 0.1 * severity), colour, height, dull)


def scab(u: Floats, v: Floats, skin: Floats, rng: np.random.Generator, severity: float) -> Patch:
    """Olive-black to grey corky spots with ragged rims, in clusters that run together."""
    count = int(rng.integers(2, 22))
    level = cluster_of_dots(u, v, rng, count, (0.10, 0.34), rng.uniform(0.1, 0.4))
    rough = blotch_cloud(u, v, rng, 1.2, 0.8)
    middle = rgb(
        *((58, 54, 34), (92, 82, 58), (70, 52, 36), (128, 112, 84), (40, 38, 30), (88, 96, 54))[
            rng.integers(6)
        ]
    )
    rim = rgb(*((44, 40, 26), (60, 48, 30), (150, 140, 112), (96, 40, 40), (80, 84, 44))[rng.integers(5)])
    colour = shaded(rim + (middle - rim) * smoothstep(0.1, 0.55, level)[:, None], 1 + 0.14 * rough)
    crack = (
        np.exp(-((blotch_cloud(u, v, rng, 0.45, 1.2) / 0.12) ** 2))
        * smoothstep(0.3, 0.7, level)
        * rng.choice([0.0, 0.7])
    )
    colour = colour * (1 - crack)[:, None]
    share = smoothstep(-0.12, 0.12, level) * (0.65 + 0.35 * severity)
    return make_patch(
        level, share, colour, smoothstep(0, 0.4, level) * (0.2 + 0.15 * rough) - 0.5 * crack, 0.9
    )


def spots(u: Floats, v: Floats, skin: Floats, rng: np.random.Generator, severity: float) -> Patch:
    """Bitter pit and the like: many small, round, sunken, brown dots."""
    level = cluster_of_dots(u, v, rng, int(rng.integers(5, 34)), (0.06, 0.13), 0.12)
    base = rgb(*((84, 56, 34), (66, 44, 30), (104, 84, 44), (74, 34, 30), (92, 96, 50))[rng.integers(5)])
    colour = shaded(skin * 0.25 + base * 0.75, 1 - 0.25 * smoothstep(0.2, 0.9, level))
    share = smoothstep(-0.4, 0.35, level) * (0.5 + 0.5 * severity)
    return make_patch(level, share, colour, -0.5 * smoothstep(-0.1, 0.7, level), 0.4)


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
        level = (
            1.1 * fall
            + 0.4 * blotch_cloud(u, v, rng, 0.12, 1.2)
            + 0.15 * blotch_cloud(u, v, rng, 0.6, 0.9)
            - 0.2
        )
        share = smoothstep(-0.3, 0.4, level) * (0.45 + 0.45 * severity)
    dark = rgb(*((46, 46, 38), (34, 32, 30), (62, 64, 44))[rng.integers(3)])
    return make_patch(level, share, shaded(dark, np.ones_like(u)), np.zeros_like(u), 0.6)


def other(u: Floats, v: Floats, skin: Floats, rng: np.random.Generator, severity: float) -> Patch:
    """Paint, dried residue or a patch of mould."""
    which = rng.integers(3)
    cloud = blotch_cloud(u, v, rng, 0.2, 1.2)
    fine = blotch_cloud(u, v, rng, 0.9, 0.8)
    if which == 0:
        long = rng.uniform(1.0, 2.5)
        level = 1 - np.hypot(u / long, v * long) + 0.12 * cloud
        colour = shaded(
            rgb(
                *((30, 60, 150), (240, 240, 238), (190, 30, 40), (20, 20, 24), (30, 120, 80))[rng.integers(5)]
            ),
            1 + 0.03 * fine,
        )
        return make_patch(
            level, smoothstep(-0.05, 0.05, level) * 0.95, colour, 0.05 * smoothstep(0, 0.2, level), 0.2
        )
    level = 0.8 - np.hypot(u, v) + 0.4 * cloud + 0.1 * fine
    pale = rgb(*((206, 204, 196), (186, 190, 180), (168, 176, 150))[rng.integers(3)])
    share = smoothstep(-0.2, 0.3, level) * ((0.55 + 0.35 * severity) if which == 1 else 0.9)
    return make_patch(
        level,
        share,
        shaded(pale, 1 + 0.08 * fine),
        (0.5 if which == 2 else 0.05) * smoothstep(0, 0.5, level) * (1 + 0.4 * fine),
        1.0,
    )
