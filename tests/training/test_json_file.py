"""What cannot be read as JSON says so with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.json_file import read_json
from training.labelled_picture import SetError


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert read_json(path) == {"a": 1}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{\n"a": }', r"a\.json:2:6: expected JSON, expecting value"),
        (b"\xff\xfe", "cannot be read"),
        (b"[" * 200_000, "cannot be read"),
    ],
)
def test_broken_files(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(SetError, match=message):
        read_json(path)
    with pytest.raises(SetError, match=r"none\.json: expected a JSON file"):
        read_json(tmp_path / "none.json")
