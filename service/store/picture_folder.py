"""Pictures on disk, each named by the SHA-256 of its bytes: written once, never changed."""

from __future__ import annotations

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from service.errors import NotFoundError, StorageError, StorageFullError

_NAME = re.compile("[0-9a-f]{64}")
_FULL = {errno.ENOSPC, errno.EDQUOT}


def free_bytes(folder: Path) -> int:
    """Free space in bytes of the disk that holds `folder`."""
    return shutil.disk_usage(folder).free


class PictureFolder:
    """A folder of pictures. Writing is atomic: a file is there whole, or not at all.

    root: the folder, made when missing. min_free_bytes: space that must stay free on the disk.
    measure_free_bytes: how free space is found (a test gives its own).
    """

    def __init__(
        self, root: Path, *, min_free_bytes: int = 0, measure_free_bytes: Callable[[Path], int] = free_bytes
    ) -> None:
        self._root = root
        self._min_free_bytes = min_free_bytes
        self._measure_free_bytes = measure_free_bytes
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"{root}: cannot make the picture folder: {error.strerror}") from error

    def check_space(self, new_bytes: int) -> None:
        """Raise StorageFullError unless `new_bytes` fit and `min_free_bytes` stay free."""
        needed = new_bytes + self._min_free_bytes
        free = self._measure_free_bytes(self._root)
        if free < needed:
            raise StorageFullError(
                f"{self._root}: expected {needed / 1e6:.0f} MB of free disk space, got {free / 1e6:.0f} MB"
            )

    def save(self, data: bytes) -> str:
        """Store `data` durably; return its name (64 hex digits). The same bytes are stored once.

        Raises:
            StorageFullError, StorageError: nothing was stored.
        """
        name = sha256(data).hexdigest()
        file = self._file(name)
        if file.exists():
            file.touch()  # who tidies leaves young files alone
            return name
        self.check_space(len(data))
        try:
            file.parent.mkdir(exist_ok=True)
            _write_durably(file, data)
        except OSError as error:
            problem = StorageFullError if error.errno in _FULL else StorageError
            raise problem(f"{file}: cannot be written: {error.strerror}") from error
        return name

    def read(self, name: str) -> bytes:
        """The bytes stored as `name`. Raises NotFoundError."""
        try:
            return self._file(name).read_bytes()
        except OSError as error:
            raise NotFoundError(f"no picture {name}") from error

    def has(self, name: str) -> bool:
        """Whether there is a picture of this name."""
        return self._file(name).is_file()

    def names_before(self, moment_s: float) -> Iterator[str]:
        """Names of all pictures that were last saved before a time, s since 1970."""
        for file in self._root.glob("??/*"):
            with suppress(FileNotFoundError):  # somebody else tidies too
                if _NAME.fullmatch(file.name) and file.stat().st_mtime < moment_s:
                    yield file.name

    def delete(self, name: str) -> int:
        """Delete a picture; returns its bytes, 0 when it is not there. Raises StorageError."""
        file = self._file(name)
        try:
            size = file.stat().st_size
            file.unlink()
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise StorageError(f"{file}: cannot be deleted: {error.strerror}") from error
        return size

    def _file(self, name: str) -> Path:
        return self._root / name[:2] / name


def _write_durably(file: Path, data: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
