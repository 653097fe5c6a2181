"""The vectorised SKU is what `assign_sku` gives, over any table and any measurement."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.fruit_columns import columns_from
from grader.grade import decide_grade, decide_grades
from grader.rules import Measure, Names, plain_name
from grader.size_codes import SizeBand, SizeCodes
from grader.sku import assign_sku, load_sku_table
from grader.sku_columns import assign_skus
from grader.sku_table import Arrangement, ColourCodes, Pack, SkuRule, SkuTable
from grader.standard import load_standard
from grader.types import Crop, FruitMeasurement
from tests.grader.made_fruit import exactly, fruits, make_fruit, without_scale

EU = load_standard("apple_eu_2023_2429")
DEFAULT = load_sku_table("default")
VARIETIES = (None, "fuji", "富士", "gala", "golden_delicious", "Pink Lady")
CLASSES = (*EU.class_ids, "reject", "ungraded")


def assert_same(some: list[FruitMeasurement], table: SkuTable) -> None:
    columns = columns_from(some, EU.crop)
    many = assign_skus(columns, decide_grades(columns, EU), table)
    single = [assign_sku(fruit, decide_grade(fruit, EU), table) for fruit in some]
    kinds = [many.kinds[index] for index in many.sku_index]
    assert [(one.code, one.outlet, one.pack) for one in kinds] == [
        (one.code, one.outlet, one.pack) for one in single
    ]
    assert [many.size_names[index] for index in many.size_index] == [one.size_code or "NS" for one in single]


@st.composite
def bands(draw: st.DrawFn, letter: str, limits: list[float]) -> tuple[SizeBand, ...]:
    """Some bands, with gaps between them now and then, the last open now and then."""
    edges = sorted(draw(st.sets(st.sampled_from(limits), min_size=2)))
    found = [
        SizeBand(code=f"{letter}{low:g}", low=low, high=high)
        for low, high in pairwise(edges)
        if draw(st.integers(0, 4))
    ]
    if draw(st.booleans()):
        found.append(SizeBand(code=f"{letter}top", low=edges[-1], high=inf))
    return tuple(found)


@st.composite
def tables(draw: st.DrawFn) -> SkuTable:
    """Any table that loads: rules in any order and overlap, the last without conditions."""
    sizes = tuple(
        SizeCodes(
            sizes_id=f"s{index}",
            crop=draw(st.sampled_from(["apple", "melon"])),
            measure=measure,
            source="x",
            evidence="D",
            bands=draw(bands(f"s{index}_", [50.0, 60.0, 65.0, 70.0, 80.0, 90.0, 300.0])),
        )
        for index, measure in enumerate(
            draw(st.lists(st.sampled_from([Measure.EQUATORIAL_DIAMETER_MM, Measure.WEIGHT_G]), max_size=2))
        )
    )
    colours = tuple(
        ColourCodes(crop="apple", measure=measure, bands=draw(bands("c", [0.0, 0.25, 0.5, 0.75])))
        for measure in draw(
            st.lists(st.sampled_from([Measure.BLUSH_FRACTION, Measure.RED_FRACTION]), max_size=1)
        )
    )
    pack = Pack(key="P", names=Names(en="p", zh="p"), arrangement=Arrangement.LOOSE, count=3)

    def some(values: list[str]) -> frozenset[str]:
        return frozenset(draw(st.sets(st.sampled_from(values), max_size=3)))

    rules = [
        SkuRule(
            crops=some(["apple", "melon"]),
            varieties=some(["FUJI", "GALA", "ANY", "OTH"]),
            classes=some(list(CLASSES)),
            sizes=some([*(band.code for codes in sizes for band in codes.bands), "NS"]),
            colours=some([*(band.code for codes in colours for band in codes.bands), "NC"]),
            code=draw(st.sampled_from(["{crop}-{class}-{size}", "{variety}/{colour}/{pack}", "R{size}"])),
            outlet=draw(st.sampled_from(["a", "b"])),
            pack=draw(st.sampled_from([None, "P"])),
        )
        for _ in range(draw(st.integers(0, 5)))
    ]
    nothing: frozenset[str] = frozenset()
    last = SkuRule(crops=nothing, varieties=nothing, classes=nothing, sizes=nothing, code="REST", outlet="b")
    return SkuTable(
        table_id="any",
        crop_codes=(("apple", "APL"),),
        variety_codes=(
            ("FUJI", frozenset({plain_name("fuji"), "富士"})),
            ("GALA", frozenset({plain_name("gala")})),
        ),
        other_variety="OTH",
        class_codes=(("extra", "EX"),),
        size_codes=sizes,
        outlets=("a", "b"),
        rules=(*rules, last),
        colour_codes=colours,
        packs=(pack,),
    )


@settings(max_examples=150, deadline=None)
@given(table=st.one_of(st.just(DEFAULT), tables()), data=st.data())
def test_every_fruit_has_exactly_one_sku_and_it_is_that_of_assign_sku(
    table: SkuTable, data: st.DataObject
) -> None:
    apples = data.draw(st.lists(fruits(Crop.APPLE, VARIETIES), max_size=6))
    melons = data.draw(st.lists(fruits(Crop.MELON, (None,)), max_size=2))
    assert_same([*apples, *melons, *(without_scale(fruit) for fruit in apples[::2])], table)


@pytest.mark.parametrize("diameter", [np.nextafter(75.0, 0), 75.0, np.nextafter(75.0, 99), 49.99, 200.0])
def test_on_the_edge_of_a_band(diameter: float) -> None:
    assert_same([make_fruit(diameter_mm=exactly(float(diameter)))], DEFAULT)


def test_columns_that_do_not_say_the_crop_of_other_fruit() -> None:
    some = [make_fruit(), make_fruit(crop=Crop.MELON)]
    columns = replace(columns_from(some, "apple"), crops=(), crop_index=None)
    many = assign_skus(columns, decide_grades(columns, EU), DEFAULT)
    codes = [many.kinds[index].code for index in many.sku_index]
    assert codes == ["APL-GOLD-EX-75", "OTHER-GOLD-UNG"]


def test_no_fruit_and_a_class_too_few() -> None:
    none = columns_from([], "apple")
    grades = decide_grades(none, EU)
    assert len(assign_skus(none, grades, DEFAULT).sku_index) == 0
    with pytest.raises(ValueError, match="expected a class for each of 1 fruit, got 0"):
        assign_skus(columns_from([make_fruit()], "apple"), grades, DEFAULT)
