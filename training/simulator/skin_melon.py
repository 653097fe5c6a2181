"""Skin of a melon: ground colour, netting, sutures, stripes, ground spot, peduncle and blossom scars."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grader.types import SurfaceClass
from training.simulator.noise import Floats, cell_tile, fractal_tile, on_body, on_plane, smoothstep
from training.simulator.skin import Points, Skin, blank_skin, blend, rgb
from training.simulator.spec import FruitSpec
from training.simulator.varieties import MelonVariety


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MelonPaint:
    """Everything drawn once for one melon. Lengths mm; net: wanted share of netting."""

    variety: MelonVariety
    ground: Floats
    ground_b: Floats
    net_colour: Floats
    net: float
    net_mm: float
    sutures: int
    spot: Floats
    spot_cos: float
    spot_strength: float
    spot_colour: Floats
    places: Floats
    stripes: int
    gloss: float
    stem_rad: float
    calyx_rad: float
    speckle: float
    patchy: float


def plan_melon(spec: FruitSpec, variety: MelonVariety) -> MelonPaint:
    """Draw the paint of one melon."""
    rng = np.random.default_rng((spec.seed, 12))
    ripe = rng.random()
    pair = rgb(*variety.ground[0]), rgb(*variety.ground[1])
    ground = np.clip(
        (pair[0] * (1 - ripe) + pair[1] * ripe) * rng.normal(1, 0.05) * rng.normal(1, 0.025, 3), 0.02, 0.97
    )
    other = np.clip(ground * rng.normal(0.93, 0.06) * rng.normal(1.0, 0.02, 3), 0.02, 0.97)
    spot = rng.normal(size=3) * np.array([1, 1, 0.35])
    radius = spec.equatorial_diameter_mm / 2
    pale = (
        rgb(240, 220, 130)
        if variety.stripes
        else np.clip(ground * np.array([1.12, 1.0, 0.8]) + 0.06, 0, 0.95)
    )
    return MelonPaint(
        variety=variety,
        ground=ground.astype(np.float32),
        ground_b=other.astype(np.float32),
        net_colour=np.clip(
            rgb(*variety.net_colour) * rng.normal(1, 0.06) * rng.normal(1, 0.015, 3), 0, 0.97
        ).astype(np.float32),
        net=rng.uniform(*variety.net),
        net_mm=rng.uniform(*variety.net_mm),
        sutures=variety.sutures if rng.random() < 0.85 else 0,
        spot=(spot / np.linalg.norm(spot)).astype(np.float32),
        spot_cos=rng.uniform(0.72, 0.95),
        spot_strength=rng.uniform(0.35, 0.9) if rng.random() < 0.6 else 0.0,
        spot_colour=pale.astype(np.float32),
        places=rng.random((8, 3, 2)).astype(np.float32),
        stripes=int(rng.integers(9, 14)),
        gloss=rng.uniform(*variety.gloss),
        stem_rad=rng.uniform(6.0, 12.0) / radius,
        calyx_rad=rng.uniform(4.0, 13.0) / radius,
        speckle=variety.speckle * rng.uniform(0.3, 1.5),
        patchy=rng.uniform(0.0, 0.8),
    )


def paint_melon(paint: MelonPaint, points: Points) -> Skin:
    """The clean skin of a melon at given points, peduncle and blossom scars marked."""
    variety = paint.variety
    skin = blank_skin(len(points.mm))
    cloud = on_body(fractal_tile(1.6, 2.0), points.mm, points.facing, 220.0, paint.places[0])
    fine = on_body(fractal_tile(0.9, 6.0), points.mm, points.facing, 50.0, paint.places[1])
    skin.albedo = blend(
        np.broadcast_to(paint.ground, (len(cloud), 3)), paint.ground_b, smoothstep(-1.2, 1.2, cloud)
    )
    skin.albedo = skin.albedo * (1 + 0.035 * fine * (1 + 2 * paint.speckle))[:, None]
    if variety.stripes:
        _stripes(paint, points, skin)
    if paint.speckle > 0.1:
        first, _, number = cell_tile(900, 0, 0.5)
        dots = np.clip((0.05 + 0.22 * number**2 - first) / 0.06, 0, 1).astype(np.float32)
        dot = on_body(dots, points.mm, points.facing, 110.0, paint.places[2], sharp=True)
        skin.albedo = blend(
            skin.albedo, (paint.ground * 0.75).astype(np.float32), dot * np.float32(paint.speckle)
        )
    if paint.spot_strength:
        at = points.direction @ paint.spot + 0.03 * cloud
        share = paint.spot_strength * smoothstep(paint.spot_cos - 0.06, paint.spot_cos + 0.06, at)
        skin.albedo = blend(skin.albedo, paint.spot_colour, share)
    furrow: Floats = np.zeros(len(cloud), np.float32)
    if paint.sutures:
        wave = np.cos(paint.sutures * (points.phi + 0.012 * cloud))
        furrow = smoothstep(0.80, 0.97, wave) * smoothstep(0.1, 0.4, np.sin(points.theta))
        skin.albedo = blend(skin.albedo, rgb(*variety.suture_colour), furrow * 0.8)
        skin.height_mm -= 1.6 * furrow
    if variety.wrinkle:
        lines = np.abs(
            on_plane(
                fractal_tile(1.3, 4.0),
                points.phi / np.float32(2 * np.pi) * 2 + 0.01 * cloud,
                points.theta * 0.06,
            )
        )
        skin.height_mm -= (0.7 * variety.wrinkle * np.exp(-((lines / 0.3) ** 2))).astype(np.float32)
        skin.albedo = skin.albedo * (1 - 0.06 * np.exp(-((lines / 0.25) ** 2)))[:, None]
    skin.gloss *= paint.gloss
    skin.blur[:] = 0.65 - 0.3 * paint.gloss
    skin.height_mm += 0.03 * fine
    if paint.net > 0.02:
        _netting(paint, points, skin, furrow, cloud)
    _ends(paint, points, skin, fine)
    np.clip(skin.albedo, 0.01, 0.98, out=skin.albedo)
    return skin


def _netting(paint: MelonPaint, points: Points, skin: Skin, furrow: Floats, cloud: Floats) -> None:
    warp = on_body(fractal_tile(1.4, 6.0), points.mm, points.facing, 60.0, paint.places[3])
    bent = points.mm + (warp * np.float32(0.10 * paint.net_mm))[:, None]
    _, border, _ = cell_tile(900, 1)
    _, small, _ = cell_tile(2500, 2)
    offset = paint.places[4]
    wide = on_body(border, bent, points.facing, 30 * paint.net_mm, offset, sharp=True)
    local = (
        paint.net
        * (1 + 0.35 * paint.patchy * cloud)
        * (1 - 0.75 * furrow)
        * (1 - 0.5 * smoothstep(0.25, 0.05, points.theta))
    )
    width = (0.05 + 0.26 * np.clip(local, 0, 1)).astype(np.float32)
    line = smoothstep(0.07, -0.07, wide - width)
    if paint.net > 0.35:
        narrow = on_body(small, bent, points.facing, 27 * paint.net_mm, paint.places[5], sharp=True)
        line = np.maximum(
            line, smoothstep(0.09, -0.09, narrow - width * 0.8) * np.float32(min(0.85, paint.net * 1.1))
        )
    texture = np.clip(1 + 0.08 * warp, 0.7, 1.3)
    skin.albedo = blend(skin.albedo, (paint.net_colour * texture[:, None]).astype(np.float32), line * 0.88)
    skin.net = line
    skin.height_mm += 0.45 * line
    skin.gloss *= 1 - 0.85 * line
    skin.blur = np.maximum(skin.blur, 0.9 * line).astype(np.float32)


def _stripes(paint: MelonPaint, points: Points, skin: Skin) -> None:
    jag = on_body(fractal_tile(1.0, 4.0), points.mm, points.facing, 170.0, paint.places[6])
    phase = paint.stripes * (points.phi + 0.05 * jag) + 0.25 * jag
    band = smoothstep(-0.25, 0.45, np.cos(phase) + 0.25 * jag - 0.1)
    veins = smoothstep(0.35, 0.0, np.abs(jag)) * 0.35
    dark = paint.ground * np.array([0.28, 0.42, 0.34], np.float32)
    skin.albedo = blend(skin.albedo, dark, np.clip(band * 0.92 + veins * (1 - band), 0, 1).astype(np.float32))


def _ends(paint: MelonPaint, points: Points, skin: Skin, fine: Floats) -> None:
    inward = points.theta / np.float32(paint.stem_rad) + 0.08 * fine
    scar = smoothstep(1.0, 0.75, inward)
    skin.albedo = blend(skin.albedo, rgb(150, 128, 84), 0.75 * scar)
    skin.albedo = blend(skin.albedo, rgb(82, 68, 40), smoothstep(0.5, 0.3, inward) * 0.7)
    skin.height_mm -= 2.0 * smoothstep(1.0, 0.3, inward)
    skin.surface[inward < 0.95] = SurfaceClass.STEM
    inward = (np.pi - points.theta) / np.float32(paint.calyx_rad) + 0.08 * fine
    ring = np.exp(-(((inward - 0.75) / 0.25) ** 2)).astype(np.float32)
    skin.albedo = blend(skin.albedo, rgb(176, 150, 104), 0.7 * ring + 0.5 * smoothstep(0.5, 0.2, inward))
    skin.height_mm += 0.6 * ring
    skin.net *= smoothstep(0.7, 1.1, inward)
    skin.surface[inward < 1.0] = SurfaceClass.CALYX
