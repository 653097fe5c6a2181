from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from grader.image_io import decode_image
from service.errors import ReplayError
from service.line.fruit_pictures import count_fruit, read_fruit


def put(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())


def names(folder: Path, views: int | None = None) -> dict[str, list[str]]:
    found = list(read_fruit(folder, views))
    assert count_fruit(folder, views) == len(found)
    return {fruit.name: [view.decode() for view in fruit.views] for fruit in found}


def test_one_folder_a_fruit(tmp_path: Path) -> None:
    put(tmp_path, "b/2.jpg", "b/1.jpg", "a/view_10.png", "a/view_02.png", "a/notes.txt", "lot/c/x.JPEG")
    assert names(tmp_path) == {
        "a": ["a/view_02.png", "a/view_10.png"],
        "b": ["b/1.jpg", "b/2.jpg"],
        "lot/c": ["lot/c/x.JPEG"],
    }
    assert names(tmp_path, 1)["b"] == ["b/1.jpg"]


def test_flat_by_name(tmp_path: Path) -> None:
    put(tmp_path, "cup12_v1.jpg", "cup12_v0.jpg", "cup7-view_3.jpg", "lemon.jpg", "curve2.png")
    assert names(tmp_path) == {
        "cup12": ["cup12_v0.jpg", "cup12_v1.jpg"],
        "cup7": ["cup7-view_3.jpg"],
        "curve2.png": ["curve2.png"],
        "lemon.jpg": ["lemon.jpg"],
    }


def test_a_folder_of_views_is_one_fruit(tmp_path: Path) -> None:
    put(tmp_path / "apple", "view_01.jpg", "view_00.jpg")
    assert names(tmp_path / "apple") == {"apple": ["view_00.jpg", "view_01.jpg"]}


def write_video(path: Path, frames: int) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for number in range(frames):
        writer.write(np.full((48, 64, 3), (0, 0, 20 * number), np.uint8))  # BGR: ever more red
    writer.release()
    return path


def test_frames_of_a_video_in_order_and_in_their_colour(tmp_path: Path) -> None:
    video = write_video(tmp_path / "clip.avi", 7)
    assert count_fruit(video, 3) is None
    fruit = list(read_fruit(video, 3))
    assert [one.name for one in fruit] == [
        "clip#000000",
        "clip#000003",
    ]  # the seventh frame is no whole fruit
    reds = [int(decode_image(view, "v").rgb[20, 20, 0]) for one in fruit for view in one.views]
    assert reds == pytest.approx([0, 20, 40, 60, 80, 100], abs=6)
    assert decode_image(fruit[1].views[2], "v").rgb[20, 20, 2] < 20


def test_what_cannot_be_replayed(tmp_path: Path) -> None:
    put(tmp_path, "notes.txt", "broken.avi", "empty/notes.txt")
    for source, views, problem in (
        (tmp_path / "gone", None, r"gone: expected a folder of pictures or a video, found nothing"),
        (tmp_path / "notes.txt", None, r"notes\.txt: expected a folder .*, got a file '\.txt'"),
        (tmp_path / "broken.avi", None, r"broken\.avi: expected --views"),
        (tmp_path / "broken.avi", 2, r"broken\.avi: expected a video"),
        (tmp_path / "empty", None, r"empty: expected pictures \(\.jpeg, \.jpg, \.png\), found none"),
        (write_video(tmp_path / "short.avi", 2), 3, r"short\.avi: expected at least 3 frames"),
    ):
        with pytest.raises(ReplayError, match=problem):
            list(read_fruit(source, views))
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "a_v0.jpg").write_bytes(b"x")
    fruit = read_fruit(tmp_path / "linked", None)
    (tmp_path / "linked" / "a_v1.jpg").mkdir()  # not a file: passed over
    assert len(next(fruit).views) == 1


def test_a_picture_that_goes_away_is_named(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "b.jpg")
    fruit = read_fruit(tmp_path, None)
    next(fruit)
    (tmp_path / "b.jpg").unlink()
    with pytest.raises(ReplayError, match=r"b\.jpg: cannot be read: No such file"):
        next(fruit)
