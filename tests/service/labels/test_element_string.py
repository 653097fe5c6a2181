"""Element strings: every identifier at, below and above its limits; what scanners send is read back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import LabelDataError
from service.labels.check_digit import check_digit
from service.labels.element_string import (
    CHARACTER_SET_82,
    FORMATS,
    GS,
    Element,
    day_element,
    day_of,
    human_readable,
    message,
    read_message,
    weight_element,
    weight_kg,
)

DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))


def values_of(ai: str) -> st.SearchStrategy[str]:
    form = FORMATS[ai]
    if form.dated:
        return DAYS.map(lambda day: day.strftime("%y%m%d"))
    if form.keyed:
        body = st.text("0123456789", min_size=form.shortest - 1, max_size=form.longest - 1)
        return body.map(lambda digits: digits + check_digit(digits))
    letters = "0123456789" if form.numeric else "".join(sorted(CHARACTER_SET_82))
    return st.text(letters, min_size=form.shortest, max_size=form.longest)


@st.composite
def element_lists(draw: st.DrawFn) -> tuple[Element, ...]:
    chosen = draw(st.lists(st.sampled_from(sorted(FORMATS)), min_size=1, max_size=6, unique=True))
    return tuple(Element(ai, draw(values_of(ai))) for ai in chosen)


@given(element_lists(), st.sampled_from(["", "]C1", "]d2", GS]))
def test_what_a_scanner_sends_is_read_back(elements: tuple[Element, ...], prefix: str) -> None:
    assert read_message(prefix + message(elements)) == elements


def test_fnc1_separates_only_what_has_no_predefined_length() -> None:
    elements = (
        Element("01", "10614141543219"),
        Element("10", "A1"),
        Element("422", "156"),
        Element("21", "7"),
    )
    assert message(elements) == f"011061414154321910A1{GS}422156{GS}217"
    assert message(elements[:2]) == "011061414154321910A1"
    assert human_readable(elements) == "(01)10614141543219(10)A1(422)156(21)7"


def test_the_set_of_characters_has_82() -> None:
    assert len(CHARACTER_SET_82) == 82
    assert not CHARACTER_SET_82 & set(" #$@[\\]^`{|}~" + GS)


@pytest.mark.parametrize("ai", sorted(FORMATS))
def test_a_value_one_too_long_or_too_short_is_refused(ai: str) -> None:
    form = FORMATS[ai]
    for length in (form.shortest - 1, form.longest + 1):
        with pytest.raises(LabelDataError, match=rf"^\({ai}\) .*: expected .*, got {length} in '1*'$"):
            Element(ai, "1" * length)


@pytest.mark.parametrize("ai", ["10", "21", "427"])
@pytest.mark.parametrize("stray", [" ", "#", "批", "[", GS, "\n", "é"])
def test_characters_outside_the_set_are_named(ai: str, stray: str) -> None:
    with pytest.raises(LabelDataError) as caught:
        Element(ai, f"A{stray}")
    assert f"got {stray!r} in" in str(caught.value)


@pytest.mark.parametrize("ai", ["00", "01", "02", "412", "414", "416"])
def test_a_wrong_check_digit_is_refused(ai: str) -> None:
    body = "1" * (FORMATS[ai].longest - 1)
    right = check_digit(body)
    Element(ai, body + right)
    with pytest.raises(LabelDataError, match=rf"expected {right} as the last \(check\) digit, got"):
        Element(ai, body + str((int(right) + 1) % 10))


@pytest.mark.parametrize("value", ["260230", "261301", "260100", "260001", "250229", "261132"])
def test_days_that_are_none_are_refused(value: str) -> None:
    with pytest.raises(
        LabelDataError, match=rf"^\(13\) PACK DATE: expected a real day as YYMMDD, got '{value}'"
    ):
        Element("13", value)


@pytest.mark.parametrize("value", ["240229", "000229", "261231", "260101"])
def test_days_that_are_real_are_taken(value: str) -> None:
    assert Element("13", value).value == value


def test_digits_of_other_scripts_are_no_digits() -> None:
    with pytest.raises(LabelDataError, match="expected 3 digits, got '١٥٦'"):
        Element("422", "١٥٦")


@given(DAYS, st.dates(date(2001, 1, 1), date(2098, 12, 31)))
def test_the_century_of_a_day_is_the_nearest(day: date, today: date) -> None:
    found = day_of(day_element("13", date(today.year, day.month, min(day.day, 28))), today=today)
    assert found == date(today.year, day.month, min(day.day, 28))


def test_the_century_turns_fifty_years_ahead() -> None:
    today = date(2026, 6, 1)
    assert day_of(Element("13", "760101"), today=today) == date(2076, 1, 1)
    assert day_of(Element("13", "770101"), today=today) == date(1977, 1, 1)


@pytest.mark.parametrize(
    ("weight", "ai", "value"),
    [
        ("10.00", "3102", "001000"),
        ("10", "3100", "000010"),
        ("1E+3", "3100", "001000"),
        ("9.99999", "3105", "999999"),
        ("0.00001", "3105", "000001"),
        ("999999", "3100", "999999"),
        ("9999.99", "3102", "999999"),
    ],
)
def test_weights_keep_their_decimals(weight: str, ai: str, value: str) -> None:
    element = weight_element("net_weight_kg", "310", Decimal(weight))
    assert element == Element(ai, value)
    assert weight_kg(element) == Decimal(weight)


@pytest.mark.parametrize(
    ("weight", "problem"),
    [
        ("0", "expected a weight above 0 kg, got 0"),
        ("-1", "expected a weight above 0 kg, got -1"),
        ("NaN", "expected a weight above 0 kg, got NaN"),
        ("Infinity", "expected a weight above 0 kg, got Infinity"),
        ("0.000001", "expected at most 5 decimals, got 6 in 0.000001"),
        ("1000000", "expected at most 999999 kg with 0 decimals, got 1000000"),
        ("10.00000", "expected at most 9.99999 kg with 5 decimals, got 10.00000"),
    ],
)
def test_weights_that_do_not_fit_are_refused(weight: str, problem: str) -> None:
    with pytest.raises(LabelDataError) as caught:
        weight_element("net_weight_kg", "310", Decimal(weight))
    assert str(caught.value) == f"net_weight_kg: {problem}".replace("0.000001", str(Decimal("0.000001")))


@pytest.mark.parametrize(
    ("scanned", "problem"),
    [
        ("", "code: expected a GS1 element string, got ''"),
        ("]C1", "code: expected a GS1 element string, got ']C1'"),
        ("https://example.org", "code: expected one of the identifiers"),
        ("0110614141543218", "(01) GTIN: expected 9 as the last (check) digit"),
        ("01106141415432", "(01) GTIN: expected 14 digits, got 12"),
        (f"10A{GS}10B", "code: expected each identifier once, got (10) twice"),
        (f"10{GS}217", "(10) BATCH/LOT: expected 1 to 20 characters, got 0"),
        ("3106001000", "code: expected one of the identifiers"),
    ],
)
def test_what_is_no_element_string_is_refused(scanned: str, problem: str) -> None:
    with pytest.raises(LabelDataError) as caught:
        read_message(scanned)
    assert str(caught.value).startswith(problem)


def test_an_unknown_identifier_is_refused() -> None:
    with pytest.raises(LabelDataError, match=r"^\(99\): expected one of the identifiers 00, 01, 02, 10"):
        Element("99", "1")
