"""Pictures to fewer pixels, as the network is shown them."""

from __future__ import annotations

import cv2
import numpy as np

from grader.types import UInt8Array


def shrink(rgb: UInt8Array, size_wh: tuple[int, int]) -> UInt8Array:
    """Area average when shrinking (no pixel is skipped), bilinear when enlarging."""
    smaller = size_wh[0] < rgb.shape[1]
    resized = cv2.resize(rgb, size_wh, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    return np.asarray(resized, np.uint8)


def shrink_window(rgb: UInt8Array, side: int) -> UInt8Array:
    """A square window at the side of the second look: by area down to less than twice that, bilinear from there.

    A bilinear step of less than 2 still uses every pixel and takes a twentieth of the time of an area average; the
    masks of rot of real photographs are as good (`benchmarks/README.md`).
    """
    times = rgb.shape[0] // side
    if times > 1:
        rgb = shrink(rgb, (rgb.shape[1] // times, rgb.shape[0] // times))
    return np.asarray(cv2.resize(rgb, (side, side), interpolation=cv2.INTER_LINEAR), np.uint8)
