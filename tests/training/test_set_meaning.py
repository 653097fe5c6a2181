"""What a set labels anywhere, it labels everywhere; what it only may label says nothing of pictures without it."""

from __future__ import annotations

from pathlib import Path

from grader.types import Crop, SurfaceClass
from tests.training.labelled_sets import ring
from training.class_names import understand
from training.label_canvas import ANY_DEFECT, CROP_BIT, surface_bits
from training.labelled_picture import LabelledPicture, PolygonShape
from training.set_meaning import SKIN, SetMeaning, meaning_of_set

ROT = surface_bits(SurfaceClass.ROT)


def outline(name: str) -> PolygonShape:
    return PolygonShape(name=name, where="w", rings_xy_px=(tuple(ring()),))


def test_what_a_set_labels_is_not_where_it_is_not_labelled() -> None:
    one = LabelledPicture(path=Path("a"), name="a", where="a", shapes=(outline("rot"),))
    meanings, _ = understand(["rot", "rotten apple"], {})
    said = meaning_of_set([one], meanings, (), Crop.APPLE)
    assert said.labelled == ROT
    assert said.skin() & ROT == 0
    assert said.skin() & SKIN == SKIN
    assert said.skin(meanings["rotten apple"]) & ROT == ROT
    assert said.skin() & ANY_DEFECT == ANY_DEFECT & ~ROT
    assert not said.labels_fruit
    assert said.crop_bits(None) == CROP_BIT[Crop.APPLE]
    assert said.crop_bits(Crop.MELON) == CROP_BIT[Crop.MELON]


def test_names_that_a_set_only_declares_say_nothing() -> None:
    shape = outline("apple")
    one = LabelledPicture(path=Path("a"), name="a", where="a", shapes=(shape,))
    meanings, _ = understand(["apple", "rot"], {})
    said = meaning_of_set([one], meanings, ("apple", "rot"), None)
    assert said == SetMeaning(
        meanings=meanings, crop=None, labelled=0, labels_fruit=True, labels_objects=False
    )
