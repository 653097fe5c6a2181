from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from service.errors import NotFoundError, StorageError, StorageFullError
from service.store.picture_folder import PictureFolder


def test_bytes_come_back_under_their_hash(tmp_path: Path) -> None:
    folder = PictureFolder(tmp_path / "pictures")
    name = folder.save(b"a picture")
    assert name == sha256(b"a picture").hexdigest()
    assert folder.read(name) == b"a picture"


def test_the_same_bytes_are_stored_once(tmp_path: Path) -> None:
    folder = PictureFolder(tmp_path)
    assert folder.save(b"x") == folder.save(b"x")
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_an_unknown_name_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no picture 0000"):
        PictureFolder(tmp_path).read("0" * 64)


@pytest.mark.parametrize(("free", "fits"), [(109, False), (110, True), (111, True)])
def test_space_is_kept_free(tmp_path: Path, free: int, fits: bool) -> None:
    folder = PictureFolder(tmp_path, min_free_bytes=100, measure_free_bytes=lambda _folder: free)
    if fits:
        folder.save(b"0123456789")
        return
    with pytest.raises(StorageFullError, match="free disk space"):
        folder.save(b"0123456789")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="file/pictures"):
        PictureFolder(tmp_path / "file" / "pictures")


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = PictureFolder(tmp_path)
    name = sha256(b"x").hexdigest()
    (tmp_path / name[:2]).write_text("a file where the folder should be")
    with pytest.raises(StorageError, match=name):
        folder.save(b"x")
    assert [path.name for path in tmp_path.rglob("*")] == [name[:2]]
