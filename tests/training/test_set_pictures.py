"""The picture an annotation means is found by the end of its path, and never guessed between two."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from tests.training.labelled_sets import add_picture
from training.set_pictures import SetPictures, picture_hw


def planted(folder: Path) -> SetPictures:
    for n, name in enumerate(("a/one.png", "b/one.png", "b/two words.png", ".hidden/x.png", "masks/m.png")):
        add_picture(folder / name, n)
    (folder / "a" / "notes.txt").write_text("no picture")
    return SetPictures(folder, without=("masks",))


def test_pictures_without_hidden_ones_and_masks(tmp_path: Path) -> None:
    pictures = planted(tmp_path)
    assert [pictures.name_of(path) for path in pictures.paths] == [
        "a/one.png",
        "b/one.png",
        "b/two words.png",
    ]


@pytest.mark.parametrize(
    ("stated", "found"),
    [
        ("a/one.png", "a/one.png"),
        ("/somewhere/else/b/one.png", "b/one.png"),
        ("C:\\pictures\\b\\one.png", "b/one.png"),
        ("two words.png", "b/two words.png"),
        ("/data/upload/3/0a1b2c3d-two%20words.png", "b/two words.png"),
        ("/data/local-files/?d=b/two%20words.png", "b/two words.png"),
        ("s3://bucket/a/one.png", "a/one.png"),
    ],
)
def test_stated_paths(stated: str, found: str, tmp_path: Path) -> None:
    pictures = planted(tmp_path)
    path, wrong = pictures.find(stated)
    assert (path, wrong) == (tmp_path / found, "")


def test_a_name_that_is_not_utf8_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode("果.png".encode("gbk"))
    path.write_bytes(add_picture(tmp_path / "a.png", 1).read_bytes())
    pictures = SetPictures(tmp_path)
    assert {pictures.name_of(path) for path in pictures.paths} == {"a.png", "\\xb9\\xfb.png"}


def test_two_and_none(tmp_path: Path) -> None:
    pictures = planted(tmp_path)
    assert pictures.find("one.png") == (None, "expected one picture one.png, found 2: a/one.png, b/one.png")
    assert pictures.find("x.png") == (None, f"expected a picture x.png below {tmp_path}, found none")


def test_size_is_that_of_the_upright_picture(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (60, 40)).save(tmp_path / "a.jpg", exif=exif)
    Image.new("RGB", (60, 40)).save(tmp_path / "b.jpg")
    assert picture_hw(tmp_path / "a.jpg") == (60, 40)
    assert picture_hw(tmp_path / "b.jpg") == (40, 60)
    (tmp_path / "c.jpg").write_bytes(b"no picture")
    assert picture_hw(tmp_path / "c.jpg") is None
