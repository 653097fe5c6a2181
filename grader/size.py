"""Size of one fruit from one view: diameter, ring diameter, length, volume and weight, each with its 95 % interval."""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, hypot, pi, sqrt

import cv2
import numpy as np

from grader.outline import (
    THOROUGH,
    EdgeSearch,
    Float64Array,
    Outline,
    fit_outline,
    width_along,
    widths,
)
from grader.scale import BeltScale, Scale, face_camera, faced_mm_per_px
from grader.symmetry_axis import find_symmetry_axis
from grader.types import Crop, FruitView, SizeMeasurement, SurfaceClass
from grader.uncertainty import combine, make_interval

EDGE_BIAS_PX = 0.25
"""Systematic error of one edge of the outline, 1 sigma, px: blur, shade and light of the rim. Our estimate."""
MASK_EDGE_BIAS_PX = 1.0
"""The same where no edge was clear and the outline is the mask of the network. Our estimate."""
INDEPENDENT_RAYS = 30.0
"""The noise of 256 neighbouring rays is that of about so many independent ones."""
SCALE_SIGMA = 0.003
"""Relative 1 sigma of a scale in the plane of the outline; of a belt scale twice that (height of the middle)."""

AXIS_MIN_OFFSET = 0.30
"""A stem or calyx nearer to the middle than this share of the radius does not say which way the axis points."""
MIN_LANDMARK_PX = 12
STALK_FOOT = 1.12
"""A stalk beyond the outline counts up to this share of the radius: its foot; further out it bends."""
CAVITY_OFFSET = 0.78
"""Distance of a stem or calyx from the middle of the fruit as a share of its radius, axis in the picture."""
AXIS_IN_PICTURE = 0.60
"""Least sine of the angle between axis and line of sight for a length to be given."""
ELONGATED_MELON = 1.06
"""Long over short side from which a melon's long axis is taken as its stem-blossom axis."""

POSE_SIGMA = {"axis_seen": 0.020, "axis_end_on": 0.011, "mirror": 0.026, "unknown": 0.031}
"""Relative 1 sigma of the equatorial diameter from pose and shape. Outlines of 290 simulated apples of all varieties in
random poses, sound, defective and shrivelled (`training.simulator`, presets `single` and `sound`; the shares below are
of the same apples, by least squares, checked tenfold) give 0.015, 0.005 to 0.008, 0.022 and 0.028. Widened for stems,
calyces and outlines that are not where the network says, until 95 % of the intervals held the truth on 133 other apples
(95 %) and then on 100 of `render_views` (95 %), none of them held out for a release."""
GREATEST_OVER_SEEN = 1.010
"""An equator is not round: the greatest width over the one that a side view happens to show, where nothing stands out
beyond that."""
WIDEST_SHARE = 0.15
"""... and this share of what stands out: an apple that is wide one way is often wide the other way too (side view)."""
WIDEST_FADES = 3
"""Power with which the say of the largest width falls from all (axis at the camera) to `WIDEST_SHARE` (side view)."""
CAVITY_AT_RIM = 0.90
"""Distance of a stem or calyx over the sine of its angle to the line of sight (0.89-0.93 at all angles)."""
ROUND_END_ON = 1.08
"""Largest over smallest width of an apple that points at the camera (modelled: 95 % up to 1.066). More: the stem or
calyx is not where the network says."""
MIRROR_SHARE = 0.30
"""Neither end seen: how far the width at right angles to the line of symmetry moves the estimate from the median width,
which alone is as good as any other (no bias, 2.5 %)."""
RING_SIGMA = 0.010
"""An apple passes along its axis: its ring is 1.003 +- 0.009 of its equatorial diameter (same outlines)."""
SHOULDERS = {Crop.APPLE: 0.94, Crop.MELON: 1.0}
"""Length over tilt-corrected extent along the axis: the shoulders of a tilted apple stand out (modelled 0.90-0.95,
spheroid 1)."""
LENGTH_SIGMA = 0.040
SHAPE_PRIOR = {Crop.APPLE: 0.89, Crop.MELON: 1.0}
"""Length over diameter where the axis is not seen (apples 0.80-1.00, Delicious types at the top: recalled)."""
FULLNESS = {Crop.APPLE: 1.06, Crop.MELON: 1.0}
"""Volume over that of an ellipsoid of revolution of the same diameter and length: shoulders add more than the cavities
take (modelled apples 1.085 +- 0.02, spheroid 1: between them)."""
VOLUME_SIGMA = {True: 0.05, False: 0.07}
"""Relative 1 sigma of the volume, with / without the axis seen, beyond that of the diameter. Our estimate."""
DENSITY_G_PER_CM3 = {Crop.APPLE: (0.81, 0.02), Crop.MELON: (0.95, 0.03)}
"""Mean and 1 sigma. Apples: nine weighed and measured fruit of the ECUSTFD set (arXiv:1705.07632) give 0.802 +- 0.014,
literature 0.80-0.86 (recalled). Melons about 0.95 (recalled). A crop not named here has the shape of an
ellipsoid of revolution in all the tables above, and no weight."""


def measure_size(
    view: FruitView,
    scale: Scale | BeltScale | None,
    crop: Crop,
    search: EdgeSearch = THOROUGH,
) -> SizeMeasurement:
    """Size of the fruit in one view. search: see `fit_outline`.

    diameter_px: median of the caliper widths of the smooth outline over 180 directions. Over views of a turning
    apple it varies least of the estimators tried (median, mean, largest, smallest width, ellipse axes, root of area).

    equatorial_diameter_mm: the largest width where a stem or calyx near the middle shows that the axis points at the
    camera; where it is off the middle, the width at right angles to it, raised towards the largest (`WIDEST_SHARE`).
    Nothing seen: the median width, for an apple moved towards the width at right angles to its line of mirror symmetry
    if it has one; the smallest width of any other elongated fruit.
    ring_diameter_mm: from one view the best estimate is the equatorial diameter itself, with a wider interval.
    length_mm: extent along the axis, corrected for its tilt, where it lies near enough to the picture plane.
    volume and weight: ellipsoid of revolution, with a length from the usual shape where none is seen.

    Without a scale all values in mm, cm3 and g are None.

    Raises:
        ValueError: the mask is empty.
    """
    outline = fit_outline(view, search)
    x0, y0 = view.box_xyxy_px[:2]
    points = outline.points_xy_px + np.array([x0, y0])
    all_widths = widths(points)
    diameter_px = float(np.median(all_widths))
    centre = (outline.centre_xy_px[0] + x0, outline.centre_xy_px[1] + y0)
    if isinstance(scale, BeltScale):
        points = face_camera(points, centre, scale)
        all_widths = widths(points)
    axis = _axis_offset(view, outline) if crop in Crop else None  # of others the network knows no stem
    shape = _shape(points, all_widths, axis, crop)
    shape_index = None if shape.length is None else shape.length / shape.diameter
    if scale is None:
        return SizeMeasurement(diameter_px=diameter_px, shape_index=shape_index)
    mm = faced_mm_per_px(scale, centre, float(np.median(all_widths)))
    relative = combine(
        combine(
            EDGE_BIAS_PX * outline.clear_fraction + MASK_EDGE_BIAS_PX * (1 - outline.clear_fraction),
            outline.residual_px / sqrt(INDEPENDENT_RAYS),
        )
        * sqrt(2)
        / diameter_px,
        search.mask_sigma * (1 - outline.clear_fraction),
        SCALE_SIGMA * (2 if isinstance(scale, BeltScale) else 1),
        0.03 if view.touches_edge or view.touches_fruit else 0.0,
    )
    diameter, length = shape.diameter * mm, None if shape.length is None else shape.length * mm
    volume = FULLNESS.get(crop, 1.0) * pi / 6 * diameter**2 * (shape.assumed_length * mm) / 1000
    density = DENSITY_G_PER_CM3.get(crop)
    volume_sigma = combine(VOLUME_SIGMA[length is not None], 3 * relative, 2 * POSE_SIGMA[shape.pose])
    return SizeMeasurement(
        diameter_px=diameter_px,
        equatorial_diameter_mm=make_interval(
            diameter, diameter * relative, diameter * POSE_SIGMA[shape.pose]
        ),
        ring_diameter_mm=make_interval(
            diameter, diameter * combine(relative, POSE_SIGMA[shape.pose], RING_SIGMA)
        ),
        length_mm=None if length is None else make_interval(length, length * relative, length * LENGTH_SIGMA),
        shape_index=shape_index,
        volume_cm3=make_interval(volume, volume * volume_sigma),
        weight_g=None
        if density is None
        else make_interval(volume * density[0], volume * combine(volume_sigma * density[0], density[1])),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """Extents in px and how they were found (`pose` is a key of POSE_SIGMA)."""

    pose: str
    diameter: float
    length: float | None
    assumed_length: float


def _shape(
    points: Float64Array, all_widths: Float64Array, axis: tuple[float, float] | None, crop: Crop
) -> _Shape:
    """Diameter and length from the caliper widths and the picture of the axis (offset share, angle)."""
    largest, smallest, middle = float(all_widths.max()), float(all_widths.min()), float(np.median(all_widths))
    length = None
    if axis is not None and axis[0] < AXIS_MIN_OFFSET and largest > ROUND_END_ON * smallest:
        axis = None
    if axis is None and crop is not Crop.APPLE and largest > ELONGATED_MELON * smallest:
        axis = (CAVITY_OFFSET, float(np.argmax(all_widths)) * pi / all_widths.size)
    mirror = find_symmetry_axis(points) if axis is None and crop is Crop.APPLE else None
    if axis is None and mirror is not None:
        pose = "mirror"
        diameter = middle + MIRROR_SHARE * (width_along(all_widths, mirror + pi / 2) - middle)
    elif axis is None:
        pose, diameter = "unknown", middle
    elif axis[0] < AXIS_MIN_OFFSET:
        pose, diameter = "axis_end_on", largest
    else:
        pose = "axis_seen"
        across = width_along(all_widths, axis[1] + pi / 2)
        widest = largest if crop is Crop.APPLE else across  # elsewhere the largest width is the length
        diameter = _greatest_across(across, widest, min(1.0, axis[0] / CAVITY_AT_RIM))
        in_picture = min(1.0, axis[0] / CAVITY_OFFSET)
        if in_picture >= AXIS_IN_PICTURE:
            seen = width_along(all_widths, axis[1])
            squared = (seen**2 - across**2 * (1 - in_picture**2)) / in_picture**2
            length = SHOULDERS.get(crop, 1.0) * sqrt(max(squared, (0.6 * across) ** 2))
    return _Shape(
        pose=pose,
        diameter=diameter,
        length=length,
        assumed_length=length if length is not None else min(smallest, SHAPE_PRIOR.get(crop, 1.0) * diameter),
    )


def _greatest_across(across: float, largest: float, sine: float) -> float:
    """Greatest width of an equator, from the width seen at right angles to the axis and the largest of all.

    sine: of the angle between axis and line of sight, 0-1. Seen along the axis the largest width is the answer.
    """
    end_on = AXIS_MIN_OFFSET / CAVITY_AT_RIM
    from_side = min(1.0, max(0.0, (sine - end_on) / (1 - end_on)))
    share = WIDEST_SHARE + (1 - WIDEST_SHARE) * (1 - from_side) ** WIDEST_FADES
    return across * (1 + (GREATEST_OVER_SEEN - 1) * from_side) + share * (largest - across)


def _axis_offset(view: FruitView, outline: Outline) -> tuple[float, float] | None:
    """Offset of the stem or calyx from the middle as a share of the radius, and its direction in rad; None: not seen.

    Of stem and calyx the larger one decides. Pixels inside the outline count; where only a stalk stands out beyond the
    outline, its foot shows the direction and the axis lies in the picture.
    """
    best: tuple[int, float, float] | None = None
    rays, radius = outline.radius_px.size, float(outline.radius_px.mean())
    for surface_class in (SurfaceClass.STEM, SurfaceClass.CALYX):
        of_class = (view.surface == surface_class).view(np.uint8)
        if cv2.countNonZero(of_class) < MIN_LANDMARK_PX:
            continue
        cols, rows = cv2.findNonZero(of_class).reshape(-1, 2).astype(np.float64).T
        dx, dy = cols - outline.centre_xy_px[0], rows - outline.centre_xy_px[1]
        ray = np.rint(np.arctan2(dy, dx) * (rays / (2 * pi))).astype(int) % rays
        beyond = np.hypot(dx, dy) / outline.radius_px[ray]
        used = beyond <= 1.0
        if np.count_nonzero(used) < MIN_LANDMARK_PX:
            used = beyond <= STALK_FOOT
        count = int(np.count_nonzero(used))
        if count >= MIN_LANDMARK_PX and (best is None or count > best[0]):
            best = (count, float(dx[used].mean()), float(dy[used].mean()))
    if best is None:
        return None
    return hypot(best[1], best[2]) / radius, atan2(best[2], best[1])
