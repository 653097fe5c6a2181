"""Simulation: both sides are what the single decisions give, sums conserve, and every change is named."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import StandardError
from grader.fruit_columns import columns_from
from grader.grade import decide_grade
from grader.rules import Standard
from grader.simulate import Packout, compare, regrade, simulate
from grader.sku import SkuTable, assign_sku, load_sku_table
from grader.standard import load_standard
from grader.types import Crop
from tests.grader.made_fruit import exactly, fruits, make_defect, make_fruit

EU = load_standard("apple_eu_2023_2429")
US = load_standard("apple_us_7cfr51")
DEFAULT = load_sku_table("default")
ALL_JUICE = replace(
    DEFAULT, table_id="juice", rules=(replace(DEFAULT.rules[-1], code="JUICE", outlet="juice"),)
)


def moved_bruise(limit: float) -> Standard:
    rules = [
        replace(rule, tests=(replace(rule.tests[0], limits=(0.0, limit, 1.5)),))
        if rule.key == "bruise"
        else rule
        for rule in EU.rules
    ]
    return replace(EU, rules=tuple(rules), sha256="moved")


def check_sums(packout: Packout) -> None:
    for shares in (packout.by_class, packout.by_size, packout.by_sku, packout.by_outlet):
        assert sum(share.count for share in shares) == packout.count
        assert all(0 <= share.weighed <= share.count for share in shares)
        assert sum(share.fraction for share in shares) == pytest.approx(1.0 if packout.count else 0.0)
    grams = [sum(share.weight_g for share in shares) for shares in (packout.by_class, packout.by_sku)]
    assert grams[0] == pytest.approx(grams[1])


@settings(max_examples=60, deadline=None)
@given(
    some=st.lists(fruits(Crop.APPLE, (None, "fuji", "gala", "golden_delicious")), max_size=10),
    after=st.sampled_from([(EU, DEFAULT), (moved_bruise(0.2), DEFAULT), (US, DEFAULT), (EU, ALL_JUICE)]),
)
def test_it_is_the_single_decisions_side_by_side(some: list, after: tuple[Standard, SkuTable]) -> None:  # type: ignore[type-arg]
    some = [replace(fruit, variety="fuji") if after[0] is US else fruit for fruit in some]
    found = simulate(columns_from(some, "apple"), EU, DEFAULT, *after)
    expected = []
    for fruit in some:
        sides = []
        for standard, table in ((EU, DEFAULT), after):
            grade = decide_grade(fruit, standard)
            sku = assign_sku(fruit, grade, table)
            sides.append((grade.grade_class, sku.code, sku.outlet, sku.pack))
        expected.append(tuple(sides))
    assert found.changed.tolist() == [row for row, (was, now) in enumerate(expected) if was != now]
    moves = Counter((*was[:3], *now[:3]) for was, now in expected if was != now)
    assert moves == {
        (
            move.class_before,
            move.sku_before,
            move.outlet_before,
            move.class_after,
            move.sku_after,
            move.outlet_after,
        ): move.count
        for move in found.moves
    }
    for move in found.moves:
        assert expected[move.first_row][0][:2] == (move.class_before, move.sku_before)
    for side, packout in zip(
        zip(*expected, strict=True), (found.before.packout, found.after.packout), strict=False
    ):
        classes = Counter(one[0] for one in side)
        assert {share.name: share.count for share in packout.by_class if share.count} == classes
        assert {share.name: share.count for share in packout.by_sku} == Counter(one[1] for one in side)
        check_sums(packout)


def test_a_moved_limit_moves_exactly_the_fruit_above_it() -> None:
    areas = [40.0, 50.0, 50.1, 99.0, 100.0]  # mm2 of bruises; the limit of Class I goes from 1 to 0.5 cm2
    some = [make_fruit(make_defect("bruise", area_mm2=area), weight_g=exactly(200.0)) for area in areas]
    found = simulate(columns_from(some, "apple"), EU, DEFAULT, moved_bruise(0.5), DEFAULT)
    assert found.changed.tolist() == [2, 3, 4]
    (move,) = found.moves
    assert (move.class_before, move.class_after, move.count, move.first_row) == ("I", "II", 3, 2)
    assert (move.sku_before, move.sku_after) == ("APL-GOLD-I-75", "APL-GOLD-II-75")
    before, after = found.before.packout, found.after.packout
    assert [(one.name, one.count, one.weight_g) for one in after.by_class if one.count] == [
        ("I", 2, 400.0),
        ("II", 3, 600.0),
    ]
    assert (before.standard_sha256, after.standard_sha256) == (EU.sha256, "moved")
    assert before.table_sha256 == after.table_sha256 == DEFAULT.sha256


def test_the_same_twice_changes_nothing_and_no_fruit_are_no_packout() -> None:
    same = simulate(
        columns_from([make_fruit(), make_fruit(make_defect("rot"))], "apple"), EU, DEFAULT, EU, DEFAULT
    )
    assert (len(same.changed), same.moves) == (0, ())
    empty = simulate(columns_from([], "apple"), EU, DEFAULT, US, ALL_JUICE)
    assert (empty.before.packout.count, empty.after.packout.by_sku, empty.moves) == (0, (), ())


def test_sides_of_different_fruit_and_drafts_are_refused() -> None:
    one = regrade(columns_from([make_fruit()], "apple"), EU, DEFAULT)
    with pytest.raises(ValueError, match="expected 1 fruit on both sides, got 0"):
        compare(one, regrade(columns_from([], "apple"), EU, DEFAULT))
    draft = load_standard("apple_cn_gbt10651_2008")
    with pytest.raises(StandardError, match="is a draft"):
        simulate(columns_from([make_fruit()], "apple"), EU, DEFAULT, draft, DEFAULT)
