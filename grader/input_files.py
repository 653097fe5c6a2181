"""Which files a run reads: files and folders given on a command line, expanded in a fixed order."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from grader.errors import InvalidImageError

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".mpo", ".png", ".bmp", ".tif", ".tiff", ".webp", ".gif"}
)
VIDEO_SUFFIXES = frozenset({".mp4", ".avi", ".mkv", ".mov", ".m4v", ".webm", ".mpg", ".mpeg", ".ts"})


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """One input of a run, in the order given; folders are expanded.

    path: where the file is. frame_id: the path as given (in a folder: the folder as given / path inside).
    relative_path: the path inside the folder given, or the bare name of a file given; "/" between parts.
    error: why it cannot be read, as far as listing shows (missing, unreadable, empty folder), else None.
    """

    path: Path
    frame_id: str
    relative_path: str
    kind: Literal["image", "video"]
    error: InvalidImageError | None = None


def list_inputs(paths: Iterable[Path]) -> tuple[InputFile, ...]:
    """Expand files and folders (recursively, sorted). Never raises: what cannot be read carries its error.

    In folders, hidden files and those that are neither picture nor video by extension are passed over. A file
    given by name is always listed: whether it is a picture is found when it is read.
    """
    return tuple(item for path in paths for item in _expand(path))


def _expand(path: Path) -> Iterator[InputFile]:
    try:
        is_folder, exists = path.is_dir(), path.exists()
    except OSError as exc:  # no right to look into the folder above
        yield _failed_input(path, f"cannot be read: {exc.strerror}")
        return
    if is_folder:
        yield from _expand_folder(path)
    elif exists:
        yield _input_file(path, path.name)
    else:
        yield _failed_input(path, "expected a file or folder, found nothing")


def _expand_folder(root: Path) -> Iterator[InputFile]:
    problems: list[OSError] = []
    files: list[Path] = []
    for folder, _, names in os.walk(root, onerror=problems.append):
        files += [Path(folder, name) for name in names if not name.startswith(".")]
    wanted = [file for file in files if file.suffix.lower() in IMAGE_SUFFIXES | VIDEO_SUFFIXES]
    for file in sorted(wanted, key=lambda item: item.parts):
        yield _input_file(file, file.relative_to(root).as_posix())
    for problem in problems:
        yield _failed_input(Path(problem.filename or root), f"folder cannot be read: {problem.strerror}")
    if not wanted and not problems:
        yield _failed_input(root, "expected pictures or videos in this folder, found none")


def _input_file(path: Path, relative_path: str) -> InputFile:
    kind: Literal["image", "video"] = "video" if path.suffix.lower() in VIDEO_SUFFIXES else "image"
    return InputFile(
        path=path, frame_id=_as_text(path.as_posix()), relative_path=_as_text(relative_path), kind=kind
    )


def _failed_input(path: Path, reason: str) -> InputFile:
    error = InvalidImageError(f"{path}: {reason}")
    return InputFile(
        path=path,
        frame_id=_as_text(path.as_posix()),
        relative_path=_as_text(path.name),
        kind="image",
        error=error,
    )


def _as_text(name: str) -> str:
    """A file name that can be written as UTF-8: bytes of another encoding (GBK ...) as `\\xd0`, unambiguously."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
