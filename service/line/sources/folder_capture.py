"""A folder that a camera or another program puts pictures into: each file is taken once, when it is whole."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from service.errors import ProtocolError
from service.line.line_config import Source
from service.line.protocol import MessageLimits, check_picture
from service.line.sources.shot import CaptureError, CaptureFault, Shot, Unusable

POLL_S = 0.02
"""Between two looks: also works on network folders, which tell of no changes."""
_SUFFIXES = (".jpg", ".jpeg", ".png")


@dataclass(slots=True)
class _File:
    size: int
    changed_ns: int
    first_seen_s: float
    changed_s: float
    done: bool = False


class FolderCapture:
    """Watches one folder, not those in it. What lies there at the start is left alone; taken files are too, unless
    the source says `delete`. A file is whole when its picture has its end; one that has not grown for `silence_s` and
    has none is `bad_picture`. taken_s is when a file first appeared.
    """

    clock_jumps = 0

    def __init__(self, source: Source, limits: MessageLimits) -> None:
        self._source, self._limits = source, limits
        self._folder = Path(source.address)
        self._files: dict[str, _File] = {}
        self._look()
        for file in self._files.values():
            file.done = True

    def read(self) -> Shot | Unusable | None:
        """The oldest whole new file; None after a short wait when there is none. Raises CaptureError."""
        self._look()
        for name, file in sorted(self._files.items(), key=lambda item: (item[1].first_seen_s, item[0])):
            if not file.done and (found := self._take(name, file)) is not None:
                return found
        time.sleep(POLL_S)
        return None

    def close(self) -> None:
        """Nothing is held open."""

    def _look(self) -> None:
        now_s = time.monotonic()
        there: dict[str, _File] = {}
        try:
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    if entry.name.startswith(".") or not entry.name.lower().endswith(_SUFFIXES):
                        continue
                    try:
                        stat = entry.stat()
                    except FileNotFoundError:
                        continue
                    there[entry.name] = self._seen(entry.name, stat, now_s)
        except OSError as error:
            raise CaptureError(
                CaptureFault.NO_FOLDER,
                f"{self._folder}: expected a folder, it cannot be read: {error.strerror}",
            ) from error
        self._files = there

    def _seen(self, name: str, stat: os.stat_result, now_s: float) -> _File:
        """A file that was changed after it was taken is another picture."""
        known = self._files.get(name)
        if known is None or (known.done and known.changed_ns != stat.st_mtime_ns):
            return _File(stat.st_size, stat.st_mtime_ns, now_s, now_s)
        if (known.size, known.changed_ns) != (stat.st_size, stat.st_mtime_ns):
            known.size, known.changed_ns, known.changed_s = stat.st_size, stat.st_mtime_ns, now_s
        return known

    def _take(self, name: str, file: _File) -> Shot | Unusable | None:
        path = self._folder / name
        try:
            data = path.read_bytes()
            check_picture(data, self._limits)
        except (OSError, ProtocolError) as error:
            if time.monotonic() - file.changed_s < self._source.silence_s:
                return None  # may still be written
            file.done = True
            return Unusable("bad_picture", f"{path}: {error}")
        file.done = True
        if self._source.delete:
            path.unlink(missing_ok=True)
        return Shot(taken_s=file.first_seen_s, picture=data, name=path.stem)
