"""A small map of the pattern on the skin of one view, by which it is found again in the next view."""

from __future__ import annotations

from functools import lru_cache
from math import pi

import cv2
import numpy as np
from numpy.typing import NDArray

from grader.outline import RAY_COUNT
from grader.surface import SkinMap
from grader.types import FloatArray, SurfaceClass, UInt8Array

TEXTURE_SIZE = 32
"""Cells across the disc of a fruit: 2.9 degrees each in its middle."""
CHANNELS = 4
MARK_LEVEL = 0.6
"""A defect, a stem cavity or a calyx basin stands out from sound skin by this much natural logarithm of light."""
INSIDE_OUTLINE = 0.98
"""An outline is drawn by the shoulders and lobes of a fruit; the skin between them lies this share of it out.
With it the steps of 40 simulated apples come out neither too long nor too short (docs/decisions/0028)."""
NO_MARK = 127
DARKEST = 0.004
"""Linear light below this is noise."""


def skin_texture(skin: SkinMap, frame: NDArray[np.float64]) -> FloatArray:
    """float32 (TEXTURE_SIZE, TEXTURE_SIZE, CHANNELS) over the square around the disc of a view.

    frame: (3, 3) of the view from `round_frames`; its first two rows make the disc of a ball of the view.

    Channels: lightness, two colour ratios (natural logarithms of linear light, so the gain of a camera only adds a
    constant), and what the network marked: defects plus, stem and calyx minus `MARK_LEVEL`. Beyond the outline it
    repeats what is near.
    """
    places = disc_to_picture(disc_grid(), skin, frame)
    marks = cv2.LUT(skin.surface, _mark_levels())
    smooth = max(1, round(skin.radius * 2 / TEXTURE_SIZE))
    stacked = cv2.blur(cv2.merge([*cv2.split(skin.rgb), marks]), (smooth, smooth))
    found = np.asarray(
        cv2.remap(stacked, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        np.uint8,
    )
    red, green, blue = (_log_light().take(found[..., channel]) for channel in range(3))
    mark = (found[..., 3].astype(np.float32) - np.float32(NO_MARK)) * np.float32(MARK_LEVEL / NO_MARK)
    return np.asarray(cv2.merge([(red + green + blue) / 3, red - green, green - blue, mark]), np.float32)


def disc_to_picture(disc_xy: FloatArray, skin: SkinMap, frame: NDArray[np.float64]) -> FloatArray:
    """Working pixels (x, y) of places of the disc; both float32 (..., 2)."""
    flat = disc_xy @ frame[:2, :2].T.astype(np.float32)
    length = np.sqrt(np.square(flat).sum(axis=-1))
    ray = np.rint(np.arctan2(flat[..., 1], flat[..., 0]) * (RAY_COUNT / (2 * pi))).astype(np.intp) % RAY_COUNT
    reach = np.minimum(np.sqrt(np.square(disc_xy).sum(axis=-1)), np.float32(1))
    reach = reach * (INSIDE_OUTLINE * skin.outline_px).astype(np.float32).take(ray)
    stretch = reach / np.maximum(length, np.float32(1e-6))
    return np.asarray(np.asarray(skin.centre_xy, np.float32) + flat * stretch[..., None], np.float32)


def picture_to_disc(places: FloatArray, skin: SkinMap, frame: NDArray[np.float64]) -> FloatArray:
    """Places of the disc of working pixels (x, y), the inverse of `disc_to_picture`; both float32 (N, 2)."""
    off = places - np.asarray(skin.centre_xy, np.float32)
    length = np.sqrt(np.square(off).sum(axis=-1))
    ray = np.rint(np.arctan2(off[:, 1], off[:, 0]) * (RAY_COUNT / (2 * pi))).astype(np.intp) % RAY_COUNT
    relative = np.minimum(
        length / (INSIDE_OUTLINE * skin.outline_px).astype(np.float32).take(ray), np.float32(1)
    )
    flat = off @ np.linalg.inv(frame[:2, :2]).T.astype(np.float32)
    stretch = relative / np.maximum(np.sqrt(np.square(flat).sum(axis=-1)), np.float32(1e-6))
    return np.asarray(flat * stretch[:, None], np.float32)


@lru_cache(maxsize=1)
def disc_grid() -> FloatArray:
    """Places of the cells on the disc, float32 (TEXTURE_SIZE, TEXTURE_SIZE, 2) as (x, y), -1 to 1."""
    line = ((np.arange(TEXTURE_SIZE) + 0.5) * (2 / TEXTURE_SIZE) - 1).astype(np.float32)
    grid = np.stack(np.meshgrid(line, line), axis=-1)
    grid.setflags(write=False)
    return grid


@lru_cache(maxsize=1)
def _log_light() -> FloatArray:
    """Natural logarithm of the linear light of the 256 sRGB levels (IEC 61966-2-1)."""
    v = np.arange(256) / 255
    linear = np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)
    return np.log(np.maximum(linear, DARKEST)).astype(np.float32)


@lru_cache(maxsize=1)
def _mark_levels() -> UInt8Array:
    """`NO_MARK` for sound skin, twice that for defects, 0 for stem and calyx; uint8 (256,) by `SurfaceClass` value."""
    levels = np.full(256, 2 * NO_MARK, np.uint8)
    levels[[SurfaceClass.BACKGROUND, SurfaceClass.SOUND_SKIN]] = NO_MARK
    levels[[SurfaceClass.STEM, SurfaceClass.CALYX]] = 0
    return levels
