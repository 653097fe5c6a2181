"""The company file: whole, or every fault with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.errors import CompanyError
from service.packing.company import read_company
from tests.service.packing.packed_lot import COMPANY


def write(folder: Path, text: str) -> Path:
    (folder / "company.toml").write_text(text, encoding="utf-8")
    return folder


def test_a_company_is_read(tmp_path: Path) -> None:
    company = read_company(write(tmp_path, COMPANY))
    assert (company.company_prefix, company.sscc_extension, company.origin) == ("6901234", 3, "CN")
    assert company.gtin_of("APL-I") == "96901234000040"
    assert company.grower_gln == {"花果山": "4006381000017"}
    assert str(company.time_zone) == "Asia/Shanghai"
    with pytest.raises(
        CompanyError, match=r"^company.toml: \[gtin\]: expected a GTIN for 'APL-II', found none$"
    ):
        company.gtin_of("APL-II")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CompanyError, match=r"^company\.toml: expected this file in the data folder"):
        read_company(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "faults"),
    [
        (
            COMPANY[COMPANY.index("site_gln") :],
            "",
            [
                "company.toml:1: missing key 'site_gln': expected a text",
                "company.toml:1: missing key 'packer': expected a text",
                "company.toml:1: missing key 'origin': expected a text",
            ],
        ),
        (
            '"96901234000019"',
            '"96901234000018"',
            ["company.toml:11: APL-EX-75: expected 9 as the last (check) digit"],
        ),
        (
            '"96901234000019"',
            '"16901235000012"',
            ["company.toml:11: gtin: expected a number of company prefix 6901234, got 690123500001"],
        ),
        ('"6901234000016"', '"690123400001"', ["company.toml:4: site_gln: expected 13 digits, got 12"]),
        ('"6901234"', '"69"', ["company.toml:2: company_prefix: expected 4 to 12 digits, got 2 in '69'"]),
        (
            '"CN"',
            '"XX"',
            ["company.toml:7: origin: expected an ISO 3166 country such as CN or 156, got 'XX'"],
        ),
        (
            "Asia/Shanghai",
            "Asia/Lixian",
            ["company.toml:8: time_zone: expected a name such as Asia/Shanghai"],
        ),
        (
            "sscc_extension = 3",
            "sscc_extension = 2.5",
            ["company.toml:3: sscc_extension: expected a whole number"],
        ),
        ("礼县果业合作社", "礼" * 60, ["company.toml:5: packer: expected at most 60 characters, got 79"]),
        ("origin", "orgin", ["company.toml:1: missing key 'origin'", "company.toml:7: unknown key 'orgin'"]),
        ('"4006381000017"', "4006381000017", ["company.toml:21: 花果山: expected a text, got 4006381000017"]),
        ("[gtin]", "[gtin", ["company.toml:10: not valid TOML"]),
    ],
)
def test_every_fault_is_told_with_its_line(tmp_path: Path, old: str, new: str, faults: list[str]) -> None:
    assert old in COMPANY
    with pytest.raises(CompanyError) as caught:
        read_company(write(tmp_path, COMPANY.replace(old, new)))
    told = str(caught.value).splitlines()
    for fault in faults:
        assert any(line.startswith(fault) for line in told), told
