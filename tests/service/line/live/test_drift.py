from __future__ import annotations

import math

import numpy as np
import pytest

from service.line.live.drift import MEDIUM_SHIFT, compare_counts, compare_values

RANDOM = np.random.default_rng(1)


def normal(mean: float, count: int) -> np.ndarray:
    return RANDOM.normal(mean, 1.0, count).astype(np.float32)


def test_shares_that_stay_are_no_drift() -> None:
    drift = compare_counts({"extra": 1000, "I": 1000}, {"extra": 100, "I": 100})
    assert drift is not None
    assert drift.index == pytest.approx(0.0, abs=1e-6)
    assert (drift.found, drift.limit, drift.recent) == (False, MEDIUM_SHIFT, None)


def test_the_index_is_the_sum_of_the_definition() -> None:
    drift = compare_counts({"extra": 1000, "I": 1000}, {"extra": 150, "I": 50})
    q, p = (np.array([1000.5, 1000.5]) / 2001, np.array([150.5, 50.5]) / 201)
    assert drift is not None
    assert drift.index == pytest.approx(sum((p - q) * np.log(p / q)))
    assert drift.found


def test_a_class_that_is_new_is_seen_and_has_a_finite_index() -> None:
    drift = compare_counts({"extra": 2000}, {"extra": 100, "reject": 100})
    assert drift is not None
    assert math.isfinite(drift.index)
    assert drift.found


def test_one_class_alone_cannot_drift() -> None:
    assert compare_counts({"extra": 2000}, {"extra": 200}) is None
    assert compare_counts({"extra": 10, "I": 1}, {}) is None


@pytest.mark.parametrize(("shift", "found"), [(0.0, False), (0.25, False), (1.0, True), (-1.0, True)])
def test_a_shift_of_numbers(shift: float, found: bool) -> None:
    drift = compare_values(normal(80.0, 2000), normal(80.0 + shift, 200), least=0.5)
    assert drift is not None
    assert drift.found is found
    assert drift.before == pytest.approx(80.0, abs=0.1)
    assert drift.recent == pytest.approx(80.0 + shift, abs=0.25)


def test_chance_alone_is_seldom_told_of() -> None:
    drifts = [compare_values(normal(0, 500), normal(0, 200), least=0.0) for _ in range(200)]
    assert [drift for drift in drifts if drift is not None and drift.found] == []


def test_few_numbers_need_a_larger_shift() -> None:
    many = compare_values(normal(0, 2000), normal(0, 200), least=0.0)
    few = compare_values(normal(0, 240), normal(0, 24), least=0.0)
    assert many is not None
    assert few is not None
    assert many.limit == MEDIUM_SHIFT < few.limit


def test_a_change_too_small_to_matter_gives_no_hint_however_sure() -> None:
    before, recent = normal(80.0, 2000) / 100, normal(82.0, 200) / 100
    small = compare_values(before, recent, least=0.1)
    large = compare_values(before, recent, least=0.01)
    assert small is not None
    assert large is not None
    assert small.index == large.index > MEDIUM_SHIFT
    assert (small.found, large.found) == (False, True)


def test_a_constant_that_changes_is_seen() -> None:
    before = np.full(2000, 80, np.float32)
    for recent, found in ((79.0, True), (80.0, False), (81.0, True)):
        drift = compare_values(before, np.full(200, recent, np.float32), least=1.0)
        assert drift is not None
        assert drift.found is found


def test_numbers_that_are_mostly_unknown_are_not_compared() -> None:
    unknown = np.full(200, np.nan, np.float32)
    assert compare_values(normal(0, 2000), unknown, least=0.0) is None
    assert compare_values(np.full(2000, np.nan, np.float32), normal(0, 200), least=0.0) is None
    half = normal(0, 200)
    half[:90] = np.nan
    assert compare_values(normal(0, 2000), half, least=0.0) is not None
