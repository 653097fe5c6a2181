"""Things that are neither apples nor melons: other produce, hands, crockery, coins, cards, leaves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.simulator.noise import Floats, cell_tile, fractal_tile, on_body, smoothstep
from training.simulator.shape import Body, Outline, make_body
from training.simulator.skin import Points, Skin, blank_skin, blend, rgb
from training.simulator.spec import ObjectSpec

BODY_KINDS = ("orange", "lemon", "tomato", "onion", "potato", "peach", "ball", "plum")
ROD_KINDS = ("banana", "finger", "twig", "hand")
FLAT_KINDS = ("coin", "card", "plate", "leaf", "bowl")
OBJECT_KINDS = (*BODY_KINDS, "banana", "finger", "twig", *FLAT_KINDS)
DISH = "dish"
"""A plate that fruit lie on, in the colours of fruit as often as white; drawn only where a scene asks for it."""
DISH_COLOURS = (
    *((244, 244, 242),) * 5,
    (226, 110, 132),
    (232, 150, 160),
    (190, 40, 52),
    (214, 92, 60),
    (150, 60, 70),
    (170, 190, 90),
    (120, 160, 80),
    (232, 204, 90),
    (226, 206, 170),
    (70, 120, 170),
    (60, 60, 64),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ObjectLook:
    """Paint of a round object. colours: (2, 3) sRGB; pits: depth of the pores, mm; vein: contrast of meridian lines."""

    colours: Floats
    gloss: float
    blur: float
    pits: float
    vein: float
    mottle: float
    places: Floats


def make_object(spec: ObjectSpec) -> tuple[Body, ObjectLook]:
    """Body and paint of a round object."""
    rng = np.random.default_rng((spec.seed, 41))

    def pick(*pairs: tuple[tuple[int, int, int], tuple[int, int, int]]) -> Floats:
        pair = pairs[int(rng.integers(len(pairs)))]
        return np.clip(
            np.stack([rgb(*pair[0]), rgb(*pair[1])]) * rng.normal(1, 0.05, (1, 3)), 0.02, 0.97
        ).astype(np.float32)

    irregular = rng.uniform(0.005, 0.02)
    outline, colours, gloss, blur, pits, vein, mottle, diameter = (
        Outline(irregular=irregular),
        pick(((128, 128, 128), (90, 90, 90))),
        0.5,
        0.4,
        0.0,
        0.0,
        0.05,
        70.0,
    )
    match spec.kind:
        case "orange":
            outline = Outline(
                stretch_z=rng.uniform(0.9, 1.02), irregular=irregular, cavity_depth=0.02, cavity_width=0.15
            )
            colours, pits, gloss, blur, diameter = (
                pick(((240, 140, 20), (248, 160, 40)), ((236, 120, 16), (240, 150, 30))),
                0.3,
                0.6,
                0.5,
                rng.uniform(55, 90),
            )
        case "lemon":
            outline = Outline(stretch_z=rng.uniform(1.25, 1.5), irregular=0.02)
            colours, pits, diameter = (
                pick(((240, 206, 40), (226, 210, 60)), ((150, 180, 50), (190, 190, 60))),
                0.25,
                rng.uniform(45, 60),
            )
        case "tomato":
            outline = Outline(
                stretch_z=rng.uniform(0.75, 0.95),
                cavity_depth=0.1,
                cavity_width=0.3,
                irregular=irregular,
                lobe_height=rng.uniform(0, 0.03),
                lobes=6,
            )
            colours, gloss, blur, diameter = (
                pick(((206, 34, 24), (222, 60, 30)), ((226, 90, 36), (200, 40, 26))),
                1.0,
                0.1,
                rng.uniform(45, 85),
            )
        case "onion":
            outline = Outline(stretch_z=rng.uniform(0.85, 1.1), conical=-0.05, irregular=irregular)
            colours, vein, gloss, diameter = (
                pick(
                    ((190, 120, 56), (214, 156, 88)),
                    ((130, 30, 60), (160, 60, 90)),
                    ((232, 226, 206), (220, 214, 180)),
                ),
                0.14,
                0.7,
                rng.uniform(50, 90),
            )
        case "potato":
            outline = Outline(stretch_z=rng.uniform(1.2, 1.6), irregular=0.08)
            colours, gloss, mottle, diameter = (
                pick(((186, 150, 96), (160, 122, 76)), ((170, 110, 90), (150, 96, 80))),
                0.1,
                0.14,
                rng.uniform(45, 70),
            )
        case "peach":
            outline = Outline(stretch_z=0.95, cavity_depth=0.18, cavity_width=0.3, irregular=irregular)
            colours, gloss, mottle, diameter = (
                pick(((236, 170, 86), (206, 70, 60)), ((240, 196, 130), (214, 96, 86))),
                0.05,
                0.08,
                rng.uniform(60, 80),
            )
        case "plum":
            outline = Outline(
                stretch_z=rng.uniform(1.0, 1.3), irregular=irregular, cavity_depth=0.06, cavity_width=0.2
            )
            colours, mottle, diameter = (
                pick(((70, 30, 60), (100, 60, 90)), ((60, 40, 80), (120, 110, 140))),
                0.1,
                rng.uniform(38, 55),
            )
        case _:
            colours = np.broadcast_to(np.clip(rng.random(3), 0.05, 0.95), (2, 3)).astype(np.float32)
            outline, gloss, blur, diameter = (
                Outline(),
                rng.uniform(0.2, 1.0),
                rng.uniform(0.05, 0.6),
                rng.uniform(40, 80),
            )
    look = ObjectLook(
        colours=colours,
        gloss=gloss,
        blur=blur,
        pits=pits,
        vein=vein,
        mottle=mottle,
        places=rng.random((3, 3, 2)).astype(np.float32),
    )
    return make_body(outline, diameter * spec.size, np.random.default_rng((spec.seed, 42))), look


def paint_object(look: ObjectLook, points: Points) -> Skin:
    """Skin of a round object; surface class 0 (it is not graded)."""
    skin = blank_skin(len(points.mm))
    skin.surface[:] = 0
    cloud = on_body(fractal_tile(1.7, 2.0), points.mm, points.facing, 140.0, look.places[0])
    fine = on_body(fractal_tile(0.9, 4.0), points.mm, points.facing, 50.0, look.places[1])
    mixed = smoothstep(-1.0, 1.0, cloud)
    skin.albedo = look.colours[0] * (1 - mixed)[:, None] + look.colours[1] * mixed[:, None]
    skin.albedo = skin.albedo * (1 + look.mottle * fine)[:, None]
    if look.vein:
        lines = np.cos(points.phi * 26 + 1.5 * cloud)
        skin.albedo = skin.albedo * (1 + look.vein * lines * np.sin(points.theta))[:, None]
        skin.height_mm += (0.1 * lines).astype(np.float32)
    if look.pits:
        first = cell_tile(900, 0, 0.5)[0]
        pit = smoothstep(
            0.45, 0.1, on_body(first, points.mm, points.facing, 42.0, look.places[2], sharp=True)
        )
        skin.height_mm -= look.pits * pit
        skin.albedo = skin.albedo * (1 - 0.06 * pit)[:, None]
    navel = smoothstep(0.10, 0.06, points.theta)
    skin.albedo = blend(skin.albedo, rgb(96, 110, 60), 0.8 * navel)
    skin.gloss[:] = look.gloss
    skin.blur[:] = look.blur
    np.clip(skin.albedo, 0.01, 0.98, out=skin.albedo)
    return skin


def paint_flat(spec: ObjectSpec, x: Floats, y: Floats) -> tuple[Skin, Floats]:
    """Skin of ground points (mm, object's own frame) and how far inside the flat object they are (mm, > 0 inside)."""
    rng = np.random.default_rng((spec.seed, 43))
    skin = blank_skin(x.size)
    skin.surface[:] = 0
    away = np.hypot(x, y)
    match spec.kind:
        case "coin":
            radius = rng.uniform(9, 13.5) * spec.size
            inside = radius - away
            metal = rgb(*((186, 180, 168), (196, 160, 80), (168, 110, 76))[rng.integers(3)])
            relief = np.sin(x * 1.3 + 2 * np.sin(y * 0.9)) * np.cos(y * 1.1) * (inside > 2.2)
            skin.albedo = np.broadcast_to(metal, (x.size, 3)) * (1 + 0.08 * relief)[:, None].astype(
                np.float32
            )
            skin.height_mm = (
                1.2 * smoothstep(0, 0.6, inside) - 0.5 * smoothstep(0.8, 1.6, inside) + 0.12 * relief
            ).astype(np.float32)
            skin.gloss[:], skin.blur[:] = 1.0, 0.5
        case "card":
            half_x, half_y = rng.uniform(20, 60) * spec.size, rng.uniform(15, 45) * spec.size
            inside = np.minimum(half_x - np.abs(x), half_y - np.abs(y))
            paper = rgb(
                *((240, 238, 230), (236, 210, 60), (200, 30, 40), (240, 240, 240), (40, 90, 170))[
                    rng.integers(5)
                ]
            )
            skin.albedo = np.broadcast_to(paper, (x.size, 3)).astype(np.float32)
            lines = (
                (np.sin(y * 0.9) > 0.55)
                & (np.sin(x * rng.uniform(0.6, 2) + 3 * np.sin(y)) > -0.5)
                & (inside > 4)
            )
            skin.albedo = np.where(lines[:, None], rgb(*rng.integers(0, 120, 3)), skin.albedo)
            skin.gloss[:] = 0.1
        case "plate" | "bowl":
            radius = rng.uniform(80, 130) * spec.size
            inside = radius - away
            ware = rgb(
                *((240, 240, 236), (244, 244, 244), (70, 120, 170), (220, 200, 160), (60, 60, 64))[
                    rng.integers(5)
                ]
            )
            skin.albedo = np.broadcast_to(ware, (x.size, 3)).astype(np.float32)
            deep = 8.0 if spec.kind == "plate" else 30.0
            skin.height_mm = (deep * smoothstep(0.6 * radius, radius, away)).astype(np.float32)
            skin.gloss[:], skin.blur[:] = 0.8, 0.25
        case "dish":
            radius = rng.uniform(85, 130) * spec.size
            inside = radius - away
            ware = rgb(*DISH_COLOURS[rng.integers(len(DISH_COLOURS))]) * rng.normal(1, 0.06, 3)
            skin.albedo = np.broadcast_to(np.asarray(ware, np.float32), (x.size, 3)).astype(np.float32)
            well = rng.uniform(0.55, 0.75) * radius
            skin.height_mm = (rng.uniform(3, 9) * smoothstep(well, well + 0.12 * radius, away)).astype(
                np.float32
            )
            skin.height_mm += (3 * smoothstep(0.93 * radius, radius, away)).astype(np.float32)
            if rng.random() < 0.4:  # knobs along the rim
                knobs = np.cos(np.arctan2(y, x) * int(rng.integers(18, 40))) - 0.4
                ring = np.exp(-(((away - 0.9 * radius) / 3.0) ** 2))
                skin.height_mm += (4 * np.clip(knobs, 0, 1) * ring).astype(np.float32)
            skin.gloss[:], skin.blur[:] = rng.uniform(0.3, 1.0), rng.uniform(0.1, 0.5)
        case _:
            length, width = rng.uniform(30, 60) * spec.size, rng.uniform(13, 24) * spec.size
            s = np.clip(x / length, -1, 1)
            inside = (width * (1 - s * s) * (1 - 0.25 * s) - np.abs(y)) * (np.abs(x) < length) - (
                np.abs(x) >= length
            )
            inside = inside + 0.8 * np.sin(x * 1.6)
            green = rgb(*((64, 110, 40), (90, 130, 50), (120, 90, 50), (150, 140, 60))[rng.integers(4)])
            vein = np.exp(-((y / 0.7) ** 2)) + 0.5 * np.exp(
                -((np.mod(x * 0.12 - np.abs(y) * 0.12, 1) - 0.5) ** 2) / 0.006
            )
            skin.albedo = (green * (1 + 0.22 * vein)[:, None]).astype(np.float32)
            skin.height_mm = (0.06 * y * y / 4 + 0.3 * vein).astype(np.float32)
            skin.gloss[:], skin.blur[:] = 0.35, 0.6
    np.clip(skin.albedo, 0.01, 0.98, out=skin.albedo)
    return skin, inside.astype(np.float32)
