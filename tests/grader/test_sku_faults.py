"""Faults that keep a table or a standard from being published, each with file, line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.rules import Measure
from grader.sku import SKU_TABLES_FOLDER, load_sku_table
from grader.sku_faults import find_sku_faults
from grader.standard import STANDARDS_FOLDER, list_standards
from grader.standard_faults import find_standard_faults
from grader.unit_doubt import unit_doubt

SIZES = """\
schema = "grading-sizes/1"
id = "site_sizes"
crop = "apple"
measure = "equatorial_diameter_mm"
source = "ours"
evidence = "D"
codes = [
    { code = "S", from = 60, to = 70 },
    { code = "L", from = 70 },
]
"""

TABLE = """\
schema = "sku-table/1"
id = "site"
size_codes = ["site_sizes"]
outlets = ["a", "b", "juice"]

[crop_codes]
apple = "APL"

[class_codes]
extra = "EX"

[[colours]]
crop = "apple"
measure = "blush_fraction"
codes = [{ code = "PALE", from = 0, to = 0.5 }, { code = "RED", from = 0.5 }]

[packs.T18]
name_en = "18 in layers"
name_zh = "分层装18只"
arrangement = "layered"
count = 18

[packs.L4]
name_en = "4 kg loose"
name_zh = "散装4公斤"
arrangement = "loose"
net_weight_g = 4000
fruit_weight_g = 200

[[rules]]
crops = ["apple"]
classes = ["extra"]
sizes = ["L"]
colours = ["RED"]
code = "{crop}-{class}-{size}-{colour}-{pack}"
outlet = "a"
pack = "T18"

[[rules]]
classes = ["I", "II"]
code = "{crop}-{class}-{pack}"
outlet = "b"
pack = "L4"

[[rules]]
code = "REST"
outlet = "juice"
"""


def write(folder: Path, table: str = TABLE, sizes: str = SIZES) -> Path:
    (folder / "site_sizes.toml").write_text(sizes, encoding="utf-8")
    path = folder / "site.toml"
    path.write_text(table, encoding="utf-8")
    return path


def test_what_ships_may_be_published() -> None:
    for path in SKU_TABLES_FOLDER.glob("*.toml"):
        assert find_sku_faults(path) == ()
    for standard in list_standards():
        assert find_standard_faults(standard.path) == ()


def test_a_table_with_colours_packs_and_its_own_sizes_is_good(tmp_path: Path) -> None:
    path = write(tmp_path)
    assert find_sku_faults(path) == ()
    table = load_sku_table(path)
    assert [pack.key for pack in table.packs] == ["T18", "L4"]
    assert [name for name, _ in table.files] == ["site.toml", "site_sizes.toml"]


def test_the_hash_covers_the_size_tables(tmp_path: Path) -> None:
    before = load_sku_table(write(tmp_path)).sha256
    assert load_sku_table(write(tmp_path)).sha256 == before
    assert load_sku_table(write(tmp_path, sizes=SIZES.replace("70", "71"))).sha256 != before
    assert load_sku_table(write(tmp_path, table=TABLE + "# note\n")).sha256 != before


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('outlets = ["a", "b", "juice"]\n', "", "1: outlets: expected at least one, got none"),
        ('crops = ["apple"]', 'crops = ["aple"]', "31: crops: expected crop known to the standards, got aple; known"),
        ('classes = ["extra"]', 'classes = ["extr"]', "32: classes: expected class known to the standards, got extr;"),
        ('apple = "APL"', 'aple = "APL"', "6: crop_codes: expected crop known to the standards, got aple"),
        ('extra = "EX"', 'extr = "EX"', "9: class_codes: expected class known to the standards, got extr"),
        ('classes = ["extra"]', 'classes = ["marketable"]', "32: classes: expected class known to the standards, got"),
        ('sizes = ["L"]', 'sizes = ["XL"]', "33: sizes: no fruit ever has the code XL"),
        ('colours = ["RED"]', 'colours = ["BLUE"]', "34: colours: no fruit ever has the code BLUE"),
        ('to = 0.5 }', 'to = 0.4 }', "15: codes: blush_fraction: gap: PALE ends at 0.4, RED begins at 0.5"),
        ('to = 0.5 }', 'to = 0.6 }', "15: codes: PALE up to 0.6 overlaps RED from 0.5"),
        ('from = 0.5 }', 'from = 50 }', "15: from: expected 0-1, got 50"),
        ('from = 0.5 }', 'from = 0.5, to = 1 }', "15: codes: expected the last band RED without `to`, got 1"),
        ('pack = "T18"', 'pack = "T19"', "37: pack: expected one of T18, L4, got 'T19'"),
        ("count = 18\n", "", "17: pack T18: expected either count or net_weight_g"),
        ("count = 18\n", "count = 18.5\n", "21: pack T18: count: expected a whole number, got 18.5"),
        ("net_weight_g = 4000", "net_weight_g = 4", "28: pack L4: a fruit of 200 g does not go into 4 g"),
        ('"loose"', '"heap"', "26: arrangement: expected one of layered, loose, got 'heap'"),
        ('code = "REST"', 'code = "{crop}-I-L4"', "46: code: duplicate: rules 2 and 3 both give"),
        ('classes = ["I", "II"]', 'crops = ["melon"]\nclasses = ["I"]\nsizes = ["S"]', "39: unreachable: no"),
    ],
)  # fmt: skip
def test_faults_of_a_table(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert old in TABLE
    path = write(tmp_path, TABLE.replace(old, new, 1))
    faults = find_sku_faults(path)
    assert any(one.startswith(f"site.toml:{fault}") for one in faults), faults


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("to = 70", "to = 69", "site_sizes: gap: S ends at 69 mm, L begins at 70 mm"),
        (
            "from = 60, to = 70",
            "from = 6, to = 7",
            "site_sizes, S: expected mm, 36.7-150, got 6: is it in cm?",
        ),
        ("from = 70", "from = 180", "site_sizes, L: expected mm, 36.7-150, got 180: is it in g?"),
        ("to = 70", "to = 71", "S up to 71 overlaps L from 70"),
        ('"equatorial_diameter_mm"', '"weight_g"', None),
    ],
)
def test_faults_of_its_sizes(tmp_path: Path, old: str, new: str, fault: str | None) -> None:
    faults = find_sku_faults(write(tmp_path, sizes=SIZES.replace(old, new, 1)))
    if fault is None:  # 60 and 70 g are light, but some apples are
        assert faults == ()
    else:
        assert any(one.startswith("site.toml:3: size_codes:") and fault in one for one in faults), faults


def test_outlets_the_line_does_not_have(tmp_path: Path) -> None:
    path = write(tmp_path)
    assert find_sku_faults(path, outlets=("a", "b", "juice", "cull")) == ()
    (fault,) = find_sku_faults(path, outlets=("a", "b"))
    assert fault == "site.toml:4: outlets: expected outlet known to the line, got juice; known are a, b"


def test_half_a_file_is_never_taken_for_a_whole_one(tmp_path: Path) -> None:
    whole = TABLE.encode()
    path, standards = write(tmp_path), list_standards()
    for stop in range(0, len(whole.rstrip()), 3):
        path.write_bytes(whole[:stop])
        assert find_sku_faults(path, standards), f"the first {stop} bytes pass as a whole table"


@pytest.mark.parametrize(
    ("measure", "value", "doubt"),
    [
        (Measure.EQUATORIAL_DIAMETER_MM, 7.5, "expected mm, 36.7-150, got 7.5: is it in cm?"),
        (Measure.EQUATORIAL_DIAMETER_MM, 0.075, "expected mm, 36.7-150, got 0.075: is it in m?"),
        (Measure.EQUATORIAL_DIAMETER_MM, 150.0, None),
        (Measure.EQUATORIAL_DIAMETER_MM, 150.1, "expected mm, 36.7-150, got 150.1: is it in g?"),
        (Measure.WEIGHT_G, 0.2, "expected g, 29-942, got 0.2: is it in kg?"),
        (Measure.WEIGHT_G, 90.0, None),
        (Measure.BLUSH_FRACTION, 75.0, "expected a share, 0-1, got 75: is it in percent?"),
        (Measure.BLUSH_FRACTION, 1.0, None),
        (Measure.TOTAL_AREA_CM2, 100.0, "expected cm2, 0-23.8, got 100: is it in mm2?"),
        (Measure.TOTAL_AREA_CM2, 2.5, None),
        (Measure.TOTAL_LENGTH_MM, 400.0, "expected mm, 0-314, got 400"),
        (Measure.COUNT, 400.0, None),
        (Measure.WEIGHT_G, 0.0, None),
        (Measure.WEIGHT_G, float("inf"), None),
    ],
)
def test_units(measure: Measure, value: float, doubt: str | None) -> None:
    assert unit_doubt(measure, value, (55.0, 100.0)) == doubt


def test_a_standard_in_percent_and_cm_is_not_published(tmp_path: Path) -> None:
    text = (STANDARDS_FOLDER / "apple_eu_2023_2429.toml").read_text(encoding="utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(
        text.replace("extra = 0.75, I = 0.5", "extra = 75, I = 50").replace(
            "minimum = { extra = 60, I = 60, II = 60 }", "minimum = { extra = 6, I = 6, II = 6 }"
        ),
        encoding="utf-8",
    )
    faults = find_standard_faults(path)
    assert len(faults) == 5
    assert faults[0].startswith(
        "mine.toml:140: minimum: rule colour, class extra, blush_fraction: expected a share,"
    )
    assert "is it in cm?" in faults[-1]
