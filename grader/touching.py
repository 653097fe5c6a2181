"""Touching fruit -> one label per fruit."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from grader.types import BoolArray, FloatArray

LEVELS = (0.9, 0.8, 0.7, 0.6, 0.55, 0.5, 0.45, 0.4, 0.35, 0.3, 0.25, 0.2, 0.15, 0.1, 0.05, 0.0)
"""Steps of the flood through `inside`, which is 1 in the middle of a fruit and 0 at its rim."""
DEEPEST_SADDLE = 0.6
"""Two middles are two fruit when the way between them leads below this share of the lower one; a shallower dip is a
ripple of one fruit. A network that is unsure says 0.55 in the middle and 0.2 between two fruit: ratio 0.4."""
LEAST_PEAK = 0.5
"""A middle counts when it is at least this share of the deepest one of its connected part: specks at the rim do not."""

_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)


def split_touching(fruit: BoolArray, inside: FloatArray, smallest_px: int) -> NDArray[np.int32]:
    """Label the pixels of `fruit` by fruit, 0 elsewhere.

    fruit: bool (h, w). inside: float32 (h, w), 0-1, 1 in the middle of each fruit. A flood from the deepest level
    down (watershed, Vincent and Soille 1991) starts a label at each middle and joins two labels that meet before
    the flood has sunk to `DEEPEST_SADDLE` of the lower one's peak (dynamics of minima, Grimaud 1992).
    """
    parts, part_count = ndimage.label(fruit)
    labels = np.zeros(fruit.shape, np.uint16)
    if part_count == 0:
        return labels.astype(np.int32)
    deepest = np.append(0.0, ndimage.maximum(inside, parts, np.arange(1, part_count + 1)))
    peaks = [0.0]
    for level in LEVELS:
        region = fruit & (inside >= level)
        pools, _ = ndimage.label(region)
        for pool, where in enumerate(ndimage.find_objects(pools), start=1):
            own = pools[where] == pool
            meeting = np.unique(labels[where][own])
            meeting = meeting[meeting > 0]
            if len(meeting) == 0:
                peak = float(inside[where][own].max())
                if peak >= LEAST_PEAK * deepest[parts[where][own][0]]:
                    peaks.append(peak)
                    labels[where][own] = len(peaks) - 1
            elif len(meeting) > 1:
                highest = int(max(meeting, key=lambda number: peaks[number]))
                for number in meeting:
                    if level > DEEPEST_SADDLE * peaks[number] and number != highest:
                        labels[where][labels[where] == number] = highest
        if len(peaks) > 2:  # a single label has nobody to share pixels with: it is filled at the end
            _grow(labels, region)
    if len(peaks) == 2:
        labels[fruit] = 1
    for number, where in enumerate(ndimage.find_objects(labels.astype(np.int32)), start=1):
        if where is None:
            continue
        height, width = (part.stop - part.start for part in where)
        own = labels[where] == number
        if min(height, width) < smallest_px or own.sum() < 0.35 * smallest_px**2:
            labels[where][own] = 0
    return labels.astype(np.int32)


def _grow(labels: NDArray[np.uint16], region: BoolArray) -> None:
    """Grow the labels, in place, one pixel at a time until they fill the region."""
    while True:
        new = (labels == 0) & region
        if not new.any():
            return
        grown = cv2.dilate(labels, _CROSS)
        new &= grown > 0
        if not new.any():
            return
        labels[new] = grown[new]
