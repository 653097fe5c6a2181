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
LEAST_FILL = 0.35
"""A fruit covers at least this share of the square of the smallest extent; a disc covers 0.79."""

_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)


def split_touching(fruit: BoolArray, inside: FloatArray, smallest_px: int) -> NDArray[np.int32]:
    """Label the pixels of `fruit` by fruit from 1 on, 0 elsewhere.

    fruit: bool (h, w). inside: float32 (h, w), 0-1, 1 in the middle of each fruit. smallest_px: no fruit extends over
    fewer rows or columns. A flood from the deepest level down (watershed, Vincent and Soille 1991) starts a label at
    each middle and joins two labels that meet before the flood has sunk to `DEEPEST_SADDLE` of the lower one's peak
    (dynamics of minima, Grimaud 1992).
    """
    labels = np.zeros(fruit.shape, np.int32)
    x, y, width, height = cv2.boundingRect(fruit.view(np.uint8))
    if width == 0:
        return labels
    box = slice(y, y + height), slice(x, x + width)
    parts = _large_parts(fruit[box], smallest_px)
    if parts.any():
        flooded = _flood(parts, inside[box])
        labels[box] = parts if flooded is parts else _without_small(flooded, smallest_px)
    return labels


def _flood(parts: NDArray[np.int32], inside: FloatArray) -> NDArray[np.int32]:
    """Label the fruit in connected `parts`, numbered from 1, by the middles in `inside`."""
    part_count = int(parts.max())
    deepest = [cv2.minMaxLoc(inside, (parts == part).view(np.uint8))[1] for part in range(1, part_count + 1)]
    least_peaks = LEAST_PEAK * np.array([0.0, *deepest], np.float32)
    middles = np.where(inside >= least_peaks[parts], inside, np.float32(-1))
    fruit = parts > 0
    labels = np.zeros_like(parts)
    peaks = [0.0]
    label_count = 0
    for level in LEVELS:
        flooded = (fruit & (inside >= level)).view(np.uint8)
        count, pools = cv2.connectedComponents(flooded, connectivity=4)
        if count > 2 or (count == 2 and label_count != 1):  # one label in one pool: nothing starts or meets
            labels = _sink(labels, np.asarray(pools, np.int32), level, middles, peaks)
            label_count = int(np.count_nonzero(np.bincount(labels.ravel())[1:]))
        if label_count == part_count and level <= least_peaks[1:].min():
            return parts  # each has its middle and no other can start below: none touches another
    return labels


def _sink(
    labels: NDArray[np.int32], pools: NDArray[np.int32], level: float, middles: FloatArray, peaks: list[float]
) -> NDArray[np.int32]:
    """The labels after the flood has sunk to `level`, where `pools`, numbered from 1, are under water.

    middles: float32 (h, w), `inside` where a fruit's middle may be, -1 elsewhere. peaks: `inside` in the middle of
    each label; those of new labels are appended.
    """
    pool_count = int(pools.max())
    meets = np.zeros((pool_count + 1, len(peaks)), np.bool_)
    labelled = np.flatnonzero(labels)
    meets[pools.take(labelled), labels.take(labelled)] = True
    joined = np.arange(len(peaks), dtype=np.int32)
    owner = np.zeros(pool_count + 1, np.int32)
    shared = np.zeros(pool_count + 1, np.bool_)
    for pool in range(1, pool_count + 1):
        meeting = np.flatnonzero(meets[pool, 1:]) + 1
        if meeting.size == 0:
            peak = cv2.minMaxLoc(middles, (pools == pool).view(np.uint8))[1]
            if peak >= 0:
                owner[pool] = len(peaks)
                peaks.append(peak)
            continue
        highest = max(meeting, key=lambda number: peaks[number])
        ripples = [
            number for number in meeting if number != highest and level > DEEPEST_SADDLE * peaks[number]
        ]
        joined[ripples] = owner[pool] = highest
        shared[pool] = meeting.size - len(ripples) > 1
    if not shared.any():
        return owner.take(pools)
    in_shared = shared[pools]
    return _grow(np.where(in_shared, joined[labels], owner[pools]), in_shared)


def _large_parts(region: BoolArray, smallest_px: int) -> NDArray[np.int32]:
    """int32 (h, w): connected parts (by their sides) that are large enough for a fruit, numbered from 1."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(region.view(np.uint8), connectivity=4)
    extents = np.minimum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    large = (extents >= smallest_px) & (stats[:, cv2.CC_STAT_AREA] >= LEAST_FILL * smallest_px**2)
    large[0] = False
    number = np.where(large, np.cumsum(large), 0).astype(np.int32)
    return np.asarray(number[labels])


def _without_small(labels: NDArray[np.int32], smallest_px: int) -> NDArray[np.int32]:
    """The labels of what is large enough for a fruit, numbered anew from 1."""
    areas = np.bincount(labels.ravel())
    number = np.zeros(areas.size, np.int32)
    for old, where in enumerate(ndimage.find_objects(labels), start=1):
        if where is None:
            continue
        extent = min(part.stop - part.start for part in where)
        if extent >= smallest_px and areas[old] >= LEAST_FILL * smallest_px**2:
            number[old] = number.max() + 1
    return number[labels]


def _grow(labels: NDArray[np.int32], region: BoolArray) -> NDArray[np.int32]:
    """The labels grown one pixel at a time until they fill the region, or as much of it as they reach."""
    grown = labels.astype(np.uint16)
    empty = region & (grown == 0)
    while empty.any():
        rim = np.asarray(cv2.dilate(grown, _CROSS), np.uint16)
        rim *= empty
        if not rim.any():
            break
        grown += rim
        empty &= rim == 0
    return grown.astype(np.int32)
