"""CVAT: boxes, polygons, masks, tags; a broken file names line and column, an attack is no label."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.labelled_sets import HW, add_picture
from training.labelled_picture import BoxShape, LabelledSet, MaskShape, PolygonShape, SetError
from training.read_cvat import read_cvat
from training.set_pictures import SetPictures

META = "<meta><task><labels><label><name>apple</name></label><label><name>rot</name></label></labels></task></meta>"


def read(folder: Path, labels: str, image: str = 'name="a.jpg" width="128" height="96"') -> LabelledSet:
    add_picture(folder / "a.jpg", 1)
    path = folder / "annotations.xml"
    path.write_text(f"<annotations>{META}<image {image}>{labels}</image></annotations>", encoding="utf-8")
    return read_cvat(path, SetPictures(folder))


def test_every_kind_of_label(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        '<tag label="apple"/>'
        '<box label="rot" xtl="1" ytl="2" xbr="30" ybr="40"/>'
        '<polygon label="apple" points="1.5,2;30,2;20,40"/>'
        '<mask label="rot" rle="1, 1, 1, 2, 1" left="10" top="20" width="3" height="2"/>',
    )
    assert (found.problems, found.names) == ((), ("apple", "rot"))
    (picture,) = found.pictures
    assert (picture.name, picture.hw, picture.classes) == ("a.jpg", HW, ("apple",))
    box, polygon, mask = picture.shapes
    where = "annotations.xml: image 'a.jpg', label"
    assert box == BoxShape(name="rot", where=f"{where} 2", corners_xyxy_px=(1, 2, 30, 40))
    ring = ((1.5, 2.0), (30.0, 2.0), (20.0, 40.0))
    assert polygon == PolygonShape(name="apple", where=f"{where} 3", rings_xy_px=(ring,))
    assert isinstance(mask, MaskShape)
    rows, columns = mask.runs.to_mask().nonzero()
    assert (rows.tolist(), columns.tolist()) == ([20, 21, 21], [11, 10, 11])


def test_a_turned_box_becomes_the_box_around_it(tmp_path: Path) -> None:
    found = read(tmp_path, '<box label="rot" xtl="10" ytl="20" xbr="50" ybr="30" rotation="90"/>')
    (box,) = found.pictures[0].shapes
    assert isinstance(box, BoxShape)
    assert box.corners_xyxy_px == pytest.approx((25, 5, 35, 45))


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ('<ellipse label="rot" cx="1" cy="2"/>', "label 1: expected box, polygon, mask, tag, got ellipse"),
        ('<box xtl="1" ytl="2" xbr="30" ybr="40"/>', "expected the attribute label of a box, got none"),
        ('<tag label=""/>', "expected the attribute label of a tag, got none"),
        ('<box label="rot" xtl="1" ytl="2" xbr="30"/>', "expected numbers xtl, ytl, xbr, ybr"),
        ('<box label="rot" xtl="nan" ytl="2" xbr="30" ybr="1"/>', "expected finite numbers"),
        ('<box label="rot" xtl="0" ytl="2" xbr="30" ybr="9" rotation="x"/>', "expected numbers rotation"),
        ('<polygon label="rot" points="1,2;3,4"/>', "expected three or more points, got '1,2;3,4'"),
        ('<polygon label="rot" points="1,2;3,4;nan,5"/>', "expected three or more points"),
        ('<polygon label="rot" points="1,2;3;5"/>', "expected points x,y;x,y;..., got '1,2;3;5'"),
        (
            '<mask label="rot" rle="6" left="127" top="0" width="3" height="2"/>',
            "rle: expected a mask inside",
        ),
        ('<mask label="rot" rle="5" left="0" top="0" width="3" height="2"/>', "rle: expected runs over 6"),
        ('<mask label="rot" rle="x" left="0" top="0" width="3" height="2"/>', "rle: invalid literal"),
    ],
)
def test_a_wrong_label_is_a_line_and_the_others_stay(label: str, message: str, tmp_path: Path) -> None:
    found = read(tmp_path, f'{label}<tag label="apple"/>')
    (problem,) = found.problems
    assert problem.startswith("annotations.xml: image 'a.jpg', label 1: ")
    assert message in problem
    assert found.pictures[0].classes == ("apple",)


def test_wrong_pictures_are_lines(tmp_path: Path) -> None:
    (problem,) = read(tmp_path, "", 'name="b.jpg" width="1" height="1"').problems
    assert "expected a picture b.jpg" in problem
    (problem,) = read(tmp_path, "", 'name="a.jpg" width="1"').problems
    assert "image 'a.jpg': expected numbers height, width" in problem


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<annotations>\n<image></annotations>", r"annotations\.xml:2:10: expected XML, mismatched tag"),
        ("<annotation/>", "expected <annotations> with <image>s"),
        ("<annotations/>", "expected <annotations> with <image>s"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><annotations>&b;</annotations>', "expected plain XML, got Entities"),
    ],
)
def test_a_broken_file_is_refused(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "annotations.xml").write_text(text)
    with pytest.raises(SetError, match=message):
        read_cvat(tmp_path / "annotations.xml", SetPictures(tmp_path))
