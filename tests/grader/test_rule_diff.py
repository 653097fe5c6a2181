"""Differences of SKU tables and standards: what moved, with units, in English and Chinese; nothing for the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.difference import Difference
from grader.sku import load_sku_table
from grader.sku_diff import diff_sku_tables
from grader.standard import STANDARDS_FOLDER, list_standards, load_standard
from grader.standard_diff import diff_standards
from tests.grader.test_sku_faults import SIZES, TABLE, write

EU = STANDARDS_FOLDER / "apple_eu_2023_2429.toml"


def in_english(found: tuple[Difference, ...]) -> list[str]:
    return [one.text.en for one in found]


@pytest.mark.parametrize(
    ("old", "new", "english", "chinese"),
    [
        ('"juice"]', '"juice", "c"]', "Added: outlet c", "新增：出口 c"),
        ('apple = "APL"', 'apple = "AP"', "code of crop apple: APL → AP", "作物代码 apple：APL → AP"),
        ('extra = "EX"', 'I = "EX"', "code of class I: none → EX", "等级代码 I：无 → EX"),
        (
            "0.5",
            "0.6",
            "colours of apple/blush_fraction, RED: from 50 % → from 60 %",
            "着色 apple/blush_fraction，RED：50 % 及以上 → 60 % 及以上",
        ),
        (
            "count = 18",
            "count = 20",
            "carton T18: 18 in layers, 18 fruit in layers → 18 in layers, 20 fruit in layers",
            "包装 T18：分层装18只，分层 18 个 → 分层装18只，分层 20 个",
        ),
        (
            'sizes = ["L"]',
            'sizes = ["S", "L"]',
            "row 1 ({crop}-{class}-{size}-{colour}-{pack}), sizes: L → L, S",
            "第 1 行（{crop}-{class}-{size}-{colour}-{pack}），规格：L → L, S",
        ),
        (
            'outlet = "b"',
            'outlet = "a"',
            "row 2 ({crop}-{class}-{pack}), outlet: b → a",
            "第 2 行（{crop}-{class}-{pack}），出口：b → a",
        ),
        (
            'pack = "L4"\n',
            "",
            "row 2 ({crop}-{class}-{pack}), carton: L4 → none",
            "第 2 行（{crop}-{class}-{pack}），包装：L4 → 无",
        ),
        ('code = "REST"', 'code = "ALL"', "row 3 (ALL), SKU: REST → ALL", "第 3 行（ALL），SKU：REST → ALL"),
    ],
)
def test_a_table_says_what_moved(tmp_path: Path, old: str, new: str, english: str, chinese: str) -> None:
    before = load_sku_table(write(tmp_path))
    after = load_sku_table(write(tmp_path, TABLE.replace(old, new)))
    found = diff_sku_tables(before, after)
    assert english in in_english(found)
    assert chinese in [one.text.zh for one in found]
    assert diff_sku_tables(after, after) == ()


def test_a_moved_size_band_is_told_in_mm(tmp_path: Path) -> None:
    before = load_sku_table(write(tmp_path))
    after = load_sku_table(write(tmp_path, sizes=SIZES.replace("70", "72")))
    assert in_english(diff_sku_tables(before, after)) == [
        "size table site_sizes, S: from 60 mm to under 70 mm → from 60 mm to under 72 mm",
        "size table site_sizes, L: from 70 mm → from 72 mm",
    ]


def test_rows_added_removed_and_in_another_order(tmp_path: Path) -> None:
    first = '[[rules]]\ncrops = ["apple"]\nclasses = ["extra"]'
    row = '[[rules]]\nclasses = ["II"]\ncode = "TWO"\noutlet = "a"\n\n'
    before = load_sku_table(write(tmp_path))
    after = load_sku_table(write(tmp_path, TABLE.replace(first, row + first)))
    assert in_english(diff_sku_tables(before, after)) == ["Added: row 1: classes II → TWO, outlet a"]
    assert in_english(diff_sku_tables(after, before)) == ["Removed: row 1: classes II → TWO, outlet a"]
    head, one, two, last = TABLE.split("[[rules]]")
    swapped = load_sku_table(write(tmp_path, "[[rules]]".join([head, two, one, last])))
    assert [one.where for one in diff_sku_tables(before, swapped)] == ["rules/2/order", "rules/1/order"]


@pytest.mark.parametrize(
    ("old", "new", "where", "english", "chinese"),
    [
        (
            "maximum = { extra = 0, I = 1.0, II = 1.5 }",
            "maximum = { extra = 0, I = 0.5, II = 1.5 }",
            "rules/bruise/I",
            "Class I, bruising, total area, at most: 1 cm² → 0.5 cm² (stricter)",
            "一级，碰压伤总面积，上限：1 cm² → 0.5 cm²（更严）",
        ),
        (
            "minimum = { extra = 0.75, I = 0.5",
            "minimum = { extra = 0.7, I = 0.5",
            "rules/colour/extra",
            "Extra Class, red colour (group A), share of the surface, at least: 75 % → 70 % (looser)",
            "特级，着色面积比例（A组），下限：75 % → 70 %（更宽）",
        ),
        (
            "extra = 90, I = 90, II = 90",
            "extra = 90, I = 90, II = 85",
            "rules/size/II",
            "Class II, minimum size, at least: 90 g → 85 g (looser)",
            "二级，最小果径，下限：90 g → 85 g（更宽）",
        ),
        (
            "maximum = { extra = 0, I = 1.0, II = 1.5 }",
            'maximum = { extra = 0, I = 1.0, II = "any" }',
            "rules/bruise/II",
            "Class II, bruising, total area, at most: 1.5 cm² → no limit (looser)",
            "二级，碰压伤总面积，上限：1.5 cm² → 不限（更宽）",
        ),
        (
            "minimum_surface_seen_fraction = 0.9",
            "minimum_surface_seen_fraction = 0.8",
            "minimum_surface_seen_fraction",
            "share of the surface asked for: 0.9 → 0.8",
            "要求的可见果面比例：0.9 → 0.8",
        ),
        (
            "at_most_fraction = 0.005",
            "at_most_fraction = 0.01",
            "lot_tolerances/extra/only Class II quality",
            "lot tolerance extra/only Class II quality, at most: 0.5 % → 1 %",
            "批次容许度 extra/only Class II quality，上限：0.5 % → 1 %",
        ),
        (
            "max_spread = 10\n",
            "max_spread = 12\n",
            "uniformity/I/loose/equatorial_diameter_mm/0",
            "largest spread in a carton, I/loose/equatorial_diameter_mm/0: 10 mm → 12 mm",
            "箱内最大差异，I/loose/equatorial_diameter_mm/0：10 mm → 12 mm",
        ),
        (
            'names = ["Rosy Glow"]\ntags = ["B"]',
            'names = ["Rosy Glow"]\ntags = ["A"]',
            "varieties/rosy_glow",
            "variety rosy_glow: Rosy Glow [B] → Rosy Glow [A]",
            "品种 rosy_glow：Rosy Glow [B] → Rosy Glow [A]",
        ),
        (
            'kinds = ["scab"]',
            'kinds = ["scab", "spots"]',
            "rules/scab/kinds",
            "scab, total area, kinds of defects: scab → scab, spots",
            "黑星病斑总面积，缺陷种类：scab → scab, spots",
        ),
    ],
)
def test_a_standard_says_which_limit_moved(
    tmp_path: Path, old: str, new: str, where: str, english: str, chinese: str
) -> None:
    text = EU.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "apple_eu_2023_2429.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    (found,) = diff_standards(load_standard(EU), load_standard(path))
    assert (found.where, found.text.en, found.text.zh) == (where, english, chinese)


def test_a_rule_more_or_less_and_no_difference_to_itself(tmp_path: Path) -> None:
    text = EU.read_text(encoding="utf-8")
    start, end = text.index('[[rules]]\nkey = "scab"'), text.index('[[rules]]\nkey = "russet"')
    path = tmp_path / "fewer.toml"
    path.write_text(text[:start] + text[end:], encoding="utf-8")
    fewer, eu = load_standard(path), load_standard(EU)
    assert in_english(diff_standards(eu, fewer)) == [
        "Removed: scab, total area: extra ≤ 0 cm², I ≤ 0.25 cm², II ≤ 1 cm²"
    ]
    assert (
        diff_standards(fewer, eu)[0].text.zh
        == "新增：黑星病斑总面积：extra ≤ 0 cm²，I ≤ 0.25 cm²，II ≤ 1 cm²"
    )
    for standard in list_standards():
        assert diff_standards(standard, standard) == ()


def test_any_two_standards_can_be_compared() -> None:
    for one in list_standards():
        for other in list_standards():
            assert all(found.text.en and found.text.zh for found in diff_standards(one, other))
