"""Whole pictures by preset: which fruit and things lie where, under which light, seen by which camera."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from grader.types import Crop
from training.simulator.arrange import (
    Hw,
    draw_camera,
    draw_pose,
    in_view,
    place_beside,
    reach_mm,
    show_defect,
    spin_to_camera,
    things_around,
    toward_camera,
)
from training.simulator.objects import BODY_KINDS, DISH, OBJECT_KINDS
from training.simulator.parts import held_height_mm
from training.simulator.place import (
    aim_axis,
    as_rotation,
    random_fruit,
    random_ground,
    random_lens,
    random_light,
    random_rotation,
    turn_about,
)
from training.simulator.spec import CameraSpec, GroundSpec, ObjectSpec, PlacedFruit, SceneSpec

PRESETS = (
    "mixed",
    "single",
    "touching",
    "pile",
    "line",
    "objects",
    "empty",
    "sound",
    "melon",
    "dish",
    "turning",
)
_MIX = {
    "single": 0.40,
    "touching": 0.14,
    "pile": 0.08,
    "line": 0.12,
    "objects": 0.10,
    "empty": 0.02,
    "sound": 0.08,
    "melon": 0.06,
}


def draw_scene(seed: int, preset: str, size_hw: Hw) -> SceneSpec:
    """The whole request of one picture.

    Raises:
        ValueError: unknown preset, or a picture smaller than 16 pixels.
    """
    if preset not in PRESETS:
        raise ValueError(f"preset: expected one of {', '.join(PRESETS)}, got {preset!r}")
    if min(size_hw) < 16:
        raise ValueError(f"size_hw: expected at least 16 x 16 pixels, got {size_hw}")
    rng = np.random.default_rng((seed, PRESETS.index(preset)))
    chosen = str(rng.choice(list(_MIX), p=np.array(list(_MIX.values())))) if preset == "mixed" else preset
    builders: dict[str, Callable[[np.random.Generator, int, str, Hw], SceneSpec]] = {
        "single": _single,
        "sound": _single,
        "touching": _touching,
        "pile": _pile,
        "line": _line,
        "objects": _objects,
        "empty": _line,
        "melon": _melon,
        "dish": _dish,
        "turning": _turning,
    }
    return builders[chosen](rng, seed, chosen, size_hw)


def _crop(rng: np.random.Generator, melons: float = 0.28) -> Crop:
    return Crop.MELON if rng.random() < melons else Crop.APPLE


def _finish(
    rng: np.random.Generator,
    seed: int,
    preset: str,
    size_hw: Hw,
    camera: CameraSpec,
    fruits: list[PlacedFruit],
    objects: list[ObjectSpec],
    ground: GroundSpec,
) -> SceneSpec:
    return SceneSpec(
        seed=seed,
        preset=preset,
        size_hw=size_hw,
        fruits=tuple(fruits),
        objects=tuple(objects),
        camera=camera,
        light=random_light(rng),
        ground=ground,
        lens=random_lens(rng),
    )


def _single(rng: np.random.Generator, seed: int, preset: str, size_hw: Hw) -> SceneSpec:
    sound = preset == "sound" or rng.random() < 0.2
    fruit = random_fruit(rng, _crop(rng), sound=sound)
    span = reach_mm(fruit) / rng.uniform(0.4, 0.95)
    camera = draw_camera(rng, size_hw, span, (15, 90), fruit.equatorial_diameter_mm * 0.48, 0.02)
    rotation = draw_pose(rng, toward_camera(camera), 0.6 if preset == "sound" else 0.4)
    if rng.random() < 0.25:  # a portrait: standing on its base, seen from the side
        camera = replace(camera, elevation_deg=float(rng.uniform(6, 40)), roll_deg=float(rng.normal(0, 2)))
        top = np.array([0.0, 0.0, 1.0], np.float32)
        rotation = aim_axis(top, abs(float(rng.normal(0, 0.2))), bool(rng.random() < 0.85), rng)
        rotation = spin_to_camera(rng, rotation, fruit, camera) if fruit.defects else rotation
    elif fruit.defects and rng.random() < 0.75:
        rotation = show_defect(rng, rotation, fruit, toward_camera(camera))
    objects = things_around(rng, fruit.equatorial_diameter_mm, 1) if rng.random() < 0.15 else []
    placed = PlacedFruit(fruit=fruit, rotation=as_rotation(rotation))
    if fruit.crop is Crop.APPLE and rng.random() < 0.1:
        size = fruit.equatorial_diameter_mm / 76.0
        hand = ObjectSpec(
            kind="hand", seed=int(rng.integers(2**31)), turn_deg=float(rng.uniform(0, 360)), size=size
        )
        height = held_height_mm(size)
        camera = replace(camera, look_at_mm=(*camera.look_at_mm[:2], height))
        placed, objects = replace(placed, centre_mm=(0.0, 0.0, height)), [hand]
    return _finish(rng, seed, preset, size_hw, camera, [placed], objects, random_ground(rng))


def _touching(rng: np.random.Generator, seed: int, preset: str, size_hw: Hw) -> SceneSpec:
    crop = _crop(rng, 0.2)
    same = random_fruit(rng, crop, sound=True).variety if rng.random() < 0.6 else None
    fruits: list[PlacedFruit] = []
    at: list[tuple[float, float, float]] = []
    span = 0.0
    camera_back = np.array([0.0, 0.0, 1.0])
    for _ in range(int(rng.integers(2, 7))):
        fruit = random_fruit(rng, crop, sound=bool(rng.random() < 0.45), variety=same)
        radius = reach_mm(fruit) / 2
        x, y = place_beside(rng, at, radius)
        at.append((x, y, radius))
        span = max(span, np.hypot(x, y) + radius)
        fruits.append(
            PlacedFruit(
                fruit=fruit, rotation=as_rotation(draw_pose(rng, camera_back, 0.35)), centre_mm=(x, y, None)
            )
        )
    camera = draw_camera(rng, size_hw, 2 * span * rng.uniform(0.7, 1.15), (25, 90), 30.0, 0.05)
    objects = things_around(rng, span, 2) if rng.random() < 0.3 else []
    return _finish(rng, seed, preset, size_hw, camera, fruits, objects, random_ground(rng))


def _pile(rng: np.random.Generator, seed: int, preset: str, size_hw: Hw) -> SceneSpec:
    crop = _crop(rng, 0.25)
    varieties = [
        random_fruit(rng, crop, sound=True).variety
        for _ in range(int(rng.choice([1, 2, 3], p=[0.65, 0.2, 0.15])))
    ]
    bag = [
        random_fruit(
            rng, crop, sound=bool(rng.random() < 0.7), variety=varieties[int(rng.integers(len(varieties)))]
        )
        for _ in range(12)
    ]
    width = float(np.mean([fruit.equatorial_diameter_mm for fruit in bag])) * 1.03
    across = rng.uniform(2.6, 5.5)
    fruits: list[PlacedFruit] = []
    half = int(np.ceil(across / 2 * 1.35))
    for layer in range(2):
        for i in range(-half, half + 1):
            for j in range(-half, half + 1):
                if (layer and rng.random() < 0.55) or len(fruits) >= 70:
                    continue
                fruit = bag[int(rng.integers(len(bag)))]
                x = (i + 0.5 * (j % 2) + rng.normal(0, 0.06) + 0.5 * layer) * width * 0.94
                y = (j * 0.87 + rng.normal(0, 0.06) + 0.3 * layer) * width * 0.94
                z = width * (0.5 + 0.72 * layer) + rng.normal(0, 0.08 * width)
                fruits.append(
                    PlacedFruit(
                        fruit=fruit,
                        rotation=as_rotation(random_rotation(rng)),
                        centre_mm=(float(x), float(y), float(z)),
                    )
                )
    camera = draw_camera(rng, size_hw, across * width, (40, 90), width * 0.6)
    fruits = [placed for placed in fruits if in_view(camera, size_hw, placed)]
    return _finish(
        rng,
        seed,
        preset,
        size_hw,
        camera,
        fruits,
        [],
        random_ground(rng, ("dark", "tray", "wood", "plain", "clutter")),
    )


def _line(rng: np.random.Generator, seed: int, preset: str, size_hw: Hw) -> SceneSpec:
    crop = _crop(rng, 0.2)
    count = 0 if preset == "empty" else int(rng.integers(1, 5))
    ground = random_ground(rng, ("belt", "belt", "rollers", "cups", "dark", "metal"))
    width = 95.0 if crop is Crop.APPLE else 210.0
    same = random_fruit(rng, crop, sound=True).variety if rng.random() < 0.7 else None
    fruits = []
    back = np.array([0.0, 0.0, 1.0])
    lanes = 1 if count < 3 else 2
    for n in range(count):
        fruit = random_fruit(rng, crop, sound=bool(rng.random() < 0.45), variety=same)
        x = (n // lanes - (count / lanes - 1) / 2) * width * rng.uniform(0.98, 1.1)
        y = (n % lanes - (lanes - 1) / 2) * width * 1.05 + rng.normal(0, 4)
        sunk = None if ground.kind != "cups" else float(fruit.equatorial_diameter_mm * 0.36)
        fruits.append(
            PlacedFruit(
                fruit=fruit,
                rotation=as_rotation(draw_pose(rng, back, 0.4)),
                centre_mm=(float(x), float(y), sunk),
            )
        )
    camera = draw_camera(
        rng, size_hw, width * (max(1, count / lanes) * rng.uniform(0.95, 1.7) + 0.15), (78, 90), 38.0, 0.02
    )
    camera = replace(
        camera, azimuth_deg=float(rng.choice([0, 90, 180, 270])) + float(rng.normal(0, 2)), roll_deg=0.0
    )
    return _finish(rng, seed, preset, size_hw, camera, fruits, [], ground)


def _dish(rng: np.random.Generator, seed: int, preset: str, size_hw: Hw) -> SceneSpec:
    """One or two fruit on a plate, small in the picture: coloured plates, hard shadows, light from fruit to plate."""
    fruits: list[PlacedFruit] = []
    at: list[tuple[float, float, float]] = []
    for _ in range(1 if rng.random() < 0.85 else 2):
        fruit = random_fruit(rng, Crop.APPLE, sound=bool(rng.random() < 0.6))
        x, y = place_beside(rng, at, fruit.equatorial_diameter_mm / 2)
        at.append((x, y, fruit.equatorial_diameter_mm / 2))
        rotation = draw_pose(rng, np.array([0.0, 0.0, 1.0]), 0.5)
        fruits.append(PlacedFruit(fruit=fruit, rotation=as_rotation(rotation), centre_mm=(x, y, None)))
    dish = ObjectSpec(
        kind=DISH,
        seed=int(rng.integers(2**31)),
        centre_mm=(float(rng.normal(0, 20)), float(rng.normal(0, 20))),
        size=float(rng.uniform(0.9, 1.1)),
    )
    beside = things_around(rng, 140.0, 2) if rng.random() < 0.6 else []
    camera = draw_camera(rng, size_hw, rng.uniform(150, 380), (30, 90), 20.0, 0.12)
    table = random_ground(rng, ("wood", "wood", "plain", "cloth", "white", "metal", "clutter"))
    scene = _finish(rng, seed, preset, size_hw, camera, fruits, [dish, *beside], table)
    light = replace(
        scene.light,
        bounce=float(rng.uniform(0, 1)),
        shadow_blur=float(rng.uniform(0, 0.6)),
        key_share=float(rng.uniform(0.2, 0.85)),
    )
    return replace(scene, light=light)


def _turning(rng: np.random.Generator, seed: int, preset: str, size_hw: Hw) -> SceneSpec:
    """One apple or melon as a camera over rollers sees it: from straight above, any side up, defects anywhere."""
    fruit = random_fruit(rng, _crop(rng, 0.12), sound=bool(rng.random() < 0.15))
    span = reach_mm(fruit) / rng.uniform(0.45, 0.9)
    camera = draw_camera(rng, size_hw, span, (90, 90), fruit.equatorial_diameter_mm * 0.48, 0.02)
    ground = random_ground(rng, ("belt", "rollers", "cups", "dark"))
    rotation = random_rotation(rng)
    if fruit.defects and (rotation @ np.array(fruit.defects[0].direction))[2] < 0 and rng.random() < 0.6:
        rotation = turn_about((1.0, 0.0, 0.0), np.pi) @ rotation  # the other side up
    placed = PlacedFruit(fruit=fruit, rotation=as_rotation(rotation))
    return _finish(rng, seed, preset, size_hw, camera, [placed], [], ground)


def _object_kind(rng: np.random.Generator) -> str:
    """Oranges and bananas are what lies beside apples most often; each of the others is drawn alike."""
    choice = rng.random()
    if choice < 0.5:
        return "orange" if choice < 0.25 else "banana"
    return str(rng.choice(BODY_KINDS if choice < 0.8 else OBJECT_KINDS))


def _objects(rng: np.random.Generator, seed: int, preset: str, size_hw: Hw) -> SceneSpec:
    at: list[tuple[float, float, float]] = []
    objects, fruits = [], []
    for _ in range(int(rng.integers(1, 6))):
        kind = _object_kind(rng)
        x, y = place_beside(rng, at, 42.0)
        at.append((x, y, 42.0))
        objects.append(
            ObjectSpec(
                kind=kind,
                seed=int(rng.integers(2**31)),
                centre_mm=(x, y),
                turn_deg=float(rng.uniform(0, 360)),
            )
        )
    for _ in range(int(rng.choice([0, 1, 2], p=[0.35, 0.4, 0.25]))):
        fruit = random_fruit(rng, Crop.APPLE, sound=bool(rng.random() < 0.5))
        x, y = place_beside(rng, at, fruit.equatorial_diameter_mm / 2)
        at.append((x, y, fruit.equatorial_diameter_mm / 2))
        fruits.append(
            PlacedFruit(fruit=fruit, rotation=as_rotation(random_rotation(rng)), centre_mm=(x, y, None))
        )
    span = 2 * max(np.hypot(x, y) + r for x, y, r in at) * rng.uniform(0.6, 1.0)
    camera = draw_camera(rng, size_hw, float(span), (25, 90), 30.0, 0.05)
    return _finish(rng, seed, preset, size_hw, camera, fruits, objects, random_ground(rng))


def _melon(rng: np.random.Generator, seed: int, preset: str, size_hw: Hw) -> SceneSpec:
    count = 1 if rng.random() < 0.6 else int(rng.integers(2, 5))
    same = random_fruit(rng, Crop.MELON, sound=True).variety
    fruits: list[PlacedFruit] = []
    at: list[tuple[float, float, float]] = []
    back = np.array([0.0, 0.0, 1.0])
    for _ in range(count):
        fruit = random_fruit(rng, Crop.MELON, sound=bool(rng.random() < 0.4), variety=same)
        x, y = place_beside(rng, at, reach_mm(fruit) / 2)
        at.append((x, y, reach_mm(fruit) / 2))
        fruits.append(
            PlacedFruit(fruit=fruit, rotation=as_rotation(draw_pose(rng, back, 0.35)), centre_mm=(x, y, None))
        )
    span = 2 * max(np.hypot(x, y) + r for x, y, r in at) * rng.uniform(0.65, 1.25)
    camera = draw_camera(rng, size_hw, float(span), (20, 90), 60.0, 0.03)
    return _finish(rng, seed, preset, size_hw, camera, fruits, [], random_ground(rng))
