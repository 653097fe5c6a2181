"""A set is known by what lies in it; where that does not say, the user has to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.training.labelled_sets import add_picture, write_coco, write_corrected
from training.detect_format import detect_format, read_set
from training.labelled_picture import SetError

CVAT = '<annotations><image name="a.jpg" width="128" height="96"/></annotations>'
TASKS = '[{"data": {"image": "a.jpg"}, "annotations": [{"result": []}]}]'


def file(name: str, text: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        add_picture(folder / "a.jpg", 1)
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)

    return write


@pytest.mark.parametrize(
    ("plant", "kind", "place"),
    [
        (lambda f: write_coco(f, [("a.jpg", "_", {})], ["apple"]), "coco", "annotations.json"),
        (file("annotations/x.xml", CVAT), "cvat", "annotations/x.xml"),
        (file("tasks.json", TASKS), "label-studio", "tasks.json"),
        (file("classes.txt", "apple"), "yolo", "."),
        (file("masks/a.png", ""), "masks", "."),
        (lambda f: write_corrected(f, [("a.jpg", "f", "l", "s")]), "corrected", "."),
        (lambda f: add_picture(f / "rot" / "a.jpg", 1), "folders", "."),
    ],
)
def test_formats(plant: Callable[[Path], object], kind: str, place: str, tmp_path: Path) -> None:
    plant(tmp_path)
    assert detect_format(tmp_path) == (kind, tmp_path / place)
    if place != ".":
        assert detect_format(tmp_path / place) == (kind, tmp_path / place)
        assert len(read_set(kind, tmp_path, tmp_path, {}).pictures) == 1  # type: ignore[arg-type]


def test_what_does_not_say_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(SetError, match="none: expected a labelled set, found nothing"):
        detect_format(tmp_path / "none")
    with pytest.raises(SetError, match=r"expected a labelled set \(coco, yolo.*found none"):
        detect_format(tmp_path)
    file("a.xml", "<voc/>")(tmp_path)
    file("b.json", "3")(tmp_path)
    file("c.txt", "3")(tmp_path)
    for name in ("a.xml", "b.json", "c.txt"):
        with pytest.raises(SetError, match="say which with --format"):
            detect_format(tmp_path / name)
    file("d.json", TASKS)(tmp_path)
    file("e.json", TASKS)(tmp_path)
    with pytest.raises(SetError, match=r"expected one annotation file, found d\.json, e\.json; name the one"):
        detect_format(tmp_path)
    with pytest.raises(SetError, match=r"expected one \*\.json file, found 3"):
        read_set("coco", tmp_path, None, {})


def test_a_broken_file_is_named_and_not_passed_over(tmp_path: Path) -> None:
    file("a.json", "{")(tmp_path)
    with pytest.raises(SetError, match=r"a\.json:1:2: expected JSON"):
        detect_format(tmp_path)
