"""What a training picture goes through before the network sees it. Pure functions of (sample, generator).

Geometry moves picture and labels together in one warp; colour changes touch the picture alone. The ranges say
what a warehouse camera may do: casts from lamps, dim light, defocus, sensor noise, strong JPEG, tiny pictures.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from grader.preprocess import PAD_RGB


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """One labelled picture.

    rgb: uint8 (H, W, 3). surface_set: uint32 (H, W), bit k = `SURFACE_CLASSES[k]` allowed, 0 = ignore.
    crop_set: uint8 (H, W), bit k = `CROP_CLASSES[k]` allowed, 0 = ignore.
    instance: uint8 (H, W), 0 none, 1.. number of the fruit, 255 unknown.
    net: uint8 (H, W), share of netting x 254, 255 = unknown.
    some_defect: bool (H, W), the union of boxes known to hold at least one defect somewhere.
    """

    rgb: NDArray[np.uint8]
    surface_set: NDArray[np.uint32]
    crop_set: NDArray[np.uint8]
    instance: NDArray[np.uint8]
    net: NDArray[np.uint8]
    some_defect: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Target:
    """One sample on the network's grids for an input of S x S pixels.

    rgb: uint8 (S, S, 3). surface_set, net, some_defect: (S/2, S/2). crop_set: (S/4, S/4).
    inside: float32 (S/4, S/4), 0-1, -1 = unknown.
    """

    rgb: NDArray[np.uint8]
    surface_set: NDArray[np.int32]
    net: NDArray[np.uint8]
    some_defect: NDArray[np.bool_]
    crop_set: NDArray[np.uint8]
    inside: NDArray[np.float32]


UNKNOWN_NET, UNKNOWN_INSIDE = 255, -1.0
CLOSE_UP_SHARE = 0.6
SMALLEST_CLOSE_UP = 0.003
"""Share of the samples that show one fruit or object alone, and of the picture that it has to cover."""
OTHER_OBJECT_BIT = 8
STRONG_CASTS = (
    (1.25, 1.0, 0.6),
    (0.7, 1.0, 1.3),
    (1.25, 0.5, 1.3),
    (1.2, 0.65, 1.2),
    (0.8, 1.15, 0.75),
    (1.2, 0.9, 2.1),
)
"""Gains of R, G, B in linear-ish terms of encoded values, as seen in pictures of sorting boxes and kitchens. Under the
last a yellow apple is white and a red one magenta."""
MIX_CHANCE, MIX_SPREAD = 0.1, 0.15
"""Of sensors whose colours leak into each other, and how much of one channel may come from another (one sigma)."""


def choose_window(sample: Sample, rng: np.random.Generator) -> tuple[float, float, float]:
    """Centre (x, y) and side in pixels of the square to show: mostly around one fruit, else the scene.

    Pixels in edge coordinates: the first pixel covers 0 to 1.
    """
    height, width = sample.instance.shape
    if rng.random() < CLOSE_UP_SHARE:
        shown = close_ups(sample)
        if shown:
            rows, cols = np.nonzero(shown[rng.integers(len(shown))])
            x0, x1, y0, y1 = cols.min(), cols.max() + 1, rows.min(), rows.max() + 1
            extent = max(x1 - x0, y1 - y0)
            side = extent * rng.uniform(1.08, 1.45)
            jitter = rng.uniform(-0.08, 0.08, 2) * extent
            return (x0 + x1) / 2 + jitter[0], (y0 + y1) / 2 + jitter[1], side
    side = max(height, width) * rng.choice([1.0, rng.uniform(0.55, 1.0), rng.uniform(1.0, 1.7)])
    slack = 0.5 * abs(max(height, width) - side)
    shift = rng.uniform(-slack, slack, 2)
    return width / 2 + shift[0], height / 2 + shift[1], side


def close_ups(sample: Sample) -> list[NDArray[np.bool_]]:
    """Every fruit and every other object large enough to look at alone, as bool (H, W): the second look sees both."""
    smallest = SMALLEST_CLOSE_UP * sample.instance.size
    counts = np.bincount(sample.instance.ravel(), minlength=256)[1:255]
    shown = [sample.instance == number for number in np.flatnonzero(counts > smallest) + 1]
    objects = (sample.crop_set == OTHER_OBJECT_BIT).astype(np.uint8)
    count, parts, stats, _ = cv2.connectedComponentsWithStats(objects)
    return shown + [parts == n for n in range(1, count) if stats[n, cv2.CC_STAT_AREA] > smallest]


def warp(sample: Sample, window: tuple[float, float, float], size: int, rng: np.random.Generator) -> Target:
    """Cut the window, turned and mirrored at random, onto the network's grids."""
    x, y, side = window
    angle = rng.choice([0, 90, 180, 270]) + rng.normal(0, 12)
    scale = size / side
    matrix = cv2.getRotationMatrix2D((x - 0.5, y - 0.5), float(angle), scale)
    stretch = np.exp(rng.normal(0, 0.05))
    matrix[0] *= stretch
    if rng.random() < 0.5:
        matrix[0] *= -1
    centre = matrix @ np.array([x - 0.5, y - 0.5, 1.0])
    matrix[:, 2] += (size - 1) / 2 - centre

    def grid(array: NDArray[np.generic], stride: int, outside: float) -> NDArray[np.generic]:
        step = matrix.copy()
        step /= stride
        step[:, 2] -= (stride - 1) / (2 * stride)
        side_px = size // stride
        return cv2.warpAffine(array, step, (side_px, side_px), flags=cv2.INTER_NEAREST, borderValue=outside)

    source = sample.rgb
    if scale < 0.6:  # shrink first, or the warp would skip pixels
        source = cv2.blur(source, (2, 2)) if scale > 0.4 else cv2.blur(source, (3, 3))
    rgb = cv2.warpAffine(source, matrix, (size, size), flags=cv2.INTER_LINEAR, borderValue=PAD_RGB)
    low, high = sample.surface_set & 0xFFFF, sample.surface_set >> 16
    surface = grid(low.astype(np.uint16), 2, 1).astype(np.int32)
    surface |= grid(high.astype(np.uint16), 2, 0).astype(np.int32) << 16
    instance = grid(sample.instance, 4, 0)
    return Target(
        rgb=rgb,
        surface_set=surface,
        net=grid(sample.net, 2, UNKNOWN_NET),
        some_defect=grid(sample.some_defect.astype(np.uint8), 2, 0) > 0,
        crop_set=grid(sample.crop_set, 4, 1),
        inside=inside_map(instance),
    )


def inside_map(instance: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Distance to the rim of the own fruit over its largest such distance; 0 off the fruit, -1 unknown.

    instance: uint8 (h, w), 0 none, 1..254 fruit, 255 unknown. Returns float32 (h, w).
    """
    inside = np.zeros(instance.shape, np.float32)
    for number in np.unique(instance):
        if number in (0, 255):
            continue
        own = np.pad(instance == number, 1)
        distance = cv2.distanceTransform(own.astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
        inside = np.maximum(inside, distance / max(float(distance.max()), 1.0))
    inside[instance == 255] = UNKNOWN_INSIDE
    return inside


def change_colours(rgb: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Exposure, cast, contrast, saturation, shade, blur, noise and JPEG as a camera may have them.

    rgb: uint8 (S, S, 3), left as it is. Returns the same shape and type.
    """
    size = rgb.shape[0]
    image = rgb.astype(np.float32)
    gain = np.exp(rng.normal(0, 0.22)) * np.exp(rng.normal(0, 0.07, 3))
    chance = rng.random()
    if chance < 0.12:  # lamps that are not white
        gain *= np.exp(rng.normal(0, 0.25, 3))
    elif chance < 0.26:  # a strong cast: warm lamp, cold light, magenta box, green tube
        cast = np.array(STRONG_CASTS[rng.integers(len(STRONG_CASTS))])
        gain *= cast ** rng.uniform(0.5, 1.3)
    image *= gain.astype(np.float32)
    if rng.random() < MIX_CHANCE:
        mix = rng.normal(0, MIX_SPREAD, (3, 3))
        np.fill_diagonal(mix, 0)
        image @= (np.eye(3) + mix).astype(np.float32)
    if rng.random() < 0.5:
        grey = image.mean(axis=2, keepdims=True)
        image = grey + (image - grey) * np.float32(rng.uniform(0.55, 1.45))
    if rng.random() < 0.4:
        image = (image - 110.0) * np.float32(rng.uniform(0.7, 1.3)) + 110.0
    if rng.random() < 0.3:  # light that falls off across the picture
        ramp = np.linspace(rng.uniform(0.5, 1.0), rng.uniform(0.9, 1.3), size, dtype=np.float32)
        image *= ramp[:, None, None] if rng.random() < 0.5 else ramp[None, :, None]
    if rng.random() < 0.25:
        kernel = int(rng.choice([3, 3, 5]))
        image = cv2.blur(image, (kernel, kernel))
    if rng.random() < 0.2:  # a picture of a few dozen pixels, enlarged
        small = int(size * rng.uniform(0.25, 0.6))
        image = cv2.resize(cv2.resize(image, (small, small), interpolation=cv2.INTER_AREA), (size, size))
    if rng.random() < 0.4:
        image += rng.normal(0, rng.uniform(1, 9), image.shape).astype(np.float32)
    out = np.clip(image, 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        _, data = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 80))])
        out = cv2.imdecode(data, cv2.IMREAD_COLOR)
    return out
