"""Pallet numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import LabelDataError, LabelError, SsccExhaustedError
from service.labels.sscc import allocate_sscc, check_sscc, serials_of


def test_the_example_of_the_general_specifications() -> None:
    assert allocate_sscc("0614141", 1, 234567890) == "106141412345678908"


@given(st.text("0123456789", min_size=4, max_size=12), st.integers(0, 9), st.data())
def test_every_number_is_an_sscc_and_differs_from_the_next(
    prefix: str, extension: int, data: st.DataObject
) -> None:
    last = serials_of(prefix) - 1
    serial = data.draw(st.integers(0, last - 1))
    one, next_one = allocate_sscc(prefix, extension, serial), allocate_sscc(prefix, extension, serial + 1)
    check_sscc("sscc", one)
    assert one != next_one
    assert one.startswith(f"{extension}{prefix}")
    assert int(one[1 + len(prefix) : 17]) == serial


@pytest.mark.parametrize("prefix", ["6901", "6901234", "690123456789"])
def test_a_prefix_is_used_up_after_its_last_number(prefix: str) -> None:
    last = 10 ** (16 - len(prefix)) - 1
    assert allocate_sscc(prefix, 3, last)[1:17] == prefix + "9" * (16 - len(prefix))
    with pytest.raises(SsccExhaustedError) as caught:
        allocate_sscc(prefix, 3, last + 1)
    assert str(caught.value) == (
        f"serial: expected at most {last} under company prefix {prefix} and extension 3, "
        f"got {last + 1}; all its numbers are given out, take another extension digit"
    )
    assert isinstance(caught.value, LabelError)


@pytest.mark.parametrize(
    ("prefix", "extension", "serial", "problem"),
    [
        (
            "690",
            0,
            1,
            "company_prefix: expected 4 to 12 digits, got 3 in '690'",
        ),
        (
            "6901234567890",
            0,
            1,
            "company_prefix: expected 4 to 12 digits, got 13",
        ),
        (
            "69O1234",
            0,
            1,
            "company_prefix: expected 4 to 12 digits, got '69O",
        ),
        ("6901234", 10, 1, "extension: expected 0 to 9, got 10"),
        ("6901234", -1, 1, "extension: expected 0 to 9, got -1"),
        ("6901234", 0, -1, "serial: expected 0 or more, got -1"),
    ],
)
def test_what_cannot_be_a_number_is_refused(prefix: str, extension: int, serial: int, problem: str) -> None:
    with pytest.raises(LabelDataError) as caught:
        allocate_sscc(prefix, extension, serial)
    assert str(caught.value).startswith(problem)


@pytest.mark.parametrize(
    ("sscc", "problem"),
    [
        ("106141412345678907", "sscc: expected 8 as the last (check) digit, got 7 in '106141412345678907'"),
        ("10614141234567890", "sscc: expected 18 digits, got 17 in '10614141234567890'"),
    ],
)
def test_what_is_no_sscc_is_refused(sscc: str, problem: str) -> None:
    with pytest.raises(LabelDataError) as caught:
        check_sscc("sscc", sscc)
    assert str(caught.value) == problem
