"""Frame -> FruitViews. The network finds the fruit; touching ones are split; each is looked at again, larger.

Two looks of one network. The first sees the whole frame, small, and says where apples and melons are and how far
inside its own fruit each pixel lies; a watershed on that splits touching fruit. The second sees every fruit at
the same size, whatever its size in the frame, and says sound skin, stem, calyx or defect for each pixel. What is
doubtful then is looked at a third time with more of its surroundings.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from grader.onnx_model import OnnxModel
from grader.other_produce import is_other_produce
from grader.outline import largest_part
from grader.preprocess import PAD_RGB, to_tensor
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

FRUIT_LEVEL = 0.5
"""A pixel is fruit when apple and melon together are likelier than not."""
CROP_LEVEL = 0.6
"""A fruit must look this much like one crop over its whole surface, on average: chosen on photographs (`val`), where
apples have 0.89 and more. Higher would leave more oranges alone and lose apples under a strong colour cast."""
OTHER_OBJECT = 3
"""Channel of `crop` for things that are neither apple nor melon."""
SMALLEST_PX = 6
"""Fruit smaller than this across in the first pass (of about 256) are not judged."""
MARGIN = 1.2
"""Side of the second look over the fruit's extent: background on all sides tells where the fruit ends."""
FIRST_DEFECT_CHANNEL = 4
"""Channels of `surface` before it are background, sound skin, stem and calyx (the card is checked for that)."""
DEFECT_LEVEL = 0.5
"""All kinds of defect together must be likelier than everything sound together; the probability of the fruit is 1."""
SMALLEST_SHARE = 0.03
"""Area of the smallest fruit over the largest of one frame: fruit on one line differ by 2 in diameter, 4 in area; a
crate seen at a slant by 5 in diameter, 25 in area."""
DOUBT_LEVEL = 0.9
"""Below this confidence of the crop a fruit is looked at once more with more around it: a brown patch of a banana or
the tip of its stem looks like an apple until the banana is seen. Of apples in camera scenes 2 in 100 are below."""
WIDER = 1.8
"""Side of that look over the side of the second."""
LARGEST_BATCH = 4
"""Fruit looked at in one call of the network; bounds memory on frames full of fruit."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Found:
    """A fruit of the first pass. mask: bool on the first pass's grid. scale: frame pixels per grid cell (x, y)."""

    mask: BoolArray
    scale_xy: tuple[float, float]


def find_fruit(frame: Frame, model: OnnxModel, crop: Crop | None = None) -> tuple[FruitView, ...]:
    """All apples and melons of a frame, from left to right, top first where columns tie.

    crop: when the caller knows what runs on the line, every fruit found is of this crop.
    """
    found = _first_pass(frame, model)
    windows = [_window(item) for item in found]
    views = _look(frame, model, found, windows, crop)
    doubtful = [n for n, view in enumerate(views) if view is not None and _in_doubt(view)]
    wider = _look(frame, model, [found[n] for n in doubtful], [_widened(windows[n]) for n in doubtful], crop)
    for number, view in zip(doubtful, wider, strict=True):
        if view is None or _cut_off(views[number]):
            views[number] = view
    kept = _without_crumbs(_without_doubles([view for view in views if view is not None]))
    kept.sort(key=lambda view: (view.box_xyxy_px[0], view.box_xyxy_px[1]))
    return tuple(replace(view, fruit_index=index) for index, view in enumerate(kept))


def _first_pass(frame: Frame, model: OnnxModel) -> list[_Found]:
    height, width = frame.rgb.shape[:2]
    spec = model.card.input
    ratio = spec.find_side_px / max(height, width)
    small_hw = (max(round(height * ratio), 1), max(round(width * ratio), 1))
    small = _resize(frame.rgb, (small_hw[1], small_hw[0]))
    outputs = model.find(to_tensor(small, spec))
    stride = model.card.strides["crop"]
    rows, cols = -(-small_hw[0] // stride), -(-small_hw[1] // stride)
    kinds = outputs["crop"][0, :, :rows, :cols]
    inside = outputs["inside"][0, 0, :rows, :cols]
    labels = split_touching(kinds[1] + kinds[2] > FRUIT_LEVEL, inside, max(SMALLEST_PX // stride, 1))
    scale_xy = (width / small_hw[1] * stride, height / small_hw[0] * stride)
    return [_Found(mask=labels == number, scale_xy=scale_xy) for number in np.unique(labels[labels > 0])]


def _window(found: _Found) -> tuple[int, int, int]:
    """Left, top and side in frame pixels of the square to look at again."""
    rows, cols = np.nonzero(found.mask)
    scale_x, scale_y = found.scale_xy
    x0, x1 = cols.min() * scale_x, (cols.max() + 1) * scale_x
    y0, y1 = rows.min() * scale_y, (rows.max() + 1) * scale_y
    side = max(int(np.ceil(max(x1 - x0, y1 - y0) * MARGIN)), 8)
    return round(float(x0 + x1 - side) / 2), round(float(y0 + y1 - side) / 2), side


def _look(
    frame: Frame,
    model: OnnxModel,
    found: list[_Found],
    windows: list[tuple[int, int, int]],
    crop: Crop | None,
) -> list[FruitView | None]:
    """The second look at each fruit in its window; None for what is no fruit there."""
    spec = model.card.input
    views: list[FruitView | None] = []
    for start in range(0, len(found), LARGEST_BATCH):
        part = slice(start, start + LARGEST_BATCH)
        tensors = []
        for left, top, side in windows[part]:
            cut = _cut(frame.rgb, left, top, side)
            tensors.append(to_tensor(_resize_window(cut, spec.fruit_side_px), spec))
        outputs = model.run(np.concatenate(tensors))
        for number, (item, window) in enumerate(zip(found[part], windows[part], strict=True)):
            single = {name: value[number] for name, value in outputs.items()}
            views.append(_view(frame, model, item, window, tensors[number], single, crop))
    return views


def _in_doubt(view: FruitView) -> bool:
    """Worth a third look: not surely one crop, or larger than its window, as a piece of something larger is."""
    return view.crop_confidence < DOUBT_LEVEL or _cut_off(view)


def _cut_off(view: FruitView) -> bool:
    """The fruit goes on beyond its window. A box has a margin unless window or frame end there."""
    x0, y0, x1, y1 = view.box_xyxy_px
    height, width = view.frame_hw
    mask = view.mask
    ends = ((mask[:, 0], x0 > 0), (mask[0], y0 > 0), (mask[:, -1], x1 < width), (mask[-1], y1 < height))
    return any(inside and bool(line.any()) for line, inside in ends)


def _widened(window: tuple[int, int, int]) -> tuple[int, int, int]:
    left, top, side = window
    more = round(side * (WIDER - 1) / 2)
    return left - more, top - more, side + 2 * more


def _view(
    frame: Frame,
    model: OnnxModel,
    found: _Found,
    window: tuple[int, int, int],
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
    likelier = max(kinds[1], kinds[2])
    if likelier < CROP_LEVEL or is_other_produce(model, likelier, tensor, own):
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

    A pixel is a defect when that is likelier than skin, stem and calyx together (`DEFECT_LEVEL`).

    surface: float32 (channels, rows, columns), probabilities of `values`. Skin, stem, calyx and all defects together
    are enlarged and compared there, so their borders are smooth; the kind of a defect is decided on the grid.
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
    blemished = (defect > DEFECT_LEVEL * fruit).view(np.uint8)
    if blemished.any():
        np.maximum(best, defect * blemished, out=best)
        kinds = _likeliest(defects, values[FIRST_DEFECT_CHANNEL:])
        larger = cv2.resize(kinds, (side, side), interpolation=cv2.INTER_NEAREST)[part]
        np.maximum(classes, larger * blemished, out=classes)
    np.maximum(classes, np.uint8(SurfaceClass.SOUND_SKIN), out=classes)
    classes *= mask.view(np.uint8)
    np.maximum(fruit, np.float32(1e-3), out=fruit)
    confidence = np.divide(best, fruit, out=best)
    return classes, np.clip(confidence, 0.0, 1.0, out=confidence)


def _likeliest(grids: FloatArray, values: tuple[SurfaceClass, ...]) -> UInt8Array:
    """uint8 (h, w): of float32 (channels, h, w) the value of the greatest channel, the first where two are equal.

    Channel by channel: `argmax` over the first axis takes several times as long.
    """
    greatest, place = grids[0], np.zeros(grids.shape[1:], np.uint8)
    for channel, grid in enumerate(grids[1:], start=1):
        np.maximum(place, (grid > greatest).view(np.uint8) * np.uint8(channel), out=place)
        greatest = np.maximum(greatest, grid)
    return np.array(values, np.uint8)[place]


def _own_part(
    fruit: BoolArray, inside: FloatArray, found: _Found, window: tuple[int, int, int]
) -> tuple[BoolArray, bool]:
    """The part of `fruit` (h, w) that is the fruit of the first pass, and whether another one adjoins it."""
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


def _without_doubles(views: list[FruitView]) -> list[FruitView]:
    """Drop a view whose fruit is already another's: more than 60 % of the smaller one's pixels are shared."""
    kept: list[FruitView] = []
    for view in sorted(views, key=lambda view: -np.count_nonzero(view.mask)):
        if all(_shared(view, other) <= 0.6 for other in kept):
            kept.append(view)
    return kept


def _without_crumbs(views: list[FruitView]) -> list[FruitView]:
    """Drop what is far smaller than the largest fruit of the frame: stem tips, leaves, reflections."""
    smallest = SMALLEST_SHARE * max((np.count_nonzero(view.mask) for view in views), default=0)
    return [view for view in views if np.count_nonzero(view.mask) >= smallest]


def _shared(small: FruitView, large: FruitView) -> float:
    a, b = small.box_xyxy_px, large.box_xyxy_px
    x0, y0, x1, y1 = max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])
    if x0 >= x1 or y0 >= y1:
        return 0.0
    part_a = small.mask[y0 - a[1] : y1 - a[1], x0 - a[0] : x1 - a[0]]
    part_b = large.mask[y0 - b[1] : y1 - b[1], x0 - b[0] : x1 - b[0]]
    return float((part_a & part_b).sum()) / max(int(np.count_nonzero(small.mask)), 1)


def _cut(rgb: UInt8Array, left: int, top: int, side: int) -> UInt8Array:
    """A square of the frame; what lies outside the frame is `PAD_RGB`."""
    height, width = rgb.shape[:2]
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + side, width), min(top + side, height)
    cut = rgb[y0:y1, x0:x1]
    if cut.shape[:2] == (side, side):
        return cut
    sides = (y0 - top, top + side - y1, x0 - left, left + side - x1)
    return np.asarray(cv2.copyMakeBorder(cut, *sides, cv2.BORDER_CONSTANT, value=PAD_RGB), np.uint8)


def _resize(rgb: UInt8Array, size_wh: tuple[int, int]) -> UInt8Array:
    """Area average when shrinking (no pixel is skipped), bilinear when enlarging."""
    shrink = size_wh[0] < rgb.shape[1]
    resized = cv2.resize(rgb, size_wh, interpolation=cv2.INTER_AREA if shrink else cv2.INTER_LINEAR)
    return np.asarray(resized, np.uint8)


def _resize_window(rgb: UInt8Array, side: int) -> UInt8Array:
    """A square window at the side of the second look: by area down to less than twice that, bilinear from there.

    A bilinear step of less than 2 still uses every pixel and takes a twentieth of the time of an area average; the
    masks of rot of real photographs are as good (`benchmarks/README.md`).
    """
    times = rgb.shape[0] // side
    if times > 1:
        rgb = _resize(rgb, (rgb.shape[1] // times, rgb.shape[0] // times))
    return np.asarray(cv2.resize(rgb, (side, side), interpolation=cv2.INTER_LINEAR), np.uint8)
