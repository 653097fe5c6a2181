"""What the sample pictures show: each one asked of the simulator exactly, so that all that is true of it is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from grader.types import Crop, DefectKind
from training.simulator import (
    CameraSpec,
    DefectSpec,
    FruitSpec,
    GroundSpec,
    LampSpec,
    LensSpec,
    LightSpec,
    PlacedFruit,
    Rendered,
    SceneSpec,
    render_fruit,
    render_spec,
)
from training.simulator.place import as_rotation, turn_about
from training.simulator.spec import Rotation, Vector

SIZE_HW = (480, 640)
APPLE_MM_PER_PX = 0.25
MELON_MM_PER_PX = 0.45
LINE_MM_PER_PX, LINE_HEIGHT_MM = 0.45, 38.0
TURNING_VIEWS = 10
TURNING_MM_PER_PX = 0.25
REJECTED = ("reject",)
SOUND_APPLE_CLASSES = ("extra", "I")
SOUND_MELON_CLASSES = ("marketable",)

GREEN_BELT = GroundSpec(kind="belt", colour=(0.15, 0.36, 0.24), seed=2)
BLUE_BELT = GroundSpec(kind="belt", colour=(0.13, 0.24, 0.47), seed=2)
GREY_BELT = GroundSpec(kind="belt", colour=(0.47, 0.48, 0.49), seed=5)
DARK = GroundSpec(kind="dark", colour=(0.06, 0.06, 0.07), seed=2)
ROLLERS = GroundSpec(kind="rollers", colour=(0.22, 0.30, 0.50), seed=3, pitch_mm=58.0)
CUPS = GroundSpec(kind="cups", colour=(0.11, 0.12, 0.14), seed=4, pitch_mm=72.0)

SOFT_LIGHT = LightSpec(
    lamps=(
        LampSpec(azimuth_deg=60.0, elevation_deg=60.0, width_deg=45.0, height_deg=30.0, strength=9.0),
        LampSpec(azimuth_deg=250.0, elevation_deg=50.0, width_deg=60.0, height_deg=12.0, strength=6.0),
    ),
    sky=(0.8, 0.8, 0.8),
    key_share=0.3,
    shadow_blur=0.7,
)
NOISE = 0.003
EXPOSURE, EXPOSURE_OF_RED = 0.2, 0.13
"""Median of the fruit, linear 0-1: a dark red apple has to stay dark, or its red channel clips."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePicture:
    """One sample. render: makes it, the same each time. mm_per_px: of the fruit's outline (fruits: nearly the same).

    kind_exact: the kind of its defects is plain to see and must be named right; else being reported is enough.
    classes: under the crop's default standard the fruit has one of these; empty where the picture does not decide it.
    """

    name: str
    render: Callable[[], Rendered]
    mm_per_px: float
    kind_exact: bool = False
    classes: tuple[str, ...] = ()


def sample_pictures() -> tuple[SamplePicture, ...]:
    """All single pictures, in name order."""
    pictures = (*_sound_apples(), *_faulty_apples(), *_groups(), *_melons())
    return tuple(sorted(pictures, key=lambda picture: picture.name))


def turning_apple() -> list[Rendered]:
    """One bruised Fuji in ten views, turning 36 degrees between two, its stem 65 degrees off the camera at first."""
    first = turn_about((0.0, 1.0, 0.0), np.radians(65.0))
    bruise = DefectSpec(
        kind=DefectKind.BRUISE, area_mm2=380.0, direction=(-0.3, 1.0, 0.2), severity=0.9, seed=1
    )
    return [
        render_fruit(
            seed=3,
            variety="fuji",
            equatorial_diameter_mm=84.0,
            blush_fraction=0.7,
            defects=(bruise,),
            rotation=as_rotation(turn_about((1.0, 0.0, 0.0), 2 * np.pi * view / TURNING_VIEWS) @ first),
            mm_per_px=TURNING_MM_PER_PX,
            size_hw=SIZE_HW,
            light=SOFT_LIGHT,
            ground=ROLLERS,
            lens=LensSpec(exposure=EXPOSURE, noise=NOISE),
            supersample=1.25,
        )
        for view in range(TURNING_VIEWS)
    ]


def _pose(stem_deg: float, turn_deg: float = 0.0) -> Rotation:
    """The stem leans `stem_deg` from the camera to the right of the picture; the fruit is turned about its stem."""
    lean = turn_about((1.0, 0.0, 0.0), -np.radians(stem_deg))
    return as_rotation(lean @ turn_about((0.0, 0.0, 1.0), np.radians(turn_deg)))


SIDE, TOP, LYING = _pose(62, 20), _pose(30, 70), _pose(80, 20)
MIDDLE, LEFT, LOW, UPPER = (0.15, -0.1, 1.0), (-0.2, -0.45, 1.0), (0.4, -0.2, 1.0), (-0.2, -0.3, 1.0)
"""(down, right, toward the camera) in the picture, from the middle of the fruit."""


def _defect(kind: DefectKind, area_mm2: float, at: Vector, pose: Rotation = SIDE) -> DefectSpec:
    """A defect that faces the camera at a place of the picture."""
    x, y, z = (float(value) for value in np.array(pose).T @ np.array(at))
    return DefectSpec(kind=kind, area_mm2=area_mm2, severity=0.85, seed=1, direction=(x, y, z))


def _single(
    name: str,
    variety: str,
    seed: int,
    diameter_mm: float,
    ground: GroundSpec,
    *,
    crop: Crop = Crop.APPLE,
    blush: float | None = None,
    pose: Rotation = SIDE,
    defect: DefectSpec | None = None,
    exact: bool = False,
    classes: tuple[str, ...] = (),
    exposure: float = EXPOSURE,
) -> SamplePicture:
    mm_per_px = APPLE_MM_PER_PX if crop is Crop.APPLE else MELON_MM_PER_PX
    render = partial(
        render_fruit,
        seed=seed,
        crop=crop,
        variety=variety,
        equatorial_diameter_mm=diameter_mm,
        blush_fraction=blush,
        rotation=pose,
        ground=ground,
        defects=() if defect is None else (defect,),
        mm_per_px=mm_per_px,
        size_hw=SIZE_HW,
        light=SOFT_LIGHT,
        lens=LensSpec(exposure=exposure, noise=NOISE),
        supersample=1.25,
    )
    return SamplePicture(name=name, render=render, mm_per_px=mm_per_px, kind_exact=exact, classes=classes)


def _sound_apples() -> tuple[SamplePicture, ...]:
    sound = partial(_single, classes=SOUND_APPLE_CLASSES)
    red = partial(sound, exposure=EXPOSURE_OF_RED)
    return (
        red("apple_red.jpg", "red", 21, 78.0, GREEN_BELT, blush=0.92, pose=_pose(55, 30)),
        red("apple_huaniu_stem.jpg", "red_delicious", 5, 82.0, GREY_BELT, blush=0.98, pose=_pose(8, 90)),
        red("bench_apple.jpg", "gala", 14, 75.0, GREEN_BELT, blush=0.75, pose=_pose(50, 40)),
        sound("apple_fuji_striped.jpg", "fuji", 3, 84.0, BLUE_BELT, blush=0.7, pose=_pose(40)),
        sound("apple_golden.jpg", "golden", 111, 76.0, DARK, blush=0.0, pose=_pose(58, 20)),
        sound("apple_green.jpg", "granny_smith", 118, 80.0, GREY_BELT, blush=0.0, pose=_pose(58, 20)),
    )


def _faulty_apples() -> tuple[SamplePicture, ...]:
    K = DefectKind
    yellow = partial(_single, blush=0.0)
    red = partial(_single, exposure=EXPOSURE_OF_RED)
    crack, rot = _defect(K.CRACK, 90.0, LEFT, TOP), _defect(K.ROT, 900.0, LOW)
    bruise, russet = _defect(K.BRUISE, 420.0, LEFT), _defect(K.RUSSET, 1500.0, LEFT)
    scab, scar = _defect(K.SCAB, 300.0, MIDDLE), _defect(K.SCAR, 260.0, LEFT)
    puncture, insect = _defect(K.PUNCTURE, 45.0, MIDDLE), _defect(K.INSECT, 80.0, MIDDLE)
    sunburn, spots = _defect(K.SUNBURN, 1500.0, LEFT), _defect(K.SPOTS, 180.0, LOW)
    return (
        red(
            "apple_rot.jpg", "gala", 32, 72.0, GREEN_BELT, blush=0.6, defect=rot, exact=True, classes=REJECTED
        ),
        red("apple_puncture.jpg", "red", 35, 80.0, GREEN_BELT, blush=0.85, defect=puncture),
        red("apple_scar.jpg", "red", 38, 81.0, GREY_BELT, blush=0.8, defect=scar),
        yellow("apple_bruise.jpg", "golden", 108, 78.0, DARK, defect=bruise, exact=True),
        yellow("apple_russet.jpg", "golden", 103, 77.0, GREY_BELT, defect=russet),
        yellow("apple_sunburn.jpg", "granny_smith", 111, 79.0, BLUE_BELT, defect=sunburn),
        yellow("apple_insect.jpg", "golden", 125, 75.0, GREEN_BELT, defect=insect),
        _single("apple_scab.jpg", "yellow_red", 33, 76.0, BLUE_BELT, blush=0.3, defect=scab),
        _single("apple_crack.jpg", "fuji", 36, 85.0, DARK, blush=0.6, defect=crack, pose=TOP),
        _single("apple_spots.jpg", "fuji", 40, 83.0, DARK, blush=0.4, defect=spots),
    )


def _melons() -> tuple[SamplePicture, ...]:
    melon = partial(_single, crop=Crop.MELON, pose=LYING)
    sound = partial(melon, classes=SOUND_MELON_CLASSES)
    rot = _defect(DefectKind.ROT, 2200.0, UPPER, LYING)
    crack = _defect(DefectKind.CRACK, 260.0, UPPER, LYING)
    scar = _defect(DefectKind.SCAR, 900.0, UPPER, LYING)
    return (
        sound("melon_cantaloupe.jpg", "cantaloupe", 91, 140.0, BLUE_BELT, pose=_pose(60, 20)),
        sound("melon_canary.jpg", "canary", 92, 125.0, GREEN_BELT),
        melon("melon_rot.jpg", "cantaloupe", 93, 138.0, GREY_BELT, defect=rot, exact=True, classes=REJECTED),
        melon("melon_crack.jpg", "honeydew", 94, 135.0, BLUE_BELT, defect=crack),
        melon("melon_scar.jpg", "canary", 95, 122.0, DARK, defect=scar),
    )


def _placed(
    seed: int,
    variety: str,
    diameter_mm: float,
    blush: float,
    right_mm: float,
    down_mm: float,
    pose: Rotation,
    height_mm: float | None = None,
) -> PlacedFruit:
    fruit = FruitSpec(seed=seed, variety=variety, equatorial_diameter_mm=diameter_mm, blush_fraction=blush)
    return PlacedFruit(fruit=fruit, rotation=pose, centre_mm=(down_mm, right_mm, height_mm))


def _group(
    name: str,
    ground: GroundSpec,
    fruits: tuple[PlacedFruit, ...],
    exposure: float,
    classes: tuple[str, ...] = SOUND_APPLE_CLASSES,
) -> SamplePicture:
    """Fruit on a belt from straight above, from so far that all have nearly the same scale."""
    camera = CameraSpec(
        focal_px=4000.0, distance_mm=LINE_MM_PER_PX * 4000.0, look_at_mm=(0.0, 0.0, LINE_HEIGHT_MM)
    )
    scene = SceneSpec(
        seed=51,
        size_hw=SIZE_HW,
        fruits=fruits,
        camera=camera,
        light=SOFT_LIGHT,
        ground=ground,
        lens=LensSpec(exposure=exposure, noise=NOISE),
    )
    return SamplePicture(
        name=name, render=partial(render_spec, scene), mm_per_px=LINE_MM_PER_PX, classes=classes
    )


def _groups() -> tuple[SamplePicture, ...]:
    touching = (
        _placed(61, "gala", 74.0, 0.7, -76.0, -28.0, _pose(50, 10)),
        _placed(62, "gala", 77.0, 0.8, -1.0, -16.0, _pose(15, 130)),
        _placed(63, "gala", 73.0, 0.55, 74.0, -25.0, _pose(75, 250)),
        _placed(64, "gala", 75.0, 0.75, 37.0, 48.0, _pose(40, 300)),
    )
    line = (
        _placed(71, "fuji", 84.0, 0.8, -95.0, 0.0, _pose(80, 0)),
        _placed(72, "fuji", 79.0, 0.6, 0.0, 0.0, _pose(35, 90)),
        _placed(73, "fuji", 82.0, 0.7, 95.0, 0.0, _pose(60, 200)),
    )
    cups = (
        _placed(81, "red", 76.0, 0.9, -90.0, 0.0, _pose(20, 0), LINE_HEIGHT_MM),
        _placed(82, "golden", 74.0, 0.0, 0.0, 0.0, _pose(50, 90), LINE_HEIGHT_MM),
        _placed(83, "yellow_red", 78.0, 0.45, 90.0, 0.0, _pose(70, 180), LINE_HEIGHT_MM),
    )
    return (
        _group("apples_touching.jpg", GREEN_BELT, touching, 0.17),
        _group("apples_on_rollers.jpg", ROLLERS, line, 0.2),
        _group("apples_in_cups.jpg", CUPS, cups, 0.09),
        _group("empty_belt.jpg", GREEN_BELT, (), 0.08, ()),
    )
