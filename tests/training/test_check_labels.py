"""Faults of labels, at the edge of every limit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.training.labelled_sets import HW, ring
from training.box_files import LEAST_SIDE_PX
from training.check_labels import OUTSIDE_PX, label_problems
from training.labelled_picture import BoxShape, LabelledPicture, MaskShape, PolygonShape, Ring, Shape
from training.mask_runs import runs_of

HEIGHT, WIDTH = HW


def problems(shape: Shape, hw: tuple[int, int] | None = None) -> list[str]:
    picture = LabelledPicture(path=Path("a.jpg"), name="a.jpg", where="file: image 1", hw=hw, shapes=(shape,))
    return label_problems(picture, HW)


def box(*corners: float) -> BoxShape:
    x0, y0, x1, y1 = corners
    return BoxShape(name="rot", where="file: label 1", corners_xyxy_px=(x0, y0, x1, y1))


def outline(*rings: Ring) -> PolygonShape:
    return PolygonShape(name="rot", where="file: label 1", rings_xy_px=rings)


@pytest.mark.parametrize(
    ("corners", "message"),
    [
        ((10, 10, 10 + LEAST_SIDE_PX, 20), None),
        ((10, 10, 10 + LEAST_SIDE_PX - 0.6, 20), "expected a box of at least 4 px in both directions"),
        ((-OUTSIDE_PX, 10, 3, 20), "at least 4 px"),  # what is left of it inside
        ((10, 10, 10, 20), "at least 4 px"),
        ((20, 10, 10, 20), "at least 4 px"),
        ((-OUTSIDE_PX, 0, 20, 20), None),
        (
            (-OUTSIDE_PX - 0.01, 0, 20, 20),
            "expected a box inside the picture of 128x96 px, got (-2.0, 0.0, 20.0, 20.0)",
        ),
        ((0, 0, WIDTH + OUTSIDE_PX, HEIGHT + OUTSIDE_PX), None),
        ((0, 0, WIDTH, HEIGHT + OUTSIDE_PX + 0.01), "inside the picture"),
        ((0, 0, WIDTH + OUTSIDE_PX + 0.01, HEIGHT), "inside the picture"),
        ((0, -OUTSIDE_PX - 0.01, 20, 20), "inside the picture"),
    ],
)
def test_boxes(corners: tuple[float, ...], message: str | None) -> None:
    found = problems(box(*corners))
    if message is None:
        assert found == []
    else:
        (problem,) = found
        assert problem.startswith("file: label 1 ('rot'): ")
        assert message in problem


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (ring(), None),
        ([(10, 10), (40, 40), (40, 10), (10, 40)], "does not cross itself, got Self-intersection[25 25]"),
        ([(10, 10), (40, 10), (40, 10), (40, 40), (10, 40)], None),  # the same point twice
        ([(10, 10), (40, 10), (60, 10), (40, 10), (40, 40), (10, 40)], None),  # a spike has no area
        ([(10, 10), (40, 10), (40, 40), (25, 10), (10, 40)], None),  # touches itself
        ([(10, 10), (90, 10), (90, 90), (10, 90), (9, 10), (11, 9)], None),  # the ends cross by a hair
        ([(10, 10), (20, 20), (30, 30)], "all its points are on one line"),
        ([(10, 10), (12, 10), (11, 40)], "expected a polygon of at least 4 px"),
        ([(110, 10), (140, 10), (120, 40)], "expected a polygon inside the picture"),
    ],
)
def test_polygons(points: list[tuple[float, float]], message: str | None) -> None:
    found = problems(outline(tuple(points)))
    assert (found == []) if message is None else (len(found) == 1 and message in found[0])


def test_every_part_of_a_polygon_is_looked_at() -> None:
    crossed = ((10.0, 10.0), (40.0, 40.0), (40.0, 10.0), (10.0, 40.0))
    assert len(problems(outline(tuple(ring()), crossed))) == 1


def test_masks() -> None:
    def mask(hw: tuple[int, int], pixels: int) -> MaskShape:
        flat = np.arange(hw[0] * hw[1]) < pixels
        return MaskShape(name="rot", where="file: label 1", runs=runs_of(flat.reshape(hw)))

    assert problems(mask(HW, 1)) == []
    assert problems(mask(HW, 0)) == ["file: label 1 ('rot'): expected a mask with pixels, got an empty one"]
    (problem,) = problems(mask((WIDTH, HEIGHT), 1))
    assert problem.endswith("expected a mask of 128x96 pixels, got 96x128")


def test_labels_for_another_size() -> None:
    assert problems(box(0, 0, 9, 9), HW) == []
    assert problems(box(0, 0, 9, 9), (WIDTH, HEIGHT)) == [
        "file: image 1: expected labels for 128x96 pixels, got labels for 96x128"
    ]
