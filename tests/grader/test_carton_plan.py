"""Cartons: every fruit in exactly one, sums conserve, only the last of a SKU is underfilled; spread by the standard."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.carton_plan import CartonFiller, PackedFruit, fruit_to_pack, judge_carton, plan_cartons
from grader.fruit_columns import columns_from
from grader.rules import Measure, Names
from grader.simulate import regrade
from grader.sku import load_sku_table
from grader.sku_table import Arrangement, Pack
from grader.standard import load_standard
from grader.types import Crop
from grader.uniformity import judge_spread
from tests.grader.made_fruit import exactly, fruits, make_defect, make_fruit
from tests.grader.test_sku_faults import write

EU = load_standard("apple_eu_2023_2429")
TRAY = Pack(key="T", names=Names(en="t", zh="盘"), arrangement=Arrangement.LAYERED, count=3)
BAG = Pack(
    key="B",
    names=Names(en="b", zh="袋"),
    arrangement=Arrangement.LOOSE,
    net_weight_g=1000.0,
    fruit_weight_g=200.0,
)
DIAMETER = Measure.EQUATORIAL_DIAMETER_MM


def apple(
    fruit_id: int,
    pack: str = "T",
    *,
    sku: str = "A",
    outlet: str = "1",
    grade_class: str = "I",
    diameter_mm: float | None = 75.0,
    weight_g: float | None = 200.0,
) -> PackedFruit:
    return PackedFruit(
        fruit_id=fruit_id,
        sku=sku,
        outlet=outlet,
        pack=pack,
        grade_class=grade_class,
        diameter_mm=diameter_mm,
        weight_g=weight_g,
    )


@st.composite
def streams(draw: st.DrawFn) -> list[PackedFruit]:
    return [
        apple(
            number,
            draw(st.sampled_from("TB")),
            sku=draw(st.sampled_from(["A", "B"])),
            outlet=draw(st.sampled_from(["1", "2"])),
            weight_g=draw(st.none() | st.floats(1.0, 1500.0)),
        )
        for number in range(draw(st.integers(0, 60)))
    ]


@settings(max_examples=200, deadline=None)
@given(stream=streams())
def test_each_fruit_is_in_exactly_one_carton_and_sums_conserve(stream: list[PackedFruit]) -> None:
    cartons = plan_cartons(stream, (TRAY, BAG))
    assert Counter(one.fruit_id for carton in cartons for one in carton.fruit) == Counter(range(len(stream)))
    assert [carton.number for carton in cartons] == list(range(1, len(cartons) + 1))
    stand_in = {"T": 0.0, "B": 200.0}
    weights = [stand_in[one.pack] if one.weight_g is None else one.weight_g for one in stream]
    assert sum(carton.net_weight_g for carton in cartons) == pytest.approx(sum(weights))
    assert sum(carton.unweighed for carton in cartons) == sum(one.weight_g is None for one in stream)
    for carton in cartons:
        assert {(one.sku, one.outlet, one.pack) for one in carton.fruit} == {
            (carton.sku, carton.outlet, carton.pack.key)
        }
        ids = [one.fruit_id for one in carton.fruit]
        assert ids == sorted(ids)
        if carton.pack is TRAY:
            assert (len(ids) == 3) if carton.full else (0 < len(ids) < 3)
        else:
            assert (carton.net_weight_g >= 1000.0) is carton.full
            last = carton.fruit[-1].weight_g
            assert carton.net_weight_g - (200.0 if last is None else last) < 1000.0
    underfilled = Counter((one.sku, one.outlet, one.pack.key) for one in cartons if not one.full)
    assert all(count == 1 for count in underfilled.values())


@pytest.mark.parametrize(("last", "full"), [(199.9, False), (200.0, True), (200.1, True)])
def test_net_weight_at_just_below_and_just_above(last: float, full: bool) -> None:
    stream = [apple(number, "B") for number in range(4)] + [apple(4, "B", weight_g=last)]
    (carton,) = plan_cartons(stream, (BAG,))
    assert (carton.full, carton.net_weight_g) == (full, pytest.approx(800.0 + last))


def test_closing_the_lot_empties_the_filler() -> None:
    filler = CartonFiller((TRAY,))
    assert filler.put(apple(0)) is None
    assert [len(carton.fruit) for carton in filler.close_lot()] == [1]
    assert filler.close_lot() == ()
    assert plan_cartons([], (TRAY,)) == ()


def test_an_unknown_pack_is_named() -> None:
    with pytest.raises(ValueError, match=r"pack: expected one of T, got 'X' \(fruit 7, A\)"):
        plan_cartons([apple(7, "X")], (TRAY,))


@settings(max_examples=20, deadline=None)
@given(some=st.lists(fruits(Crop.APPLE, ("fuji",)), max_size=30))
def test_from_measurement_to_carton_the_counts_conserve(
    some: list, tmp_path_factory: pytest.TempPathFactory
) -> None:  # type: ignore[type-arg]
    table = load_sku_table(write(tmp_path_factory.mktemp("table")))
    columns = columns_from(some, "apple")
    graded = regrade(columns, EU, table)
    cartons = plan_cartons(fruit_to_pack(columns, graded), table.packs)
    by_sku = {share.name: share.count for share in graded.packout.by_sku}
    packed = Counter(carton.sku for carton in cartons for _ in carton.fruit)
    loose = sum(count for name, count in by_sku.items() if name == "REST")
    assert all(by_sku[name] == count for name, count in packed.items())
    assert sum(packed.values()) + loose == len(some)


def test_rows_come_with_their_sizes(tmp_path: Path) -> None:
    table = load_sku_table(write(tmp_path))
    some = [
        make_fruit(make_defect("bruise", area_mm2=50.0), variety="fuji", weight_g=exactly(180.0)),
        make_fruit(make_defect("rot")),
        make_fruit(make_defect("bruise", area_mm2=None), diameter_mm=None),
    ]
    columns = columns_from(some, "apple")
    first, *_ = fruit_to_pack(columns, regrade(columns, EU, table))
    assert first == apple(0, "L4", sku="APL-I-L4", outlet="b", diameter_mm=76.2, weight_g=180.0)


@pytest.mark.parametrize(
    ("grade_class", "arrangement", "measure", "sizes", "allowed", "passed"),
    [
        ("extra", Arrangement.LOOSE, DIAMETER, [70.1, 75.1], 5.0, True),  # 75.1 - 70.1 is a hair below 5
        ("extra", Arrangement.LOOSE, DIAMETER, [70.3, 75.3], 5.0, True),
        ("extra", Arrangement.LAYERED, DIAMETER, [70.0, 75.01], 5.0, False),
        ("I", Arrangement.LAYERED, DIAMETER, [70.0, 75.01], 5.0, False),
        ("I", Arrangement.LOOSE, DIAMETER, [70.0, 80.0], 10.0, True),
        ("I", Arrangement.LOOSE, DIAMETER, [70.0, 80.01], 10.0, False),
        ("II", Arrangement.LAYERED, DIAMETER, [70.0, 75.0], 5.0, True),
        ("II", Arrangement.LOOSE, DIAMETER, [60.0, 90.0], None, None),  # U41: no rule
        ("I", Arrangement.LAYERED, Measure.WEIGHT_G, [90.0, 105.0], 15.0, True),
        ("I", Arrangement.LAYERED, Measure.WEIGHT_G, [90.0, 105.1], 15.0, False),
        ("I", Arrangement.LAYERED, Measure.WEIGHT_G, [91.0, 111.0], 20.0, True),
        ("I", Arrangement.LAYERED, Measure.WEIGHT_G, [301.0, 351.0], 50.0, True),
        ("I", Arrangement.LOOSE, Measure.WEIGHT_G, [135.0, 171.0], 35.0, False),
        ("I", Arrangement.LOOSE, Measure.WEIGHT_G, [136.0, 206.0], 70.0, True),
        ("reject", Arrangement.LOOSE, DIAMETER, [60.0, 61.0], None, None),
    ],
)
def test_uniformity_of_the_eu_standard(grade_class, arrangement, measure, sizes, allowed, passed) -> None:  # type: ignore[no-untyped-def]
    found = judge_spread(sizes, measure, grade_class, arrangement, EU)
    assert (found.allowed, found.passed, found.unmeasured) == (allowed, passed, 0)
    assert found.spread == pytest.approx(sizes[1] - sizes[0])


def test_uniformity_in_words_and_of_what_was_not_measured() -> None:
    found = judge_spread([70.0, 76.0, None], DIAMETER, "extra", Arrangement.LAYERED, EU)
    assert (found.text.en, found.text.zh) == (
        "spread 6 mm, more than 5 mm; 1 not measured",
        "差异 6 mm，超过 5 mm；1 个未测",
    )
    nothing = judge_spread([None], DIAMETER, "extra", Arrangement.LAYERED, EU)
    assert (nothing.spread, nothing.passed, nothing.unmeasured) == (None, None, 1)


def test_a_carton_is_judged_as_the_worst_class_in_it() -> None:
    stream = [apple(0, grade_class="extra", diameter_mm=70.0), apple(1, "T", diameter_mm=78.0)]
    (carton,) = plan_cartons(stream, (replace(TRAY, arrangement=Arrangement.LOOSE),))
    assert judge_carton(carton, EU, DIAMETER).allowed == 10.0
    assert judge_carton(carton, EU, Measure.WEIGHT_G).spread == 0.0
    with pytest.raises(
        ValueError, match="measure: expected one of equatorial_diameter_mm, weight_g, got blush"
    ):
        judge_carton(carton, EU, Measure.BLUSH_FRACTION)
