"""Rods that belong to fruit (stem, sepals, vine stub) and rods that lie about (fingers, bananas, twigs)."""

from __future__ import annotations

import numpy as np

from grader.types import Crop, SurfaceClass
from training.simulator.camera import Camera
from training.simulator.canvas import Canvas
from training.simulator.fruit import Fruit
from training.simulator.noise import Floats
from training.simulator.shape import on_surface
from training.simulator.skin import rgb
from training.simulator.spec import ObjectSpec
from training.simulator.tube import bent, draw_tube


def draw_fruit_parts(
    canvas: Canvas, camera: Camera, fruit: Fruit, rotation: Floats, centre: Floats, number: int, crop: int
) -> None:
    """Stem and calyx remains of one fruit."""
    rng = np.random.default_rng((fruit.spec.seed, 61))
    if fruit.spec.crop is Crop.APPLE:
        _stem(canvas, camera, fruit, rotation, centre, number, crop, rng)
        if fruit.body.basin_angle:
            _sepals(canvas, camera, fruit, rotation, centre, number, crop, rng)
    elif fruit.spec.stem_mm > 0:
        _vine_stub(canvas, camera, fruit, rotation, centre, number, crop, rng)


def _stem(
    canvas: Canvas,
    camera: Camera,
    fruit: Fruit,
    rotation: Floats,
    centre: Floats,
    number: int,
    crop: int,
    rng: np.random.Generator,
) -> None:
    if fruit.spec.stem_mm <= 0:
        return
    foot = on_surface(fruit.body, np.array([[0.0, 0.0, 1.0]], np.float32))[0] - np.array([0, 0, 1.0])
    lean = np.array([*rng.normal(0, 0.16, 2), 1.0])
    line = bent(
        foot,
        lean / np.linalg.norm(lean),
        np.array([*rng.normal(0, 0.28, 2), 0.0]),
        fruit.spec.stem_mm + 1,
        10,
    )
    thick = rng.uniform(0.9, 1.6)
    taper = np.interp(np.linspace(0, 1, 10), [0, 0.15, 0.8, 1], [1.4, 1.0, 1.0, rng.uniform(1.2, 1.9)])
    bark = rgb(*((98, 66, 38), (120, 92, 50), (74, 52, 34), (112, 118, 58))[rng.integers(4)])
    tip = rgb(60, 44, 30)
    mix = np.linspace(0, 1, 10)[:, None] ** 2
    colours = bark * (1 - mix) + tip * mix
    draw_tube(
        canvas,
        camera,
        line @ rotation.T + centre,
        (thick * taper).astype(np.float32),
        colours=colours.astype(np.float32),
        owner=number * 8 + 1,
        instance=number,
        crop=crop,
        surface=SurfaceClass.STEM,
        seed=fruit.spec.seed,
        gloss=0.15,
    )


def _sepals(
    canvas: Canvas,
    camera: Camera,
    fruit: Fruit,
    rotation: Floats,
    centre: Floats,
    number: int,
    crop: int,
    rng: np.random.Generator,
) -> None:
    if rng.random() < 0.1:
        return
    foot = on_surface(fruit.body, np.array([[0.0, 0.0, -1.0]], np.float32))[0]
    size = rng.uniform(0.6, 1.25)
    base = rgb(*((84, 64, 40), (60, 48, 32), (104, 96, 60), (120, 104, 84))[rng.integers(4)])
    start = rng.uniform(0, 2 * np.pi)
    for i in range(5):
        angle = start + i * 2 * np.pi / 5 + rng.normal(0, 0.12)
        out = np.array([np.cos(angle), np.sin(angle), 0.0])
        curl = rng.uniform(-0.9, 0.7)
        line = bent(
            foot + out * 1.0 * size,
            out * 0.6 + np.array([0, 0, -rng.uniform(0.5, 1.0)]),
            out * curl * 0.8 + np.array([0, 0, 0.25]),
            rng.uniform(4.0, 8.0) * size,
            6,
        )
        colours = np.clip(base * np.linspace(0.75, 1.25, 6)[:, None] * rng.normal(1, 0.08), 0, 1)
        draw_tube(
            canvas,
            camera,
            line @ rotation.T + centre,
            (np.array([1.3, 1.5, 1.3, 1.0, 0.6, 0.2]) * size).astype(np.float32),
            colours=colours.astype(np.float32),
            owner=number * 8 + 2 + i,
            instance=number,
            crop=crop,
            surface=SurfaceClass.CALYX,
            seed=fruit.spec.seed + i,
            gloss=0.05,
            grain=0.2,
            flat=0.6,
        )


def _vine_stub(
    canvas: Canvas,
    camera: Camera,
    fruit: Fruit,
    rotation: Floats,
    centre: Floats,
    number: int,
    crop: int,
    rng: np.random.Generator,
) -> None:
    foot = on_surface(fruit.body, np.array([[0.0, 0.0, 1.0]], np.float32))[0] - np.array([0, 0, 2.0])
    lean = np.array([*rng.normal(0, 0.2, 2), 1.0])
    line = bent(
        foot, lean / np.linalg.norm(lean), np.array([*rng.normal(0, 0.5, 2), 0.0]), fruit.spec.stem_mm + 2, 8
    )
    thick = rng.uniform(2.5, 5.0)
    taper = np.interp(np.linspace(0, 1, 8), [0, 0.25, 1], [1.7, 1.0, rng.uniform(0.8, 1.1)])
    colour = rgb(*((120, 120, 66), (150, 132, 84), (98, 84, 52))[rng.integers(3)])
    draw_tube(
        canvas,
        camera,
        line @ rotation.T + centre,
        (thick * taper).astype(np.float32),
        colours=np.broadcast_to(colour, (8, 3)).astype(np.float32),
        owner=number * 8 + 1,
        instance=number,
        crop=crop,
        surface=SurfaceClass.STEM,
        seed=fruit.spec.seed,
        gloss=0.1,
        grain=0.2,
    )


def draw_rod(canvas: Canvas, camera: Camera, spec: ObjectSpec, number: int) -> None:
    """A banana, a hand's fingers or a twig, lying on the ground."""
    rng = np.random.default_rng((spec.seed, 45))
    turn = np.radians(spec.turn_deg)
    along = np.array([np.cos(turn), np.sin(turn), 0.0])
    across = np.array([-np.sin(turn), np.cos(turn), 0.0])
    middle = np.array([*spec.centre_mm, 0.0])
    if spec.kind == "banana":
        start = middle - along * 85 * spec.size + np.array([0, 0, 18.0])
        curve = rng.uniform(0.25, 0.95)
        line = bent(start, along + across * curve, -across * curve, 170 * spec.size, 18)
        neck = rng.uniform(0.08, 0.2)
        radii = (
            18
            * spec.size
            * np.interp(
                np.linspace(0, 1, 18), [0, neck, neck + 0.12, 0.8, 0.93, 1], [0.36, 0.33, 0.95, 1, 0.5, 0.25]
            )
        )
        yellow, tip = rgb(*((236, 200, 60), (206, 200, 80), (228, 180, 50))[rng.integers(3)]), rgb(90, 74, 40)
        brown = rng.uniform(0.03, neck)
        share = np.interp(np.linspace(0, 1, 18), [0, brown, neck + 0.04, 0.95, 1], [1, 0.7, 0, 0, 1])[:, None]
        colours = yellow * (1 - share) + tip * rng.uniform(0.5, 1.2) * share
        spots = float(rng.choice([0.0, 0.01, rng.uniform(0.02, 0.25)]))
        _rod(canvas, camera, line, radii, colours, number, 0, spec.seed, 0.3, 0.04, spots)
        return
    if spec.kind == "hand":
        _hand(canvas, camera, spec, number, rng)
        return
    if spec.kind == "twig":
        line = bent(
            middle - along * 60 + np.array([0, 0, 4.0]),
            along,
            across * rng.normal(0, 0.3),
            130 * spec.size,
            10,
        )
        _rod(
            canvas,
            camera,
            line,
            np.linspace(4, 1.5, 10),
            np.tile(rgb(96, 74, 50), (10, 1)),
            number,
            0,
            spec.seed,
            0.1,
            0.2,
        )
        return
    tone = _skin_tone(rng)
    for i in range(int(rng.integers(2, 5))):
        start = middle + across * (i - 1.5) * 19 * spec.size + np.array([0, 0, rng.uniform(10, 60)])
        line = bent(
            start,
            along,
            np.array([0, 0, rng.uniform(-0.2, 0.4)]) + across * rng.normal(0, 0.1),
            rng.uniform(70, 260) * spec.size,
            12,
        )
        knuckle = 1 + 0.06 * np.cos(np.linspace(0, 3 * 2 * np.pi, 12))
        radii = (
            rng.uniform(8.0, 10.5)
            * spec.size
            * np.interp(np.linspace(0, 1, 12), [0, 0.06, 0.12, 1], [0.55, 0.85, 0.95, 1.15])
            * knuckle
        )
        colours = tone * (1 + 0.05 * np.cos(np.linspace(0, 3 * 2 * np.pi, 12)))[:, None]
        colours[0] = np.clip(tone * np.array([1.05, 0.92, 0.92]), 0, 1)
        _rod(canvas, camera, line, radii, colours, number, i, spec.seed + i, 0.2, 0.025)


def _skin_tone(rng: np.random.Generator) -> Floats:
    return rgb(
        *((232, 190, 164), (214, 164, 132), (180, 126, 92), (120, 78, 56), (238, 204, 182))[rng.integers(5)]
    )


HAND_LIFT_MM = 45.0


def held_height_mm(size: float) -> float:
    """Height of the centre of a fruit (radius 38 mm times size) that a "hand" object of that size holds."""
    return 38.0 * size + HAND_LIFT_MM


def _hand(canvas: Canvas, camera: Camera, spec: ObjectSpec, number: int, rng: np.random.Generator) -> None:
    """A hand under and around a fruit: palm, four fingers on one side, the thumb on the other, the wrist."""
    tone = _skin_tone(rng)
    radius = 38.0 * spec.size
    centre = np.array([*spec.centre_mm, held_height_mm(spec.size)])
    turn = np.radians(spec.turn_deg)
    nails = np.clip(tone * np.array([1.06, 0.9, 0.9]), 0, 1)
    for i in range(5):
        thumb = i == 4
        side = turn + (np.pi if thumb else 0.0) + ((i - 1.5) * 0.42 if not thumb else rng.normal(0, 0.2))
        reach = rng.uniform(-0.35, 0.35) if thumb else rng.uniform(-0.25, 0.6)
        angle = np.linspace(-1.5, reach, 14)
        thick = rng.uniform(8.5, 10.5) * (1.15 if thumb else 1.0)
        away = radius * rng.uniform(0.96, 1.02) + thick * 0.8
        out = np.array([np.cos(side), np.sin(side), 0.0])
        line = centre + away * (np.cos(angle)[:, None] * out + np.sin(angle)[:, None] * np.array([0, 0, 1.0]))
        bend = 1 + 0.05 * np.cos(np.linspace(0, 2.5 * 2 * np.pi, 14))
        radii = thick * np.interp(np.linspace(0, 1, 14), [0, 0.86, 0.95, 1], [1.2, 0.98, 0.85, 0.5]) * bend
        shade = np.interp(np.linspace(0, 1, 14), [0, 0.9, 1], [0.92, 1, 1.02])[:, None]
        colours = tone * shade * bend[:, None]
        colours[-1] = nails
        _rod(canvas, camera, line, radii, colours, number, i, spec.seed + i, 0.2, 0.03)
    wrist = turn + np.pi / 2 + rng.normal(0, 0.5)
    down = np.array([np.cos(wrist), np.sin(wrist), 0.0])
    start = centre - np.array([0, 0, radius + 16.0])
    line = start + np.linspace(-0.3, 1, 10)[:, None] * down * 230 * spec.size
    radii = spec.size * np.interp(np.linspace(0, 1, 10), [0, 0.25, 0.5, 1], [22, 38, 30, 34])
    _rod(canvas, camera, line, radii, np.tile(tone, (10, 1)), number, 5, spec.seed, 0.15, 0.03)


def draw_tomato_star(
    canvas: Canvas, camera: Camera, top: Floats, rotation: Floats, centre: Floats, seed: int, number: int
) -> None:
    """The green sepals of a tomato. top: (3,) its upper end in its own frame."""
    rng = np.random.default_rng((seed, 46))
    green = rgb(*((70, 110, 40), (96, 130, 60), (60, 88, 40))[rng.integers(3)])
    for i in range(6):
        angle = i * 2 * np.pi / 5 + rng.normal(0, 0.15)
        out = np.array([np.cos(angle), np.sin(angle), 0.0])
        way, bow, length = (
            (out + np.array([0, 0, 0.35]), np.array([0, 0, -0.25]), rng.uniform(14, 24))
            if i < 5
            else (np.array([0.1, 0, 1.0]), out * 0.2, 9.0)
        )
        line = bent(top - np.array([0, 0, 0.5]), way, bow, length, 8) @ rotation.T + centre
        radii = np.array([1.8, 2.2, 2.4, 2.2, 1.8, 1.2, 0.7, 0.2])
        _rod(canvas, camera, line, radii, np.tile(green, (8, 1)), number, 1 + i % 6, seed, 0.1, 0.15)


def _rod(
    canvas: Canvas,
    camera: Camera,
    line: Floats,
    radii: Floats,
    colours: Floats,
    number: int,
    part: int,
    seed: int,
    gloss: float,
    grain: float,
    spots: float = 0.0,
) -> None:
    draw_tube(
        canvas,
        camera,
        line.astype(np.float32),
        radii.astype(np.float32),
        colours=np.clip(colours, 0, 1).astype(np.float32),
        owner=number * 8 + part,
        instance=number,
        crop=3,
        surface=0,
        seed=seed,
        gloss=gloss,
        grain=grain,
        spots=spots,
    )
