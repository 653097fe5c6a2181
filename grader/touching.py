"""Touching fruit -> one label per fruit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from grader.types import BoolArray, FloatArray

SEED_LEVEL = 0.5
"""A fruit's middle: `inside` is 1 in the middle of a fruit and 0 at its rim, so 0.5 separates touching ones."""


def split_touching(fruit: BoolArray, inside: FloatArray, smallest_px: int) -> NDArray[np.int32]:
    """Label the pixels of `fruit` by fruit, 0 elsewhere.

    fruit: bool (h, w). inside: float32 (h, w), 0-1, 1 in the middle of each fruit. Seeds are the connected parts
    where `inside` exceeds `SEED_LEVEL`; a watershed (Meyer 1994) hands every other pixel to a seed.
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
    cost = np.where(fruit, 254 - np.clip(inside * 254, 0, 254), 255).astype(np.uint8)
    labels = ndimage.watershed_ift(cost, seeds.astype(np.int32))
    labels[~fruit] = 0
    for number, where in enumerate(ndimage.find_objects(labels), start=1):
        if where is None:
            continue
        height, width = (part.stop - part.start for part in where)
        own = labels[where] == number
        if min(height, width) < smallest_px or own.sum() < 0.35 * smallest_px**2:
            labels[where][own] = 0
    return np.asarray(labels, np.int32)
