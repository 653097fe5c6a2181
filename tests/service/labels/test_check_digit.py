"""Check digits of GTIN, SSCC and GLN."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import LabelDataError
from service.labels.check_digit import check_digit, gtin_14, require_check_digit

# Examples of the GS1 General Specifications and of well-known articles.
KNOWN = (
    "00614141999996",
    "10614141543219",
    "4006381333931",
    "96385074",
    "036000291452",
    "106141412345678908",
    "0614141000005",
)


@pytest.mark.parametrize("key", KNOWN)
def test_known_keys_have_the_known_digit(key: str) -> None:
    assert check_digit(key[:-1]) == key[-1]


@given(st.text("0123456789", min_size=7, max_size=17), st.data())
def test_one_changed_digit_is_always_noticed(body: str, data: st.DataObject) -> None:
    key = body + check_digit(body)
    place = data.draw(st.integers(0, len(key) - 1))
    other = data.draw(st.sampled_from("0123456789").filter(lambda digit: digit != key[place]))
    require_check_digit("gtin", key)
    with pytest.raises(LabelDataError, match=r"^gtin: expected . as the last \(check\) digit, got"):
        require_check_digit("gtin", key[:place] + other + key[place + 1 :])


def test_shorter_gtins_are_filled_up_to_fourteen_digits() -> None:
    assert gtin_14("gtin", "96385074") == "00000096385074"
    assert gtin_14("gtin", "036000291452") == "00036000291452"
    assert gtin_14("gtin", "4006381333931") == "04006381333931"
    assert gtin_14("gtin", "10614141543219") == "10614141543219"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("4006381333932", "gtin: expected 1 as the last (check) digit, got 2 in '4006381333932'"),
        ("400638133393", "gtin: expected 0 as the last (check) digit, got 3 in '400638133393'"),
        ("40063813339", "gtin: expected 8 or 12 or 13 or 14 digits, got 11 in '40063813339'"),
        ("400638133393a", "gtin: expected 8 or 12 or 13 or 14 digits, got '400638133393a'"),
        (
            "４００６３８１３３３９３１",
            "gtin: expected 8 or 12 or 13 or 14 digits, got '４００６３８１３３３９３１'",
        ),
        ("", "gtin: expected 8 or 12 or 13 or 14 digits, got ''"),
    ],
)
def test_what_is_no_gtin_is_refused(value: str, problem: str) -> None:
    with pytest.raises(LabelDataError) as caught:
        gtin_14("gtin", value)
    assert str(caught.value) == problem
    assert caught.value.field == "gtin"
