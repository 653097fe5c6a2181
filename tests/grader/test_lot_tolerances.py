"""Lot tolerances: at, just below and just above the allowed share, with an interval and words."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from grader.errors import StandardError
from grader.lot_tolerances import InspectedFruit, ToleranceResult, judge_lot, share_interval
from grader.standard import STANDARDS_FOLDER, list_standards, load_standard

EU = load_standard("apple_eu_2023_2429")
BELOW_II = "below Class II, below minimum or decayed"


def lot(claimed: str, found: dict[str, int], **more: bool) -> list[InspectedFruit]:
    return [
        InspectedFruit(claimed=claimed, found=name, **more)
        for name, count in found.items()
        for _ in range(count)
    ]


def line_of(results: tuple[ToleranceResult, ...], class_id: str, line: str) -> ToleranceResult:
    return next(one for one in results if (one.class_id, one.line) == (class_id, line))


@pytest.mark.parametrize(
    ("claimed", "found", "line", "count", "passed"),
    [
        ("extra", {"extra": 95, "I": 5}, "total", 5, True),
        ("extra", {"extra": 94, "I": 6}, "total", 6, False),
        ("extra", {"extra": 199, "II": 1}, "only Class II quality", 1, True),
        ("extra", {"extra": 198, "II": 1}, "only Class II quality", 1, False),
        ("extra", {"extra": 95, "I": 5}, "only Class II quality", 0, True),
        ("I", {"I": 90, "extra": 5, "II": 10, "ungraded": 7}, "total", 10, True),
        ("I", {"I": 89, "II": 10, "ungraded": 7}, "total", 10, False),
        ("I", {"I": 89, "II": 10, "reject": 1}, BELOW_II, 1, True),
        ("I", {"I": 88, "II": 10, "reject": 2}, BELOW_II, 2, False),
        ("II", {"II": 90, "reject": 10}, "total", 10, True),
        ("II", {"II": 89, "reject": 11}, "total", 11, False),
    ],
)  # fmt: skip
def test_quality(claimed: str, found: dict[str, int], line: str, count: int, passed: bool) -> None:
    result = line_of(judge_lot(lot(claimed, found), EU), claimed, line)
    judged = sum(number for name, number in found.items() if name != "ungraded")
    assert (result.found, result.inspected, result.passed) == (count, judged, passed)
    assert result.found_fraction == count / judged


@pytest.mark.parametrize(("rotten", "passed"), [(2, True), (3, False)])
def test_decay_and_size_have_lines_of_their_own(rotten: int, passed: bool) -> None:
    some = lot("II", {"II": 100 - rotten}) + lot("II", {"reject": rotten}, decayed=True)
    assert line_of(judge_lot(some, EU), "II", "decay").passed is passed
    small = lot("I", {"I": 90}) + lot("I", {"I": 10}, off_size=True)
    assert line_of(judge_lot(small, EU), "I", "size").passed is True
    small += lot("I", {"I": 1}, off_size=True)
    assert line_of(judge_lot(small, EU), "I", "size").passed is False


def test_decay_counts_whatever_class_is_written_beside_it() -> None:
    result = line_of(judge_lot(lot("I", {"I": 1}, decayed=True), EU), "I", BELOW_II)
    assert (result.found, result.passed) == (1, False)


def test_words_in_both_languages() -> None:
    results = judge_lot(lot("I", {"I": 180, "II": 20}), EU)
    total = line_of(results, "I", "total")
    assert total.text.en == (
        "Class I, total: 20 of 200 fruit, 10 % (6.22 % to 15 % at 95 %), allowed 10 %: "
        "passes, but too few fruit were inspected to be sure"
    )
    assert total.text.zh == (
        "一级，不合格合计：200 个中 20 个，10 %（95 % 区间 6.22 % 至 15 %），允许 10 %：合格，但抽检数不足以确认"
    )
    assert line_of(results, "I", "size").text.en.endswith("allowed 10 %: passes")
    empty = line_of(results, "extra", "total")
    assert (empty.passed, empty.text.zh) == (None, "特级，不合格合计：没有抽检的果")


def test_lines_that_no_record_shows_are_left_to_people() -> None:
    cantaloup = load_standard("melon_us_cantaloup")
    results = judge_lot(lot("commercial", {"commercial": 80, "reject": 20}), cantaloup)
    by_hand = line_of(results, "commercial", "condition, shipping point")
    assert (by_hand.passed, by_hand.text.en.endswith("judged by hand")) == (None, True)
    assert line_of(results, "commercial", "total, shipping point").passed is False


def test_every_shipped_line_is_read_and_bad_ones_are_refused(tmp_path: Path) -> None:
    for standard in list_standards():
        for result in judge_lot([], standard):
            assert result.passed is None
    text = (STANDARDS_FOLDER / "apple_eu_2023_2429.toml").read_text(encoding="utf-8")
    path = tmp_path / "mine.toml"
    for old, new, message in (
        ('below = "I"', 'below = "one"', "below: expected one of extra, I, II, got 'one'"),
        ('line = "decay"', 'line = "decay"\nbelow = "I"', 'below: expected with counts = "class" only, got'),
        ('counts = "class"', 'counts = "klass"', "counts: expected one of class, decay, size, by_hand, got"),
    ):
        path.write_text(text.replace(old, new), encoding="utf-8")
        with pytest.raises(StandardError, match=message):
            load_standard(path)


def test_classes_that_the_standard_does_not_have() -> None:
    with pytest.raises(ValueError, match="claimed: expected one of extra, I, II, got 'fancy'"):
        judge_lot(lot("fancy", {"I": 1}), EU)
    with pytest.raises(
        ValueError, match="found: expected one of extra, I, II, reject, ungraded, got 'fancy'"
    ):
        judge_lot(lot("I", {"fancy": 1}), EU)


@given(inspected=st.integers(1, 400), data=st.data())
def test_the_interval_holds_what_was_found_with_tails_of_2_5_percent(
    inspected: int, data: st.DataObject
) -> None:
    found = data.draw(st.integers(0, inspected))
    low, high = share_interval(found, inspected)
    assert 0.0 <= low <= found / inspected <= high <= 1.0
    if found:
        assert binom.sf(found - 1, inspected, low) == pytest.approx(0.025)
    if found < inspected:
        assert binom.cdf(found, inspected, high) == pytest.approx(0.025)
