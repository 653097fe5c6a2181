"""Size of one fruit from one view: diameter, ring diameter, length, volume and weight, each with its 95 % interval."""

from __future__ import annotations

from dataclasses import dataclass
from math import atan, atan2, cos, hypot, pi, sin, sqrt

import cv2
import numpy as np

from grader.outline import Float64Array, Outline, fit_outline, width_along, widths
from grader.types import Crop, FruitView, SizeMeasurement, SurfaceClass
from grader.uncertainty import combine, make_interval

EDGE_BIAS_PX = 0.25
"""Systematic error of one edge of the outline, 1 sigma, px: blur, shade and light of the rim. Our estimate."""
MASK_EDGE_BIAS_PX = 1.0
"""The same where no edge was clear and the outline is the mask of the network. Our estimate."""
INDEPENDENT_RAYS = 30.0
"""The noise of 256 neighbouring rays is that of about so many independent ones."""
SCALE_SIGMA = 0.003
"""Relative 1 sigma of a scale in the plane of the outline; of a belt scale twice that (height of the fruit's middle)."""

AXIS_MIN_OFFSET = 0.30
"""A stem or calyx nearer to the middle than this share of the radius does not say which way the axis points."""
MIN_LANDMARK_PX = 12
CAVITY_OFFSET = 0.78
"""Distance of a stem or calyx from the middle of the fruit as a share of its radius when the axis lies in the picture."""
AXIS_IN_PICTURE = 0.60
"""Least sine of the angle between axis and line of sight for a length to be given."""
ELONGATED_MELON = 1.06
"""Long over short side from which a melon's long axis is taken as its stem-blossom axis."""

POSE_SIGMA = {"axis_seen": 0.008, "axis_end_on": 0.010, "unknown": 0.016}
"""Relative 1 sigma of the equatorial diameter from pose and from fruit that are no exact spheroids."""
RING_SIGMA = 0.015
LENGTH_SIGMA = 0.025
SHAPE_PRIOR = {Crop.APPLE: 0.88, Crop.MELON: 1.0}
"""Length over diameter where the axis is not seen (apples 0.80-1.00, Delicious types at the top: recalled)."""
VOLUME_SIGMA = {True: 0.035, False: 0.06}
"""Relative 1 sigma of the volume of an ellipsoid of revolution, with / without the axis seen. Our estimate."""
DENSITY_G_PER_CM3 = {Crop.APPLE: (0.81, 0.02), Crop.MELON: (0.95, 0.03)}
"""Mean and 1 sigma. Apples: nine weighed and measured fruit of the ECUSTFD set (arXiv:1705.07632) give 0.802 +- 0.014,
literature 0.80-0.86 (recalled). Melons about 0.95 (recalled)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """mm_per_px: mm per pixel, > 0, in the plane of the fruit's outline (not of the belt)."""

    mm_per_px: float

    def __post_init__(self) -> None:
        if not 0 < self.mm_per_px < float("inf"):
            raise ValueError(f"mm_per_px must be > 0, got {self.mm_per_px}")


@dataclass(frozen=True, slots=True, kw_only=True)
class BeltScale:
    """A camera that looks straight down on a belt on which the fruit lies.

    mm_per_px_belt: mm per pixel on the belt, > 0. camera_height_mm: camera centre to belt, > 0.
    principal_xy_px: where the optical axis meets the frame, (x, y) in px.
    """

    mm_per_px_belt: float
    camera_height_mm: float
    principal_xy_px: tuple[float, float]

    def __post_init__(self) -> None:
        for name in ("mm_per_px_belt", "camera_height_mm"):
            if not 0 < getattr(self, name) < float("inf"):
                raise ValueError(f"{name} must be > 0, got {getattr(self, name)}")

    @property
    def focal_px(self) -> float:
        """Focal length in px of a pinhole camera with this height and scale."""
        return self.camera_height_mm / self.mm_per_px_belt


def outline_mm_per_px(
    scale: Scale | BeltScale, centre_xy_px: tuple[float, float], diameter_px: float
) -> float:
    """mm per pixel in the plane of the outline of a fruit.

    centre_xy_px: its middle in the *frame*; diameter_px: its diameter there. For a `BeltScale` the fruit is a sphere on
    the belt: seen from its centre's direction c under the half angle a, its radius r and the camera height H obey
    r c_z / sin a = H - r, so r = H s / (c_z + s) with s = sin a (on the axis H s / (1 + s)). A fruit that is no sphere
    has its middle a little lower or higher: (diameter - length) / 4 of about 2 mm, under 0.3 % at H = 800 mm.
    """
    if isinstance(scale, Scale):
        return scale.mm_per_px
    focal = scale.focal_px
    dx, dy = centre_xy_px[0] - scale.principal_xy_px[0], centre_xy_px[1] - scale.principal_xy_px[1]
    slant = sqrt(focal**2 + dx**2 + dy**2) / focal
    # off the axis the picture of a sphere is stretched: by slant^2 outwards, by slant across (their mean is slant^1.5)
    half_angle = atan(diameter_px / slant**1.5 / (2 * focal))
    s = sin(half_angle)
    radius = scale.camera_height_mm * s / (1 / slant + s)
    return 2 * radius / diameter_px


def measure_size(view: FruitView, scale: Scale | BeltScale | None, crop: Crop) -> SizeMeasurement:
    """Size of the fruit in one view.

    diameter_px: median of the caliper widths of the smooth outline over 180 directions. Over views of a turning
    apple it varies least of the estimators tried (median, mean, largest, smallest width, ellipse axes, root of area).

    equatorial_diameter_mm: the width at right angles to the stem-calyx line where a stem or calyx off the middle shows
    that line; the largest width where the line points at the camera. Nothing seen: an apple's largest width (an exact
    oblate spheroid shows its diameter as the largest width in every pose), a melon's smallest (prolate) when it is
    elongated, else its median width. ring_diameter_mm: estimated from one view as the second of the two
    extents nearest to it: the diameter, or the mean of largest and smallest width if that is smaller by more.
    length_mm: extent along the axis, corrected for its tilt, where it lies near enough to the picture plane.
    volume and weight: ellipsoid of revolution, with a length from the usual shape where none is seen.

    Without a scale all values in mm, cm3 and g are None.

    Raises:
        ValueError: the mask is empty.
    """
    outline = fit_outline(view)
    x0, y0 = view.box_xyxy_px[:2]
    points = outline.points_xy_px + (x0, y0)
    diameter_px = float(np.median(widths(points)))
    centre = (outline.centre_xy_px[0] + x0, outline.centre_xy_px[1] + y0)
    if isinstance(scale, BeltScale):
        points = _face_camera(points, centre, scale)
    all_widths = widths(points)
    shape = _shape(all_widths, _axis_offset(view, outline), crop)
    shape_index = None if shape.length is None else shape.length / shape.diameter
    if scale is None:
        return SizeMeasurement(diameter_px=diameter_px, shape_index=shape_index)
    mm = outline_mm_per_px(scale, centre, diameter_px)
    if isinstance(scale, BeltScale):
        mm *= diameter_px / float(np.median(all_widths))
    relative = combine(
        combine(
            EDGE_BIAS_PX * outline.clear_fraction + MASK_EDGE_BIAS_PX * (1 - outline.clear_fraction),
            outline.residual_px / sqrt(INDEPENDENT_RAYS),
        )
        * sqrt(2)
        / diameter_px,
        SCALE_SIGMA * (2 if isinstance(scale, BeltScale) else 1),
        0.03 if view.touches_edge or view.touches_fruit else 0.0,
    )
    diameter, length = shape.diameter * mm, None if shape.length is None else shape.length * mm
    ring = shape.ring * mm
    volume = pi / 6 * diameter**2 * (shape.assumed_length * mm) / 1000
    density, density_sigma = DENSITY_G_PER_CM3[crop]
    volume_sigma = combine(VOLUME_SIGMA[length is not None], 3 * relative, 2 * POSE_SIGMA[shape.pose])
    return SizeMeasurement(
        diameter_px=diameter_px,
        equatorial_diameter_mm=make_interval(diameter, diameter * relative, diameter * POSE_SIGMA[shape.pose]),
        ring_diameter_mm=make_interval(ring, ring * relative, ring * combine(POSE_SIGMA[shape.pose], RING_SIGMA)),
        length_mm=None if length is None else make_interval(length, length * relative, length * LENGTH_SIGMA),
        shape_index=shape_index,
        volume_cm3=make_interval(volume, volume * volume_sigma),
        weight_g=make_interval(volume * density, volume * combine(volume_sigma * density, density_sigma)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """Extents in px and how they were found (`pose` is a key of POSE_SIGMA)."""

    pose: str
    diameter: float
    ring: float
    length: float | None
    assumed_length: float


def _shape(all_widths: Float64Array, axis: tuple[float, float] | None, crop: Crop) -> _Shape:
    """Diameter, ring and length from the caliper widths and the picture of the axis (offset share, angle)."""
    largest, smallest, middle = float(all_widths.max()), float(all_widths.min()), float(np.median(all_widths))
    length = None
    if axis is None and crop is Crop.MELON and largest > ELONGATED_MELON * smallest:
        axis = (CAVITY_OFFSET, float(np.argmax(all_widths)) * pi / all_widths.size)
    if axis is None:
        pose, diameter = "unknown", largest if crop is Crop.APPLE else middle
    elif axis[0] < AXIS_MIN_OFFSET:
        pose, diameter = "axis_end_on", largest
    else:
        pose, diameter = "axis_seen", width_along(all_widths, axis[1] + pi / 2)
        in_picture = min(1.0, axis[0] / CAVITY_OFFSET)
        if in_picture >= AXIS_IN_PICTURE:
            seen = width_along(all_widths, axis[1])
            squared = (seen**2 - diameter**2 * (1 - in_picture**2)) / in_picture**2
            length = sqrt(max(squared, (0.6 * diameter) ** 2))
    assumed = length if length is not None else min(smallest, SHAPE_PRIOR[crop] * diameter)
    return _Shape(
        pose=pose,
        diameter=diameter,
        ring=min(diameter, largest, max(middle, (largest + smallest) / 2)),
        length=length,
        assumed_length=assumed,
    )


def _axis_offset(view: FruitView, outline: Outline) -> tuple[float, float] | None:
    """Offset of the stem or calyx from the middle as a share of the radius, and its direction in rad; None: not seen.

    Only pixels inside the outline count, so that a stalk does not pull; of stem and calyx the larger one decides.
    """
    best: tuple[int, float, float] | None = None
    for surface_class in (SurfaceClass.STEM, SurfaceClass.CALYX):
        of_class = (view.surface == surface_class).view(np.uint8)
        if cv2.countNonZero(of_class) < MIN_LANDMARK_PX:
            continue
        cols, rows = cv2.findNonZero(of_class).reshape(-1, 2).astype(np.float64).T
        dx, dy = cols - outline.centre_xy_px[0], rows - outline.centre_xy_px[1]
        ray = np.rint(np.arctan2(dy, dx) * (outline.radius_px.size / (2 * pi))).astype(int)
        inside = np.hypot(dx, dy) <= outline.radius_px[ray % outline.radius_px.size]
        count = int(inside.sum())
        if count >= MIN_LANDMARK_PX and (best is None or count > best[0]):
            best = (count, float(dx[inside].mean()), float(dy[inside].mean()))
    if best is None:
        return None
    return hypot(best[1], best[2]) / float(outline.radius_px.mean()), atan2(best[2], best[1])


def _face_camera(points: Float64Array, centre: tuple[float, float], scale: BeltScale) -> Float64Array:
    """The outline as a camera turned towards the fruit would see it, in px, (N, 2), around (0, 0).

    Takes away the stretch of a perspective picture off the optical axis: a sphere becomes a circle.
    """
    focal = scale.focal_px
    forward = np.array([centre[0] - scale.principal_xy_px[0], centre[1] - scale.principal_xy_px[1], focal])
    forward /= np.linalg.norm(forward)
    right = np.array([forward[2], 0.0, -forward[0]]) / hypot(forward[2], forward[0])
    down = np.cross(forward, right)
    rays = np.column_stack([points - scale.principal_xy_px, np.full(len(points), focal)])
    return np.column_stack([rays @ right, rays @ down]) * (focal / (rays @ forward))[:, None]
