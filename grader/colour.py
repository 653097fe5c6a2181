"""Colour of the skin: how much of it is blush, and the mean CIELAB colour of ground and blush."""

from __future__ import annotations

from functools import lru_cache
from math import radians, sqrt, tan

import cv2
import numpy as np
from numpy.typing import NDArray

from grader.linear_light import light_of_levels
from grader.surface import SkinMap, map_skin
from grader.types import (
    FIRST_DEFECT_VALUE,
    BoolArray,
    ColourMeasurement,
    FloatArray,
    FruitView,
    Lab,
    SurfaceClass,
    UInt8Array,
)

BLUSH_MAX_HUE_DEG = 45.0
LIGHT_RED_MAX_HUE_DEG = 62.0
"""CIELAB hue angle h_ab below which sound skin is blush / light red. Tuned on the simulator (red over-colour >= 1/2 and
>= 1/4) and looked at on photographs; apple research puts red skin at about h 15-45 and yellow-green ground at 95-115
(recalled)."""
MIN_HUE_DEG = -60.0
"""Bluish reds (wax bloom, magenta light) down to this hue still count; beyond it no skin of an apple is found."""
MIN_RED_CHROMA = 14.0
DARK_LIGHTNESS = 32.0
MIN_DARK_CHROMA = 8.0
"""Least chroma C*_ab of red skin; wine-red and nearly black Delicious types (L* below 32) keep less."""

GLARE_LIGHTNESS = 72.0
GLARE_MAX_CHROMA = 18.0
CLIPPED_LEVEL = 250
SHADOW_LIGHTNESS = 8.0
MAX_RELATIVE_RADIUS = 0.98
RING_RELATIVE_RADIUS = 0.93
"""Skin beyond the first (tilted more than 78 degrees) mirrors its surroundings and mixes with them: not judged.
The ring between the two stands in for it, so that a share is still one of all skin seen."""
RING_WEIGHT = 1 / (1 - sqrt((1 - MAX_RELATIVE_RADIUS**2) / (1 - RING_RELATIVE_RADIUS**2)))
"""On a sphere the skin beyond the relative radius rho has the share sqrt(1 - rho^2) of the half seen."""
MIN_PATCH_FRACTION = 0.02
"""Ground or blush covering less of the skin than this gets no mean colour."""


def rgb_to_lab(rgb: UInt8Array) -> FloatArray:
    """CIELAB (D65, 2 degrees) of sRGB pixels, float32 (..., 3) as (L* 0-100, a*, b*).

    IEC 61966-2-1 to linear light by table, then CIE 15 as OpenCV carries it out on float32: pure red is (53.24, 80.09,
    67.20). (OpenCV's own sRGB curve is an approximation and up to 0.15 off in L*.)

    Args:
        rgb: uint8 (..., 3), R-G-B.
    """
    return _linear_to_lab(_linear_levels().take(rgb))


def measure_colour(
    view: FruitView, colour_matrix: NDArray[np.float64] | None, skin: SkinMap | None = None
) -> ColourMeasurement:
    """Shares of blush and light red in all skin of one view, and the mean colours of its sound skin.

    Blush is sound skin with hue angle in [-60, 45) degrees and enough chroma; light red has a hue in [45, 62): shades
    between the red and the yellow or green ground. Every share is of the true area of the skin judged, defects
    included: the standards ask for the share of the *total* surface (Regulation (EU) 2023/2429, apples, II.C), and a
    rotten half is not red. Left out of both sides, because what colour is there cannot be seen: stem, calyx, glare
    (clipped, or light and grey) and deep shadow on sound skin. No sound skin to judge: shares 0 and colours None.

    Args:
        colour_matrix: (3, 3), linear RGB of the camera to linear sRGB, applied as matrix @ rgb; None: no correction.
        skin: `map_skin(view)` where it is there already.

    Raises:
        ValueError: the mask is empty, or the matrix is not (3, 3).
    """
    skin = skin or map_skin(view)
    near = skin.relative < MAX_RELATIVE_RADIUS
    judged = np.flatnonzero((skin.surface == SurfaceClass.SOUND_SKIN) & near)
    if judged.size == 0:
        return ColourMeasurement(blush_fraction=0.0, light_red_fraction=0.0, ground_lab=None, blush_lab=None)
    rgb, area = skin.rgb.reshape(-1, 3).take(judged, axis=0), _area_for_unseen_rim(skin, judged)
    lab = to_lab(rgb, colour_matrix)
    area = np.where(is_readable(rgb, lab), area, np.float32(0))
    sound = float(area.sum(dtype=np.float64))
    if sound <= 0:
        return ColourMeasurement(blush_fraction=0.0, light_red_fraction=0.0, ground_lab=None, blush_lab=None)
    defective = np.flatnonzero((skin.surface >= FIRST_DEFECT_VALUE) & near)
    total = sound + float(_area_for_unseen_rim(skin, defective).sum(dtype=np.float64))
    blush, light_red = classify_skin(lab)
    ground = ~(blush | light_red)
    return ColourMeasurement(
        blush_fraction=_share(area, blush, total),
        light_red_fraction=_share(area, light_red, total),
        ground_lab=_mean_lab(lab, area, ground, total),
        blush_lab=_mean_lab(lab, area, blush, total),
    )


def to_lab(rgb: UInt8Array, colour_matrix: NDArray[np.float64] | None) -> FloatArray:
    """CIELAB of pixels uint8 (N, 3), the colours of the camera corrected first where there is a matrix; (N, 3).

    Raises:
        ValueError: the matrix is not (3, 3).
    """
    return rgb_to_lab(rgb) if colour_matrix is None else _corrected_to_lab(rgb, colour_matrix)


def is_readable(rgb: UInt8Array, lab: FloatArray) -> BoolArray:
    """Which sound pixels show their colour, bool (N,): neither glare (clipped, or light and grey) nor deep shadow.

    Args:
        rgb: uint8 (N, 3). lab: float32 (N, 3), of the same pixels.
    """
    lightness, a, b = np.ascontiguousarray(lab.T)
    glare = (lightness > GLARE_LIGHTNESS) & (a * a + b * b < GLARE_MAX_CHROMA**2)
    clipped = (rgb[:, 0] >= CLIPPED_LEVEL) & (rgb[:, 1] >= CLIPPED_LEVEL) & (rgb[:, 2] >= CLIPPED_LEVEL)
    return np.asarray(~(glare | clipped | (lightness < SHADOW_LIGHTNESS)))


def _area_for_unseen_rim(skin: SkinMap, chosen: NDArray[np.intp]) -> FloatArray:
    """True area of the chosen pixels (flat indices), the ring before the rim taken for the rim as well."""
    area = skin.area_px2.take(chosen)
    return np.where(skin.relative.take(chosen) > RING_RELATIVE_RADIUS, area * np.float32(RING_WEIGHT), area)


def classify_skin(lab: FloatArray) -> tuple[BoolArray, BoolArray]:
    """Which pixels are blush and which light red; bool (N,) each, never both.

    Args:
        lab: float32 (N, 3), CIELAB.
    """
    lightness, a, b = np.ascontiguousarray(lab.T)
    least_chroma = np.where(
        lightness < DARK_LIGHTNESS, np.float32(MIN_DARK_CHROMA), np.float32(MIN_RED_CHROMA)
    )
    vivid = a * a + b * b >= least_chroma * least_chroma
    red, beyond_light_red = ~_beyond_hue(a, b, BLUSH_MAX_HUE_DEG), _beyond_hue(a, b, LIGHT_RED_MAX_HUE_DEG)
    right_half = a > 0  # all hues asked for lie in (-90, 90) degrees
    blush = vivid & right_half & red & _beyond_hue(a, b, MIN_HUE_DEG)
    light_red = vivid & right_half & ~red & ~beyond_light_red
    return blush, light_red


def _beyond_hue(a: FloatArray, b: FloatArray, hue_deg: float) -> BoolArray:
    """atan2(b, a) >= hue_deg for a > 0, without the arc tangent, which is most of the time of a colour."""
    return np.asarray(b >= a * np.float32(tan(radians(hue_deg))))


def _share(area: FloatArray, where: BoolArray, total: float) -> float:
    return min(1.0, float((area * where).sum(dtype=np.float64)) / total)


def _mean_lab(lab: FloatArray, area: FloatArray, where: BoolArray, total: float) -> Lab | None:
    weight = (area * where).astype(np.float64)
    covered = float(weight.sum())
    if covered < MIN_PATCH_FRACTION * total:
        return None
    mean = weight @ lab / covered
    return float(mean[0]), float(mean[1]), float(mean[2])


def _corrected_to_lab(rgb: UInt8Array, colour_matrix: NDArray[np.float64]) -> FloatArray:
    matrix = np.asarray(colour_matrix)
    if matrix.shape != (3, 3):
        raise ValueError(f"colour_matrix must have the shape (3, 3), got {matrix.shape}")
    return _linear_to_lab(np.clip(_linear_levels()[rgb] @ matrix.T.astype(np.float32), 0, 1))


def _linear_to_lab(linear: FloatArray) -> FloatArray:
    flat = np.ascontiguousarray(linear.reshape(1, -1, 3))
    return np.asarray(cv2.cvtColor(flat, cv2.COLOR_LRGB2LAB), dtype=np.float32).reshape(linear.shape)


@lru_cache(maxsize=1)
def _linear_levels() -> FloatArray:
    """Linear light 0-1 of the 256 sRGB levels, float32 (256,) (IEC 61966-2-1)."""
    linear = light_of_levels().astype(np.float32)
    linear.setflags(write=False)
    return linear
