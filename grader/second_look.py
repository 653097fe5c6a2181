"""The second look: each fruit at the same size, whatever its size in the frame. Its outline, and for each pixel sound
skin, stem, calyx or defect."""

from __future__ import annotations

import cv2
import numpy as np

from grader.defect_kinds import kind_of_each_blemish
from grader.first_look import Found
from grader.onnx_model import OnnxModel
from grader.other_produce import is_other_produce
from grader.outline import largest_part
from grader.preprocess import PAD_RGB, to_tensor
from grader.shrink import shrink
from grader.touching import split_touching
from grader.types import (
    BoolArray,
    Box,
    Crop,
    FloatArray,
    Frame,
    FruitView,
    SurfaceClass,
    UInt8Array,
)

Window = tuple[int, int, int]
"""Left, top and side, in pixels of the frame, of the square that is looked at; it may reach out of the frame."""

CROP_LEVEL = 0.6
"""A fruit must look this much like apple or melon over its whole surface, on average: chosen on photographs (`val`),
where of 144 apples in camera scenes the least has 0.74. Higher would leave more oranges alone and lose apples under a
strong colour cast."""
OTHER_OBJECT = 3
"""Channel of `crop` for things that are neither apple nor melon."""
FIRST_DEFECT_CHANNEL = 4
"""Channels of `surface` before it are background, sound skin, stem and calyx (the card is checked for that)."""
DEFECT_LEVEL, DEFECT_EXTENT = 0.9, 0.6
"""On the fruit, whose probability is 1, all kinds of defect together must be the first somewhere in a blemish, which
reaches as far as they are the second. Chosen on photographs (`val`) and simulated apples of the project's own with an
equal blend of two networks: 0.9 and 0.6 accuse 3.0 % of sound fruit and find 58 % of simulated blemishes, 80 % of what
is called is one; 0.55 for both accuses 5.2 % and finds 62 %, 57 % of what is called is one."""
LARGEST_BATCH = 4
"""Fruit looked at in one call of the network; bounds memory on frames full of fruit."""


def second_look(
    frame: Frame,
    model: OnnxModel,
    found: list[Found],
    windows: list[Window],
    crop: Crop | None,
) -> list[FruitView | None]:
    """Each fruit of the first look in its window; None for what is no apple or melon there."""
    spec = model.card.input
    views: list[FruitView | None] = []
    for start in range(0, len(found), LARGEST_BATCH):
        part = slice(start, start + LARGEST_BATCH)
        tensors = []
        for left, top, side in windows[part]:
            cut = _cut(frame.rgb, left, top, side)
            tensors.append(to_tensor(shrink(cut, (spec.fruit_side_px,) * 2), spec))
        outputs = model.run(np.concatenate(tensors))
        for number, (item, window) in enumerate(zip(found[part], windows[part], strict=True)):
            single = {name: value[number] for name, value in outputs.items()}
            views.append(_view(frame, model, item, window, tensors[number], single, crop))
    return views


def _view(
    frame: Frame,
    model: OnnxModel,
    found: Found,
    window: Window,
    tensor: FloatArray,
    outputs: dict[str, FloatArray],
    crop: Crop | None,
) -> FruitView | None:
    """Put one fruit's outputs back onto the frame's pixels. None when the second look sees no apple or melon."""
    surface = outputs["surface"]
    kind_map = cv2.resize(outputs["crop"].transpose(1, 2, 0), surface.shape[:0:-1])
    background = np.maximum(surface[0], kind_map[:, :, OTHER_OBJECT])  # a banana beside the apple is no skin
    own, touches_fruit = _own_part(background < 0.5, outputs["inside"][0], found, window)
    if not own.any():
        return None
    kinds = cv2.mean(kind_map, own.view(np.uint8))
    ours = kinds[1] + kinds[2]  # a rotten apple may look as much like a melon, and is a fruit all the same
    if ours < CROP_LEVEL or is_other_produce(model, ours, tensor, own):
        return None
    kind = crop or (Crop.APPLE if kinds[1] >= kinds[2] else Crop.MELON)

    left, top, side = window
    height, width = frame.rgb.shape[:2]
    first_row, first_col = max(-top, 0), max(-left, 0)
    in_frame = (slice(first_row, height - top), slice(first_col, width - left))
    mask = _enlarge(background, side, in_frame) < 0.5
    if touches_fruit:
        mask &= _enlarge(own.astype(np.float32), side, in_frame) > 0.5
    if not mask.any():
        return None
    mask = largest_part(mask).view(np.bool_)
    x0, y0, x1, y1 = _box_with_margin(mask)
    kept = (slice(first_row + y0, first_row + y1), slice(first_col + x0, first_col + x1))
    mask = np.ascontiguousarray(mask[y0:y1, x0:x1])
    classes, confidence = _classes(surface, model.card.surface_classes, mask, side, kept)
    box = (left + kept[1].start, top + kept[0].start, left + kept[1].stop, top + kept[0].stop)
    return FruitView(
        frame_id=frame.frame_id,
        fruit_index=0,
        crop=kind,
        crop_confidence=min(1.0, kinds[1] if kind is Crop.APPLE else kinds[2]),
        rgb=np.ascontiguousarray(frame.rgb[box[1] : box[3], box[0] : box[2]]),
        mask=mask,
        surface=classes,
        confidence=confidence,
        net_cover=_enlarge(outputs["net"][0], side, kept),
        box_xyxy_px=box,
        frame_hw=(height, width),
        touches_edge=_touches_edge(mask, box, (height, width)),
        touches_fruit=touches_fruit,
    )


def _enlarge(grid: FloatArray, side: int, part: tuple[slice, slice]) -> FloatArray:
    """A part (rows, columns) of an output of the network, (h, w), spread smoothly over side x side pixels."""
    larger = cv2.resize(grid, (side, side), interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(larger[part], np.float32)


def _classes(
    surface: FloatArray,
    values: tuple[SurfaceClass, ...],
    mask: BoolArray,
    side: int,
    part: tuple[slice, slice],
) -> tuple[UInt8Array, FloatArray]:
    """`SurfaceClass` of each pixel of `mask` (h, w) and how sure it is, 0-1.

    A pixel is a defect when that is clearly likelier than skin, stem and calyx together (`DEFECT_EXTENT`), in a blemish
    that is sure somewhere (`DEFECT_LEVEL`).

    surface: float32 (channels, rows, columns), probabilities of `values`. Skin, stem, calyx and all defects together
    are enlarged and compared there, so their borders are smooth; the kind of each blemish is decided on the grid.
    """
    defects = surface[FIRST_DEFECT_CHANNEL:]
    grids = (surface[0], surface[2], surface[3], defects.sum(axis=0))
    background, stem, calyx, defect = (_enlarge(grid, side, part) for grid in grids)
    fruit = 1.0 - background
    skin = fruit - stem
    skin -= calyx
    skin -= defect
    best = np.maximum(skin, stem)
    np.maximum(best, calyx, out=best)
    # Of equally likely ones the class of the greater value wins, so the greatest of all that reach `best` is the
    # class. A maximum is several times as fast as writing through masks.
    classes = (stem >= best).view(np.uint8) * np.uint8(SurfaceClass.STEM)
    np.maximum(classes, (calyx >= best).view(np.uint8) * np.uint8(SurfaceClass.CALYX), out=classes)
    likely = grids[3] / np.maximum(1 - surface[0], np.float32(1e-3))
    sure = likely > DEFECT_LEVEL
    if sure.any():
        kinds = kind_of_each_blemish(defects, likely > DEFECT_EXTENT, sure, values[FIRST_DEFECT_CHANNEL:])
        larger = cv2.resize(kinds, (side, side), interpolation=cv2.INTER_NEAREST)[part]
        blemished = larger * (defect > DEFECT_EXTENT * fruit).view(np.uint8)
        np.maximum(best, defect * (blemished > 0), out=best)
        np.maximum(classes, blemished, out=classes)
    np.maximum(classes, np.uint8(SurfaceClass.SOUND_SKIN), out=classes)
    classes *= mask.view(np.uint8)
    np.maximum(fruit, np.float32(1e-3), out=fruit)
    confidence = np.divide(best, fruit, out=best)
    return classes, np.clip(confidence, 0.0, 1.0, out=confidence)


def _own_part(fruit: BoolArray, inside: FloatArray, found: Found, window: Window) -> tuple[BoolArray, bool]:
    """The part of `fruit` (h, w) that is the fruit of the first look, and whether another one adjoins it."""
    left, top, side = window
    rows, cols = fruit.shape
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


def _box_with_margin(mask: BoolArray) -> Box:
    """Half-open box around the fruit of a mask with a small margin, within the mask."""
    x, y, width, height = cv2.boundingRect(mask.view(np.uint8))
    margin = max(4, (height - 1) // 16)
    rows, cols = mask.shape
    return (
        max(x - margin, 0),
        max(y - margin, 0),
        min(x + width + margin, cols),
        min(y + height + margin, rows),
    )


def _touches_edge(mask: BoolArray, box: Box, frame_hw: tuple[int, int]) -> bool:
    """More than 4 % of the fruit's extent lies on the border of the frame."""
    x0, y0, x1, y1 = box
    height, width = frame_hw
    longest = 0
    if x0 == 0:
        longest = max(longest, int(mask[:, 0].sum()))
    if y0 == 0:
        longest = max(longest, int(mask[0].sum()))
    if x1 == width:
        longest = max(longest, int(mask[:, -1].sum()))
    if y1 == height:
        longest = max(longest, int(mask[-1].sum()))
    return longest > 0.04 * max(cv2.boundingRect(mask.view(np.uint8))[2:])


def _cut(rgb: UInt8Array, left: int, top: int, side: int) -> UInt8Array:
    """A square of the frame; what lies outside the frame is `PAD_RGB`."""
    height, width = rgb.shape[:2]
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + side, width), min(top + side, height)
    cut = rgb[y0:y1, x0:x1]
    if cut.shape[:2] == (side, side):
        return cut
    sides = (y0 - top, top + side - y1, x0 - left, left + side - x1)
    return np.asarray(cv2.copyMakeBorder(cut, *sides, cv2.BORDER_CONSTANT, value=PAD_RGB), np.uint8)
