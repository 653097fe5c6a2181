"""The outline of one fruit to a part of a pixel, without its stalk: a smooth closed curve around its centre."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import hypot

import cv2
import numpy as np
from numpy.typing import NDArray

from grader.types import BoolArray, FruitView, SurfaceClass, UInt8Array

Float64Array = NDArray[np.float64]

RAY_COUNT = 256
HARMONICS = 10
SMOOTHNESS = 2e-6
"""Weight of the k^4 penalty on harmonic k: none to speak of where edges are seen, smooth bridges where they are not."""
WIDTH_DIRECTIONS = 180
SEARCH_PX = 3.0
SEARCH_FRACTION = 0.02
"""The true edge is looked for this far from the outline of the mask, in px plus share of the radius."""
STEP_PX = 0.5
FIT_ROUNDS, GUESS_ROUNDS = 3, 2
"""Of the robust fit; the second where the curve only says near which the edge is looked for."""
MIN_EDGE_LEVELS = 14.0
"""An edge is clear when the colour changes by this many 8-bit levels (root of three channels squared) over 2 px..."""
MIN_EDGE_RATIO = 2.0
"""... and by this many times the change on the quieter part of the same ray. The wide edge of a blurred picture is half
of a ray, so the median would be of the edge itself."""
QUIET_PART = 0.25
"""Share of a ray taken to be quieter than that."""
MASK_WEIGHT = 0.15
"""Weight of a ray without a clear edge, which keeps the outline of the mask, against 1 for a clear one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeSearch:
    """How an outline is fitted: along so many rays; reaches: how far each search for the edge goes, as a share of
    `SEARCH_PX` and `SEARCH_FRACTION`, one after the other. mask_sigma: relative 1 sigma of a diameter of which no edge
    was clear, because the mask of the network may hold what is no fruit."""

    rays: int
    reaches: tuple[float, ...]
    mask_sigma: float = 0.0


THOROUGH = EdgeSearch(rays=RAY_COUNT, reaches=(1.0, 0.5))
QUICK = EdgeSearch(rays=128, reaches=(0.6,), mask_sigma=0.2)
"""For fruit of about 107 px of which there are ten views: one search, a ray for 2.6 px of the outline. As good there
(benchmarks/README.md), where edges are clear: on 240 simulated apples the diameter of a view errs by 2.0 % with 97 % of
the rays clear, 2.4 % from 90, 4.4 % from 75 and 8.6 % from 60 %, towards too large."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outline:
    """A closed curve r(angle) around a centre, in pixels of the crop (pixel centres at whole numbers).

    radius_px: float64 (rays,), at the angles 2 pi k / rays from +x towards +y.
    residual_px: typical distance (robust standard deviation) of the seen edge points from the curve.
    clear_fraction: 0-1, share of the rays with a clear edge in the picture.
    """

    centre_xy_px: tuple[float, float]
    radius_px: Float64Array
    residual_px: float
    clear_fraction: float

    @property
    def points_xy_px(self) -> Float64Array:
        """float64 (rays, 2): the curve as points (x, y) in pixels of the crop."""
        return np.asarray(self.centre_xy_px) + self.radius_px[:, None] * _directions(self.radius_px.size)


@lru_cache(maxsize=4)
def _directions(count: int) -> Float64Array:
    angles = np.arange(count) * (2 * np.pi / count)
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    directions.setflags(write=False)
    return directions


@lru_cache(maxsize=4)
def _harmonic_basis(rays: int) -> Float64Array:
    """float64 (rays, 1 + 2 HARMONICS): constant, then cosine and sine of each harmonic."""
    angles = np.arange(rays)[:, None] * (2 * np.pi / rays)
    order = np.arange(1, HARMONICS + 1)[None, :]
    basis = np.concatenate([np.ones((rays, 1)), np.cos(angles * order), np.sin(angles * order)], axis=1)
    basis.setflags(write=False)
    return basis


@lru_cache(maxsize=4)
def _penalty(rays: int) -> Float64Array:
    """float64 (1 + 2 HARMONICS,) squared: the cost of each harmonic, in the order of `_harmonic_basis`."""
    order = np.concatenate([[0], np.tile(np.arange(1, HARMONICS + 1), 2)]).astype(np.float64)
    penalty = np.diag(SMOOTHNESS * rays * order**4)
    penalty.setflags(write=False)
    return penalty


@lru_cache(maxsize=1)
def _caliper_directions() -> Float64Array:
    """float64 (2, WIDTH_DIRECTIONS): unit vectors of the directions of `widths`."""
    angles = np.arange(WIDTH_DIRECTIONS) * (np.pi / WIDTH_DIRECTIONS)
    directions = np.stack([np.cos(angles), np.sin(angles)])
    directions.setflags(write=False)
    return directions


def largest_part(mask: BoolArray) -> UInt8Array:
    """uint8 (h, w), 1 on the largest connected part of the mask with its holes filled, else 0.

    Raises:
        ValueError: the mask is empty.
    """
    contours, _ = cv2.findContours(mask.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        raise ValueError("expected a mask with at least one pixel, got an empty one")
    filled = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(filled, [max(contours, key=cv2.contourArea)], -1, 1, cv2.FILLED)
    return filled


def mask_profile(filled: UInt8Array, ray_count: int = RAY_COUNT) -> tuple[tuple[float, float], Float64Array]:
    """Centre (x, y) of a filled mask and its radius along so many rays, in px.

    The radius is the length of the ray inside the mask, sampled bilinearly every pixel: right to about 0.2 px for
    a round fruit, where a contour through pixel centres is 0.5 px too small.
    """
    centre = (_mean_place(filled, 0), _mean_place(filled, 1))
    x, y, box_w, box_h = cv2.boundingRect(filled)
    reach = hypot(max(centre[0] - x, x + box_w - centre[0]), max(centre[1] - y, y + box_h - centre[1])) + 1
    samples = np.arange(0.5, reach, 1.0, dtype=np.float32)
    rays = _directions(ray_count).astype(np.float32)
    map_x = np.float32(centre[0]) + rays[:, :1] * samples
    map_y = np.float32(centre[1]) + rays[:, 1:] * samples
    inside = cv2.remap(filled * np.uint8(200), map_x, map_y, cv2.INTER_LINEAR, borderValue=0)
    radius = cv2.reduce(inside, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[:, 0] / 200.0
    return centre, np.maximum(radius, STEP_PX)


def _mean_place(filled: UInt8Array, axis: int) -> float:
    """Mean column (axis 0) or row (axis 1) of the pixels of a mask; a tenth of the time of `cv2.moments`."""
    count = cv2.reduce(filled, axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel()
    return float(np.arange(count.size) @ count / count.sum())


def smooth_profile(
    radius_px: Float64Array, weight: Float64Array, rounds: int = FIT_ROUNDS
) -> tuple[Float64Array, float]:
    """A smooth curve through a noisy radius profile, and the robust spread of the profile around it in px.

    Least squares on ten harmonics, weights renewed after each round but the last by Tukey's biweight (tuning constant
    4.685 on the MAD scale: Beaton and Tukey 1974), so a stalk or a torn piece of mask has no say.
    """
    rays = radius_px.size
    basis, penalty = _harmonic_basis(rays), _penalty(rays)
    robust = np.ones(rays)
    seen = weight > 0.5 if (weight > 0.5).sum() >= rays // 4 else weight > 0
    smooth, spread = radius_px, 0.0
    for more in reversed(range(rounds)):
        weighed = basis.T * (weight * robust)
        smooth = basis @ np.linalg.solve(weighed @ basis + penalty, weighed @ radius_px)
        residual = radius_px - smooth
        spread = 1.4826 * _median(np.abs(residual[seen]))
        if more:
            robust = np.square(np.maximum(0, 1 - np.square(residual / (4.685 * max(spread, 0.1)))))
    return np.maximum(smooth, STEP_PX), spread


def _median(values: Float64Array) -> float:
    """As `np.median` of numbers that are none of them missing, in a quarter of the time."""
    middle = values.size // 2
    low = middle if values.size % 2 else middle - 1
    ordered = np.partition(values, (low, middle))
    return float((ordered[low] + ordered[middle]) / 2)


def fit_outline(view: FruitView, search: EdgeSearch = THOROUGH) -> Outline:
    """Outline of the fruit in a view, from its mask and the strongest colour edge near it.

    1. The radius of the mask along the rays; rays through a stalk that sticks out or along the border of the frame
       do not count. 2. Along each normal, within a few pixels, the place where the colour changes most (half-pixel
       steps, parabola through the three highest). No clear change, as in glare or against a fruit of the same
       colour: the mask stays. 3. A robust smooth curve through all; 2 and 3 for each of `search.reaches`.

    Raises:
        ValueError: the mask is empty.
    """
    filled = largest_part(view.mask)
    centre, radius = mask_profile(filled, search.rays)
    usable = _usable_rays(view, centre, radius)
    smooth, spread = smooth_profile(radius, usable, GUESS_ROUNDS if search.reaches else FIT_ROUNDS)
    clear = np.zeros(search.rays, np.bool_)
    edge = radius
    for narrow in search.reaches:
        reach_px = (SEARCH_PX + SEARCH_FRACTION * float(smooth.mean())) * narrow
        if reach_px * 2 >= float(smooth.min()):
            break
        edge, clear = _edge_along_normals(view.rgb, centre, smooth, reach_px)
        clear &= usable > 0.5
        known = np.where(clear, edge, radius)
        smooth, spread = smooth_profile(known, np.where(clear, 1.0, MASK_WEIGHT) * usable)
    return Outline(
        centre_xy_px=centre, radius_px=smooth, residual_px=spread, clear_fraction=float(clear.mean())
    )


def _usable_rays(view: FruitView, centre: tuple[float, float], radius: Float64Array) -> Float64Array:
    """1 for a ray whose end is outline of fruit; 0.02 where it ends in a stalk or on the border of the frame."""
    usable = np.ones(radius.size)
    rays = _directions(radius.size)
    if cv2.countNonZero((view.surface == SurfaceClass.STEM).view(np.uint8)):
        h, w = view.mask.shape
        inner = np.asarray(centre) + (radius[:, None] - 1.5) * rays
        cols = np.clip(np.rint(inner[:, 0]).astype(int), 0, w - 1)
        rows = np.clip(np.rint(inner[:, 1]).astype(int), 0, h - 1)
        stem = view.surface[rows, cols] == SurfaceClass.STEM
        usable[stem | np.roll(stem, 1) | np.roll(stem, -1)] = 0.02
    if view.touches_edge:
        x0, y0, _, _ = view.box_xyxy_px
        frame_h, frame_w = view.frame_hw
        points = np.asarray(centre) + radius[:, None] * rays
        x, y = points[:, 0] + x0, points[:, 1] + y0
        usable[(x < 1.5) | (y < 1.5) | (x > frame_w - 2.5) | (y > frame_h - 2.5)] = 0.02
    return usable


def _edge_along_normals(
    rgb: UInt8Array, centre: tuple[float, float], radius: Float64Array, search_px: float
) -> tuple[Float64Array, BoolArray]:
    """Radius of the strongest colour edge near the curve along its normals, and where that edge is clear."""
    rays = _directions(radius.size)
    points = np.asarray(centre) + radius[:, None] * rays
    tangent = np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)
    normal = np.stack([tangent[:, 1], -tangent[:, 0]], axis=-1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    reach = round(search_px / STEP_PX)
    steps = np.arange(-reach - 3, reach + 4) * STEP_PX
    map_x = (points[:, :1] + normal[:, :1] * steps).astype(np.float32)
    map_y = (points[:, 1:] + normal[:, 1:] * steps).astype(np.float32)
    colour = cv2.remap(rgb, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    colour = colour.astype(np.int16)
    change = colour[:, 4:] - colour[:, :-4]
    around = np.concatenate([change[-1:], change, change[:1]])
    change = (2 * change + around[:-2] + around[2:]).astype(np.float32)  # four times the mean over three rays
    strength = np.sqrt(np.einsum("rsc,rsc->rs", change, change)) * np.float32(0.25)
    place = steps[2:-2]
    likely = strength * np.exp(-0.5 * np.square(place / (0.6 * search_px))).astype(np.float32)
    best = 1 + np.argmax(likely[:, 1:-1], axis=1)
    row = np.arange(radius.size)
    left, top, right = strength[row, best - 1], strength[row, best], strength[row, best + 1]
    bend = left - 2 * top + right
    shift = np.where(bend < -1e-3, 0.5 * (left - right) / np.minimum(bend, -1e-3), 0.0)
    offset = place[best] + np.clip(shift, -0.5, 0.5) * STEP_PX
    quiet = int(QUIET_PART * strength.shape[1])
    typical = np.partition(strength, quiet, axis=1)[:, quiet]
    clear = (top >= MIN_EDGE_LEVELS) & (top >= MIN_EDGE_RATIO * typical)
    clear &= (bend < 0) & (best > 1) & (best < strength.shape[1] - 2)
    return radius + offset / np.maximum((normal * rays).sum(axis=-1), 0.5), clear


def widths(points_xy: Float64Array) -> Float64Array:
    """Caliper width of a closed curve, unit of the points: float64 (WIDTH_DIRECTIONS,), width k along the direction
    pi k / WIDTH_DIRECTIONS from +x towards +y."""
    along = points_xy @ _caliper_directions()
    return np.asarray(along.max(axis=0) - along.min(axis=0))


def width_along(all_widths: Float64Array, angle_rad: float) -> float:
    """Width along one direction, from `widths`; nearest whole degree."""
    return float(all_widths[round(angle_rad / np.pi * WIDTH_DIRECTIONS) % WIDTH_DIRECTIONS])
