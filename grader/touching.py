"""Touching fruit -> one label per fruit."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from grader.types import BoolArray, FloatArray

SEED_LEVEL = 0.5
"""A fruit's middle: `inside` is 1 in the middle of a fruit and 0 at its rim, so 0.5 separates touching ones."""
LEVELS = (0.45, 0.4, 0.35, 0.3, 0.25, 0.2, 0.15, 0.1, 0.05, 0.0)
"""Steps of the flood: finer than the network's error in `inside`."""


def split_touching(fruit: BoolArray, inside: FloatArray, smallest_px: int) -> NDArray[np.int32]:
    """Label the pixels of `fruit` by fruit, 0 elsewhere.

    fruit: bool (h, w). inside: float32 (h, w), 0-1, 1 in the middle of each fruit. Seeds are the connected parts
    where `inside` exceeds `SEED_LEVEL`; flooding down from there (watershed, Vincent and Soille 1991) hands every
    other pixel to a seed.
    """
    seeds, count = ndimage.label(fruit & (inside > SEED_LEVEL), structure=np.ones((3, 3)))
    parts, part_count = ndimage.label(fruit)
    if part_count:
        seeded = np.bincount(parts[seeds > 0], minlength=part_count + 1) > 0
        for part in np.flatnonzero(~seeded[1:]) + 1:  # a part without a middle: its deepest pixel is the seed
            own = parts == part
            if own.sum() >= smallest_px**2 / 2:
                count += 1
                seeds[own & (inside >= inside[own].max())] = count
    if count == 0:
        return np.zeros(fruit.shape, np.int32)
    labels = _flood(seeds.astype(np.uint16), fruit, inside)
    for number, where in enumerate(ndimage.find_objects(labels), start=1):
        if where is None:
            continue
        height, width = (part.stop - part.start for part in where)
        own = labels[where] == number
        if min(height, width) < smallest_px or own.sum() < 0.35 * smallest_px**2:
            labels[where][own] = 0
    return np.asarray(labels, np.int32)


def _flood(labels: NDArray[np.uint16], fruit: BoolArray, inside: FloatArray) -> NDArray[np.uint16]:
    """Grow the labels one pixel at a time, level by level from the middle of the fruit to its rim."""
    cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)
    for level in LEVELS:
        region = fruit & (inside >= level)
        while True:
            new = (labels == 0) & region
            grown = cv2.dilate(labels, cross)
            new &= grown > 0
            if not new.any():
                break
            labels[new] = grown[new]
    return labels
