"""Refuse dark, clipped and blurred pictures before anything is measured on them.

All levels are 8-bit sRGB codes 0-255. The work is done on a thin sample of pixels: a frame costs a third
of a millisecond.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from grader.types import BoolArray, UInt8Array

NO_COLOUR = "no_colour"
BLACK_FRAME = "black_frame"
CLIPPED_FRAME = "clipped_frame"
UNDEREXPOSED = "underexposed"
CLIPPED = "clipped"
BLURRED = "blurred"
UNGRADABLE_FLAGS = frozenset({BLACK_FRAME, CLIPPED_FRAME})
"""With one of these the fruit (or each fruit of the frame) is `ungraded`."""

# Read noise and a lens cap stay below code 20 (0.7 % of full light): if nothing is brighter, nothing is seen.
BLACK_LEVEL = 20
# Code 56 is 4 % of full light. A dark red apple (L* 30, red channel about 130) in the light of a line is far
# above; below, eight bits leave fewer than 56 steps for the whole fruit and a*, b* become noise.
DARK_LEVEL = 56
# At 253 and above at least one channel has lost its value (JPEG ringing moves true 255 by a step or two).
CLIP_LEVEL = 253
# Glare on a waxed apple covers 1-4 % of the outline. Three times that is exposure, not glare.
CLIPPED_FRACTION = 0.12
CLIPPED_FRAME_FRACTION = 0.98
BRIGHT_SHARE = 0.02  # the brightest 2 % stand for "the lit part"
# JPEG chroma noise on a true grey picture stays within a few codes.
GREY_SPREAD = 6
# Pictures are judged for sharpness at the size where the shorter side has about this many pixels: what a spot
# of 1 % of the picture needs is the same for every camera.
SHARPNESS_SIDE_PX = 480
# Edge widths in px at that size: photographs of fruit in focus gave 2-7 (95 % of 500), the same blurred by a
# Gaussian of 1.2 % of the side gave 13-18. Above 10 a spot of 2 mm is gone.
BLURRED_EDGE_PX = 10.0
EDGE_REACH_PX = 12
MIN_EDGE_CONTRAST = 30.0
MIN_EDGES = 24
SAMPLE_SIDE = 64


def check_exposure(rgb: UInt8Array, mask: BoolArray | None = None) -> tuple[str, ...]:
    """Name what is wrong with the light or the focus of a picture.

    Args:
        rgb: uint8 (H, W, 3), R-G-B, sRGB-encoded: a whole frame, or the crop of one fruit.
        mask: bool (H, W), True on the fruit: levels are judged on the fruit only. None: on the whole picture.

    Returns:
        Sorted flags, empty when all is well. `black_frame`, `clipped_frame`: nothing can be judged
        (`UNGRADABLE_FLAGS`); `underexposed`, `clipped`, `blurred`, `no_colour`: the measurement is limited.

    Raises:
        ValueError: the mask has another shape than the picture.
    """
    if mask is not None and mask.shape != rgb.shape[:2]:
        raise ValueError(f"expected a mask of shape {rgb.shape[:2]}, got {mask.shape}")
    pixels = _sample_pixels(rgb, mask)
    if len(pixels) == 0:
        return ()
    red, green, blue = pixels.T
    brightest = np.maximum(np.maximum(red, green), blue)
    darkest = np.minimum(np.minimum(red, green), blue)
    lit_level = int(_upper_level(brightest, BRIGHT_SHARE))
    if lit_level <= BLACK_LEVEL:
        return (BLACK_FRAME,)
    if np.mean(darkest >= CLIP_LEVEL) >= CLIPPED_FRAME_FRACTION:
        return (CLIPPED_FRAME,)
    flags = []
    if lit_level < DARK_LEVEL:
        flags.append(UNDEREXPOSED)
    # Without a mask, pure white is taken for the ground: paper or a light box behind the fruit.
    judged = brightest if mask is not None else brightest[darkest < CLIP_LEVEL]
    if len(judged) and np.mean(judged >= CLIP_LEVEL) > CLIPPED_FRACTION:
        flags.append(CLIPPED)
    if int(_upper_level(brightest - darkest, BRIGHT_SHARE)) <= GREY_SPREAD:
        flags.append(NO_COLOUR)
    width_px = edge_width_px(rgb)
    if width_px is not None and width_px > BLURRED_EDGE_PX:
        flags.append(BLURRED)
    return tuple(sorted(flags))


def edge_width_px(rgb: UInt8Array) -> float | None:
    """Width of the sharpest strong edges, in px of a picture whose shorter side has SHARPNESS_SIDE_PX.

    At the steepest point of each sampled row and column: grey difference over +-EDGE_REACH_PX divided by the
    slope there. For an edge blurred by a Gaussian of sigma s this is 4 / erf(sqrt(2) / s). The blunter of the two
    directions counts, so that motion blur is seen. None when too few lines have an edge of MIN_EDGE_CONTRAST.
    """
    step = max(1, round(min(rgb.shape[:2]) / SHARPNESS_SIDE_PX))
    stride = max(1, min(rgb.shape[:2]) // step // SAMPLE_SIDE)
    # A red fruit on grey has no edge in green: take the channel with the strongest contrast.
    _, spread = cv2.meanStdDev(np.ascontiguousarray(rgb[:: step * stride, :: step * stride]))
    plane = rgb[::step, ::step, int(spread.argmax())]
    widths = [_line_edge_width_px(plane[::stride]), _line_edge_width_px(plane[:, ::stride].T)]
    known = [width for width in widths if width is not None]
    return max(known) if known else None


def _line_edge_width_px(lines: UInt8Array) -> float | None:
    """Lower quartile of the edge widths along axis 1 of uint8 (lines, length)."""
    reach = EDGE_REACH_PX
    if lines.shape[1] <= 2 * reach + 2:
        return None
    values = lines.astype(np.int16)
    # Over two pixels to each side: half the noise; the sharpest edge then reads as 4 px.
    slope = np.abs(values[:, reach + 2 : -reach + 2] - values[:, reach - 2 : -reach - 2])
    rows = np.arange(len(values))
    steepest = slope.argmax(axis=1)  # one edge a line: its steepest point
    rise = slope[rows, steepest] / 4.0
    contrast = np.abs(values[rows, steepest + 2 * reach] - values[rows, steepest])
    strong = (contrast >= MIN_EDGE_CONTRAST) & (rise > 0)
    if np.count_nonzero(strong) < MIN_EDGES:
        return None
    widths = contrast[strong] / rise[strong]
    return float(np.partition(widths, len(widths) // 4)[len(widths) // 4])


def _sample_pixels(rgb: UInt8Array, mask: BoolArray | None) -> UInt8Array:
    """About SAMPLE_SIDE squared pixels on a grid, (N, 3)."""
    step_y, step_x = (max(1, side // SAMPLE_SIDE) for side in rgb.shape[:2])
    sample = rgb[::step_y, ::step_x]
    return sample.reshape(-1, 3) if mask is None else sample[mask[::step_y, ::step_x]]


def _upper_level(values: NDArray[np.uint8], share: float) -> np.uint8:
    """The level that this share of the values reaches or exceeds."""
    place = max(0, len(values) - 1 - int(share * len(values)))
    return np.uint8(np.partition(values, place)[place])
