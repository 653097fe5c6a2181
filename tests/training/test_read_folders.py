"""The folder is the class."""

from __future__ import annotations

from pathlib import Path

from tests.training.labelled_sets import add_picture
from training.read_folders import read_folders
from training.set_pictures import SetPictures


def test_the_class_is_the_folder(tmp_path: Path) -> None:
    for n, name in enumerate(("rot/a.jpg", "fresh/day 1/b.jpg", "train/rot/c.jpg", "d.jpg", "val/e.jpg")):
        add_picture(tmp_path / name, n)
    found = read_folders(tmp_path, SetPictures(tmp_path))
    assert [(picture.name, picture.classes) for picture in found.pictures] == [
        ("fresh/day 1/b.jpg", ("fresh",)),
        ("rot/a.jpg", ("rot",)),
        ("train/rot/c.jpg", ("rot",)),
    ]
    assert found.names == ("fresh", "rot")
    assert found.problems == tuple(
        f"{name}: expected a picture in a folder that is named as its class, below {tmp_path}"
        for name in ("d.jpg", "val/e.jpg")
    )
