"""What cartons and pallets carry: which elements, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from service.errors import LabelDataError
from service.labels.country import country_name, country_number, country_of
from service.labels.element_string import Element, human_readable, read_message
from service.labels.symbols import gs1_128
from tests.service.labels.examples import CARTON, FIXED_CARTON, LONGEST_CARTON, PALLET


def test_a_carton_of_variable_measure_carries_everything() -> None:
    assert human_readable(CARTON.elements) == (
        "(01)96901234000019(13)261122(3102)001000(10)2611-L7(30)48(422)156(21)000123"
    )


def test_a_carton_of_fixed_measure_leaves_weight_and_count_to_its_gtin() -> None:
    content = replace(FIXED_CARTON, net_weight_kg=Decimal("10.00"), count=48)
    assert human_readable(content.elements) == "(01)16901234000013(13)261122(10)2611-L7(422)156"


def test_a_pallet_carries_content_count_weight_and_lot() -> None:
    assert human_readable(PALLET.content_elements) == "(02)96901234000019(37)56(3301)006125(10)2611-L7"
    assert human_readable([PALLET.sscc_element]) == "(00)369012340000000017"
    without = replace(PALLET, gross_weight_kg=None)
    assert human_readable(without.content_elements) == "(02)96901234000019(37)56(10)2611-L7"


def test_shorter_gtins_and_digits_of_countries_are_kept_in_one_form() -> None:
    content = replace(FIXED_CARTON, gtin="4006381333931", origin="156")
    assert (content.gtin, content.origin) == ("04006381333931", "CN")
    assert content == replace(content, origin="cn")


def test_the_longest_values_can_be_carried() -> None:
    assert [element.value for element in LONGEST_CARTON.elements if element.ai in ("10", "21")] == [
        LONGEST_CARTON.lot,
        LONGEST_CARTON.serial,
    ]


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("gtin", "96901234000018", "gtin: expected 9 as the last (check) digit, got 8 in '96901234000018'"),
        ("lot", "A" * 21, f"lot: expected 1 to 20 characters, got 21 in '{'A' * 21}'"),
        ("lot", "", "lot: expected 1 to 20 characters, got 0 in ''"),
        ("lot", "批一", "lot: expected letters A-Z a-z, digits and"),
        ("serial", "1" * 21, "serial: expected 1 to 20 characters, got 21"),
        ("origin", "XX", "origin: expected an ISO 3166 country such as CN or 156, got 'XX'"),
        ("origin", "000", "origin: expected an ISO 3166 country such as CN or 156, got '000'"),
        ("packer", " ", "packer: expected text, got ' '"),
        ("variety", "F" * 61, "variety: expected at most 60 characters, got 61"),
        ("size", "80\n85", "size: expected printable characters, got '80\\n85'"),
        ("grade_class", "", "grade_class: expected text, got ''"),
        ("produce", "", "produce: expected text, got ''"),
        ("count", 0, "count: expected 1 to 99999999, got 0"),
        ("count", 100_000_000, "count: expected 1 to 99999999, got 100000000"),
        ("net_weight_kg", Decimal("-1"), "net_weight_kg: expected a weight above 0 kg, got -1"),
    ],
)
def test_a_carton_that_does_not_fit_its_fields_is_refused(field: str, value: object, problem: str) -> None:
    with pytest.raises(LabelDataError) as caught:
        replace(CARTON, **{field: value})
    assert str(caught.value).startswith(problem)
    assert caught.value.field == field


def test_variable_measure_needs_a_weight_or_a_count() -> None:
    assert replace(CARTON, count=None).varies
    assert replace(CARTON, net_weight_kg=None).varies
    with pytest.raises(
        LabelDataError, match=r"^net_weight_kg: expected a net weight or a count, for GTIN 96901"
    ):
        replace(CARTON, net_weight_kg=None, count=None)


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("sscc", "369012340000000016", "sscc: expected 7 as the last (check) digit, got 6"),
        ("gtin", "1", "gtin: expected 8 or 12 or 13 or 14 digits, got 1 in '1'"),
        ("carton_count", 0, "carton_count: expected 1 to 99999999, got 0"),
        ("lot", "a b", "lot: expected letters A-Z a-z, digits and"),
        (
            "gross_weight_kg",
            Decimal("1000000"),
            "gross_weight_kg: expected at most 999999 kg with 0 decimals",
        ),
        ("packer", "", "packer: expected text, got ''"),
        ("produce", "\t", "produce: expected text, got '\\t'"),
    ],
)
def test_a_pallet_that_does_not_fit_its_fields_is_refused(field: str, value: object, problem: str) -> None:
    with pytest.raises(LabelDataError) as caught:
        replace(PALLET, **{field: value})
    assert str(caught.value).startswith(problem)
    assert caught.value.field == field


def test_countries_by_letters_and_digits() -> None:
    known = {
        "CN": "156",
        "FR": "250",
        "NZ": "554",
        "TR": "792",
        "UZ": "860",
        "US": "840",
        "AF": "004",
        "DE": "276",
        "ET": "231",
        "SD": "729",
        "YE": "887",
    }
    for letters, digits in known.items():
        assert country_number(letters) == digits
        assert country_of("origin", digits) == country_of("origin", letters.lower()) == letters
    for withdrawn in ("249", "278", "983"):
        with pytest.raises(
            LabelDataError, match=f"^origin: expected an ISO 3166 country .*, got '{withdrawn}'$"
        ):
            country_of("origin", withdrawn)
    assert (country_name("CN", "zh"), country_name("NZ", "en")) == ("中国", "New Zealand")


def test_every_country_is_one_that_the_barcode_library_knows_too() -> None:
    countries = [number for number in (f"{code:03d}" for code in range(1000)) if _is_country(number)]
    assert len(countries) == 249  # ISO 3166-1 has so many
    assert len({country_of("origin", number) for number in countries}) == 249
    for number in countries:
        gs1_128(
            [Element("01", CARTON.gtin), Element("422", number)]
        )  # zint has its own list and refuses others
    with pytest.raises(LabelDataError, match=r"^code: cannot be a GS1_128 symbol: "):
        gs1_128([Element("01", CARTON.gtin), Element("422", "249")])


def _is_country(number: str) -> bool:
    try:
        return bool(country_of("origin", number))
    except LabelDataError:
        return False


def test_a_carton_code_is_read_to_lot_and_serial() -> None:
    found = {element.ai: element.value for element in read_message(
        "]d20196901234000019132611223102001000102611-L7\x1d3048\x1d422156\x1d21000123"
    )}  # fmt: skip
    assert (found["01"], found["10"], found["21"]) == (CARTON.gtin, CARTON.lot, CARTON.serial)
