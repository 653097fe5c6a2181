"""From pixels to skin: a fruit is round, so a pixel near the rim of the picture shows more skin than one in the middle."""

from __future__ import annotations

from math import cos, pi, radians, sin

import cv2
import numpy as np

from grader.outline import RAY_COUNT, largest_part, mask_profile
from grader.types import BoolArray, FloatArray

USEFUL_TILT_DEG = 70.0
"""Skin tilted more than this from the line of sight is too foreshortened to judge (section 8 of our notes on standards
and common practice of multi-view graders: 60-70 degrees)."""


def surface_area_per_pixel(mask: BoolArray, max_tilt_deg: float = 90.0) -> FloatArray:
    """True skin area behind each pixel, float32 (h, w), in px^2 of the plane of the outline, 0 outside the mask.

    The fruit is taken as a half ellipsoid over its outline R(angle): height z = c sqrt(1 - rho^2), rho = r / R, c the
    mean radius. Its area element is sqrt(1 + |grad z|^2) (any text on surface integrals), which for a sphere is 1 / n_z.
    1 / n_z is infinite on the rim; the mean over the ring of one pixel width is 2 / (q_in + q_out) with
    q = sqrt(1 - rho^2), exactly, so the sum over a sphere's picture is its true half surface 2 pi R^2 and no weight
    is above sqrt(2 R). `max_tilt_deg` below 90 caps the weight at 1 / cos(max_tilt_deg), for small things on the
    rim where a mask error of a pixel would otherwise count ten times.

    Args:
        mask: bool (h, w), True on the fruit.

    Raises:
        ValueError: the mask is empty.
    """
    relative, radius = _relative_radius(mask)
    return _area_weights(mask, relative, radius, max_tilt_deg)


def seen_fraction(mask: BoolArray, max_tilt_deg: float = USEFUL_TILT_DEG) -> float:
    """Share, 0-1, of the whole surface of the fruit that this view shows usefully: tilted up to `max_tilt_deg`.

    A whole round fruit gives (1 - cos 70 deg) / 2 = 0.33. Of a fruit cut by the border of the frame or hidden by
    another the share is of the part in the picture, so it is too large: such a view carries its own flag.

    Raises:
        ValueError: the mask is empty.
    """
    relative, radius = _relative_radius(mask)
    area = _area_weights(mask, relative, radius, 90.0)
    useful = relative <= np.float32(sin(radians(max_tilt_deg)))
    return min(1.0, float(area[useful].sum(dtype=np.float64)) / (4 * float(np.count_nonzero(mask))))


def _relative_radius(mask: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Distance from the centre as a share of the outline in the same direction, and that outline radius in px."""
    centre, profile = mask_profile(largest_part(mask))
    h, w = mask.shape
    dx = np.broadcast_to(np.arange(w, dtype=np.float32) - np.float32(centre[0]), (h, w))
    dy = np.broadcast_to((np.arange(h, dtype=np.float32) - np.float32(centre[1]))[:, None], (h, w))
    distance, angle = cv2.cartToPolar(np.ascontiguousarray(dx), np.ascontiguousarray(dy))
    ray = np.rint(angle * np.float32(RAY_COUNT / (2 * pi))).astype(np.int32) % RAY_COUNT
    radius = profile.astype(np.float32)[ray]
    return distance / radius, radius


def _area_weights(mask: BoolArray, relative: FloatArray, radius: FloatArray, max_tilt_deg: float) -> FloatArray:
    """True area per pixel from its place between the centre (0) and the outline (1) of radius `radius`."""
    half = np.float32(0.5) / radius
    middle = np.minimum(relative, 1 - half)
    q_in = np.sqrt(1 - np.square(middle - half))
    q_out = np.sqrt(np.maximum(1 - np.square(middle + half), 0))
    q2 = np.square((q_in + q_out) * np.float32(0.5))
    mean_radius = np.float32(np.sqrt(np.count_nonzero(mask) / pi))
    area = np.sqrt(1 + np.square(mean_radius / radius) * np.maximum(1 - q2, 0) / q2)
    if max_tilt_deg < 90:
        area = np.minimum(area, np.float32(1 / cos(radians(max_tilt_deg))))
    return np.where(mask, area, np.float32(0)).astype(np.float32)
