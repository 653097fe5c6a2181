"""Scores of single pictures, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from training.box_files import LabelledBox
from training.picture_scores import box_iou, mean_iou, mean_of, overlap, pooled_iou


def test_pooled_and_mean_overlap_weigh_pictures_otherwise() -> None:
    found, wanted = np.zeros((4, 4), np.bool_), np.zeros((4, 4), np.bool_)
    found[:2], wanted[1:] = True, True
    assert overlap(found, wanted) == (4.0, 16.0)
    rows = np.array([[4.0, 16.0], [1.0, 1.0], [0.0, 0.0]])
    assert pooled_iou(rows) == pytest.approx(5 / 17)
    assert mean_iou(rows) == pytest.approx((0.25 + 1 + 0) / 3)
    assert pooled_iou(np.zeros((1, 2))) == 0.0
    assert mean_of(rows) == pytest.approx(22 / 6)


@pytest.mark.parametrize(
    ("other", "wanted"),
    [
        ((0, 0, 10, 10), 1.0),
        ((5, 0, 15, 10), 50 / 150),
        ((10, 0, 20, 10), 0.0),  # they touch
        ((2, 2, 4, 4), 0.04),
    ],
)
def test_boxes_overlap(other: tuple[int, int, int, int], wanted: float) -> None:
    box = LabelledBox(name="apple", box_xyxy_px=(0, 0, 10, 10))
    assert box_iou(box, other) == pytest.approx(wanted)
