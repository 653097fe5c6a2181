"""Labels move with their picture; what became too small to see is no crash."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.training.labelled_sets import disc, ring
from training.class_names import understand
from training.label_canvas import GROUND
from training.labelled_picture import BoxShape, LabelledPicture, MaskShape, PolygonShape
from training.mask_runs import runs_of
from training.paint_shapes import mask_of, paint_picture
from training.set_meaning import meaning_of_set
from training.shrink_labels import PAINT_SIDE_PX, shrink_labels

HW = (1536, 2 * PAINT_SIDE_PX)
SHAPES = (
    BoxShape(name="apple", where="w", corners_xyxy_px=(200, 400, 600, 1000)),
    PolygonShape(name="apple", where="w", rings_xy_px=(tuple(ring(1200, 600, 300)),)),
    MaskShape(name="rot", where="w", runs=runs_of(disc(1200, 600, 100, HW))),
)


def labelled(*shapes: BoxShape | PolygonShape | MaskShape) -> LabelledPicture:
    return LabelledPicture(path=Path("a"), name="a", where="w", hw=HW, shapes=shapes)


def test_everything_is_half_as_large() -> None:
    small, rgb = shrink_labels(labelled(*SHAPES), np.zeros((*HW, 3), np.uint8))
    assert rgb.shape == (768, PAINT_SIDE_PX, 3)
    box, polygon, mask = small.shapes
    assert box == BoxShape(name="apple", where="w", corners_xyxy_px=(100, 200, 300, 500))
    assert (mask_of(polygon, (768, 1024)) ^ disc(600, 300, 150, (768, 1024))).sum() < 1000
    assert (mask_of(mask, (768, 1024)) ^ disc(600, 300, 50, (768, 1024))).sum() < 320


def test_a_picture_that_is_not_larger_stays() -> None:
    picture, rgb = labelled(*SHAPES[:2]), np.zeros((20, PAINT_SIDE_PX, 3), np.uint8)
    assert shrink_labels(picture, rgb) == (picture, rgb)


def test_boxes_that_vanish_are_passed_over() -> None:
    tiny = (10.0, 10.0, 14.0, 14.0)
    boxes = [BoxShape(name=name, where="w", corners_xyxy_px=tiny) for name in ("apple", "rot")]
    small, rgb = shrink_labels(labelled(*boxes), np.zeros((*HW, 3), np.uint8))
    meanings, _ = understand(["apple", "rot"], {})
    label = paint_picture(small, rgb, meaning_of_set([small], meanings, (), None))
    assert (label.surface_set == GROUND).all()
    assert (label.fruit, label.facts) == (0, ())
