"""Pictures on a plain ground (paper, studio white, black padding): where the ground is, and which objects lie on it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from grader.types import BoolArray, FloatArray, UInt8Array
from training.fruit_shape import fill_holes, open_mask

# Lightness counts less than chroma, so that the soft shadow of a fruit stays ground.
LIGHTNESS_WEIGHT = 0.45
# Distance to the ground's colour (CIELAB units, weighted as above) from which a pixel is an object. Found on contact
# sheets: below 9 JPEG noise of web photographs joins in, above 16 pale fruit loses its lit rim.
OBJECT_DISTANCE = 12.0
# At least this share of the border has the ground's colour for a ground to be called plain.
PLAIN_BORDER_SHARE = 0.72
# Black padding of rotated pictures: all channels below this.
PADDING_VALUE = 14
# A shadow differs from its ground by less than this in (a*, b*); the skin of fruit by more.
SHADOW_HUE_DISTANCE = 12.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ground:
    """A plain ground. All arrays are (H, W).

    distance: float32, to the colour of the ground, CIELAB units with less weight on L*. Black padding has 0.
    shadow: bool, darker than the ground but of its hue: a shadow, or a grey part of a fruit.
    """

    distance: FloatArray
    shadow: BoolArray

    @property
    def mask(self) -> BoolArray:
        """bool (H, W): the ground itself, as far as it joins the border of the picture."""
        like = (self.distance < OBJECT_DISTANCE).astype(np.uint8)
        _, labels = cv2.connectedComponents(like)
        edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
        return np.isin(labels, np.setdiff1d(np.unique(edge), [0]))


def find_ground(rgb: UInt8Array) -> Ground | None:
    """The plain ground of a picture, uint8 (H, W, 3); None when its border is not of one colour."""
    smooth = np.asarray(cv2.GaussianBlur(rgb, (0, 0), max(rgb.shape[:2]) / 400), np.uint8)
    lab = to_lab(smooth)
    padding = _black_padding(rgb)
    height, width = rgb.shape[:2]
    margin = max(2, round(0.03 * min(height, width)))
    border = np.ones((height, width), np.bool_)
    border[margin:-margin, margin:-margin] = False
    ring = lab[border & ~padding]
    if len(ring) < 0.15 * border.sum():
        if padding[border].mean() < 0.85:
            return None
        return Ground(distance=np.where(padding, 0, 100).astype(np.float32), shadow=np.zeros_like(padding))
    # The brighter part of the border is the ground: fruit that touches the border is darker than paper.
    centre = np.median(ring[ring[:, 0] >= np.percentile(ring[:, 0], 40)], axis=0)
    near = _weighted_distance(ring, centre) < 1.6 * OBJECT_DISTANCE
    across, down = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    place = np.stack([across, down, np.ones_like(across)], axis=2)
    ring_place = place[border & ~padding]
    if near.mean() < PLAIN_BORDER_SHARE:
        return None
    # Light falls off across the paper: its colour is a plane over the picture, fitted twice without the outliers.
    for _ in range(2):
        plane, *_ = np.linalg.lstsq(ring_place[near], ring[near], rcond=None)
        near = _weighted_distance(ring, (ring_place @ plane).astype(np.float32)) < OBJECT_DISTANCE
        if near.mean() < PLAIN_BORDER_SHARE:
            return None
    colour = (place @ plane).astype(np.float32)
    distance = _weighted_distance(lab, colour)
    distance[padding] = 0
    hue_distance = np.hypot(lab[..., 1] - colour[..., 1], lab[..., 2] - colour[..., 2])
    shadow = (hue_distance < SHADOW_HUE_DISTANCE) & (lab[..., 0] < colour[..., 0])
    return Ground(distance=distance, shadow=np.asarray(shadow))


def objects_on_ground(ground: Ground) -> list[BoolArray]:
    """Objects on a plain ground, largest first, holes filled; each at least 1 % of the picture."""
    objects = open_mask(ground.distance > OBJECT_DISTANCE, max(1, 0.004 * max(ground.distance.shape)))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(objects.astype(np.uint8))
    order = sorted(range(1, count), key=lambda index: -int(stats[index, cv2.CC_STAT_AREA]))
    least = 0.01 * objects.size
    return [fill_holes(labels == index) for index in order if stats[index, cv2.CC_STAT_AREA] >= least]


def to_lab(rgb: UInt8Array) -> FloatArray:
    """float32 (H, W, 3), CIELAB."""
    return np.asarray(cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)


def _black_padding(rgb: UInt8Array) -> BoolArray:
    """Black pixels joined to the picture's border, with the smeared pixels next to them."""
    dark = (rgb.max(axis=2) < PADDING_VALUE).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(dark)
    edge = set(np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])).tolist()) - {0}
    # Single pixels are shadow; padding is a wedge or a bar.
    kept = [index for index in edge if stats[index, cv2.CC_STAT_AREA] > 0.002 * dark.size]
    if count == 1 or not kept:
        return np.zeros(dark.shape, np.bool_)
    padding = np.isin(labels, kept).astype(np.uint8)
    return np.asarray(cv2.dilate(padding, _disc(max(2, round(0.006 * max(dark.shape))))), np.bool_)


def _weighted_distance(lab: FloatArray, centre: FloatArray) -> FloatArray:
    difference = lab - centre
    weights = np.array([LIGHTNESS_WEIGHT, 1, 1], np.float32)
    return np.asarray(np.sqrt(((difference * weights) ** 2).sum(axis=-1)), np.float32)


def _disc(radius: int) -> UInt8Array:
    return np.asarray(
        cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)), np.uint8
    )
