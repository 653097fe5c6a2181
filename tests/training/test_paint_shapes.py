"""Labels become sets of classes: exact where something was drawn, weak where only a box or a class is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from grader.types import BoolArray, Crop, SurfaceClass
from tests.training.labelled_sets import HW, disc, index_mask, picture, ring
from training.class_names import understand
from training.label_canvas import (
    ANY_DEFECT,
    APPLE,
    GROUND,
    MELON,
    NO_OBJECT,
    OTHER_OBJECT,
    SOUND,
    UNKNOWN_FRUIT,
    WeakLabel,
    surface_bits,
)
from training.labelled_picture import BoxShape, LabelledPicture, MaskShape, PolygonShape, Shape
from training.mask_runs import runs_of
from training.paint_shapes import mask_of, paint_picture
from training.set_meaning import meaning_of_set

ROT, SKIN, STEM = (
    surface_bits(one) for one in (SurfaceClass.ROT, SurfaceClass.SOUND_SKIN, SurfaceClass.STEM)
)
NO_FRUIT = NO_OBJECT | OTHER_OBJECT
CORE, OUTSIDE, SPOT = disc(radius=30), ~disc(radius=42), disc(52, 48, 6)


def outline(name: str, x: float = 64, y: float = 48, radius: float = 36) -> PolygonShape:
    return PolygonShape(name=name, where="w", rings_xy_px=(tuple(ring(x, y, radius)),))


def box(name: str, x0: float, y0: float, x1: float, y1: float) -> BoxShape:
    return BoxShape(name=name, where="w", corners_xyxy_px=(x0, y0, x1, y1))


def paint(
    *shapes: Shape,
    classes: tuple[str, ...] = (),
    crop: Crop | None = None,
    also: tuple[Shape, ...] = (),
    complete: bool = False,
    declared: tuple[str, ...] = (),
) -> WeakLabel:
    """also: shapes of another picture of the same set."""
    one = LabelledPicture(
        path=Path("a"), name="a", where="a", shapes=shapes, classes=classes, complete=complete
    )
    other = LabelledPicture(path=Path("b"), name="b", where="b", shapes=also)
    names = {*(shape.name for shape in (*shapes, *also)), *classes, *declared}
    meanings, problems = understand(names, {})
    assert problems == ()
    return paint_picture(one, picture(1), meaning_of_set([one, other], meanings, declared, crop))


def only(values: np.ndarray, where: BoolArray) -> int:
    """The one value that is there."""
    (value,) = np.unique(values[where])
    return int(value)


def test_an_outline_with_a_drawn_defect_is_exact() -> None:
    label = paint(outline("apple"), outline("rot", 52, 48, 10))
    rest = SOUND | ANY_DEFECT & ~ROT  # what the set never labels may be anywhere on the fruit
    assert only(label.surface_set, SPOT) == ROT
    assert only(label.surface_set, CORE & ~disc(52, 48, 13)) == rest
    assert only(label.surface_set, OUTSIDE) == GROUND
    assert only(label.crop_set, CORE) == APPLE
    assert only(label.crop_set, OUTSIDE) == NO_FRUIT
    assert only(label.instance, CORE) == 1
    assert only(label.instance, OUTSIDE) == 0
    edge = disc(radius=36.3) & ~disc(radius=35.7)
    assert (label.surface_set[edge] & GROUND > 0).all()
    assert (label.facts, label.fruit, label.trusted_outlines) == ((), 1, 1)


def test_drawn_landmarks_are_no_other_skin() -> None:
    label = paint(outline("apple"), outline("stem", 80, 40, 5), outline("stem", 64, 10, 6))
    assert only(label.surface_set, disc(80, 40, 4)) == STEM
    assert only(label.surface_set, disc(64, 60, 10)) == (SOUND | ANY_DEFECT) & ~STEM
    outside = disc(64, 7, 2)  # a stem stands out of the fruit
    assert only(label.surface_set, outside) == STEM | GROUND
    assert only(label.crop_set, outside) == NO_FRUIT | APPLE
    assert only(label.instance, outside) == UNKNOWN_FRUIT


def test_a_box_of_a_landmark_allows_it() -> None:
    label = paint(outline("apple"), box("stem", 75, 35, 85, 45))
    assert only(label.surface_set, disc(80, 40, 4)) == SOUND | ANY_DEFECT
    assert only(label.surface_set, disc(64, 60, 10)) == (SOUND | ANY_DEFECT) & ~STEM


def test_a_box_of_a_defect_holds_some() -> None:
    label = paint(outline("apple"), box("rot", 45, 40, 60, 55))
    assert only(label.surface_set, disc(52, 48, 5)) == SOUND | ANY_DEFECT
    assert only(label.surface_set, disc(75, 48, 5)) == (SOUND | ANY_DEFECT) & ~ROT
    (fact,) = label.facts
    assert (fact.box_xyxy, fact.kinds, fact.fact) == ((45, 40, 60, 55), ROT, "has_defect")


def test_defects_alone_leave_fruit_and_ground_open() -> None:
    label = paint(outline("defect", 52, 48, 10), crop=Crop.MELON)
    assert only(label.surface_set, SPOT) == ANY_DEFECT
    assert only(label.crop_set, SPOT) == MELON
    assert only(label.surface_set, ~disc(52, 48, 14)) == GROUND | SOUND
    assert only(label.crop_set, ~disc(52, 48, 14)) == NO_FRUIT | MELON
    assert (label.instance == UNKNOWN_FRUIT).all()
    assert only(paint(outline("rot", 52, 48, 10)).crop_set, SPOT) == APPLE | MELON


def test_nothing_labelled_is_nothing_there() -> None:
    label = paint(also=(outline("apple"),))
    assert (label.surface_set == GROUND).all()
    assert (label.crop_set == NO_FRUIT).all()
    label = paint(also=(outline("defect"),))
    assert (label.surface_set == GROUND | SOUND).all()


def test_a_defect_where_no_fruit_is_said_to_be_is_unknown() -> None:
    label = paint(outline("apple", 30, 48, 20), outline("rot", 100, 48, 10))
    assert only(label.surface_set, disc(100, 48, 7)) == 0
    assert only(label.crop_set, disc(100, 48, 7)) == 0


def test_a_box_of_a_fruit_is_found_or_its_middle_is() -> None:
    """The painted disc is red on an uneven ground: its outline is found in the box, and the fruit is rotten."""
    label = paint(box("rotten apple", 28, 12, 100, 84))
    assert label.fruit == 1
    assert only(label.surface_set, disc(radius=25)) == SOUND | ANY_DEFECT
    assert only(label.crop_set, disc(radius=25)) == APPLE
    assert only(label.surface_set, disc(5, 5, 5)) == GROUND
    (fact,) = label.facts
    assert (fact.box_xyxy, fact.kinds, fact.fact) == ((28, 12, 100, 84), ROT, "has_defect")


def test_a_box_of_a_melon_without_outline_is_unknown() -> None:
    """The box holds a corner of the disc and ground: no outline to believe in."""
    label = paint(box("melon", 4, 4, 60, 40))
    assert (label.fruit, only(label.surface_set, disc(32, 22, 12))) == (0, 0)
    label = paint(box("apple", 4, 4, 60, 40))
    assert (label.fruit, only(label.surface_set, disc(32, 22, 12))) == (1, SOUND | ANY_DEFECT)


def test_sound_fruit_have_no_defect() -> None:
    label = paint(outline("fresh apple"))
    assert only(label.surface_set, CORE) == SOUND
    (fact,) = label.facts
    assert (fact.kinds, fact.fact) == (ANY_DEFECT, "no_defect")


def test_objects_background_and_what_is_to_be_ignored() -> None:
    label = paint(
        outline("apple", 30, 48, 20),
        outline("leaf", 100, 20, 10),
        box("banana", 80, 60, 120, 90),
        outline("ignore", 60, 85, 8),
        outline("background", 30, 48, 4),
    )
    assert only(label.crop_set, disc(100, 20, 8)) == OTHER_OBJECT
    assert only(label.crop_set, disc(100, 75, 8)) == OTHER_OBJECT | NO_OBJECT
    assert only(label.surface_set, disc(100, 75, 8)) == GROUND
    assert only(label.crop_set, disc(5, 5, 4)) == NO_OBJECT  # objects are labelled in this set
    assert only(label.surface_set, disc(60, 85, 6)) == 0
    assert only(label.surface_set, disc(30, 48, 3)) == GROUND


def test_classes_of_the_picture_speak_of_its_fruit() -> None:
    label = paint(outline("fruit"), classes=("melon", "rot"))
    assert only(label.crop_set, CORE) == MELON
    assert [fact.fact for fact in label.facts] == ["has_defect"]
    two = paint(outline("fruit", 30, 48, 20), outline("fruit", 95, 48, 20), classes=("melon", "rot"))
    assert two.facts == ()  # which of the two is not said
    two = paint(outline("fruit", 30, 48, 20), outline("fruit", 95, 48, 20), classes=("fresh",))
    assert [fact.fact for fact in two.facts] == ["no_defect", "no_defect"]
    assert only(two.surface_set, disc(95, 48, 15)) == SOUND


def test_a_class_alone_says_what_is_not_there() -> None:
    label = paint(classes=("fresh apple",))
    assert (label.surface_set & ANY_DEFECT == 0).all()
    assert (label.crop_set & MELON == 0).all()
    assert only(label.surface_set, disc(4, 4, 3)) == GROUND | SOUND
    assert only(label.crop_set, disc(4, 4, 3)) == NO_FRUIT | APPLE
    assert only(paint(classes=("rot",)).crop_set, disc(radius=5)) == APPLE | MELON
    assert (paint(classes=("background",)).surface_set == GROUND).all()
    assert (paint(classes=("orange",)).crop_set == NO_FRUIT).all()
    assert (paint(classes=("ignore",)).surface_set == 0).all()


def test_a_class_of_a_picture_on_plain_ground_has_an_outline() -> None:
    rgb = np.full((*HW, 3), 245, np.uint8)
    rgb[disc()] = (180, 40, 45)
    one = LabelledPicture(path=Path("a"), name="a", where="a", classes=("rotten apple",))
    meanings, _ = understand(one.classes, {})
    label = paint_picture(one, rgb, meaning_of_set([one], meanings, (), None))
    assert (label.fruit, label.trusted_outlines) == (1, 1)
    assert only(label.crop_set, CORE) == APPLE
    assert only(label.surface_set, disc(4, 4, 3)) == GROUND
    (fact,) = label.facts
    assert (fact.kinds, fact.fact) == (ROT, "has_defect")


def masks(values: np.ndarray, names: dict[int, str]) -> tuple[MaskShape, ...]:
    return tuple(
        MaskShape(name=name, where="w", runs=runs_of(values == value)) for value, name in names.items()
    )


NAMES = {0: "background", 1: "sound_skin", 2: "stem", 11: "rot"}


def test_an_index_mask_says_every_pixel() -> None:
    declared = tuple(one.name.lower() for one in SurfaceClass)
    label = paint(*masks(index_mask(), NAMES), classes=("apple",), complete=True, declared=declared)
    for value, bits in ((0, GROUND), (1, SKIN), (2, STEM), (11, ROT)):
        assert only(label.surface_set, index_mask() == value) == bits
    assert only(label.crop_set, disc()) == APPLE
    assert only(label.instance, disc()) == 1
    assert only(label.crop_set, ~disc()) == NO_FRUIT
    assert (label.fruit, label.trusted_outlines, label.facts) == (1, 1, ())


def test_touching_fruit_of_an_index_mask_are_not_one() -> None:
    values = (disc(30, 48, 25) | disc(80, 48, 26)).astype(np.uint8)
    label = paint(*masks(values, {0: "background", 1: "melon"}), complete=True)
    assert only(label.instance, values > 0) == UNKNOWN_FRUIT
    assert only(label.crop_set, values > 0) == MELON
    assert (label.fruit, label.trusted_outlines) == (1, 0)


def test_each_fruit_of_an_index_mask_has_its_crop() -> None:
    values = disc(30, 48, 20) * np.uint8(1) + disc(100, 48, 20) * np.uint8(2)
    values[disc(30, 48, 5)] = 3
    names = {0: "background", 1: "apple", 2: "melon", 3: "rot"}
    label = paint(*masks(values, names), complete=True)
    assert only(label.crop_set, disc(30, 48, 20)) == APPLE  # under the rot too
    assert only(label.crop_set, disc(100, 48, 20)) == MELON
    assert sorted({only(label.instance, disc(30, 48, 20)), only(label.instance, disc(100, 48, 20))}) == [1, 2]


def test_polygons_are_the_pixels_they_hold() -> None:
    square = PolygonShape(
        name="a", where="w", rings_xy_px=(((10, 20), (30, 20), (30, 50), (10, 50)), ((0, 0), (9, 0), (0, 9)))
    )
    mask = mask_of(square, HW)
    assert mask[20:50, 10:30].all()
    assert abs(int(mask[15:, 9:].sum()) - 600) <= 20 + 30 + 1  # half a pixel of edge on every side
    assert mask[1, 1]
    assert abs(float(mask_of(outline("a"), HW).sum()) / disc().sum() - 1) < 0.03


@pytest.mark.parametrize(("name", "shown"), [("apple", APPLE), ("fruit", APPLE | MELON)])
def test_the_crop_is_not_guessed(name: str, shown: int) -> None:
    assert only(paint(outline(name)).crop_set, CORE) == shown
