"""A real folder. Reads wait a little by themselves, so tests read until they have what they expect."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.line.line_config import Source
from service.line.protocol import MessageLimits
from service.line.sources.folder_capture import FolderCapture
from service.line.sources.shot import CaptureError, Shot, Unusable

WHOLE = b"\xff\xd8\xff picture \xff\xd9"


def open_folder(folder: Path, *, delete: bool = False, silence_s: float = 0.1) -> FolderCapture:
    source = Source(
        kind="folder", address=str(folder), lane=1, within_counts=0, delete=delete, silence_s=silence_s
    )
    return FolderCapture(source, MessageLimits())


def read_all(capture: FolderCapture, count: int) -> list[Shot | Unusable]:
    found: list[Shot | Unusable] = []
    for _ in range(500):
        one = capture.read()
        if one is not None:
            found.append(one)
        if len(found) == count:
            return found
    raise AssertionError(found)


def test_each_new_file_once_oldest_first(tmp_path: Path) -> None:
    (tmp_path / "before.jpg").write_bytes(WHOLE)
    capture = open_folder(tmp_path)
    assert capture.read() is None
    (tmp_path / "b.jpg").write_bytes(WHOLE + b"\0\0")
    first = read_all(capture, 1)[0]
    for name in ("a.JPG", "c.txt", ".hidden.jpg"):
        (tmp_path / name).write_bytes(WHOLE)
    second = read_all(capture, 1)[0]
    assert isinstance(first, Shot)
    assert isinstance(second, Shot)
    assert (first.name, first.picture, second.name) == ("b", WHOLE + b"\0\0", "a")
    assert first.taken_s < second.taken_s
    assert capture.read() is None
    (tmp_path / "a.JPG").write_bytes(WHOLE * 2)  # another picture under the same name
    assert [one.name for one in read_all(capture, 1) if isinstance(one, Shot)] == ["a"]
    assert (tmp_path / "b.jpg").exists()
    capture.close()


def test_half_a_file_is_waited_for(tmp_path: Path) -> None:
    capture = open_folder(tmp_path, silence_s=60)
    with (tmp_path / "slow.jpg").open("wb") as file:
        file.write(WHOLE[:-2])
        file.flush()
        assert capture.read() is None
        file.write(WHOLE[-2:])
    found = read_all(capture, 1)[0]
    assert isinstance(found, Shot)
    assert found.picture == WHOLE


def test_half_a_file_that_stays_half_is_no_picture(tmp_path: Path) -> None:
    capture = open_folder(tmp_path)
    (tmp_path / "half.jpg").write_bytes(WHOLE[:-2])
    found = read_all(capture, 1)[0]
    assert isinstance(found, Unusable)
    assert found.reason == "bad_picture"
    assert "half.jpg: picture: expected a whole JPEG" in found.problem
    assert capture.read() is None


def test_taken_files_can_be_deleted(tmp_path: Path) -> None:
    capture = open_folder(tmp_path, delete=True)
    (tmp_path / "a.jpg").write_bytes(WHOLE)
    read_all(capture, 1)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_or_goes_away(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"gone: expected a folder, it cannot be read: No such file"):
        open_folder(tmp_path / "gone")
    (tmp_path / "in").mkdir()
    capture = open_folder(tmp_path / "in")
    (tmp_path / "in").rmdir()
    with pytest.raises(CaptureError, match="cannot be read"):
        capture.read()
