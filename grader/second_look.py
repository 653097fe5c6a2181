"""The second look: each fruit at the same size, whatever its size in the frame. Its outline, and for each pixel sound
skin, stem, calyx or defect."""

from __future__ import annotations

import cv2
import numpy as np

from grader.first_look import Found
from grader.fruit_on_frame import lay_on_frame
from grader.onnx_model import OnnxModel
from grader.other_produce import is_other_produce
from grader.preprocess import PAD_RGB, to_tensor
from grader.shrink import shrink
from grader.touching import split_touching
from grader.types import (
    BoolArray,
    Crop,
    FloatArray,
    Frame,
    FruitView,
    UInt8Array,
)

Window = tuple[int, int, int]
"""Left, top and side, in pixels of the frame, of the square that is looked at; it may reach out of the frame."""

MARGIN = 1.2
"""Side of the second look over the fruit's extent: background on all sides tells where the fruit ends."""
CROP_LEVEL = 0.6
"""A fruit must look this much like apple or melon over its whole surface, on average: chosen on photographs (`val`),
where of 144 apples in camera scenes the least has 0.74. Higher would leave more oranges alone and lose apples under a
strong colour cast."""
OTHER_OBJECT = 3
"""Channel of `crop` for things that are neither apple nor melon."""
LARGEST_BATCH = 4
"""Fruit looked at in one call of the network; bounds memory on frames full of fruit."""


def window_around(found: Found) -> Window:
    """Left, top and side in frame pixels of the square to look at again."""
    rows, cols = np.nonzero(found.mask)
    scale_x, scale_y = found.scale_xy
    x0, x1 = cols.min() * scale_x, (cols.max() + 1) * scale_x
    y0, y1 = rows.min() * scale_y, (rows.max() + 1) * scale_y
    side = max(int(np.ceil(max(x1 - x0, y1 - y0) * MARGIN)), 8)
    return round(float(x0 + x1 - side) / 2), round(float(y0 + y1 - side) / 2), side


def second_look(
    frame: Frame,
    model: OnnxModel,
    found: list[Found],
    windows: list[Window],
    crop: Crop | None,
    *,
    second_opinion: bool = True,
    alone: bool = False,
) -> list[FruitView | None]:
    """Each fruit of the first look in its window; None for what is no apple or melon there.

    second_opinion: ask whether it is other produce where the network is not sure of apple or melon. alone: no fruit
    touches another, so none is looked for in the windows.
    """
    spec = model.card.input
    views: list[FruitView | None] = []
    for start in range(0, len(found), LARGEST_BATCH):
        part = slice(start, start + LARGEST_BATCH)
        tensors = []
        for left, top, side in windows[part]:
            cut = cut_out(frame.rgb, left, top, side)
            tensors.append(to_tensor(shrink(cut, (spec.fruit_side_px,) * 2), spec))
        outputs = model.run(np.concatenate(tensors))
        for number, (item, window) in enumerate(zip(found[part], windows[part], strict=True)):
            single = {name: value[number] for name, value in outputs.items()}
            tensor = tensors[number] if second_opinion else None
            views.append(_view(frame, model, item, window, tensor, single, crop, alone))
    return views


def _view(
    frame: Frame,
    model: OnnxModel,
    found: Found,
    window: Window,
    tensor: FloatArray | None,
    outputs: dict[str, FloatArray],
    crop: Crop | None,
    alone: bool,
) -> FruitView | None:
    """Put one fruit's outputs back onto the frame's pixels. None when the second look sees no apple or melon.

    tensor: what was looked at, for the second opinion; None: it is not asked.
    """
    surface = outputs["surface"]
    kind_map = np.asarray(cv2.resize(outputs["crop"].transpose(1, 2, 0), surface.shape[:0:-1]), np.float32)
    known = model.card.knows(crop)
    background = background_of(surface[0], kind_map, known=known)
    own, touches_fruit = _own_part(background < 0.5, None if alone else outputs["inside"][0], found, window)
    if not own.any():
        return None
    kinds = cv2.mean(kind_map, own.view(np.uint8))
    ours = kinds[1] + kinds[2]  # a rotten apple may look as much like a melon, and is a fruit all the same
    if known and (ours < CROP_LEVEL or (tensor is not None and is_other_produce(model, ours, tensor, own))):
        return None

    left, top, side = window
    return lay_on_frame(
        frame,
        outputs,
        (left, top, side, side),
        own=own,
        background=background,
        touches_fruit=touches_fruit,
        kinds=kinds,
        crop=crop,
        surface_classes=model.card.surface_classes,
    )


def background_of(surface: FloatArray, kind_map: FloatArray, *, known: bool) -> FloatArray:
    """Probability (h, w) of each pixel that it is no fruit. surface: of the network that it is background.

    known: the crop is one of the network's, and a banana beside the apple is no skin. Otherwise whatever is there is
    taken for the fruit.
    """
    combine = (
        np.maximum(surface, kind_map[:, :, OTHER_OBJECT]) if known else np.minimum(surface, kind_map[:, :, 0])
    )
    return np.asarray(combine, np.float32)


def _own_part(
    fruit: BoolArray, inside: FloatArray | None, found: Found, window: Window
) -> tuple[BoolArray, bool]:
    """The part of `fruit` (h, w) that is the fruit of the first look, and whether another one adjoins it.

    inside: None where it is known that none does.
    """
    left, top, side = window
    rows, cols = fruit.shape
    if inside is None:
        labels = np.asarray(cv2.connectedComponents(fruit.view(np.uint8), connectivity=4)[1], np.int32)
    else:
        depth = np.asarray(cv2.resize(inside, (cols, rows), interpolation=cv2.INTER_LINEAR), np.float32)
        labels = split_touching(fruit, depth, max(rows // 16, 2))
    scale_x, scale_y = found.scale_xy
    x = ((left + (np.arange(cols) + 0.5) * side / cols) / scale_x).astype(int)
    y = ((top + (np.arange(rows) + 0.5) * side / rows) / scale_y).astype(int)
    seen_y = (y >= 0) & (y < found.mask.shape[0])
    seen_x = (x >= 0) & (x < found.mask.shape[1])
    before = np.zeros(fruit.shape, np.bool_)
    before[np.ix_(seen_y, seen_x)] = found.mask[np.ix_(y[seen_y], x[seen_x])]
    votes = np.bincount((labels * before).ravel())
    votes[0] = 0
    if not votes.any():
        return np.zeros(fruit.shape, np.bool_), False
    own = labels == votes.argmax()
    others = (labels > 0) & ~own
    ring = cv2.dilate(own.view(np.uint8), np.ones((5, 5), np.uint8)).view(np.bool_) & ~own
    touches = np.count_nonzero(others & ring) > 0.03 * max(int(np.count_nonzero(ring)), 1)
    return own, bool(touches)


def cut_out(rgb: UInt8Array, left: int, top: int, side: int) -> UInt8Array:
    """A square of the frame; what lies outside the frame is `PAD_RGB`."""
    height, width = rgb.shape[:2]
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + side, width), min(top + side, height)
    cut = rgb[y0:y1, x0:x1]
    if cut.shape[:2] == (side, side):
        return cut
    sides = (y0 - top, top + side - y1, x0 - left, left + side - x1)
    return np.asarray(cv2.copyMakeBorder(cut, *sides, cv2.BORDER_CONSTANT, value=PAD_RGB), np.uint8)
