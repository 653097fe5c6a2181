from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.uploads import MAX_NAME_LENGTH, clean_name


@pytest.mark.parametrize(
    ("given_name", "expected"),
    [
        (None, ""),
        ("", ""),
        ("a.jpg", "a.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\fruit\\cup 1.jpg", "cup 1.jpg"),
        ("花牛.jpg", "花牛.jpg"),
        ("a\nb\x00.jpg", "ab.jpg"),
        ("x" * 300, "x" * 200),
        ("folder/", ""),
    ],
)
def test_names(given_name: str | None, expected: str) -> None:
    assert clean_name(given_name) == expected


@given(st.text())
def test_no_name_can_lead_out_of_a_folder(name: str) -> None:
    cleaned = clean_name(name)
    assert "/" not in cleaned
    assert "\\" not in cleaned
    assert len(cleaned) <= MAX_NAME_LENGTH
    assert cleaned.isprintable()
