"""`grader grade` on unusual and unreadable pictures: all in one call, so that each could spoil the others."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import Result

from grader.grade_command import class_names
from grader.image_io import read_image
from grader.types import UInt8Array
from tests.grader.command import grade, rows
from tests.grader.odd_pictures import HUGE_HW, ODD, PLAIN, ROTATED_HW, UNREADABLE, write_odd_pictures


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixed:
    """One call on a folder of good, odd and unreadable pictures."""

    folder: Path
    out: Path
    result: Result

    def frame(self, name: str) -> dict[str, object]:
        frames = rows((self.out / "frames.jsonl").read_text())
        found = [frame for frame in frames if frame["frame"] == (self.folder / name).as_posix()]
        assert len(found) == 1, f"{name}: expected one line in frames.jsonl, got {len(found)}"
        return found[0]

    def fruits(self, name: str) -> list[dict[str, object]]:
        found = rows((self.out / "fruits.jsonl").read_text())
        return [fruit for fruit in found if fruit["frame"] == (self.folder / name).as_posix()]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory, apple_rgb: UInt8Array) -> Mixed:
    root = tmp_path_factory.mktemp("mixed")
    write_odd_pictures(root / "in", apple_rgb)
    result = grade(root / "in", "--mm-per-px", "0.5", "--out", root / "out", "--masks")
    return Mixed(folder=root / "in", out=root / "out", result=result)


def test_some_unread_is_exit_1_and_counted(mixed: Mixed) -> None:
    assert mixed.result.exit_code == 1, mixed.result.output
    assert f"{len(UNREADABLE)} input(s) could not be read; the others are done" in mixed.result.stderr


@pytest.mark.parametrize(("name", "message"), UNREADABLE.items())
def test_unreadable_picture_is_named_with_its_reason(mixed: Mixed, name: str, message: str) -> None:
    lines = [line for line in mixed.result.stderr.splitlines() if f"/in/{name}" in line]
    assert len(lines) == 1, mixed.result.stderr
    assert lines[0].startswith("error: ")
    assert message in lines[0]
    assert mixed.fruits(name) == []
    assert not (mixed.out / "masks" / f"{name}.png").exists()


@pytest.mark.parametrize(("name", "flag"), ODD.items())
def test_odd_picture_is_read_and_flagged(mixed: Mixed, name: str, flag: str) -> None:
    notes = mixed.frame(name)["notes"]
    assert isinstance(notes, list)
    assert flag in notes
    for fruit in mixed.fruits(name):
        assert flag in fruit["quality_flags"]


@pytest.mark.parametrize("name", ["black.png", "white.png"])
def test_black_or_clipped_frame_is_a_value_not_an_error(mixed: Mixed, name: str) -> None:
    assert mixed.frame(name)["fruits"] == 0
    assert f"/in/{name}: no fruit judged ({ODD[name]}" in mixed.result.stderr


def test_no_fruit_is_a_value_not_an_error(mixed: Mixed) -> None:
    assert mixed.frame("nothing.png") == {
        "frame": (mixed.folder / "nothing.png").as_posix(),
        "fruits": 0,
        "notes": ["no_fruit"],
    }
    assert "/in/nothing.png: no fruit judged (no_fruit)" in mixed.result.stderr


@pytest.mark.parametrize("name", ["alpha.png", "animated.gif", "cmyk.jpg", "deep_colour.png", "rotated.jpg"])
def test_every_colour_picture_shows_the_same_apple(mixed: Mixed, name: str) -> None:
    assert mixed.fruits(name), f"{name}: expected the apple of zz_good.jpg"


def test_the_good_picture_between_them_is_graded(mixed: Mixed) -> None:
    assert mixed.frame("zz_good.jpg")["notes"] == []
    assert {fruit["crop"] for fruit in mixed.fruits("zz_good.jpg")} == {"apple"}


def test_masks_have_the_size_of_the_upright_picture(mixed: Mixed) -> None:
    assert read_image(mixed.out / "masks" / "rotated.jpg.png").rgb.shape[:2] == ROTATED_HW
    with Image.open(mixed.out / "masks" / "huge.jpg.png") as huge:
        assert huge.size == HUGE_HW[::-1]
        assert huge.mode == "L"


def test_mask_values_are_those_of_classes_json(mixed: Mixed) -> None:
    assert json.loads((mixed.out / "classes.json").read_text()) == class_names()
    with Image.open(mixed.out / "masks" / "zz_good.jpg.png") as image:
        values = np.unique(np.asarray(image))
    assert 1 in values
    assert {str(value) for value in values} <= set(class_names())


def test_every_readable_picture_has_exactly_one_frame_line_and_mask(mixed: Mixed) -> None:
    readable = sorted([*ODD, *PLAIN])
    frames = rows((mixed.out / "frames.jsonl").read_text())
    assert [Path(str(frame["frame"])).name for frame in frames] == readable
    assert sorted(path.name for path in (mixed.out / "masks").iterdir()) == [
        f"{name}.png" for name in readable
    ]


def test_stdout_is_fruits_jsonl(mixed: Mixed) -> None:
    assert mixed.result.stdout == (mixed.out / "fruits.jsonl").read_text()
    fruits = rows(mixed.result.stdout)
    assert {fruit["schema"] for fruit in fruits} == {"fruit/1"}
