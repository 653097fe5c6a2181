"""Figures as lines of the report: numbers, limits in words, places on the track."""

from __future__ import annotations

from math import nan

import pytest

from training.report_rows import number_text, row_of
from training.statistics import Figure


def figure(name: str, value: float, low: float, high: float, unit: str = "share", n: int = 10) -> Figure:
    return Figure(name=name, value=value, n=n, low=low, high=high, unit=unit)


@pytest.mark.parametrize(
    ("value", "unit", "long", "short"),
    [
        (0.8612, "IoU", "0.861", "0.8612"),
        (1.6, "mm", "1.60 mm", "1.6 mm"),
        (0.5, "per sound fruit", "0.50", "0.5"),
        (0.031, "share", "3.1 %", "3.1 %"),
    ],
)
def test_numbers_in_their_unit(value: float, unit: str, long: str, short: str) -> None:
    assert (number_text(value, unit), number_text(value, unit, short=True)) == (long, short)


def test_what_should_be_large_has_a_track_to_one() -> None:
    row = row_of(figure("worst_defect_right", 0.9, 0.74, 0.96))
    assert row.scale == ("0 %", "100 %")
    assert row.bar is not None
    assert (row.bar.start, row.bar.end, row.bar.low, row.bar.high) == pytest.approx((0, 0.9, 0.74, 0.96))
    assert (row.bar.reach, row.bar.aim) == pytest.approx((0.85, 0.95))
    assert (row.state, row.value, row.interval) == ("met", "90.0 %", "74.0 % – 96.0 %")
    assert row.goal == ("at least 85 %; aim 95 %", "不低于 85 %；目标 95 %")


def test_what_should_be_small_has_a_track_to_the_next_round_number() -> None:
    row = row_of(figure("false_alarm_all", 0.081, 0.04, 0.205))
    assert row.scale == ("0 %", "30 %")
    assert row.bar is not None
    assert row.bar.reach == pytest.approx(0.02 / 0.3)
    assert row.state == "missed"
    assert row.goal == ("at most 2 %; aim 0.3 %", "不高于 2 %；目标 0.3 %")
    nothing_wrong = row_of(figure("false_alarm_all", 0.0, 0.0, 0.0))
    assert nothing_wrong.scale == ("0 %", "3 %")  # the limit stays in sight


def test_below_zero_the_bar_starts_at_its_value() -> None:
    row = row_of(figure("sim_diameter_bias_mm", -0.5, -1.0, 1.0, "mm"))
    assert row.scale == ("-1 mm", "1 mm")
    assert row.bar is not None
    assert (row.bar.start, row.bar.end) == pytest.approx((0.25, 0.5))
    assert (row.goal, row.state) == (None, "none")


def test_a_value_to_be_near_to_has_a_span() -> None:
    row = row_of(figure("sim_intervals_hold_truth", 0.93, 0.9, 0.96))
    assert row.bar is not None
    assert row.bar.near == pytest.approx((0.92, 0.98))
    assert (row.bar.reach, row.state) == (None, "met")
    assert row.goal == ("95 % ± 3 %; aim ± 1 %", "95 % ± 3 %；目标 ± 1 %")


def test_nothing_measured_has_no_bar() -> None:
    row = row_of(figure("worst_defect_right", nan, nan, nan, n=0))
    assert (row.bar, row.value, row.state) == (None, "–", "none")
