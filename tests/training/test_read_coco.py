"""COCO: what the file says becomes shapes, what it cannot say becomes a line with the id of the label."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.training.labelled_sets import HW, disc, polygon, ring, write_coco
from training.labelled_picture import BoxShape, LabelledSet, MaskShape, PolygonShape, SetError
from training.read_coco import read_coco
from training.set_pictures import SetPictures


def read(path: Path) -> LabelledSet:
    return read_coco(path, SetPictures(path.parent))


def test_boxes_polygons_masks_and_crowds(tmp_path: Path) -> None:
    columns = disc().T.reshape(-1)
    counts = np.diff(np.concatenate([[0], np.flatnonzero(np.diff(columns)) + 1, [columns.size]])).tolist()
    runs = {"segmentation": {"size": list(HW), "counts": counts}}
    path = write_coco(
        tmp_path,
        [
            ("images/a.jpg", "apple", polygon(ring())),
            ("images/a.jpg", "rot", {"bbox": [10, 20, 30, 40]}),
            ("images/a.jpg", "rot", {"bbox": [0, 0, 1, 1], **polygon([(1, 2), (5, 2), (5, 8), (1, 8)])}),
            ("images/b.jpg", "apple", runs),
            ("images/b.jpg", "apple", {"iscrowd": 1, **runs}),
            ("images/c.jpg", "_", {}),
        ],
        ["apple", "rot"],
    )
    found = read(path)
    assert (found.problems, found.names) == ((), ("apple", "rot"))
    a, b, c = found.pictures
    assert (a.name, a.hw, a.where) == ("images/a.jpg", HW, "annotations.json: image 0")
    assert isinstance(a.shapes[0], PolygonShape)
    assert a.shapes[0].rings_xy_px == (tuple(ring()),)
    assert a.shapes[1] == BoxShape(
        name="rot", where="annotations.json: annotation 1", corners_xyxy_px=(10, 20, 40, 60)
    )
    assert a.shapes[2] == BoxShape(
        name="rot", where="annotations.json: annotation 2", corners_xyxy_px=(1, 2, 5, 8)
    )
    mask, crowd = b.shapes
    assert isinstance(mask, MaskShape)
    assert (mask.runs.to_mask() == disc()).all()
    assert (mask.name, crowd.name) == ("apple", "ignore")
    assert c.shapes == ()


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ({"bbox": [1, 2, 3]}, "annotation 0: bbox: expected 4 numbers, got [1, 2, 3]"),
        ({"bbox": [1, 2, 3, "x"]}, "annotation 0: bbox: expected 4 numbers"),
        ({}, "annotation 0: bbox: expected 4 numbers, got None"),
        ({"segmentation": [[1, 2, 3, 4]]}, "annotation 0: expected three or more points"),
        ({"segmentation": "x"}, "annotation 0: segmentation: expected a list of numbers, got 'x'"),
        ({"segmentation": {"size": [4, 4], "counts": [3]}}, "annotation 0: expected runs over 16 pixels"),
        ({"segmentation": {"size": [4, 4], "counts": "~"}}, "annotation 0: expected packed runs"),
        ({"segmentation": {"counts": [3]}}, "annotation 0: size: expected 2 numbers, got None"),
        (
            {"segmentation": {"size": [4, 4], "counts": None}},
            "annotation 0: counts: expected a list of numbers",
        ),
        ({"image_id": 9}, "annotation 0: expected the id of an image, got 9"),
        ({"category_id": 9}, "annotation 0: expected the id of a category, got 9"),
        ({"category_id": [1]}, "annotation 0: expected a number as category_id, got [1]"),
    ],
)
def test_a_wrong_label_is_a_line_and_the_others_stay(
    what: dict[str, object], message: str, tmp_path: Path
) -> None:
    labels = [("a.jpg", "apple", what), ("a.jpg", "apple", {"bbox": [10, 20, 30, 40]})]
    found = read(write_coco(tmp_path, labels, ["apple"]))
    (problem,) = found.problems
    assert message in problem
    assert len(found.pictures[0].shapes) == 1


def test_a_missing_picture_is_a_line(tmp_path: Path) -> None:
    path = write_coco(tmp_path, [("a.jpg", "apple", {"bbox": [1, 1, 9, 9]})], ["apple"])
    (tmp_path / "a.jpg").unlink()
    assert read(path).problems == (
        f"annotations.json: image 0: expected a picture a.jpg below {tmp_path}, found none",
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"images": [}', r"annotations\.json:1:13: expected JSON, expecting value"),
        ("[]", "expected an object, got \\[\\]"),
        ('{"images": 3}', "images: expected a list of objects, got 3"),
        ('{"images": [], "categories": [{"id": 1}]}', "category 1: expected a text, got None"),
        ('{"images": [{"file_name": "a"}]}', "images: expected a number as id, got None"),
    ],
)
def test_a_broken_file_names_its_place(content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "annotations.json"
    path.write_text(content)
    with pytest.raises(SetError, match=message):
        read(path)


def test_a_size_that_is_not_said_is_not_known(tmp_path: Path) -> None:
    path = write_coco(tmp_path, [("a.jpg", "apple", {"bbox": [1, 1, 9, 9]})], ["apple"])
    content = json.loads(path.read_text())
    del content["images"][0]["height"], content["images"][0]["width"]
    path.write_text(json.dumps(content))
    assert read(path).pictures[0].hw is None
