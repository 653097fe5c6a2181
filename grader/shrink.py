"""Pictures to fewer pixels, as the network is shown them."""

from __future__ import annotations

import cv2
import numpy as np

from grader.types import UInt8Array


def shrink(rgb: UInt8Array, size_wh: tuple[int, int]) -> UInt8Array:
    """A picture at the size of a look of the network: by area down to less than twice that, bilinear from there.

    A bilinear step of less than 2 still uses every pixel and takes a twentieth of the time of an area average; the
    masks of rot of real photographs are as good (`benchmarks/README.md`).
    """
    times = min(rgb.shape[1] // size_wh[0], rgb.shape[0] // size_wh[1])
    if times > 1:
        smaller = (rgb.shape[1] // times, rgb.shape[0] // times)
        rgb = np.asarray(cv2.resize(rgb, smaller, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.resize(rgb, size_wh, interpolation=cv2.INTER_LINEAR), np.uint8)
