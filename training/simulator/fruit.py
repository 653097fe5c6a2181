"""One fruit made real: body, paint and defects from its request, ready to be seen and measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grader.types import Crop, SurfaceClass
from training.simulator.defect_paint import PlacedDefect, paint_defect, place_defect
from training.simulator.noise import Floats, cell_tile, fractal_tile, on_body, smoothstep
from training.simulator.shape import (
    COLUMNS,
    ROWS,
    Body,
    Measures,
    Outline,
    body_points,
    make_body,
    measure_body,
)
from training.simulator.skin import Points, Skin, blend, points_of, rgb
from training.simulator.skin_apple import ApplePaint, paint_apple, plan_apple
from training.simulator.skin_melon import MelonPaint, paint_melon, plan_melon
from training.simulator.spec import FruitSpec
from training.simulator.varieties import APPLES, MELONS


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fruit:
    """A fruit in its own frame (stem at +z, centre at 0). probe: sparse points over the whole skin, probe_mm2
    their areas."""

    spec: FruitSpec
    body: Body
    measures: Measures
    paint: ApplePaint | MelonPaint
    defects: tuple[PlacedDefect, ...]
    probe: Points
    probe_mm2: Floats
    probe_skin: Skin


def draw_outline(spec: FruitSpec) -> Outline:
    """A natural outline for the variety."""
    rng = np.random.default_rng((spec.seed, 1))
    if spec.crop is Crop.APPLE:
        apple = APPLES[spec.variety]
        tall = rng.uniform(*apple.tall)
        return Outline(
            stretch_z=tall * 1.16,
            conical=rng.uniform(*apple.conical),
            cavity_depth=rng.uniform(0.26, 0.44),
            cavity_width=rng.uniform(0.34, 0.5),
            basin_depth=rng.uniform(0.14, 0.28),
            basin_width=rng.uniform(0.28, 0.4),
            lobe_height=rng.uniform(*apple.lobes),
            irregular=rng.uniform(0.005, 0.03),
            shrivel=spec.shrivel,
            squareness=rng.uniform(0.0, 0.06),
            stretch_x=rng.uniform(0.96, 1.0),
        )
    melon = MELONS[spec.variety]
    return Outline(
        stretch_z=rng.uniform(*melon.tall),
        conical=rng.uniform(-0.04, 0.04),
        irregular=rng.uniform(0.004, 0.015),
        lobes=melon.sutures or 5,
        lobe_height=0.02 if melon.sutures else 0.004,
        shrivel=spec.shrivel * 0.4,
        cavity_depth=0.02,
        cavity_width=0.12,
        squareness=rng.uniform(-0.02, 0.05),
    )


def make_fruit(spec: FruitSpec) -> Fruit:
    """Build a fruit.

    Raises:
        KeyError: no such variety of that crop.
    """
    outline = spec.outline or draw_outline(spec)
    body = make_body(outline, spec.equatorial_diameter_mm, np.random.default_rng((spec.seed, 2)))
    step = 2
    points = body_points(body)
    probe = points_of(body, np.ascontiguousarray(points[::step, ::step].reshape(-1, 3)))
    area = body.area_mm2.reshape(ROWS // step, step, COLUMNS // step, step).sum((1, 3)).ravel()
    if spec.crop is Crop.APPLE:
        paint: ApplePaint | MelonPaint = plan_apple(spec, APPLES[spec.variety], probe, area)
    else:
        paint = plan_melon(spec, MELONS[spec.variety])
    defects = tuple(place_defect(body, d) for d in sorted(spec.defects, key=lambda d: -d.area_mm2))
    bare = Fruit(
        spec=spec,
        body=body,
        measures=measure_body(body),
        paint=paint,
        defects=defects,
        probe=probe,
        probe_mm2=area,
        probe_skin=_no_skin(),
    )
    return Fruit(
        spec=spec,
        body=body,
        measures=bare.measures,
        paint=paint,
        defects=defects,
        probe=probe,
        probe_mm2=area,
        probe_skin=paint_fruit(bare, probe),
    )


def _no_skin() -> Skin:
    empty = np.zeros(0, np.float32)
    return Skin(
        albedo=empty.reshape(0, 3),
        surface=np.zeros(0, np.uint8),
        gloss=empty,
        blur=empty,
        height_mm=empty,
        net=empty,
        red=empty,
    )


def paint_fruit(fruit: Fruit, points: Points) -> Skin:
    """All layers of the skin at given points: variety, defects, dust, water, sticker."""
    body, spec = fruit.body, fruit.spec
    if isinstance(fruit.paint, ApplePaint):
        skin = paint_apple(fruit.paint, points, body.cavity_angle, body.basin_angle)
    else:
        skin = paint_melon(fruit.paint, points)
    places = np.random.default_rng((spec.seed, 3)).random((4, 3, 2)).astype(np.float32)
    for defect in fruit.defects:
        paint_defect(skin, points.direction, defect)
    if spec.dust > 0:
        cloud = on_body(fractal_tile(1.2, 3.0), points.mm, points.facing, 70.0, places[0])
        share = (0.5 * spec.dust * smoothstep(-0.8, 1.6, cloud)).astype(np.float32)
        skin.albedo = blend(skin.albedo, rgb(170, 158, 138), share)
        skin.gloss *= 1 - share * 1.5
    if spec.wet > 0:
        first, _, number = cell_tile(900, 0, 0.5)
        drop = np.clip(0.10 + 0.34 * number * spec.wet - first, 0, 1).astype(np.float32) * (
            number > 1 - spec.wet
        )
        height = on_body(np.sqrt(drop), points.mm, points.facing, 130.0, places[1], sharp=True)
        wet = smoothstep(0.02, 0.12, height)
        skin.height_mm += 2.2 * height
        skin.albedo = skin.albedo * (1 - 0.18 * wet)[:, None]
        skin.gloss = np.maximum(skin.gloss, wet)
        skin.blur *= 1 - 0.95 * wet
    if spec.sticker:
        _sticker(fruit, points, skin)
    return skin


def _sticker(fruit: Fruit, points: Points, skin: Skin) -> None:
    """A little paper label: sound skin under it."""
    rng = np.random.default_rng((fruit.spec.seed, 4))
    centre = rng.normal(size=3) * np.array([1.0, 1.0, 0.6])
    centre /= np.linalg.norm(centre)
    side = np.cross(centre, rng.normal(size=3))
    side /= np.linalg.norm(side)
    up = np.cross(centre, side)
    scale = np.linalg.norm(points.mm, axis=1)
    u = points.direction @ side.astype(np.float32) * scale
    v = points.direction @ up.astype(np.float32) * scale
    half_u, half_v = rng.uniform(7, 12), rng.uniform(6, 10)
    away = np.hypot(u / half_u, v / half_v)
    front = points.direction @ centre.astype(np.float32) > 0.5
    share = (smoothstep(1.03, 0.97, away) * front).astype(np.float32)
    colours = (
        np.array(
            [(240, 238, 230), (200, 30, 40), (20, 60, 140), (30, 110, 60), (240, 200, 40), (16, 16, 20)],
            np.float32,
        )
        / 255
    )
    ground, ring, ink = colours[rng.integers(6)], colours[rng.integers(6)], colours[rng.integers(6)]
    design = np.where((away > 0.82)[:, None], ring, ground)
    text = (
        (np.abs(v / half_v - rng.uniform(-0.3, 0.3)) < 0.2)
        & (np.sin(u * rng.uniform(2.5, 5)) > -0.2)
        & (away < 0.7)
    )
    design = np.where(text[:, None], ink, design)
    skin.albedo = blend(skin.albedo, design.astype(np.float32), share)
    skin.gloss += (0.5 - skin.gloss) * share
    skin.height_mm += 0.25 * share
    skin.red[share > 0.5] = 0.0
    covered = share > 0.5
    skin.surface[covered] = SurfaceClass.SOUND_SKIN
    skin.net[covered] = 0.0
