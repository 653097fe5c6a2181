"""A small map of the pattern on the skin of one view, by which it is found again in the next view."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from grader.body_shape import from_round
from grader.linear_light import light_of_levels
from grader.sphere_view import disc_grid
from grader.types import FloatArray, UInt8Array
from grader.view_surface import DISC_SIZE, NO_MARK

TEXTURE_SIZE = 32
"""Cells across the disc of a fruit: 2.9 degrees each in its middle."""
MARK_LEVEL = 0.6
"""A defect, a stem cavity or a calyx basin stands out from sound skin by this much natural logarithm of light."""
DARKEST = 0.004
"""Linear light below this is noise."""


def skin_texture(pattern: UInt8Array, frame: NDArray[np.float64]) -> FloatArray:
    """float32 (TEXTURE_SIZE, TEXTURE_SIZE, CHANNELS) over the square around the disc of a view.

    Channels: lightness, two colour ratios (natural logarithms of linear light, so the gain of a camera only adds a
    constant), and what the network marked: defects plus, stem and calyx minus `MARK_LEVEL`. Beyond the outline it
    repeats what is near.

    Args:
        pattern: of a `ViewSurface`. frame: (3, 3) of the view from `round_frames`, which makes its disc that of a ball.
    """
    places = (from_round(disc_grid(TEXTURE_SIZE), frame) + 1) * np.float32(DISC_SIZE / 2) - np.float32(0.5)
    found = np.asarray(
        cv2.remap(pattern, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        np.uint8,
    )
    red, green, blue = (_log_light().take(found[..., channel]) for channel in range(3))
    mark = (found[..., 3].astype(np.float32) - np.float32(NO_MARK)) * np.float32(MARK_LEVEL / NO_MARK)
    return np.asarray(cv2.merge([(red + green + blue) / 3, red - green, green - blue, mark]), np.float32)


@lru_cache(maxsize=1)
def _log_light() -> FloatArray:
    """Natural logarithm of the linear light of the 256 sRGB levels."""
    return np.log(np.maximum(light_of_levels(), DARKEST)).astype(np.float32)
