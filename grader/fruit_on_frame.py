"""What the network says on its grid -> one fruit on the pixels of the frame: outline and class of each pixel."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from grader.defect_kinds import kind_of_each_blemish
from grader.outline import largest_part
from grader.types import BoolArray, Box, Crop, FloatArray, Frame, FruitView, SurfaceClass, UInt8Array

FIRST_DEFECT_CHANNEL = 4
"""Channels of `surface` before it are background, sound skin, stem and calyx (the card is checked for that)."""
DEFECT_LEVEL, DEFECT_EXTENT = 0.9, 0.6
"""On the fruit, whose probability is 1, all kinds of defect together must be the first somewhere in a blemish, which
reaches as far as they are the second. Chosen on photographs (`val`) and simulated apples of the project's own with an
equal blend of two networks: 0.9 and 0.6 accuse 3.0 % of sound fruit and find 58 % of simulated blemishes, 80 % of what
is called is one; 0.55 for both accuses 5.2 % and finds 62 %, 57 % of what is called is one."""

WindowRect = tuple[int, int, int, int]
"""Left, top, width and height, in pixels of the frame, of what the network looked at; it may reach out of the frame."""


def lay_on_frame(
    frame: Frame,
    outputs: dict[str, FloatArray],
    window: WindowRect,
    *,
    own: BoolArray,
    background: FloatArray,
    touches_fruit: bool,
    kinds: Sequence[float],
    crop: Crop | None,
    surface_classes: tuple[SurfaceClass, ...],
) -> FruitView | None:
    """Put one fruit's outputs back onto the frame's pixels. None when nothing of it lies there.

    outputs: `surface` (channels, rows, columns) and `net` (1, rows, columns) over the window, 0-1. own: bool (rows,
    columns), this fruit. background: float32 (rows, columns), 0-1, that it is no fruit. kinds: mean probabilities, 0-1,
    of the channels of `crop` on the fruit. crop: the caller knows it; None: apple or melon, whichever is likelier.
    surface_classes: of the card.
    """
    left, top, window_w, window_h = window
    size_wh = (window_w, window_h)
    height, width = frame.rgb.shape[:2]
    first_row, first_col = max(-top, 0), max(-left, 0)
    in_frame = (slice(first_row, height - top), slice(first_col, width - left))
    mask = _enlarge(background, size_wh, in_frame) < 0.5
    if touches_fruit:
        mask &= _enlarge(own.astype(np.float32), size_wh, in_frame) > 0.5
    if not mask.any():
        return None
    mask = largest_part(mask).view(np.bool_)
    x0, y0, x1, y1 = _box_with_margin(mask)
    kept = (slice(first_row + y0, first_row + y1), slice(first_col + x0, first_col + x1))
    mask = np.ascontiguousarray(mask[y0:y1, x0:x1])
    classes, confidence = _classes(outputs["surface"], surface_classes, mask, size_wh, kept)
    kind = crop or (Crop.APPLE if kinds[1] >= kinds[2] else Crop.MELON)
    box = (left + kept[1].start, top + kept[0].start, left + kept[1].stop, top + kept[0].stop)
    return FruitView(
        frame_id=frame.frame_id,
        fruit_index=0,
        crop=kind,
        crop_confidence=min(1.0, _confidence(kinds, kind)),
        rgb=np.ascontiguousarray(frame.rgb[box[1] : box[3], box[0] : box[2]]),
        mask=mask,
        surface=classes,
        confidence=confidence,
        net_cover=_enlarge(outputs["net"][0], size_wh, kept),
        box_xyxy_px=box,
        frame_hw=(height, width),
        touches_edge=_touches_edge(mask, box, (height, width)),
        touches_fruit=touches_fruit,
    )


def _confidence(kinds: Sequence[float], crop: Crop) -> float:
    """That it is of this crop, as far as a network says; of a crop it does not know: that it is anything."""
    if crop is Crop.APPLE:
        return kinds[1]
    return kinds[2] if crop is Crop.MELON else sum(kinds[1:4])


def _enlarge(grid: FloatArray, size_wh: tuple[int, int], part: tuple[slice, slice]) -> FloatArray:
    """A part (rows, columns) of an output of the network, (h, w), spread smoothly over so many pixels."""
    larger = cv2.resize(grid, size_wh, interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(larger[part], np.float32)


def _classes(
    surface: FloatArray,
    values: tuple[SurfaceClass, ...],
    mask: BoolArray,
    size_wh: tuple[int, int],
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
    background, stem, calyx, defect = (_enlarge(grid, size_wh, part) for grid in grids)
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
        larger = cv2.resize(kinds, size_wh, interpolation=cv2.INTER_NEAREST)[part]
        blemished = larger * (defect > DEFECT_EXTENT * fruit).view(np.uint8)
        np.maximum(best, defect * (blemished > 0), out=best)
        np.maximum(classes, blemished, out=classes)
    np.maximum(classes, np.uint8(SurfaceClass.SOUND_SKIN), out=classes)
    classes *= mask.view(np.uint8)
    np.maximum(fruit, np.float32(1e-3), out=fruit)
    confidence = np.divide(best, fruit, out=best)
    return classes, np.clip(confidence, 0.0, 1.0, out=confidence)


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
