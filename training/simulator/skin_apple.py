"""Skin of an apple: ground colour, blush in patches and stripes, lenticels, russet in the cavity, wax.

Blush truth: the over-colour weight of a point follows from the CIELAB hue of its clean skin colour, so that truth and
picture cannot disagree: hue 45 degrees is weight 0.5 (red from there on), hue 62 degrees is weight 0.25 (light red
between 0.25 and 0.5); yellow and green hues are ground colour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grader.types import SurfaceClass
from training.simulator.noise import Floats, cell_tile, fractal_tile, on_body, on_plane, smoothstep
from training.simulator.skin import Points, Skin, blank_skin, blend, hue_deg, lab_of, rgb
from training.simulator.spec import FruitSpec
from training.simulator.varieties import AppleVariety

RED_HUE_DEG, LIGHT_RED_HUE_DEG = 45.0, 62.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ApplePaint:
    """Everything drawn once for one apple. ramp: (64, 3) colours from ground to deepest red; weight: (64,) its redness.

    shift: over-colour field value at which the skin turns red.
    """

    variety: AppleVariety
    ramp: Floats
    weight: Floats
    shift: float
    softness: float
    sun: Floats
    places: Floats
    stripes: int
    lenticel: float
    lenticel_mm: float
    russet: float
    gloss: float
    bloom: float
    mottle: float
    green_cavity: float


def _ramp(ground: Floats, variety: AppleVariety, rng: np.random.Generator) -> tuple[Floats, Floats]:
    stops = np.stack([ground, rgb(*variety.flush), rgb(*variety.red), rgb(*variety.deep)])
    stops[1:] = np.clip(stops[1:] * rng.normal(1.0, 0.06, (1, 3)) * rng.normal(1.0, 0.08), 0.02, 0.98)
    at = np.array([0.0, 0.33, 0.7, 1.0])
    t = np.linspace(0, 1, 64)
    ramp = np.stack([np.interp(t, at, stops[:, c]) for c in range(3)], 1).astype(np.float32)
    hue = hue_deg(ramp)
    chroma = np.hypot(*lab_of(ramp).T[1:])
    weight = np.interp(-hue, [-110.0, -LIGHT_RED_HUE_DEG, -RED_HUE_DEG, -15.0], [0.0, 0.25, 0.5, 1.0])
    weight = np.where(chroma < 12.0, 0.0, weight)
    return ramp, np.maximum.accumulate(weight).astype(np.float32)


def plan_apple(spec: FruitSpec, variety: AppleVariety, probe: Points, probe_area: Floats) -> ApplePaint:
    """Draw the paint of one apple. probe: points over the whole skin, to meet the wanted share of blush."""
    rng = np.random.default_rng((spec.seed, 11))
    ripe = rng.random()
    ground = rgb(*variety.ground[0]) * (1 - ripe) + rgb(*variety.ground[1]) * ripe
    ground = np.clip(ground * rng.normal(1, 0.04, 3), 0.02, 0.97).astype(np.float32)
    ramp, weight = _ramp(ground, variety, rng)
    sun = rng.normal(size=3) + np.array([0, 0, 0.4])
    wanted = spec.blush_fraction if spec.blush_fraction is not None else rng.uniform(*variety.blush)
    paint = ApplePaint(
        variety=variety,
        ramp=ramp,
        weight=weight,
        shift=0.0,
        softness=variety.soft * rng.uniform(0.8, 2.0),
        sun=(sun / np.linalg.norm(sun)).astype(np.float32),
        places=rng.random((8, 3, 2)).astype(np.float32),
        stripes=int(rng.integers(1, 3)),
        lenticel=rng.uniform(*variety.lenticel),
        lenticel_mm=rng.uniform(*variety.lenticel_mm),
        russet=rng.uniform(*variety.russet) if rng.random() < 0.85 else 0.0,
        gloss=rng.uniform(*variety.gloss),
        bloom=rng.uniform(0, 0.25) if rng.random() < 0.4 else 0.0,
        mottle=rng.uniform(0.3, 1.0),
        green_cavity=rng.uniform(0.2, 1.2),
    )
    turn = float(np.interp(0.5, weight, np.linspace(0, 1, 64))) if weight[-1] > 0.5 else 1.0
    field = _over_colour(paint, probe)
    order = np.argsort(-field)
    share = np.cumsum(probe_area[order]) / probe_area.sum()
    if wanted <= 0.0:
        border = float(field.max()) + 0.05
    elif wanted >= 1.0:
        border = float(field.min()) - 0.05
    else:
        border = float(field[order[min(int(np.searchsorted(share, wanted)), len(order) - 1)]])
    return ApplePaint(
        **{
            **{n: getattr(paint, n) for n in paint.__slots__},
            "shift": border - (turn - 0.5) * paint.softness * 2,
        }
    )


def _streaks(paint: ApplePaint, points: Points) -> Floats:
    """Stripes along the meridians: noise drawn out from stem to calyx, -2 to 2."""
    warp = on_body(fractal_tile(2.0, 2.0), points.mm, points.facing, 130.0, paint.places[0])
    u = points.phi * np.float32(1 / (2 * np.pi)) * paint.stripes + warp * np.float32(0.006)
    v = points.theta * np.float32(0.05)
    wide = on_plane(fractal_tile(1.0, 3.0), u + paint.places[1, 0, 0], v + paint.places[1, 0, 1])
    fine = on_plane(fractal_tile(0.6, 12.0), u * 2 + paint.places[1, 1, 0], v * 1.4 + paint.places[1, 1, 1])
    return (0.7 * wide + 0.5 * fine).astype(np.float32)


def _over_colour(paint: ApplePaint, points: Points) -> Floats:
    """How much a point wants to be red: any range, about unit variance."""
    variety = paint.variety
    sunny = points.direction @ paint.sun
    patch = on_body(fractal_tile(1.7, 2.0), points.mm, points.facing, 150.0, paint.places[2])
    fine = on_body(fractal_tile(0.9, 4.0), points.mm, points.facing, 60.0, paint.places[3])
    field = variety.sun * 1.1 * sunny + variety.patch * 0.5 * patch + 0.12 * fine
    if variety.stripes:
        field = field + variety.stripes * 0.55 * _streaks(paint, points)
    cavity = np.exp(-((points.theta / 0.42) ** 2)) + 0.7 * np.exp(-(((np.pi - points.theta) / 0.35) ** 2))
    return np.asarray(field - paint.green_cavity * cavity, np.float32)


def paint_apple(paint: ApplePaint, points: Points, cavity_angle: float, basin_angle: float) -> Skin:
    """The clean skin of an apple at given points, with stem cavity and calyx basin marked."""
    count = len(points.mm)
    skin = blank_skin(count)
    field = _over_colour(paint, points)
    t = np.clip((field - paint.shift) / (2 * paint.softness) + 0.5, 0, 1).astype(np.float32)
    cloud = on_body(fractal_tile(1.2, 3.0), points.mm, points.facing, 45.0, paint.places[4])
    index = t * 63
    low = np.minimum(index.astype(np.int32), 62)
    part = (index - low)[:, None]
    skin.albedo = paint.ramp[low] * (1 - part) + paint.ramp[low + 1] * part
    skin.red = np.interp(t, np.linspace(0, 1, 64), paint.weight).astype(np.float32)
    value = 1 + 0.035 * paint.mottle * cloud
    skin.albedo = skin.albedo * value[:, None]
    _lenticels(paint, points, skin, t)
    if paint.bloom:
        haze = paint.bloom * smoothstep(-0.5, 1.5, cloud)
        skin.albedo = blend(skin.albedo, rgb(205, 205, 210), haze)
        skin.gloss *= 1 - haze
    skin.gloss *= paint.gloss
    skin.blur[:] = np.clip(0.85 - 0.8 * paint.gloss, 0.04, 0.9)
    skin.height_mm += 0.012 * cloud
    _hollows(paint, points, skin, cavity_angle, basin_angle)
    np.clip(skin.albedo, 0.01, 0.98, out=skin.albedo)
    return skin


def _lenticels(paint: ApplePaint, points: Points, skin: Skin, t: Floats) -> None:
    first, _, number = cell_tile(900, 0, 0.5)
    radius = 0.06 + 0.12 * number**4
    dots = np.clip((radius - first) / 0.05, 0, 1).astype(np.float32)
    near_calyx = 1.25 - 0.35 * np.cos(points.theta)
    dot = on_body(dots, points.mm, points.facing, 30 * paint.lenticel_mm, paint.places[5], sharp=True)
    dot = dot * np.float32(paint.lenticel) * near_calyx * smoothstep(0.25, 0.8, points.theta)
    pale = paint.ramp[0] * 0.5 + rgb(232, 214, 160) * 0.5
    skin.albedo = blend(skin.albedo, pale, np.clip(dot * (0.6 + 0.5 * t), 0, 0.9).astype(np.float32))


def _hollows(paint: ApplePaint, points: Points, skin: Skin, cavity_angle: float, basin_angle: float) -> None:
    wobble = 1 + 0.06 * np.cos(3 * points.phi + 6.0 * paint.places[6, 0, 0]) + 0.05 * np.cos(5 * points.phi)
    if cavity_angle:
        inward = points.theta / np.float32(cavity_angle)
        rays = on_plane(
            fractal_tile(0.9, 4.0),
            points.phi * np.float32(2 / (2 * np.pi)) + paint.places[6, 1, 0],
            inward * 0.08,
        )
        if paint.russet:
            reach = 0.45 + 0.75 * paint.russet
            russet = smoothstep(0.25, -0.25, inward - reach + 0.16 * rays) * (0.35 + 0.6 * paint.russet)
            colour = rgb(168, 128, 72) * (1 + 0.1 * rays[:, None])
            skin.albedo = blend(skin.albedo, colour.astype(np.float32), russet)
            skin.gloss *= 1 - 0.7 * russet
            skin.height_mm += 0.05 * russet * rays
        deep = smoothstep(0.45, 0.0, inward)
        skin.albedo = skin.albedo * (1 - 0.45 * deep)[:, None]
        skin.surface[points.theta < cavity_angle * wobble] = SurfaceClass.STEM
    if basin_angle:
        inward = (np.pi - points.theta) / np.float32(basin_angle)
        folds = np.cos(5 * points.phi + 1.3 * np.sin(2 * points.phi)) + 0.4 * np.cos(13 * points.phi)
        skin.height_mm += (0.35 * np.exp(-((inward - 0.5) ** 2) / 0.06) * folds).astype(np.float32)
        deep = smoothstep(0.30, 0.10, inward)
        skin.albedo = blend(skin.albedo, rgb(52, 40, 26), 0.9 * deep)
        skin.albedo = blend(
            skin.albedo,
            rgb(170, 150, 90),
            (0.3 * smoothstep(0.75, 0.3, inward) * (1 - deep)).astype(np.float32),
        )
        skin.surface[np.pi - points.theta < basin_angle * wobble * 0.95] = SurfaceClass.CALYX
