"""Index masks of every make: values, palettes, colours."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from grader.grade_command import class_names
from tests.training.labelled_sets import add_picture, index_mask
from training.labelled_picture import LabelledSet, MaskShape, SetError
from training.read_masks import read_classes, read_indices, read_masks
from training.set_pictures import SetPictures


def planted(folder: Path, mask: Image.Image, name: str = "masks/day__a.jpg.png") -> LabelledSet:
    add_picture(folder / "day" / "a.jpg", 1)
    (folder / "masks").mkdir(exist_ok=True)
    mask.save(folder / name)
    (folder / "classes.json").write_text(json.dumps(class_names()))
    return read_masks(folder, SetPictures(folder, without=("masks",)), {})


@pytest.mark.parametrize("name", ["day__a.jpg.png", "day__a.png", "a.png"])
def test_masks_of_the_grader(name: str, tmp_path: Path) -> None:
    found = planted(tmp_path, Image.fromarray(index_mask()), f"masks/{name}")
    assert (found.problems, found.warnings) == ((), ())
    assert len(found.names) == len(class_names())
    (picture,) = found.pictures
    assert (picture.name, picture.complete, picture.where) == ("day/a.jpg", True, f"masks/{name}")
    pixels = {shape.name: shape.runs.to_mask() for shape in picture.shapes if isinstance(shape, MaskShape)}
    assert set(pixels) == {"background", "sound_skin", "stem", "rot"}
    assert (pixels["rot"] == (index_mask() == 11)).all()
    assert sum(pixels.values()).tolist() == np.ones_like(index_mask()).tolist()


def test_two_values_of_one_class(tmp_path: Path) -> None:
    add_picture(tmp_path / "a.jpg", 1)
    (tmp_path / "masks").mkdir()
    Image.fromarray(index_mask()).save(tmp_path / "masks" / "a.png")
    values = {"0": "background", "1": "apple", "2": "apple", "11": "rot"}
    found = read_masks(tmp_path, SetPictures(tmp_path, without=("masks",)), values)
    shapes = {shape.name: shape for shape in found.pictures[0].shapes}
    assert set(shapes) == {"background", "apple", "rot"} == set(found.names)
    apple = shapes["apple"]
    assert isinstance(apple, MaskShape)
    assert (apple.runs.to_mask() == np.isin(index_mask(), (1, 2))).all()


@pytest.mark.parametrize("mode", ["L", "P", "I;16"])
def test_the_index_of_a_palette_is_the_value(mode: str, tmp_path: Path) -> None:
    image = Image.fromarray(index_mask().astype(np.uint16 if mode == "I;16" else np.uint8))
    if mode == "P":
        image.putpalette([255 - n // 3 for n in range(768)])
    image.save(tmp_path / "a.png")
    indices, keys = read_indices(tmp_path / "a.png")
    assert keys == ["0", "1", "2", "11"]
    assert (np.array([0, 1, 2, 11])[indices] == index_mask()).all()


def test_colours(tmp_path: Path) -> None:
    pixels = np.zeros((2, 3, 3), np.uint8)
    pixels[0, 1] = (255, 0, 16)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    indices, keys = read_indices(tmp_path / "a.png")
    assert keys == ["#000000", "#ff0010"]
    assert indices.tolist() == [[0, 1, 0], [0, 0, 0]]


def test_unknown_values_damaged_masks_and_bare_pictures(tmp_path: Path) -> None:
    mask = index_mask()
    mask[0, :2] = (77, 78)
    (problem,) = planted(tmp_path, Image.fromarray(mask)).problems
    assert problem.startswith("masks/day__a.jpg.png: expected the values 0, 1, 2, 3, 10")
    assert problem.endswith("got 77, 78 (2 unknown values)")
    path = tmp_path / "masks" / "day__a.jpg.png"
    path.write_bytes(path.read_bytes()[:60])
    (problem,) = read_masks(tmp_path, SetPictures(tmp_path, without=("masks",)), {}).problems
    assert problem.startswith(f"{path}: expected a mask picture (PNG), cannot be read")
    path.unlink()
    found = read_masks(tmp_path, SetPictures(tmp_path, without=("masks",)), {})
    assert (found.pictures, found.problems) == ((), ())
    assert found.warnings == (
        f"1 pictures without a mask in {tmp_path}/masks are left out, such as day/a.jpg",
    )


def test_classes_are_needed(tmp_path: Path) -> None:
    path = tmp_path / "classes.json"
    with pytest.raises(SetError, match="expected the classes of the masks' values here or in"):
        read_classes(path)
    path.write_text('{"1": 2}')
    with pytest.raises(SetError, match=r"classes\.json: 1: expected a text, got 2"):
        read_classes(path)
