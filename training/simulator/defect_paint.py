"""Defects on a body: sized to the asked area on the curved skin, then painted over the clean skin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.simulator.defect_patterns import PATTERNS
from training.simulator.noise import Floats, smoothstep
from training.simulator.shape import Body, body_points, on_surface
from training.simulator.skin import Skin
from training.simulator.spec import DefectSpec

REACH = 2.6  # patterns end inside this many units
GRID = 97
CONTRAST = 0.5
"""Logarithm of the ratio to the skin in the channel that differs most."""
DARKER = np.array([0.35, 0.5, 0.6], np.float32)
"""Share of red, green and blue that is taken away: browner, as bruised and dried skin is."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlacedDefect:
    """A defect with its chart. axes: (3, 3) rows = two tangents and the centre direction. unit_mm: size of one unit.

    cloud_mm: (M, 3) skin points inside the defect, cloud_mm2: (M,) the area each stands for; their sum is the truth.
    """

    spec: DefectSpec
    axes: Floats
    radius_mm: float
    unit_mm: float
    cloud_mm: Floats
    cloud_mm2: Floats
    length_mm: float


def _axes(spec: DefectSpec) -> Floats:
    rng = np.random.default_rng((spec.seed, 21))
    centre = np.array(spec.direction, np.float64)
    centre /= np.linalg.norm(centre)
    across = np.cross(centre, rng.normal(size=3))
    across /= np.linalg.norm(across)
    return np.stack([across, np.cross(centre, across), centre]).astype(np.float32)


def _chart(axes: Floats, direction: Floats, radius_mm: float) -> tuple[Floats, Floats]:
    """Distance-true map around the centre direction: (u, v) in mm of a sphere of the local radius."""
    local = direction @ axes.T
    flat = np.sqrt(local[:, 0] ** 2 + local[:, 1] ** 2)
    far = np.arctan2(flat, local[:, 2]) * np.float32(radius_mm) / np.maximum(flat, 1e-9)
    return local[:, 0] * far, local[:, 1] * far


def _level(spec: DefectSpec, u: Floats, v: Floats) -> Floats:
    grey = np.full((u.size, 3), 0.5, np.float32)
    return PATTERNS[spec.kind](u, v, grey, np.random.default_rng((spec.seed, 22)), spec.severity).level


def _sample(body: Body, axes: Floats, radius_mm: float, unit_mm: float) -> tuple[Floats, Floats]:
    """Skin points around a defect and the area of each; the whole surface map when the defect is large."""
    half = REACH * unit_mm
    if half > 1.2 * radius_mm:
        return body_points(body).reshape(-1, 3), body.area_mm2.ravel()
    line = np.linspace(-half, half, GRID, dtype=np.float32)
    u, v = np.meshgrid(line, line)
    away = np.maximum(np.hypot(u, v), 1e-6)
    angle = away / radius_mm
    flat = np.sin(angle) / away
    local = np.stack([u * flat, v * flat, np.cos(angle)], -1).reshape(-1, 3)
    point = on_surface(body, local @ axes).reshape(GRID, GRID, 3).astype(np.float64)
    along, down = np.gradient(point, axis=1), np.gradient(point, axis=0)
    area = np.linalg.norm(np.cross(along, down), axis=-1)
    return point.reshape(-1, 3).astype(np.float32), area.ravel().astype(np.float32)


def place_defect(body: Body, spec: DefectSpec) -> PlacedDefect:
    """Find the size at which the defect covers the asked area of this body's skin."""
    axes = _axes(spec)
    radius = float(np.linalg.norm(on_surface(body, axes[2:3])))
    most = float(body.area_mm2.sum())
    low, high = 0.0, 0.0
    unit = max(0.2, (min(spec.area_mm2, most) / 2.0) ** 0.5)
    best: tuple[float, float, Floats, Floats] | None = None
    for _ in range(14):
        points, area = _sample(body, axes, radius, unit)
        direction = points / np.linalg.norm(points, axis=1, keepdims=True)
        u, v = _chart(axes, direction, radius)
        inside = _level(spec, u / np.float32(unit), v / np.float32(unit)) > 0
        covered = float(area[inside].sum(dtype=np.float64))
        error = abs(covered - spec.area_mm2)
        if best is None or error < best[0]:
            best = (error, unit, points[inside], area[inside])
        if error < 0.01 * spec.area_mm2:
            break
        if covered < spec.area_mm2:
            low = unit
        else:
            high = unit
        guess = unit * float(np.clip((spec.area_mm2 / max(covered, 0.02 * spec.area_mm2)) ** 0.5, 0.4, 2.5))
        if high > 0.0 and not low < guess < high:
            guess = 0.5 * (low + high)
        unit = min(guess, 4.0 * radius)
    assert best is not None
    return PlacedDefect(
        spec=spec,
        axes=axes,
        radius_mm=radius,
        unit_mm=best[1],
        cloud_mm=best[2],
        cloud_mm2=best[3],
        length_mm=_length(best[2], axes, radius),
    )


def _length(points: Floats, axes: Floats, radius_mm: float) -> float:
    """Longest extent along the skin, on the distance-true chart around the defect's centre."""
    if len(points) < 2:
        return 0.0
    u, v = _chart(axes, points / np.linalg.norm(points, axis=1, keepdims=True), radius_mm)
    angle = np.arange(36) * np.pi / 36
    along = np.stack([u, v], 1) @ np.stack([np.cos(angle), np.sin(angle)]).astype(np.float32)
    return float((along.max(0) - along.min(0)).max())


def _to_be_seen(colour: Floats, skin: Floats) -> Floats:
    """The colour of a defect, browner where the skin has nearly the same one: what nobody can see is no defect.

    colour, skin: (N, 3) sRGB, 0-1. By `DARKER` where they differ by less than a tenth in every channel, as they are
    from `CONTRAST` on.
    """
    apart = np.abs(np.log((colour + 0.02) / (skin + 0.02))).max(axis=1)
    return np.asarray(colour * (1 - smoothstep(CONTRAST, 0.1, apart)[:, None] * DARKER), np.float32)


def paint_defect(skin: Skin, direction: Floats, defect: PlacedDefect) -> None:
    """Paint one defect over the skin of points with unit directions (N, 3)."""
    cosine = direction @ defect.axes[2]
    reach = REACH * defect.unit_mm / defect.radius_mm
    near = np.flatnonzero(cosine > np.cos(min(reach, np.pi))) if reach < np.pi else np.arange(len(cosine))
    if not near.size:
        return
    u, v = _chart(defect.axes, direction[near], defect.radius_mm)
    unit = np.float32(defect.unit_mm)
    rng = np.random.default_rng((defect.spec.seed, 22))
    patch = PATTERNS[defect.spec.kind](u / unit, v / unit, skin.albedo[near], rng, defect.spec.severity)
    share = patch.share
    skin.albedo[near] += (_to_be_seen(patch.colour, skin.albedo[near]) - skin.albedo[near]) * share[:, None]
    np.clip(skin.albedo, 0.01, 0.98, out=skin.albedo)
    relief = np.float32(min(1.0, defect.unit_mm / 6.0))
    skin.height_mm[near] += patch.height_mm * relief
    skin.gloss[near] *= 1 - patch.dull * share
    skin.blur[near] += (0.85 - skin.blur[near]) * patch.dull * share
    skin.net[near] *= 1 - share
    inside = near[patch.level > 0]
    skin.red[inside] = 0.0
    skin.surface[inside] = defect.spec.kind.surface_class
