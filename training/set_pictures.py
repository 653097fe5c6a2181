"""The pictures of a labelled set: which there are, which one an annotation means, and how large it is."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from PIL import ExifTags, Image

from grader.image_io import IMAGE_FORMATS
from grader.input_files import IMAGE_SUFFIXES

_SIDEWAYS = (5, 6, 7, 8)  # EXIF orientations that swap width and height
_UPLOAD_PREFIX = re.compile(r"^[0-9a-f]{8}-")


class SetPictures:
    """The picture files below a folder, hidden ones left out.

    paths: sorted.
    """

    def __init__(self, folder: Path, *, without: Iterable[str] = ()) -> None:
        """without: names of folders directly below that hold no pictures of the set, such as `masks`."""
        self.folder = folder
        skipped = frozenset(without)
        self.paths = tuple(
            path
            for path in sorted(folder.rglob("*"))
            if path.suffix.lower() in IMAGE_SUFFIXES
            and path.is_file()
            and not any(part.startswith(".") for part in path.relative_to(folder).parts)
            and path.relative_to(folder).parts[0] not in skipped
        )
        self._by_name: dict[str, list[Path]] = {}
        for path in self.paths:
            self._by_name.setdefault(path.name, []).append(path)

    def name_of(self, path: Path) -> str:
        """The path below the folder, with `/`; bytes that are not UTF-8 (GBK ...) as `\\xd0`."""
        return os.fsencode(path.relative_to(self.folder).as_posix()).decode("utf-8", "backslashreplace")

    def find(self, stated: str) -> tuple[Path | None, str]:
        """The picture that an annotation means: the one whose path ends most like the stated path, and only if it is
        one. Returns it, or None and what is wrong.

        stated: a path, or a Label Studio address (`/data/upload/3/0a1b2c3d-a.jpg`, `...?d=folder/a.jpg`).
        """
        parts = _plain_path(stated).split("/")
        names = [parts[-1], _UPLOAD_PREFIX.sub("", parts[-1])]
        for name in dict.fromkeys(names):
            best = self._by_name.get(name, [])
            for depth in range(2, len(parts) + 1):
                closer = [path for path in best if path.parts[-depth:-1] == tuple(parts[-depth:-1])]
                best = closer or best
            if len(best) == 1:
                return best[0], ""
            if best:
                found = ", ".join(self.name_of(path) for path in best[:3])
                return None, f"expected one picture {stated}, found {len(best)}: {found}"
        return None, f"expected a picture {stated} below {self.folder}, found none"


def _plain_path(stated: str) -> str:
    address = urlsplit(stated.replace("\\", "/"))
    local = parse_qs(address.query).get("d", [""])[0]
    return unquote(local or address.path).strip("/")


def picture_hw(path: Path) -> tuple[int, int] | None:
    """(height, width) in pixels of the upright picture, from its header; None when it is no picture."""
    try:
        with Image.open(path, formats=IMAGE_FORMATS) as image:
            width, height = image.size
            sideways = image.getexif().get(ExifTags.Base.Orientation) in _SIDEWAYS
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return (width, height) if sideways else (height, width)
