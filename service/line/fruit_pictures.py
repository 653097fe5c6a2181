"""Pictures of fruit to replay on a line: a folder, or a video, as one fruit after the other with its views in order.

FOLDER/apple_17/view_00.jpg ...     one folder a fruit, its pictures by name
FOLDER/cup12_v0.jpg, cup12_v1.jpg   or flat: NAME_v0, NAME_v1 ... are views of NAME (`_view_00` and `-v0` too)
FOLDER/lemon.jpg                    a picture without a number is a fruit with one view
clip.mp4                            so many frames in a row are views of one fruit
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from grader.errors import GraderError
from grader.image_io import encode_jpeg, read_video
from grader.input_files import VIDEO_SUFFIXES
from service.errors import ReplayError

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})
"""What a line takes."""
JPEG_QUALITY = 95

_VIEW = re.compile(r"(?:(?P<fruit>.*)[_-])?v(?:iew)?_?(?P<view>\d{1,4})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FruitPictures:
    """One fruit. views: whole JPEG or PNG files, in the order in which the camera saw them."""

    name: str
    views: tuple[bytes, ...]


def count_fruit(source: Path, views: int | None) -> int | None:
    """How many fruit `read_fruit` will give; None for a video. Raises ReplayError."""
    return None if _is_video(source, views) else len(_fruit_in(source))


def read_fruit(source: Path, views: int | None) -> Iterator[FruitPictures]:
    """The fruit of a folder or a video, one by one.

    views: of a video so many frames are one fruit, what is left at the end is dropped; of a folder at most so many
    views of each fruit are taken.

    Raises:
        ReplayError: nothing there, no pictures, not readable, or a video without `views`.
    """
    if _is_video(source, views):
        assert views is not None
        yield from _fruit_of_video(source, views)
        return
    for name, paths in _fruit_in(source).items():
        yield FruitPictures(name, tuple(_read(path) for path in paths[:views]))


def _is_video(source: Path, views: int | None) -> bool:
    if source.is_dir():
        return False
    if not source.exists():
        raise ReplayError(f"{source}: expected a folder of pictures or a video, found nothing")
    if source.suffix.lower() not in VIDEO_SUFFIXES:
        raise ReplayError(f"{source}: expected a folder of pictures or a video, got a file {source.suffix!r}")
    if views is None:
        raise ReplayError(f"{source}: expected --views, the number of frames that show one fruit")
    return True


def _fruit_of_video(path: Path, views: int) -> Iterator[FruitPictures]:
    number = 0
    try:
        frames = read_video(path)
        while True:
            fruit = tuple(encode_jpeg(frame.rgb, quality=JPEG_QUALITY) for frame in islice(frames, views))
            if len(fruit) < views:
                break
            yield FruitPictures(f"{path.stem}#{number * views:06d}", fruit)
            number += 1
    except GraderError as error:
        raise ReplayError(str(error)) from error
    if number == 0:
        raise ReplayError(f"{path}: expected at least {views} frames, one fruit, got fewer")


def _fruit_in(folder: Path) -> dict[str, list[Path]]:
    """Pictures by fruit, in order."""
    try:
        found = sorted(
            (
                path
                for path in folder.rglob("*")
                if path.suffix.lower() in PICTURE_SUFFIXES and path.is_file()
            ),
            key=lambda path: path.parts,
        )
    except OSError as error:
        raise ReplayError(f"{folder}: cannot be read: {error.strerror or error}") from error
    numbered: dict[str, list[tuple[int, Path]]] = {}
    for path in found:
        place = path.parent.relative_to(folder).as_posix()
        match = _VIEW.fullmatch(path.stem)
        if match is not None:
            fruit = match["fruit"] or ("" if place != "." else folder.resolve().name)
            key, view = "/".join(part for part in (place.strip("."), fruit) if part), int(match["view"])
        elif place != ".":
            key, view = place, len(numbered.get(place, ()))
        else:
            key, view = path.name, 0
        numbered.setdefault(key, []).append((view, path))
    if not numbered:
        raise ReplayError(f"{folder}: expected pictures ({', '.join(sorted(PICTURE_SUFFIXES))}), found none")
    return {name: [path for _, path in sorted(views)] for name, views in numbered.items()}


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ReplayError(f"{path}: cannot be read: {error.strerror or error}") from error
