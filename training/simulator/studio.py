"""The doors of the simulator: a random picture, one fruit in many views, one fruit exactly as asked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from grader.types import Crop
from training.simulator.camera import distance_for_scale
from training.simulator.fruit import Fruit, make_fruit
from training.simulator.place import (
    as_rotation,
    random_fruit,
    random_ground,
    random_lens,
    random_light,
    random_rotation,
    turn_about,
)
from training.simulator.render import render_made, render_spec
from training.simulator.rendered import Rendered
from training.simulator.scene import draw_scene
from training.simulator.shape import Outline, body_points
from training.simulator.spec import (
    UPRIGHT,
    CameraSpec,
    DefectSpec,
    FruitSpec,
    GroundSpec,
    LampSpec,
    LensSpec,
    LightSpec,
    PlacedFruit,
    Rotation,
    SceneSpec,
)

STUDIO_LIGHT = LightSpec(
    lamps=(
        LampSpec(azimuth_deg=60.0, elevation_deg=55.0, width_deg=40.0, height_deg=30.0, strength=6.0),
        LampSpec(azimuth_deg=240.0, elevation_deg=55.0, width_deg=40.0, height_deg=30.0, strength=6.0),
    ),
    key_share=0.15,
    shadow_blur=0.9,
)
STUDIO_GROUND = GroundSpec(kind="plain", colour=(0.16, 0.24, 0.42))
STUDIO_LENS = LensSpec(exposure=0.24, noise=0.004)
MOST_TAKES, TAKE_SEEDS = 100, 10_000_000_000
"""A take moves the seed of the noise by so much: beyond every seed of a fruit."""


def render_scene(
    seed: int,
    preset: str = "mixed",
    size_hw: tuple[int, int] = (320, 320),
    background: NDArray[np.uint8] | None = None,
) -> Rendered:
    """One random picture.

    preset: mixed, single (one fruit, 40-95 % of the picture), touching (2-6), pile, line (belt, rollers, cups
    from above),
    objects (things that are not fruit of ours, 0-2 apples among them), empty, sound (single, no defects), melon,
    dish (apples on a plate), turning (one fruit from straight above, any side up). mixed draws none of the last two.
    background: uint8 (h, w, 3) RGB photograph pasted behind the fruit instead of the drawn ground.

    Raises:
        ValueError: unknown preset, picture below 16 px, background of another type or shape.
    """
    return render_spec(draw_scene(seed, preset, size_hw), background)


def render_fruit(
    seed: int,
    *,
    crop: Crop = Crop.APPLE,
    variety: str | None = None,
    equatorial_diameter_mm: float = 75.0,
    outline: Outline | None = None,
    blush_fraction: float | None = None,
    defects: tuple[DefectSpec, ...] = (),
    rotation: Rotation = UPRIGHT,
    stem_mm: float = 12.0,
    size_hw: tuple[int, int] = (320, 320),
    mm_per_px: float | None = 0.35,
    focal_px: float = 1500.0,
    distance_mm: float | None = None,
    elevation_deg: float = 90.0,
    light: LightSpec = STUDIO_LIGHT,
    ground: GroundSpec = STUDIO_GROUND,
    lens: LensSpec = STUDIO_LENS,
    supersample: float = 1.5,
) -> Rendered:
    """One fruit in the middle of the picture, exactly as asked, in plain light unless told otherwise.

    rotation: fruit frame (stem at +z) to world (z up, camera above). Outline() is a perfect ball,
    Outline(stretch_z=a) a
    spheroid of half-length a times the half-width. mm_per_px: scale in the plane of the outline, sets the
    distance of the
    camera from the fruit's centre unless distance_mm does (then mm_per_px is ignored).

    Raises:
        ValueError: neither mm_per_px nor distance_mm.
    """
    if distance_mm is None:
        if mm_per_px is None:
            raise ValueError("expected mm_per_px or distance_mm, got neither")
        distance_mm = distance_for_scale(mm_per_px, equatorial_diameter_mm / 2, focal_px)
    name = variety or ("gala" if crop is Crop.APPLE else "cantaloupe")
    spec = FruitSpec(
        seed=seed,
        crop=crop,
        variety=name,
        equatorial_diameter_mm=equatorial_diameter_mm,
        outline=outline,
        blush_fraction=blush_fraction,
        defects=defects,
        stem_mm=stem_mm,
    )
    fruit = make_fruit(spec)
    rest = -float((body_points(fruit.body).reshape(-1, 3) @ np.array(rotation, np.float32)[2]).min())
    scene = SceneSpec(
        seed=seed,
        size_hw=size_hw,
        fruits=(PlacedFruit(fruit=spec, rotation=rotation, centre_mm=(0.0, 0.0, rest)),),
        camera=CameraSpec(
            focal_px=focal_px,
            distance_mm=distance_mm,
            elevation_deg=elevation_deg,
            look_at_mm=(0.0, 0.0, rest),
        ),
        light=light,
        ground=ground,
        lens=lens,
        supersample=supersample,
    )
    return render_made(scene, [fruit])


def fruit_of_views(seed: int, crop: str = "apple", *, sound: bool = False, **overrides: object) -> Fruit:
    """The fruit that `render_views` shows for the same arguments, with all of its skin. Raises as it does."""
    return make_fruit(_drawn_spec(np.random.default_rng((seed, 71)), crop, sound, overrides))


def _drawn_spec(rng: np.random.Generator, crop: str, sound: bool, overrides: dict[str, object]) -> FruitSpec:
    variety = overrides.get("variety")
    spec = random_fruit(rng, Crop(crop), sound=sound, variety=str(variety) if variety else None)
    return replace(spec, **overrides)  # type: ignore[arg-type]


def render_views(
    seed: int,
    views: int = 10,
    size_hw: tuple[int, int] = (480, 640),
    crop: str = "apple",
    mm_per_px: float | None = 0.35,
    *,
    sound: bool = False,
    start_deg: float = 0.0,
    take: int = 0,
    elevation_deg: float = 90.0,
    azimuth_deg: float = 90.0,
    **overrides: object,
) -> list[Rendered]:
    """One fruit turning in front of a camera, about an axis at right angles to the line of sight; one turn in all.

    The same body, paint and defects in every view; pose and seen areas in the truth of each. mm_per_px: scale
    in the plane
    of the outline; None: drawn. start_deg: how far the turn has gone at the first view. take: another number shows the
    same fruit again with other sensor noise. elevation_deg, azimuth_deg: where the camera stands, as in `CameraSpec`;
    from anywhere but straight above the axis may point out of the picture. overrides: fields of `FruitSpec` by name
    (variety, equatorial_diameter_mm, defects, ...).

    Raises:
        ValueError: views below 1, take outside 0 to 99, or a crop that is neither apple nor melon.
        TypeError: an override that is no field of `FruitSpec`.
    """
    if views < 1:
        raise ValueError(f"views: expected at least 1, got {views}")
    if not 0 <= take < MOST_TAKES:
        raise ValueError(f"take: expected 0 to {MOST_TAKES - 1}, got {take}")
    rng = np.random.default_rng((seed, 71))
    spec = _drawn_spec(rng, crop, sound, overrides)
    fruit = make_fruit(spec)
    radius = spec.equatorial_diameter_mm / 2
    scale = mm_per_px if mm_per_px is not None else 2 * radius / (min(size_hw) * rng.uniform(0.45, 0.85))
    focal = float(rng.uniform(900, 2200))
    height = fruit.body.reach_mm * 0.98
    camera = CameraSpec(
        focal_px=focal,
        distance_mm=distance_for_scale(scale, radius, focal),
        elevation_deg=elevation_deg,
        azimuth_deg=azimuth_deg,
        look_at_mm=(0.0, 0.0, height),
    )
    light, lens = random_light(rng), random_lens(rng)
    lens = replace(lens, exposure=min(max(lens.exposure, 0.12), 0.26), defocus_px=min(lens.defocus_px, 0.8))
    ground = random_ground(rng, ("belt", "rollers", "cups", "dark"))
    first = random_rotation(rng)
    axis = (0.0, 1.0, 0.0) if rng.random() < 0.5 else (1.0, 0.0, 0.0)
    pictures = []
    for view in range(views):
        turned = turn_about(axis, np.radians(start_deg) + 2 * np.pi * view / views) @ first
        scene = SceneSpec(
            seed=(seed + take * TAKE_SEEDS) * 1000 + view,
            preset="views",
            size_hw=size_hw,
            camera=camera,
            light=light,
            ground=ground,
            fruits=(PlacedFruit(fruit=spec, rotation=as_rotation(turned), centre_mm=(0.0, 0.0, height)),),
            lens=lens,
            supersample=1.25,
        )
        picture = render_made(scene, [fruit])
        picture.truth["view"] = view
        picture.truth["seed"] = seed
        pictures.append(picture)
    return pictures
