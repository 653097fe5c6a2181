"""A corrected set knows each fruit, and all of its pixels."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.training.labelled_sets import write_corrected
from training.labelled_picture import LabelledSet, SetError
from training.read_corrected import read_corrected
from training.set_pictures import SetPictures

ROWS = [("p/a.jpg", "f1", "l1", "s1"), ("p/b.jpg", "f1", "l1", "s1")]


def read(folder: Path) -> LabelledSet:
    return read_corrected(folder, SetPictures(folder, without=("masks",)))


def test_who_each_fruit_is(tmp_path: Path) -> None:
    found = read(write_corrected(tmp_path, ROWS))
    assert found.problems == ()
    a, _ = found.pictures
    assert (a.name, a.fruit_id, a.lot, a.source, a.licence) == ("p/a.jpg", "f1", "l1", "s1", "CC BY 4.0")
    assert (a.classes, a.complete) == (("apple",), True)
    assert {shape.name for shape in a.shapes} == {"background", "sound_skin", "stem", "rot"}
    assert "calyx" in found.names


def test_the_crop_may_be_missing(tmp_path: Path) -> None:
    write_corrected(tmp_path, ROWS)
    changed(tmp_path, lambda content: content["pictures"][0].pop("crop"))
    assert [picture.classes for picture in read(tmp_path).pictures] == [(), ("apple",)]


def changed(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads((folder / "set.json").read_text())
    change(content)
    (folder / "set.json").write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c["pictures"][0].pop("lot"), "set.json: picture 1: lot: expected a text, got None"),
        (lambda c: c["pictures"][0].update(lots=1), "picture 1: unknown key 'lots', expected file, fruit_id"),
        (lambda c: c["pictures"][0].update(file="x.jpg"), "picture 1: expected a picture x.jpg"),
        (lambda c: c["pictures"][0].update(crop=3), "picture 1: crop: expected a text, got 3"),
    ],
)
def test_a_wrong_entry_is_a_line(
    change: Callable[[dict[str, Any]], object], message: str, tmp_path: Path
) -> None:
    write_corrected(tmp_path, ROWS)
    changed(tmp_path, change)
    found = read(tmp_path)
    (problem,) = found.problems
    assert message in problem
    assert len(found.pictures) == 1


def test_each_picture_needs_its_mask(tmp_path: Path) -> None:
    write_corrected(tmp_path, ROWS)
    (tmp_path / "masks" / "p__a.jpg.png").unlink()
    assert read(tmp_path).problems == (f"p/a.jpg: expected its mask in {tmp_path}/masks, found none",)


def test_another_schema_is_refused(tmp_path: Path) -> None:
    write_corrected(tmp_path, ROWS)
    changed(tmp_path, lambda content: content.update(schema="corrected-set/2"))
    with pytest.raises(
        SetError, match=r"set\.json: expected schema 'corrected-set/1', got 'corrected-set/2'"
    ):
        read(tmp_path)
