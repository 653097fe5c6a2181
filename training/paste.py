"""Simulated fruit and objects put into photographs, so that "looks photographed" says nothing about what a thing is.

The photographs for training show apples and melons only, everything else is simulated: a network that is never
shown both in one picture may tell real from rendered instead of an apple from an orange. Pure functions.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from training.augment import Sample, close_ups

GROUND_BITS = 1
"""Bit set of `surface` and of `crop`: only the background."""
SMALLEST_SIDE, LARGEST_SIDE = 0.2, 0.6
"""Extent of a pasted thing over the shorter side of the photograph."""
FIRST_PASTED = 128
"""Pasted fruit are numbered from here, so that they are never taken for a fruit of the photograph."""


def onto_background(sample: Sample, background: NDArray[np.uint8]) -> Sample:
    """The sample with everything that is not a thing replaced by `background` (uint8 (h, w, 3), stretched)."""
    height, width = sample.instance.shape
    ground = cv2.resize(background, (width, height), interpolation=cv2.INTER_AREA)
    alpha = _soft((sample.crop_set != GROUND_BITS).astype(np.uint8))
    return replace(sample, rgb=_blend(ground, sample.rgb, alpha))


def paste_things(photograph: Sample, simulated: Sample, rng: np.random.Generator) -> Sample:
    """One to three of the fruit and objects of `simulated` put at random places of `photograph`, labels with them."""
    things = [mask for mask in close_ups(simulated) if not _cut_by_edge(mask)]
    rgb, surface, crop = photograph.rgb.copy(), photograph.surface_set.copy(), photograph.crop_set.copy()
    instance, net = photograph.instance.copy(), photograph.net.copy()
    some_defect = photograph.some_defect.copy()
    height, width = instance.shape
    for number in range(min(len(things), int(rng.integers(1, 4)))):
        mask = things[int(rng.integers(len(things)))]
        rows, cols = np.nonzero(mask)
        cut = (slice(rows.min(), rows.max() + 1), slice(cols.min(), cols.max() + 1))
        extent = max(cut[0].stop - cut[0].start, cut[1].stop - cut[1].start)
        scale = rng.uniform(SMALLEST_SIDE, LARGEST_SIDE) * min(height, width) / extent
        own = _resize(mask[cut].astype(np.uint8), scale, cv2.INTER_NEAREST)
        h, w = own.shape
        top, left = int(rng.integers(0, max(height - h, 0) + 1)), int(rng.integers(0, max(width - w, 0) + 1))
        h, w = min(h, height - top), min(w, width - left)
        own = own[:h, :w]
        place, there = (slice(top, top + h), slice(left, left + w)), own > 0
        thing = _resize(simulated.rgb[cut], scale, cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)[:h, :w]
        rgb[place] = _blend(rgb[place], thing, _soft(own))
        bits = simulated.surface_set[cut].astype(np.int32)  # OpenCV resizes no uint32
        surface[place][there] = _resize(bits, scale, cv2.INTER_NEAREST)[:h, :w][there]
        crop[place][there] = _resize(simulated.crop_set[cut], scale, cv2.INTER_NEAREST)[:h, :w][there]
        net[place][there] = _resize(simulated.net[cut], scale, cv2.INTER_NEAREST)[:h, :w][there]
        some_defect[place][there] = False
        is_fruit = bool(simulated.instance[mask].any())
        instance[place][there] = FIRST_PASTED + number if is_fruit else 0
    return Sample(
        rgb=rgb, surface_set=surface, crop_set=crop, instance=instance, net=net, some_defect=some_defect
    )


def _cut_by_edge(mask: NDArray[np.bool_]) -> bool:
    return bool(mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any())


def _resize(array: NDArray[np.generic], scale: float, how: int) -> NDArray[np.generic]:
    size = max(round(array.shape[1] * scale), 2), max(round(array.shape[0] * scale), 2)
    return cv2.resize(np.ascontiguousarray(array), size, interpolation=how)


def _soft(mask: NDArray[np.uint8]) -> NDArray[np.float32]:
    """uint8 (h, w) of 0 and 1 -> float32 (h, w, 1) from 0 to 1 with an edge of about two pixels."""
    return cv2.GaussianBlur(mask.astype(np.float32), (3, 3), 0.8)[..., None]


def _blend(
    below: NDArray[np.uint8], above: NDArray[np.uint8], alpha: NDArray[np.float32]
) -> NDArray[np.uint8]:
    return (below * (1 - alpha) + above * alpha + 0.5).astype(np.uint8)
