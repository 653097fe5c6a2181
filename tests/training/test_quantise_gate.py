"""A variant is kept when it is sooner and loses at most half a point anywhere: at, just below, just above."""

from __future__ import annotations

from math import inf, nextafter

import pytest

from training.compare import WORST_LOSS, ClassChange
from training.look_time import LookTime
from training.quantise_gate import refusal

BEFORE = LookTime(find_ms=12.0, fruit_ms=18.0)


def took(both_ms: float) -> LookTime:
    return LookTime(find_ms=0.0, fruit_ms=both_ms)


def change(name: str, lost: float) -> ClassChange:
    return ClassChange(name=name, champion=0.0, challenger=-lost, low=0.0, high=0.0, n=3)


def test_sooner_and_nothing_lost_is_kept() -> None:
    assert refusal(BEFORE, took(20.0), [change("rot", -0.01), change("scab", 0.0)]) is None


@pytest.mark.parametrize(
    ("both_ms", "kept"), [(nextafter(30.0, 0), True), (30.0, False), (nextafter(30.0, inf), False)]
)
def test_it_has_to_be_sooner(both_ms: float, kept: bool) -> None:
    assert (refusal(BEFORE, took(both_ms), []) is None) == kept


def test_one_look_may_be_slower_when_both_are_sooner() -> None:
    assert refusal(BEFORE, LookTime(find_ms=13.0, fruit_ms=16.0), []) is None
    why = refusal(BEFORE, LookTime(find_ms=5.0, fruit_ms=26.0), [])
    assert why == "expected under 30.0 ms for both looks, got 31.0"


@pytest.mark.parametrize(
    ("lost", "kept"),
    [(nextafter(WORST_LOSS, 0), True), (WORST_LOSS, True), (nextafter(WORST_LOSS, 1), False)],
)
def test_no_class_may_lose_over_half_a_point(lost: float, kept: bool) -> None:
    assert (refusal(BEFORE, took(20.0), [change("rot", lost), change("scab", -0.5)]) is None) == kept


def test_every_class_that_loses_is_named() -> None:
    why = refusal(BEFORE, took(20.0), [change("rot", 0.02), change("scab", 0.0061), change("stem", 0.001)])
    assert why == "expected at most 0.5 points lost on every class, got rot -2.0, scab -0.6"
