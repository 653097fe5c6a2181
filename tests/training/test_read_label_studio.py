"""Label Studio: percent become pixels, the last finished annotation counts, and choices are classes of the picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.training.labelled_sets import HW, add_picture, brush, disc
from training.labelled_picture import BoxShape, LabelledSet, MaskShape, PolygonShape, SetError
from training.read_label_studio import box_around_turned, read_label_studio
from training.set_pictures import SetPictures


def result(kind: str, value: dict[str, Any], **more: object) -> dict[str, Any]:
    size = {"original_height": HW[0], "original_width": HW[1], "image_rotation": 0}
    return {"id": "r", "type": kind, "value": value, **size, **more}


BOX = result("rectanglelabels", {"x": 25, "y": 50, "width": 50, "height": 25, "rectanglelabels": ["rot"]})


def read(folder: Path, *annotations: dict[str, Any], data: object = None) -> LabelledSet:
    add_picture(folder / "a.jpg", 1)
    task = {"id": 7, "data": {"image": "/data/upload/1/0a1b2c3d-a.jpg"} if data is None else data}
    (folder / "export.json").write_text(json.dumps([task | {"annotations": list(annotations)}]))
    return read_label_studio(folder / "export.json", SetPictures(folder))


def done(*results: dict[str, Any]) -> dict[str, Any]:
    return {"was_cancelled": False, "result": list(results)}


def test_every_kind_of_result(tmp_path: Path) -> None:
    polygon = {"points": [[10, 10], [50, 10], [30, 40]], "polygonlabels": ["apple"]}
    found = read(
        tmp_path,
        done(
            BOX,
            result("polygonlabels", polygon),
            result("brushlabels", {"format": "rle", "rle": brush(disc()), "brushlabels": ["apple"]}),
            {"id": "c", "type": "choices", "value": {"choices": ["apple", "fresh"]}},
            {"id": "t", "type": "textarea", "value": {"text": ["a remark"]}},
        ),
    )
    assert (found.problems, found.warnings) == ((), ())
    (picture,) = found.pictures
    assert (picture.name, picture.hw, picture.classes) == ("a.jpg", HW, ("apple", "fresh"))
    box, outline, mask = picture.shapes
    assert isinstance(box, BoxShape)
    assert box.where == "export.json: task 7, result r"
    assert box.corners_xyxy_px == pytest.approx((32, 48, 96, 72))
    assert isinstance(outline, PolygonShape)
    points = [point for pair in outline.rings_xy_px[0] for point in pair]
    assert points == pytest.approx([12.8, 9.6, 64, 9.6, 38.4, 38.4])
    assert isinstance(mask, MaskShape)
    assert (mask.runs.to_mask() == disc()).all()


def test_a_turned_box_becomes_the_box_around_it() -> None:
    assert box_around_turned((10, 20), (4, 2), 90) == pytest.approx((8, 20, 10, 24))
    assert box_around_turned((10, 20), (4, 2), 0) == pytest.approx((10, 20, 14, 22))


def test_the_last_annotation_that_was_not_cancelled_counts(tmp_path: Path) -> None:
    other = result("choices", {"choices": ["rot"]})
    cancelled = {"was_cancelled": True, "result": []}
    found = read(tmp_path, done(BOX), done(other), cancelled)
    assert found.pictures[0].classes == ("rot",)
    assert found.pictures[0].shapes == ()


def test_unfinished_tasks_are_left_out(tmp_path: Path) -> None:
    found = read(tmp_path, {"was_cancelled": True, "result": []})
    assert (found.pictures, found.problems) == ((), ())
    assert found.warnings == ("1 tasks without a finished annotation are left out",)


def test_a_picture_under_another_key(tmp_path: Path) -> None:
    assert len(read(tmp_path, done(), data={"photo": "a.jpg"}).pictures) == 1
    (problem,) = read(tmp_path, done(), data={"photo": "a.jpg", "note": "x"}).problems
    assert problem == "export.json: task 7: data.image: expected a text, got None"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (BOX | {"type": "ellipselabels"}, "expected rectanglelabels, polygonlabels, brushlabels or choices"),
        (BOX | {"image_rotation": 90}, "expected a picture that is not turned, got 90 degrees"),
        (BOX | {"original_width": None}, "original_height and original_width: expected"),
        (BOX | {"value": 3}, "value: expected an object, got 3"),
        (BOX | {"value": {"x": 1}}, "expected names in rectanglelabels, got None"),
        (BOX | {"value": BOX["value"] | {"x": "a"}}, "x, y, width, height: expected a list of numbers"),
        (BOX | {"value": BOX["value"] | {"rotation": "a"}}, "rotation: expected"),
        (result("polygonlabels", {"polygonlabels": ["rot"], "points": [[1, 2]]}), "three or more points"),
        (
            result("polygonlabels", {"polygonlabels": ["rot"], "points": [1, 2, 3]}),
            "points: expected 2 numbers",
        ),
        (result("brushlabels", {"brushlabels": ["rot"], "rle": [1, 2]}), "its data end at byte 2"),
        (result("brushlabels", {"brushlabels": ["rot"]}), "rle: expected a list of numbers"),
        (result("brushlabels", {"brushlabels": ["rot"], "rle": [999]}), "must be in range"),
    ],
)
def test_a_wrong_result_is_a_line_and_the_others_stay(
    wrong: dict[str, Any], message: str, tmp_path: Path
) -> None:
    found = read(tmp_path, done(wrong, BOX))
    (problem,) = found.problems
    assert problem.startswith("export.json: task 7, result r")
    assert message in problem
    assert len(found.pictures[0].shapes) == 1


def test_two_sizes_of_one_picture(tmp_path: Path) -> None:
    (problem,) = read(tmp_path, done(BOX, BOX | {"original_width": 99})).problems
    assert "expected one size of the picture" in problem


def test_a_missing_picture_is_a_line(tmp_path: Path) -> None:
    (problem,) = read(tmp_path, done(), data={"image": "b.jpg"}).problems
    assert problem == f"export.json: task 7: expected a picture b.jpg below {tmp_path}, found none"


def test_a_file_of_another_form_is_refused(tmp_path: Path) -> None:
    (tmp_path / "export.json").write_text("{}")
    with pytest.raises(SetError, match="expected a list of objects"):
        read_label_studio(tmp_path / "export.json", SetPictures(tmp_path))
