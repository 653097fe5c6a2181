"""Touching fruit -> one label per fruit."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from grader.types import BoolArray, FloatArray

SEED_LEVEL = 0.5
"""A fruit's middle: `inside` is 1 in the middle of a fruit and 0 at its rim, so 0.5 separates touching ones."""
SURE_MIDDLE = 0.65
SMALLEST_MIDDLE = 0.04
"""Of several middles in one connected part, those that never get this deep, or are this small beside the largest, are
ripples of one fruit and not fruit of their own. Set by eye on simulated fruit with a half-trained network."""
LEVELS = (0.45, 0.4, 0.35, 0.3, 0.25, 0.2, 0.15, 0.1, 0.05, 0.0)
"""Steps of the flood: finer than the network's error in `inside`."""


def split_touching(fruit: BoolArray, inside: FloatArray, smallest_px: int) -> NDArray[np.int32]:
    """Label the pixels of `fruit` by fruit, 0 elsewhere.

    fruit: bool (h, w). inside: float32 (h, w), 0-1, 1 in the middle of each fruit. Seeds are the connected parts
    where `inside` exceeds `SEED_LEVEL`; flooding down from there (watershed, Vincent and Soille 1991) hands every
    other pixel to a seed.
    """
    seeds, count = _connected(fruit & (inside > SEED_LEVEL), 8)
    parts, part_count = _connected(fruit, 4)
    seeds, count = _sure_seeds(seeds, count, parts, inside)
    if part_count:
        seeded = np.bincount(parts[seeds > 0], minlength=part_count + 1) > 0
        for part in np.flatnonzero(~seeded[1:]) + 1:  # a part without a middle: its deepest pixel is the seed
            own = parts == part
            if own.sum() >= smallest_px**2 / 2:
                count += 1
                seeds[own & (inside >= inside[own].max())] = count
    if count == 0:
        return np.zeros(fruit.shape, np.int32)
    labels = seeds.astype(np.uint16)
    at_seed = seeds > 0
    part_of, seed_of = np.divmod(np.unique(parts[at_seed] * np.int64(count + 1) + seeds[at_seed]), count + 1)
    lonely = np.bincount(part_of, minlength=part_count + 1) == 1
    only_seed = np.zeros(part_count + 1, np.uint16)
    only_seed[part_of] = seed_of
    alone = lonely[parts]
    labels[alone] = only_seed[parts[alone]]  # no neighbour touches it: nothing to flood
    if not lonely[part_of].all():
        _flood(labels, fruit & ~alone, inside)
    for number, where in enumerate(ndimage.find_objects(labels), start=1):
        if where is None:
            continue
        height, width = (part.stop - part.start for part in where)
        own = labels[where] == number
        if min(height, width) < smallest_px or own.sum() < 0.35 * smallest_px**2:
            labels[where][own] = 0
    return np.asarray(labels, np.int32)


def _connected(mask: BoolArray, connectivity: int) -> tuple[NDArray[np.int32], int]:
    """Connected parts of a mask, numbered from 1, and how many there are."""
    count, labels = cv2.connectedComponents(mask.view(np.uint8), connectivity=connectivity, ltype=cv2.CV_32S)
    return np.asarray(labels, np.int32), count - 1


def _sure_seeds(
    seeds: NDArray[np.int32], count: int, parts: NDArray[np.int32], inside: FloatArray
) -> tuple[NDArray[np.int32], int]:
    """Drop the doubtful of several seeds in one part, renumber the others from 1."""
    if count <= 1:
        return seeds, count
    cells = np.flatnonzero(seeds)
    number = seeds.ravel()[cells]
    peak = np.zeros(count + 1, np.float32)
    np.maximum.at(peak, number, inside.ravel()[cells])
    part = np.zeros(count + 1, np.int32)
    np.maximum.at(part, number, parts.ravel()[cells])
    area = np.bincount(number, minlength=count + 1)
    peak, part, area = peak[1:], part[1:], area[1:]
    largest = np.zeros(part.max() + 1)
    np.maximum.at(largest, part, area)
    sure = (peak >= SURE_MIDDLE) & (area >= SMALLEST_MIDDLE * largest[part])
    sure |= area == largest[part]
    renumbered = np.zeros(count + 1, np.int32)
    renumbered[1:][sure] = np.arange(1, int(sure.sum()) + 1)
    return renumbered[seeds], int(sure.sum())


def _flood(labels: NDArray[np.uint16], fruit: BoolArray, inside: FloatArray) -> None:
    """Grow the labels, in place, one pixel at a time, level by level from the middle of the fruit to its rim."""
    cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)
    if not fruit.any():
        return
    for level in LEVELS:
        region = fruit & (inside >= level)
        while True:
            new = (labels == 0) & region
            grown = cv2.dilate(labels, cross)
            new &= grown > 0
            if not new.any():
                break
            labels[new] = grown[new]
