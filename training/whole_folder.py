"""A folder that appears whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grader.errors import OutputError


@contextmanager
def whole_folder(out: Path, mark: str) -> Iterator[Path]:
    """A new folder beside `out` that takes its place when the block ends well; else it is gone and `out` is as it was.

    mark: name of a file by which a folder is known that may be replaced.
    Raises OutputError when `out` holds other things, or a folder cannot be made or moved.
    """
    if out.exists() and not (out / mark).is_file() and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(
            f"{out}: expected a new or empty folder, or one with {mark} to replace, found other files"
        )
    part, old = out.with_name(f".{out.name}.part"), out.with_name(f".{out.name}.old")
    shutil.rmtree(part, ignore_errors=True)
    try:
        with _named(part):
            part.mkdir(parents=True)
        yield part
        with _named(out):
            shutil.rmtree(old, ignore_errors=True)
            if out.exists():
                out.rename(old)
            part.rename(out)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(part, ignore_errors=True)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise OutputError(f"{path}: could not be written: {exc.strerror or exc}") from exc
