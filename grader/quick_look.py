"""The quick look: the largest fruit of a frame in few pixels by a small network. Outline, colour and suspicion.

A line shows every fruit ten times and more. The quick look is taken at every view and costs a tenth of the two looks of
`find_fruit`; it says which views are worth a close look.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from grader.first_look import FRUIT_LEVEL, Found
from grader.fruit_on_frame import FIRST_DEFECT_CHANNEL, lay_on_frame
from grader.onnx_model import OnnxModel
from grader.preprocess import to_tensor
from grader.reduced import ReducedPart
from grader.second_look import background_of, cut_out, window_around
from grader.shrink import shrink
from grader.types import BoolArray, Crop, FloatArray, Frame, FruitView, UInt8Array

SMALLEST_CELLS = 12
"""Fruit of fewer cells of the grid of `surface` are not judged: a thirteenth of the frame across."""
NEIGHBOUR_SHARE = 0.25
"""Another part of at least this share of the largest is perhaps a second fruit: the view is doubtful."""
LEAST_FILL = 0.94
"""Least area of a single fruit over that of its convex hull. Less: two fruit, or not only fruit."""
SURE_LEVEL = 0.8
"""Mean probability of apple or melon below which the view is doubtful."""
BORDER_PX = 2
SUSPICIOUS_CELLS = 4
"""Suspicion is the mean over so many cells of the grid of `surface`, the most suspicious ones."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QuickView:
    """What the quick look sees of the largest fruit of a frame.

    view: the fruit in pixels of `part`, the square that the network was shown. found: the same fruit as the first look
    would give it, in the frame. suspicion: 0-1, probability of defect where it is largest. doubtful: perhaps more than
    one fruit, or not surely one of the crops, or cut off: only a close look can tell. notes: quality flags of the whole
    frame, sorted.
    """

    view: FruitView
    part: ReducedPart
    found: Found
    suspicion: float
    doubtful: bool
    notes: tuple[str, ...] = ()

    def of_frame(self, times: float, notes: tuple[str, ...]) -> QuickView:
        """The same in a frame with so many times more pixels a side."""
        x, y = self.found.scale_xy
        found = replace(self.found, scale_xy=(x * times, y * times))
        return replace(self, part=self.part.of_frame(times), found=found, notes=notes)


def quick_look(frame: Frame, model: OnnxModel, crop: Crop | None = None) -> QuickView | None:
    """The largest fruit of a frame; None where there is none.

    model: the small network. It sees the frame at its `find_side_px`, then the largest fruit alone at its
    `fruit_side_px`. crop: when the caller knows what runs on the line.
    """
    spec = model.card.input
    found, alone = _largest(frame, model)
    if found is None:
        return None
    left, top, side = window_around(found)
    size_wh = (spec.fruit_side_px, spec.fruit_side_px)
    shown = replace(frame, rgb=shrink(cut_out(frame.rgb, left, top, side), size_wh), whole_hw=None)
    part = ReducedPart(left_px=left, top_px=top, times=side / spec.fruit_side_px)
    tensor = to_tensor(shown.rgb, spec)
    outputs = {name: value[0] for name, value in model.run(tensor).items()}
    surface = outputs["surface"]
    kind_map = np.asarray(cv2.resize(outputs["crop"].transpose(1, 2, 0), surface.shape[:0:-1]), np.float32)
    known = model.card.knows(crop)
    background = background_of(surface[0], kind_map, known=known)
    own, areas = _largest_part(background < 1 - FRUIT_LEVEL)
    if areas.size == 0:
        return None
    kinds = cv2.mean(kind_map, own.view(np.uint8))
    ours = kinds[1] + kinds[2]
    view = lay_on_frame(
        shown,
        outputs,
        (0, 0, *size_wh),
        own=own,
        background=background,
        touches_fruit=False,
        kinds=kinds,
        crop=crop,
        surface_classes=model.card.surface_classes,
    )
    if view is None:
        return None
    return QuickView(
        view=view,
        part=part,
        found=found,
        suspicion=_suspicion(surface, own),
        doubtful=not alone
        or (known and ours < SURE_LEVEL)
        or view.touches_edge
        or _at_border(view, part, frame.rgb.shape[:2])
        or _fill(own) < LEAST_FILL,
    )


def _largest(frame: Frame, model: OnnxModel) -> tuple[Found | None, bool]:
    """The largest fruit of the whole frame, and whether there is no other that is nearly as large."""
    height, width = frame.rgb.shape[:2]
    spec = model.card.input
    ratio = spec.find_side_px / max(height, width)
    # Both sides to what the network takes without padding: a frame of 4:3 is shown an eighth lower, for a third less.
    small_h, small_w = (
        max(round(side * ratio / spec.multiple), 1) * spec.multiple for side in (height, width)
    )
    surface = model.run(to_tensor(_shrink_by_halves(frame.rgb, (small_w, small_h)), spec))["surface"][0]
    stride = model.card.strides["surface"]
    own, areas = _largest_part(surface[0] < 1 - FRUIT_LEVEL)
    if areas.size == 0 or areas.max() < SMALLEST_CELLS:
        return None, False
    scale_xy = (width / small_w * stride, height / small_h * stride)
    alone = np.count_nonzero(areas >= NEIGHBOUR_SHARE * areas.max()) == 1
    return Found(mask=own, scale_xy=scale_xy), alone


def _shrink_by_halves(rgb: UInt8Array, size_wh: tuple[int, int]) -> UInt8Array:
    """As `shrink`, by area to the half as often as that fits: a third of the time of the mean over three by three."""
    while min(rgb.shape[1] // size_wh[0], rgb.shape[0] // size_wh[1]) > 1:
        half = (rgb.shape[1] // 2, rgb.shape[0] // 2)
        rgb = np.asarray(cv2.resize(rgb, half, interpolation=cv2.INTER_AREA), np.uint8)
    return shrink(rgb, size_wh)


def _largest_part(fruit: BoolArray) -> tuple[BoolArray, NDArray[np.int32]]:
    """The largest connected part, and the cells of every part."""
    _, parts, stats, _ = cv2.connectedComponentsWithStats(fruit.view(np.uint8), connectivity=4)
    areas = np.asarray(stats[1:, cv2.CC_STAT_AREA], np.int32)
    return np.asarray(parts == (int(areas.argmax()) + 1 if areas.size else -1)), areas


def _suspicion(surface: FloatArray, own: BoolArray) -> float:
    """Mean probability of defect over the most suspicious cells of the fruit, less its rim of one cell."""
    inner = cv2.erode(own.view(np.uint8), np.ones((3, 3), np.uint8)).view(np.bool_)
    likely = surface[FIRST_DEFECT_CHANNEL:].sum(axis=0)[inner]
    if likely.size <= SUSPICIOUS_CELLS:
        return 1.0
    return float(np.partition(likely, -SUSPICIOUS_CELLS)[-SUSPICIOUS_CELLS:].mean())


def _at_border(view: FruitView, part: ReducedPart, frame_hw: tuple[int, ...]) -> bool:
    """Whether the fruit comes within `BORDER_PX` of the border of the frame: a cell there is half background."""
    x, y, width, height = cv2.boundingRect(view.mask.view(np.uint8))
    left, top = view.box_xyxy_px[0] + x, view.box_xyxy_px[1] + y
    x0, y0, x1, y1 = part.box((left, top, left + width, top + height))
    return min(x0, y0, frame_hw[1] - x1, frame_hw[0] - y1) < BORDER_PX


def _fill(own: BoolArray) -> float:
    contours, _ = cv2.findContours(own.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(contours, key=cv2.contourArea)
    return cv2.contourArea(outline) / max(cv2.contourArea(cv2.convexHull(outline)), 1.0)
