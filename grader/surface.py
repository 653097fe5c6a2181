"""From pixels to skin: a fruit is round, so a pixel near its rim shows more skin than one in the middle."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, radians, sin, sqrt

import cv2
import numpy as np

from grader.outline import RAY_COUNT, Float64Array, largest_part, mask_profile
from grader.types import BoolArray, Box, FloatArray, FruitView, UInt8Array

USEFUL_TILT_DEG = 70.0
"""Skin tilted more than this from the line of sight is too foreshortened to judge (section 8 of our notes on standards
and common practice of multi-view graders: 60-70 degrees)."""

WORKING_DIAMETER_PX = 160
"""Colour and defects are measured on a copy with the fruit about this wide, reduced by a whole number; a larger one
costs time and shows nothing more."""
QUICK_WORKING_PX = 54
"""The same for the quick look, which measures colour and no defects."""


def surface_area_per_pixel(mask: BoolArray, max_tilt_deg: float = 90.0) -> FloatArray:
    """True skin area behind each pixel, float32 (h, w), in px^2 of the plane of the outline, 0 outside the mask.

    The fruit is taken as a half ellipsoid over its outline R(angle): height z = c sqrt(1 - rho^2), rho = r / R, c the
    mean radius. Its area element is sqrt(1 + |grad z|^2) (any text on surface integrals), for a sphere 1 / n_z.
    1 / n_z is infinite on the rim; the mean over the ring of one pixel width is 2 / (q_in + q_out) with
    q = sqrt(1 - rho^2), exactly, so the sum over a sphere's picture is its true half surface 2 pi R^2 and no weight
    is above sqrt(2 R). `max_tilt_deg` below 90 caps the weight at 1 / cos(max_tilt_deg), for small things on the
    rim where a mask error of a pixel would otherwise count ten times.

    Args:
        mask: bool (h, w), True on the fruit.

    Raises:
        ValueError: the mask is empty.
    """
    relative, radius = _relative_radius(mask, *mask_profile(largest_part(mask)))
    return _area_weights(mask, relative, radius, max_tilt_deg)


def _relative_radius(
    mask: BoolArray, centre: tuple[float, float], profile: Float64Array
) -> tuple[FloatArray, FloatArray]:
    """Distance from the centre as a share of the outline in the same direction, and that outline radius in px."""
    h, w = mask.shape
    dx = np.repeat((np.arange(w, dtype=np.float32) - np.float32(centre[0]))[None, :], h, axis=0)
    dy = np.repeat((np.arange(h, dtype=np.float32) - np.float32(centre[1]))[:, None], w, axis=1)
    distance, angle = cv2.cartToPolar(dx, dy)
    ray = (angle * np.float32(RAY_COUNT / (2 * pi)) + np.float32(0.5)).astype(np.intp)
    # A centre outside its own (crescent) mask has rays that leave at once: no outline is nearer than a pixel.
    outline = np.maximum(np.append(profile, profile[:2]), 1.0).astype(np.float32)
    radius = outline.take(ray)
    return distance / radius, radius


def _area_weights(
    mask: BoolArray, relative: FloatArray, radius: FloatArray, max_tilt_deg: float
) -> FloatArray:
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SkinMap:
    """The skin of one view at working resolution, shared by colour, defects and netting so it is made once.

    step_px: pixels of the frame per working pixel, 1 or more. rgb: uint8 (h, w, 3). surface: uint8 (h, w).
    confidence, net_cover: float32 (h, w). area_px2: float32 (h, w), true area in px^2 *of the frame*, 0 off the fruit.
    relative: float32 (h, w), 0 in the middle of the fruit to 1 on its outline.
    centre_xy, radius: middle and mean radius of the fruit in working pixels. outline_px: float64 (RAY_COUNT,), its
    radius at the angles 2 pi k / RAY_COUNT from +x towards +y.
    """

    step_px: int
    rgb: UInt8Array
    surface: UInt8Array
    confidence: FloatArray
    net_cover: FloatArray
    area_px2: FloatArray
    relative: FloatArray
    centre_xy: tuple[float, float]
    radius: float
    outline_px: Float64Array

    def to_frame_box(self, view: FruitView, box: Box) -> Box:
        """A half-open box of working pixels as a half-open box of the frame."""
        x0, y0, x1, y1 = view.box_xyxy_px
        step = self.step_px
        return (
            x0 + box[0] * step,
            y0 + box[1] * step,
            min(x1, x0 + box[2] * step),
            min(y1, y0 + box[3] * step),
        )


def map_skin(view: FruitView, working_px: int = WORKING_DIAMETER_PX) -> SkinMap:
    """The skin of a view, reduced to about `working_px` across when the fruit is larger.

    Colours are averaged over area, classes and confidence taken from the middle pixel: a defect of 2 mm2 on an 80 mm
    apple still has eight working pixels.

    Raises:
        ValueError: the mask is empty.
    """
    filled = largest_part(view.mask)
    step = max(1, round(2 * sqrt(cv2.countNonZero(filled) / pi) / working_px))
    rgb, mask, surface = view.rgb, view.mask, view.surface
    confidence, net_cover = view.confidence, view.net_cover
    if step > 1:
        h, w = mask.shape[0] // step, mask.shape[1] // step
        nearest = (slice(step // 2, h * step, step), slice(step // 2, w * step, step))
        rgb = cv2.resize(rgb[: h * step, : w * step], (w, h), interpolation=cv2.INTER_AREA).astype(
            np.uint8, copy=False
        )
        mask, filled = np.ascontiguousarray(mask[nearest]), np.ascontiguousarray(filled[nearest])
        surface = np.ascontiguousarray(surface[nearest])
        confidence, net_cover = confidence[nearest], net_cover[nearest]
    centre, profile = mask_profile(filled)
    relative, radius = _relative_radius(mask, centre, profile)
    return SkinMap(
        step_px=step,
        rgb=rgb,
        surface=surface,
        confidence=confidence,
        net_cover=net_cover,
        area_px2=_area_weights(mask, relative, radius, 90.0) * np.float32(step * step),
        relative=relative,
        centre_xy=centre,
        radius=float(profile.mean()),
        outline_px=profile,
    )


def seen_fraction(skin: SkinMap, max_tilt_deg: float = USEFUL_TILT_DEG) -> float:
    """Share, 0-1, of the whole surface of the fruit that this view shows usefully: tilted up to `max_tilt_deg`.

    A whole round fruit gives (1 - cos 70 deg) / 2 = 0.33. Of a fruit cut by the border of the frame or hidden by
    another the share is of the part in the picture, so it is too large: such a view carries its own flag.
    """
    useful = skin.relative <= np.float32(sin(radians(max_tilt_deg)))
    shown_px2 = float(skin.area_px2[useful].sum(dtype=np.float64))
    return min(1.0, shown_px2 / (4 * cv2.countNonZero(skin.area_px2) * skin.step_px**2))
