"""The body of a fruit: a star-shaped surface with a stem cavity, a calyx basin and lobes, and its exact measures.

The surface is point(direction) = stretch * r(direction) * direction, where direction is a unit vector and the
stem is at
+z; r is kept as a map over polar angle (rows, 0 at the stem) and longitude (columns). Lengths are millimetres.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from training.simulator.noise import Facing, Floats, facing, fractal_tile, look_up, offsets, on_body

ROWS, COLUMNS = 128, 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """How the profile of a body runs; lengths as fractions of the radius, angles in rad from the pole."""

    stretch_z: float = 1.0
    conical: float = 0.0  # > 0: wider at the stem end
    cavity_depth: float = 0.0
    cavity_width: float = 0.36
    basin_depth: float = 0.0
    basin_width: float = 0.34
    squareness: float = 0.0  # > 0: fuller shoulders
    lobes: int = 5
    lobe_height: float = 0.0
    irregular: float = 0.0
    shrivel: float = 0.0
    stretch_x: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Body:
    """One solid. Maps are (ROWS + 2, COLUMNS + 2): one border row and column repeat the neighbours across the edge.

    radius_mm: float32, r before the stretch. skin: float32 (.., .., 4) = unit outward normal and openness 0-1 (how much
    of the sky reaches the point; low in a cavity). area_mm2: float32 (ROWS, COLUMNS), true area of each cell.
    stretch: float32 (3,).
    """

    radius_mm: Floats
    skin: Floats
    area_mm2: Floats
    stretch: Floats
    reach_mm: float
    cavity_angle: float
    basin_angle: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Exact sizes of a body. ring_diameter_mm: smallest round opening it passes (7 CFR 51.320)."""

    equatorial_diameter_mm: float
    ring_diameter_mm: float
    length_mm: float
    volume_cm3: float
    surface_mm2: float


@lru_cache(maxsize=1)
def _grid() -> tuple[Floats, Floats, Floats]:
    theta = ((np.arange(ROWS) + 0.5) * np.pi / ROWS).astype(np.float32)
    phi = ((np.arange(COLUMNS) + 0.5) * 2 * np.pi / COLUMNS).astype(np.float32)
    theta_map, phi_map = np.meshgrid(theta, phi, indexing="ij")
    sine = np.sin(theta_map)
    direction = np.stack([sine * np.cos(phi_map), sine * np.sin(phi_map), np.cos(theta_map)], -1)
    return theta_map, phi_map, direction.astype(np.float32)


@lru_cache(maxsize=1)
def _directions() -> tuple[Floats, Facing]:
    flat = _grid()[2].reshape(-1, 3)
    return flat, facing(flat)


def _bordered(values: Floats) -> Floats:
    """Repeat across the poles (half a turn on) and across the longitude cut."""
    half = COLUMNS // 2
    rows = np.concatenate([np.roll(values[:1], half, 1), values, np.roll(values[-1:], half, 1)], 0)
    return np.ascontiguousarray(np.concatenate([rows[:, -1:], rows, rows[:, :1]], 1), np.float32)


def _funnel(angle: Floats, width: float) -> Floats:
    """1 at the pole, falling like a rounded funnel."""
    x = angle / np.float32(width)
    return np.asarray(np.exp(-1.6 * (np.sqrt(x * x + 0.12) - 0.12**0.5) - 0.25 * x * x), np.float32)


def make_body(outline: Outline, equatorial_diameter_mm: float, rng: np.random.Generator) -> Body:
    """A body of exactly the given equatorial diameter (greatest width at right angles to the stem-calyx line)."""
    theta, phi, direction = _grid()
    sine, cosine = np.sin(theta), np.cos(theta)
    radius = np.ones_like(theta)
    if outline.squareness:
        radius *= 1.0 + outline.squareness * (np.abs(sine * cosine) * 2) ** 2 * 0.5
    radius *= 1.0 + outline.conical * cosine * sine**0.5
    if outline.lobe_height:
        start = rng.uniform(0, 2 * np.pi)
        low_end = np.clip((1.15 - cosine) / 2.1, 0, 1) ** 2 * np.clip(sine * 1.6, 0, 1) ** 1.5
        high_end = np.clip(sine, 0, 1) ** 2 * 0.25
        wave = np.cos(outline.lobes * phi + start) + 0.35 * np.cos(outline.lobes * 2 * phi + 2 * start)
        radius *= 1.0 + outline.lobe_height * wave * (low_end + high_end)
    if outline.irregular:
        flat, towards = _directions()
        smooth = on_body(fractal_tile(2.4, 1.0), flat, towards, 9.0, offsets(rng)).reshape(theta.shape)
        tilt = direction @ rng.normal(size=3).astype(np.float32)
        turn = direction @ rng.normal(size=3).astype(np.float32)
        radius *= 1.0 + outline.irregular * (smooth * 0.55 + 0.5 * tilt * turn)
    if outline.shrivel:
        flat, towards = _directions()
        ridge = np.abs(on_body(fractal_tile(1.7, 2.0), flat, towards, 3.5, offsets(rng))).reshape(theta.shape)
        dents = on_body(fractal_tile(2.2, 1.0), flat, towards, 5.0, offsets(rng)).reshape(theta.shape)
        radius *= 1.0 - outline.shrivel * (0.05 * np.clip(ridge, 0, 1.5) + 0.05 * dents)
    if outline.cavity_depth:
        radius = radius - np.float32(outline.cavity_depth) * _funnel(theta, outline.cavity_width)
    if outline.basin_depth:
        radius = radius - np.float32(outline.basin_depth) * _funnel(np.pi - theta, outline.basin_width)
    stretch = np.array([outline.stretch_x, 1.0, outline.stretch_z], np.float32)
    radius = radius.astype(np.float32)
    point = direction * radius[..., None] * stretch
    radius *= np.float32(equatorial_diameter_mm / _greatest_width(point))
    return _finish(radius, direction, stretch, outline)


def _finish(radius: Floats, direction: Floats, stretch: Floats, outline: Outline) -> Body:
    point = direction * radius[..., None] * stretch
    wide = _bordered(point)
    down = (wide[2:, 1:-1] - wide[:-2, 1:-1]) * np.float32(ROWS / (2 * np.pi))
    along = (wide[1:-1, 2:] - wide[1:-1, :-2]) * np.float32(COLUMNS / (4 * np.pi))
    cross = np.cross(down, along)
    length = np.linalg.norm(cross, axis=-1)
    normal = cross / np.maximum(length, 1e-9)[..., None]
    area = length * np.float32(np.pi / ROWS * 2 * np.pi / COLUMNS)
    height = np.abs(point[..., 2])
    openness = np.ones_like(radius)
    for top, deep in (
        (slice(0, ROWS // 2), outline.cavity_depth),
        (slice(ROWS // 2, None), outline.basin_depth),
    ):
        if deep:
            rim = height[top].max(0)
            inside = np.clip((rim - height[top]) / (0.18 * rim), 0, 2)
            towards_pole = np.arange(ROWS // 2)[:, None]
            highest = height[top].argmax(0)
            within = towards_pole < highest if top.start == 0 else towards_pole > highest
            openness[top] = np.where(within, 1.0 / (1.0 + 0.9 * inside**1.5), 1.0)
    openness = np.asarray(cv2.GaussianBlur(_bordered(openness), (0, 0), 1.2), np.float32)
    skin = np.concatenate([_bordered(normal), openness[..., None]], -1)
    return Body(
        radius_mm=_bordered(radius),
        skin=np.ascontiguousarray(skin, np.float32),
        area_mm2=area.astype(np.float32),
        stretch=stretch,
        reach_mm=float(np.linalg.norm(point, axis=-1).max()),
        cavity_angle=_hollow_angle(height[: ROWS // 2]) if outline.cavity_depth else 0.0,
        basin_angle=_hollow_angle(height[ROWS // 2 :][::-1]) if outline.basin_depth else 0.0,
    )


def _hollow_angle(height_mm: Floats) -> float:
    """Angle from the pole inside which a hollow counts as cavity: deeper than 15 % of its depth below the rim."""
    profile = height_mm.mean(1)
    rim = int(profile.argmax())
    level = profile[rim] - 0.15 * (profile[rim] - profile[0])
    return float((np.searchsorted(profile[: rim + 1], level) + 0.5) * np.pi / ROWS)


def _greatest_width(point: Floats) -> float:
    """Largest caliper width of the outline seen along the stem."""
    reach = np.hypot(point[..., 0], point[..., 1])
    best = reach.argmax(0)
    rim = point[best, np.arange(point.shape[1]), :2]
    angle = np.arange(360) * np.pi / 360
    along = rim @ np.stack([np.cos(angle), np.sin(angle)])
    return float((along.max(0) - along.min(0)).max())


def body_points(body: Body) -> Floats:
    """All points of the surface map: float32 (ROWS, COLUMNS, 3), mm."""
    return _grid()[2] * body.radius_mm[1:-1, 1:-1, None] * body.stretch


def measure_body(body: Body) -> Measures:
    """Sizes by summing over the surface map (midpoint rule; within 0.1 % of closed formulas for ellipsoids)."""
    theta = _grid()[0]
    radius = body.radius_mm[1:-1, 1:-1].astype(np.float64)
    solid_angle = np.sin(theta) * (np.pi / ROWS) * (2 * np.pi / COLUMNS)
    volume = float((radius**3 / 3 * solid_angle).sum()) * float(body.stretch.prod())
    point = body_points(body)
    return Measures(
        equatorial_diameter_mm=_greatest_width(point),
        ring_diameter_mm=_smallest_ring(point),
        length_mm=float(point[..., 2].max() - point[..., 2].min()),
        volume_cm3=volume / 1000.0,
        surface_mm2=float(body.area_mm2.sum(dtype=np.float64)),
    )


def _smallest_ring(point: Floats) -> float:
    """Smallest circle around the shadow of the body over all directions of the shadow."""
    sparse = np.ascontiguousarray(point[2::5, ::5].reshape(-1, 3))
    turns = [(0.0, 0.0)] + [
        (tilt, turn) for tilt in (0.1, 0.25) for turn in np.arange(3) * 2 * np.pi / 3 + tilt * 10
    ]
    turns += [(np.pi / 2, turn) for turn in np.arange(8) * np.pi / 8]
    best = np.inf
    for tilt, turn in turns:
        axis_a = np.array(
            [np.cos(tilt) * np.cos(turn), np.cos(tilt) * np.sin(turn), -np.sin(tilt)], np.float32
        )
        axis_b = np.array([-np.sin(turn), np.cos(turn), 0.0], np.float32)
        use = point.reshape(-1, 3) if tilt == 0.0 else sparse
        shadow = cv2.convexHull(np.ascontiguousarray(use @ np.stack([axis_a, axis_b], 1), np.float32))
        best = min(best, 2.0 * cv2.minEnclosingCircle(shadow)[1])
    return float(best)


def to_map(body: Body, point: Floats) -> tuple[Floats, Floats, Floats]:
    """Map column and row (of the bordered maps) and stretched length of points (N, 3) in the body's frame."""
    x, y, z = point[:, 0] / body.stretch[0], point[:, 1], point[:, 2] / body.stretch[2]
    flat = np.sqrt(x * x + y * y)
    theta = np.arctan2(flat, z)
    phi = np.arctan2(y, x)
    phi = np.where(phi < 0, phi + np.float32(2 * np.pi), phi)
    column = phi * np.float32(COLUMNS / (2 * np.pi)) + np.float32(0.5)
    row = theta * np.float32(ROWS / np.pi) + np.float32(0.5)
    return column, row, np.sqrt(flat * flat + z * z)


def on_surface(body: Body, direction: Floats) -> Floats:
    """Surface points (N, 3) in mm straight above the centre along real directions (N, 3)."""
    column, row, length = to_map(body, direction)
    return direction * (look_up(body.radius_mm, column, row) / length)[:, None]


def intersect(body: Body, origin: Floats, ray: Floats) -> tuple[Floats, Floats]:
    """Where rays first meet the body: (t (N,), NaN for a miss; points (N, 3)), all in the body's frame, mm.

    Newton steps on |p| - r(p): from outside a convex body they never overshoot, so the first meeting is found.
    """
    origin_s = origin / body.stretch
    ray_s = ray / body.stretch
    a = np.einsum("ij,ij->i", ray_s, ray_s)
    b = ray_s @ origin_s
    top = np.float32(body.radius_mm.max())
    inside = b * b - a * (origin_s @ origin_s - top * top)
    t = np.full(len(ray), np.nan, np.float32)
    live = np.flatnonzero(inside > 0)
    half = np.sqrt(inside[live]) / a[live]
    nearest = -b[live] / a[live]
    start = nearest - half
    found = start
    rays = ray[live]
    speed = np.sqrt(a[live])
    gap = np.zeros(live.size, np.float32)
    for _ in range(5):
        gap, length = _gap(body, origin + found[:, None] * rays)
        found = found + gap / np.maximum((nearest - found) * a[live] / length, 0.25 * speed)
    gap = np.abs(_gap(body, origin + found[:, None] * rays)[0])
    doubtful = np.flatnonzero((gap > 0.04) | (found > nearest + 0.98 * half))
    if doubtful.size:
        found[doubtful] = _march(body, origin, rays[doubtful], start[doubtful], 2 * half[doubtful])
    t[live] = found
    return t, origin + t[:, None] * ray


def _gap(body: Body, point: Floats) -> tuple[Floats, Floats]:
    """How far points lie outside the skin along their radius (stretched mm), and their stretched length."""
    column, row, length = to_map(body, point)
    return length - look_up(body.radius_mm, column, row), length


def _march(body: Body, origin: Floats, ray: Floats, start: Floats, chord: Floats) -> Floats:
    """First crossing along each ray by even steps, then halving; NaN where there is none."""
    steps = 14
    low = start.copy()
    high = np.full_like(start, np.nan)
    open_rays = np.arange(len(start))
    for step in range(1, steps + 1):
        at = start[open_rays] + chord[open_rays] * np.float32(step / steps)
        gap, _ = _gap(body, origin + at[:, None] * ray[open_rays])
        crossed = gap <= 0
        high[open_rays[crossed]] = at[crossed]
        low[open_rays[~crossed]] = at[~crossed]
        open_rays = open_rays[~crossed]
        if not open_rays.size:
            break
    met = np.flatnonzero(np.isfinite(high))
    below, above = low[met], high[met]
    for _ in range(8):
        middle = (below + above) / 2
        gap, _ = _gap(body, origin + middle[:, None] * ray[met])
        below, above = np.where(gap > 0, middle, below), np.where(gap > 0, above, middle)
    high[met] = above
    return high
