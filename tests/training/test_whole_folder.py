"""A folder appears whole or not at all, and takes no other thing's place."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.errors import OutputError
from grader.image_io import write_bytes
from tests.training.small_disk import small_disk
from training.whole_folder import whole_folder


def write(out: Path, content: bytes) -> None:
    with whole_folder(out, "card.json") as part:
        write_bytes(part / "card.json", b"{}")
        write_bytes(part / "model.onnx", content)


def test_a_folder_is_made_and_replaced(tmp_path: Path) -> None:
    out = tmp_path / "models" / "a"
    write(out, b"1")
    (out / "README.md").write_text("of the old one")
    write(out, b"2")
    assert sorted(path.name for path in out.iterdir()) == ["card.json", "model.onnx"]
    assert (out / "model.onnx").read_bytes() == b"2"
    assert list(out.parent.iterdir()) == [out]


def test_a_fault_leaves_the_folder_before(tmp_path: Path) -> None:
    write(tmp_path / "a", b"1")
    with pytest.raises(ZeroDivisionError), whole_folder(tmp_path / "a", "card.json") as part:
        (part / "card.json").write_text(str(1 / 0))
    assert (tmp_path / "a" / "model.onnx").read_bytes() == b"1"
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]


def test_a_full_disk_leaves_the_folder_before(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 64) as disk:
        write(disk / "a", b"1")
        with pytest.raises(OutputError, match=r"model\.onnx: could not be written: No space left on device"):
            write(disk / "a", bytes(100_000))
        assert list(disk.iterdir()) == [disk / "a"]
        assert (disk / "a" / "model.onnx").read_bytes() == b"1"


def test_other_files_are_not_replaced(tmp_path: Path) -> None:
    home, file, empty = tmp_path / "home", tmp_path / "file", tmp_path / "empty"
    home.mkdir()
    (home / "letter.txt").write_text("dear")
    file.write_text("")
    for place in (home, file):
        with pytest.raises(
            OutputError, match=rf"{place.name}: expected a new or empty folder, or one with card"
        ):
            write(place, b"1")
    assert (home / "letter.txt").read_text() == "dear"
    empty.mkdir()
    write(empty, b"1")
    with pytest.raises(OutputError, match="could not be written: Not a directory"):
        write(file / "a", b"1")
