"""What scanners and people send, and what of it is ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.errors import LabelDataError
from service.labels.element_string import GS
from service.packing.company import Company, read_company
from service.packing.scan import Scanned, read_scan
from tests.service.packing.packed_lot import COMPANY

GTIN = "96901234000019"
WHOLE = f"01{GTIN}13261122310200008010L1{GS}304{GS}422156{GS}21C1-0001"
LABEL = Scanned(carton="C1-0001", gtin=GTIN, lot="L1")


@pytest.fixture
def company(tmp_path: Path) -> Company:
    (tmp_path / "company.toml").write_text(COMPANY, encoding="utf-8")
    return read_company(tmp_path)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("C1-0001", Scanned(carton="C1-0001")),
        (" c1-0001\r\n", Scanned(carton="C1-0001")),
        (f"]d2{WHOLE}", LABEL),
        (WHOLE, LABEL),
        (WHOLE.replace(GS, ""), Scanned(carton="C1-0001", gtin=GTIN)),
        (f"(01){GTIN}(13)261122(10)L1(30)4(422)156(21)C1-0001", LABEL),
        ("369012340000000017", Scanned(sscc="369012340000000017")),
        ("00369012340000000017", Scanned(sscc="369012340000000017")),
        ("]C100369012340000000017", Scanned(sscc="369012340000000017")),
        ("(00)369012340000000017", Scanned(sscc="369012340000000017")),
    ],
)
def test_ours(text: str, found: Scanned, company: Company) -> None:
    assert read_scan(text, company) == found


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "scan: expected 1 to 200 characters, got 0"),
        (
            "apples",
            "scan: expected a carton such as C12-0007, an SSCC of 18 digits or the code of a label, got 'apples'",
        ),
        ("369012340000000018", "sscc: expected 7 as the last (check) digit, got 8"),
        (
            "106141412345678908",
            "scan: expected a label of company prefix 6901234, got SSCC 106141412345678908: a label of",
        ),
        (
            "0110614141543219" + WHOLE[16:],
            "scan: expected a label of company prefix 6901234, got GTIN 10614141543219",
        ),
        (WHOLE.replace(GTIN, "96901234000018"), "(01) GTIN: expected 9 as the last (check) digit, got 8"),
        (f"01{GTIN}", f"scan: {GTIN} names the goods, not one carton: scan the square code"),
        (GTIN, f"scan: {GTIN} names the goods, not one carton: scan the square code"),
        (f"01{GTIN}2112345", "scan: expected a carton such as C12-0007 in (21), got '12345'"),
        ("9912345", "code: expected one of the identifiers 00, 01,"),
        ("(01)12(", "(01) GTIN: expected 14 digits, got 3"),
        ("01" + "9" * 250, "scan: expected 1 to 200 characters, got 252"),
    ],
)
def test_not_ours(text: str, problem: str, company: Company) -> None:
    with pytest.raises(LabelDataError) as caught:
        read_scan(text, company)
    assert str(caught.value).startswith(problem)


def test_without_a_company_any_firm_is_looked_up() -> None:
    assert read_scan("106141412345678908", None) == Scanned(sscc="106141412345678908")
