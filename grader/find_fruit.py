"""Frame -> FruitViews. The network finds the fruit; touching ones are split; each is looked at again, larger.

Two looks of one network. The first sees the whole frame, small, and says where apples and melons are and how far
inside its own fruit each pixel lies; a watershed on that splits touching fruit. The second sees every fruit at
the same size, whatever its size in the frame, and says sound skin, stem, calyx or defect for each pixel. What is
doubtful then is looked at a third time with more of its surroundings.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from grader.first_look import Found, first_look
from grader.onnx_model import OnnxModel
from grader.second_look import Window, second_look, window_around
from grader.types import Crop, Frame, FruitView

SMALLEST_SHARE = 0.03
"""Area of the smallest fruit over the largest of one frame: fruit on one line differ by 2 in diameter, 4 in area; a
crate seen at a slant by 5 in diameter, 25 in area."""
DOUBT_LEVEL = 0.9
"""Below this confidence of the crop a fruit is looked at once more with more around it: a brown patch of a banana or
the tip of its stem looks like an apple until the banana is seen. Of apples in camera scenes 4 in 100 are below."""
WIDER = 1.8
"""Side of that look over the side of the second."""


def find_fruit(frame: Frame, model: OnnxModel, crop: Crop | None = None) -> tuple[FruitView, ...]:
    """All apples and melons of a frame, from left to right, top first where columns tie.

    crop: when the caller knows what runs on the line, every fruit found is of this crop.
    """
    return look_again(frame, model, first_look(frame, model, crop), crop)


def look_again(
    frame: Frame,
    model: OnnxModel,
    found: list[Found],
    crop: Crop | None = None,
    *,
    surely: bool = False,
    alone: bool = False,
) -> tuple[FruitView, ...]:
    """The fruit of a first look seen closely: the second look at each, the third at what is doubtful.

    As `find_fruit`, whose first look may have been another one, such as the quick look of a line. surely: nothing but
    fruit of the crop can be there; then no second opinion is asked, and only what its window cuts is looked at again.
    alone: no fruit touches another.
    """
    windows = [window_around(item) for item in found]
    views = second_look(frame, model, found, windows, crop, second_opinion=not surely, alone=alone)
    doubt = _cut_off if surely else _in_doubt
    doubtful = [(n, view) for n, view in enumerate(views) if view is not None and doubt(view)]
    around = [_widened(windows[n]) for n, _ in doubtful]
    doubted = [found[n] for n, _ in doubtful]
    wider = second_look(frame, model, doubted, around, crop, second_opinion=not surely, alone=alone)
    for (number, view), again in zip(doubtful, wider, strict=True):
        if again is None or _cut_off(again):  # it is a piece of something larger
            views[number] = None
        elif _cut_off(view):
            views[number] = again
    kept = _without_crumbs(_without_doubles([view for view in views if view is not None]))
    kept.sort(key=lambda view: (view.box_xyxy_px[0], view.box_xyxy_px[1]))
    return tuple(replace(view, fruit_index=index) for index, view in enumerate(kept))


def _widened(window: Window) -> Window:
    left, top, side = window
    more = round(side * (WIDER - 1) / 2)
    return left - more, top - more, side + 2 * more


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
