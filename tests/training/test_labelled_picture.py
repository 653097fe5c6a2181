"""A rectangle drawn as a polygon is a box."""

from __future__ import annotations

import pytest

from training.labelled_picture import BoxShape, Point, outline_or_box

SQUARE = ((1.0, 2.0), (5.0, 2.0), (5.0, 8.0), (1.0, 8.0))


@pytest.mark.parametrize("points", [SQUARE, SQUARE[::-1], (*SQUARE, SQUARE[0])])
def test_a_rectangle_is_a_box(points: tuple[Point, ...]) -> None:
    assert outline_or_box("a", "w", (points,)) == BoxShape(
        name="a", where="w", corners_xyxy_px=(1.0, 2.0, 5.0, 8.0)
    )


@pytest.mark.parametrize(
    "rings",
    [
        (SQUARE[:3],),
        ((*SQUARE[:3], (1.5, 8.0)),),
        (SQUARE, SQUARE),
        ((SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]),),
        ((SQUARE[0], SQUARE[0], SQUARE[2], SQUARE[3]),),
    ],
)
def test_anything_else_is_an_outline(rings: tuple[tuple[Point, ...], ...]) -> None:
    assert not isinstance(outline_or_box("a", "w", rings), BoxShape)
