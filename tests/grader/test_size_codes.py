"""Size codes: half-open bands, and the faults of a size file."""

from __future__ import annotations

from math import inf, nextafter
from pathlib import Path

import pytest

from grader.errors import StandardError
from grader.rules import Measure
from grader.size_codes import SizeCodes, check_size_codes, list_size_codes, load_size_codes, size_interval
from grader.types import Interval, SizeMeasurement

FIELDS = {
    Measure.EQUATORIAL_DIAMETER_MM: "equatorial_diameter_mm",
    Measure.WEIGHT_G: "weight_g",
}
BANDS = [(table, band) for table in list_size_codes() for band in table.bands]


def code_at(table: SizeCodes, value: float) -> str | None:
    size = {FIELDS[table.measure]: Interval(value=value, low=value, high=value)}
    return table.code_of(SizeMeasurement(diameter_px=400.0, **size))


@pytest.mark.parametrize(
    ("table", "band"), BANDS, ids=lambda value: getattr(value, "code", None) or value.sizes_id
)
def test_bands_take_their_lower_edge_and_not_their_upper(table: SizeCodes, band) -> None:  # type: ignore[no-untyped-def]
    assert code_at(table, band.low) == band.code
    assert code_at(table, nextafter(band.low, -inf)) != band.code
    if band.high < inf:
        assert code_at(table, nextafter(band.high, -inf)) == band.code
        assert code_at(table, band.high) != band.code


def test_the_ids() -> None:
    assert [table.sizes_id for table in list_size_codes()] == [
        "size_apple_5mm",
        "size_apple_weight_eu",
        "size_melon_charentais_fr",
        "size_melon_count",
        "size_melon_weight",
        "size_pear_5mm",
    ]


def test_no_size_no_code() -> None:
    assert load_size_codes("size_apple_5mm").code_of(SizeMeasurement(diameter_px=400.0)) is None
    assert code_at(load_size_codes("size_apple_5mm"), 49.9) is None
    with pytest.raises(ValueError, match="expected a measure of size, got count"):
        size_interval(SizeMeasurement(diameter_px=1.0), Measure.COUNT)


GOOD = """schema = "grading-sizes/1"
id = "x"
crop = "pear"
measure = "weight_g"
source = "none"
evidence = "D"
codes = [
    { code = "S", from = 100, to = 200 },
    { code = "L", from = 200 },
]
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("from = 200", "from = 190", "S up to 200 overlaps L from 190"),
        ("to = 200", "to = 100", "size S: expected from < to, got 100 and 100"),
        ('"L"', '"S"', "the same code twice"),
        ('"weight_g"', '"count"', "measure: expected one of equatorial_diameter_mm"),
        ("to = 200", "too = 200", "unknown key 'too'"),
    ],
)
def test_faults(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "size_x.toml"
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    assert any(message in problem for problem in check_size_codes(path))
    with pytest.raises(StandardError, match=r"size_x\.toml:"):
        load_size_codes(path)


def test_own_file_and_unknown_id(tmp_path: Path) -> None:
    path = tmp_path / "size_x.toml"
    path.write_text(GOOD, encoding="utf-8")
    assert code_at(load_size_codes(str(path)), 199.9) == "S"
    with pytest.raises(StandardError, match="no size table 'x'; known are size_apple_5mm"):
        load_size_codes("x")
