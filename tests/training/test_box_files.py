"""Boxes of text and XML files in pixels."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.box_files import LabelledBox, clip_box, read_voc_boxes, read_yolo_boxes
from training.manifest import ManifestError


def test_yolo_box_and_polygon(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("1 0.5 0.5 0.5 0.25\n\n0 0.1 0.2 0.3 0.2 0.2 0.6\n")
    assert read_yolo_boxes(path, ("fresh", "rotten"), (100, 200)) == (
        LabelledBox(box_xyxy_px=(50, 38, 150, 62), name="rotten"),
        LabelledBox(box_xyxy_px=(20, 20, 60, 60), name="fresh"),
    )


@pytest.mark.parametrize(
    "line", ["2 0.5 0.5 0.1 0.1", "x 0.5 0.5 0.1 0.1", "0 0.5 0.5 0.1", "0", "0 a b c d"]
)
def test_wrong_yolo_lines_name_their_place(tmp_path: Path, line: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text(f"0 0.5 0.5 0.1 0.1\n{line}\n")
    with pytest.raises(ManifestError, match=r"a\.txt:2"):
        read_yolo_boxes(path, ("fresh", "rotten"), (100, 200))


def test_voc_boxes_are_scaled_to_the_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    box = "<bndbox><xmin>10</xmin><ymin>20</ymin><xmax>30</xmax><ymax>40</ymax></bndbox>"
    for size, expected in (
        ("<width>100</width><height>50</height>", (20, 40, 60, 80)),
        ("", (10, 20, 30, 40)),
    ):
        path.write_text(
            f"<annotation><size>{size}</size><object><name>apple</name>{box}</object></annotation>"
        )
        assert read_voc_boxes(path, (100, 200)) == (LabelledBox(box_xyxy_px=expected, name="apple"),)


@pytest.mark.parametrize("text", ["<annotation>", "<annotation><object><name>a</name></object></annotation>"])
def test_wrong_voc_files_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.xml"
    path.write_text(text)
    with pytest.raises(ManifestError, match=r"a\.xml"):
        read_voc_boxes(path, (100, 200))


def test_boxes_are_clipped_and_slivers_dropped() -> None:
    assert clip_box((-5.0, 3.4, 20.0, 300.0), (100, 200)) == (0, 3, 20, 100)
    assert clip_box((196.0, 0.0, 240.0, 50.0), (100, 200)) == (196, 0, 200, 50)
    assert clip_box((197.0, 0.0, 240.0, 50.0), (100, 200)) is None
