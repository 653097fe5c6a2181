"""What one picture scores, and how the scores of many become one number."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grader.grade_command import index_mask
from grader.pipeline import GradedFrame
from grader.types import FIRST_DEFECT_VALUE, BoolArray, Box, Crop, DefectKind, FruitView
from training.box_files import LabelledBox

FALSE_DEFECT_SHARE = 0.005
"""A sound fruit counts as falsely accused when its defects cover more of its seen surface than this."""


def overlap(found: BoolArray, wanted: BoolArray) -> tuple[float, float]:
    """Pixels in both and pixels in either."""
    return float((found & wanted).sum()), float((found | wanted).sum())


def pooled_iou(rows: NDArray[np.float64]) -> float:
    """Rows of `overlap` -> intersection over union of all pixels together, 0 without any."""
    return float(rows[:, 0].sum() / max(rows[:, 1].sum(), 1))


def mean_iou(rows: NDArray[np.float64]) -> float:
    """Rows of `overlap` -> mean of the intersections over union of the pictures."""
    return float((rows[:, 0] / np.maximum(rows[:, 1], 1)).mean())


def mean_of(rows: NDArray[np.float64]) -> float:
    """Mean of all numbers."""
    return float(rows.mean())


def kinds_of(graded: GradedFrame) -> str:
    """The kinds of defect called in a picture, the largest first, joined by commas."""
    pixels: dict[str, int] = {}
    index = index_mask(graded)
    for kind in DefectKind:
        if count := int(np.count_nonzero(index == kind.surface_class)):
            pixels[str(kind)] = count
    return ", ".join(sorted(pixels, key=lambda name: -pixels[name]))


def false_defect_share(view: FruitView) -> float:
    """Pixels called any defect over the pixels of the fruit."""
    return float((view.surface >= FIRST_DEFECT_VALUE).sum() / max(view.mask.sum(), 1))


def main_crop(graded: GradedFrame) -> Crop | None:
    """The crop of the largest fruit that was found; None without any."""
    if not graded.views:
        return None
    return max(graded.views, key=lambda view: int(view.mask.sum())).crop


def box_iou(box: LabelledBox, other: Box) -> float:
    """Intersection over union of two boxes."""
    a = box.box_xyxy_px
    w = min(a[2], other[2]) - max(a[0], other[0])
    h = min(a[3], other[3]) - max(a[1], other[1])
    if w <= 0 or h <= 0:
        return 0.0
    union = (a[2] - a[0]) * (a[3] - a[1]) + (other[2] - other[0]) * (other[3] - other[1]) - w * h
    return w * h / union
