"""The first look: the whole frame, small. Where apples and melons are, and touching ones apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grader.onnx_model import OnnxModel
from grader.preprocess import to_tensor
from grader.shrink import shrink
from grader.touching import split_touching
from grader.types import BoolArray, Crop, Frame

FRUIT_LEVEL = 0.5
"""A pixel is fruit when apple and melon together are likelier than not."""
SMALLEST_PX = 6
"""Fruit smaller than this across in the first look (of about 256) are not judged."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """A fruit of the first look. mask: bool on its grid. scale: frame pixels per grid cell (x, y)."""

    mask: BoolArray
    scale_xy: tuple[float, float]


def first_look(frame: Frame, model: OnnxModel, crop: Crop | None = None) -> list[Found]:
    """Every apple and melon of a frame, as far as the network sees it in few pixels; order is not defined.

    crop: when the caller knows it. Of one that the network does not know everything that is no background is found.
    """
    height, width = frame.rgb.shape[:2]
    spec = model.card.input
    ratio = spec.find_side_px / max(height, width)
    small_hw = (max(round(height * ratio), 1), max(round(width * ratio), 1))
    small = shrink(frame.rgb, (small_hw[1], small_hw[0]))
    outputs = model.find(to_tensor(small, spec))
    stride = model.card.strides["crop"]
    rows, cols = -(-small_hw[0] // stride), -(-small_hw[1] // stride)
    kinds = outputs["crop"][0, :, :rows, :cols]
    inside = outputs["inside"][0, 0, :rows, :cols]
    fruit = kinds[1] + kinds[2] if model.card.knows(crop) else 1 - kinds[0]
    labels = split_touching(fruit > FRUIT_LEVEL, inside, max(SMALLEST_PX // stride, 1))
    scale_xy = (width / small_hw[1] * stride, height / small_hw[0] * stride)
    return [Found(mask=labels == number, scale_xy=scale_xy) for number in np.unique(labels[labels > 0])]
