"""YOLO: boxes and polygons in pixels, names from data.yaml or classes.txt."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.labelled_sets import add_picture
from training.labelled_picture import BoxShape, LabelledSet, PolygonShape, SetError
from training.read_yolo import label_of, read_names, read_yolo
from training.set_pictures import SetPictures


def planted(folder: Path, text: str, names: str = "names: [apple, rot]") -> LabelledSet:
    add_picture(folder / "train" / "images" / "a.jpg", 1)
    (folder / "train" / "labels").mkdir(exist_ok=True)
    (folder / "train" / "labels" / "a.txt").write_text(text)
    (folder / "data.yaml").write_text(names)
    return read_yolo(folder, SetPictures(folder))


def test_boxes_and_polygons(tmp_path: Path) -> None:
    found = planted(tmp_path, "0 0.5 0.5 0.5 0.25\n\n1 0.1 0.2 0.3 0.2 0.2 0.6\n1 0 0 0.5 0 0.5 0.5 0 0.5\n")
    assert (found.problems, found.warnings, found.names) == ((), (), ("apple", "rot"))
    box, polygon, rectangle = found.pictures[0].shapes
    where = "train/labels/a.txt"
    assert box == BoxShape(name="apple", where=f"{where}:1", corners_xyxy_px=(32.0, 36.0, 96.0, 60.0))
    assert isinstance(polygon, PolygonShape)
    assert (polygon.name, polygon.where) == ("rot", f"{where}:3")
    points = [point for pair in polygon.rings_xy_px[0] for point in pair]
    assert points == pytest.approx([12.8, 19.2, 38.4, 19.2, 25.6, 57.6])
    assert rectangle == BoxShape(name="rot", where=f"{where}:4", corners_xyxy_px=(0, 0, 64, 48))


@pytest.mark.parametrize(
    "line", ["2 0.5 0.5 0.1 0.1", "-1 0.5 0.5 0.1 0.1", "0.5 0.5 0.5 0.1 0.1", "0 nan 0.5 0.1 0.1", "0 0.5"]
)
def test_wrong_lines_are_named_and_the_others_stay(line: str, tmp_path: Path) -> None:
    found = planted(tmp_path, f"0 0.5 0.5 0.5 0.25\n{line}\n")
    (problem,) = found.problems
    assert f"{tmp_path}/train/labels/a.txt:2: expected" in problem
    assert len(found.pictures[0].shapes) == 1


def test_without_label_is_not_the_same_as_an_empty_one(tmp_path: Path) -> None:
    add_picture(tmp_path / "train" / "images" / "b.jpg", 2)
    found = planted(tmp_path, "")
    assert [(picture.name, picture.shapes) for picture in found.pictures] == [("train/images/a.jpg", ())]
    assert found.warnings == ("1 pictures without label file are left out, such as train/images/b.jpg",)


def test_labels_without_picture_and_damaged_files(tmp_path: Path) -> None:
    planted(tmp_path, "")
    labels = tmp_path / "train" / "labels"
    (labels / "c.txt").write_text("0 0.5 0.5 0.5 0.5")
    (labels / "classes.txt").write_text("apple")
    (labels / "a.txt").write_bytes(b"\xff\xfe")
    add_picture(tmp_path / "train" / "images" / "d.jpg", 3).write_bytes(b"no picture")
    (labels / "d.txt").write_text("0 0.5 0.5 0.5 0.5")
    assert read_yolo(tmp_path, SetPictures(tmp_path)).problems == (
        f"{labels}/a.txt: expected a text file of labels",
        f"{tmp_path}/train/images/d.jpg: expected a picture, cannot be read",
        f"{labels}/c.txt: expected a picture of this name, found none",
    )


def test_a_label_may_lie_beside_its_picture(tmp_path: Path) -> None:
    picture = add_picture(tmp_path / "a.jpg", 1)
    assert label_of(picture) is None
    (tmp_path / "a.txt").write_text("")
    assert label_of(picture) == tmp_path / "a.txt"


@pytest.mark.parametrize(
    ("file", "text", "names"),
    [
        ("data.yaml", "names:\n  0: apple\n  1: 腐烂\n", ("apple", "腐烂")),
        ("dataset.yaml", "nc: 1\nnames: ['apple']\n", ("apple",)),
        ("classes.txt", "apple\n\nrotten apple\n", ("apple", "rotten apple")),
        ("obj.names", "apple\n", ("apple",)),
    ],
)
def test_names(file: str, text: str, names: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / file).write_text(text, encoding="utf-8")
    assert read_names(tmp_path) == names


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("names: [apple\nnc: 1", r"data\.yaml:2: expected YAML"),
        ("names: {0: apple, 2: rot}", r"expected `names`, a list or a table of 0, 1"),
        ("nc: 3", r"expected `names`.*got None"),
        ("- apple", r"expected `names`"),
    ],
)
def test_wrong_names(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "data.yaml").write_text(text)
    with pytest.raises(SetError, match=message):
        read_names(tmp_path)


@pytest.mark.parametrize("file", ["data.yaml", "classes.txt"])
def test_names_in_another_encoding(file: str, tmp_path: Path) -> None:
    (tmp_path / file).write_bytes("腐烂".encode("gbk"))
    with pytest.raises(SetError, match="expected names in UTF-8, got other bytes at 0"):
        read_names(tmp_path)


def test_no_names(tmp_path: Path) -> None:
    with pytest.raises(SetError, match=r"expected the names of the classes in data\.yaml or classes\.txt"):
        read_names(tmp_path)
