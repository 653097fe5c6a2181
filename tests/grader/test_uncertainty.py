"""Intervals and the limits of review."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.types import Defect, DefectKind, Interval
from grader.uncertainty import (
    DOUBTFUL_DEFECT_CONFIDENCE,
    MAX_RELATIVE_SIZE_HALF_WIDTH,
    MIN_CROP_CONFIDENCE,
    MIN_SEEN_FRACTION,
    combine,
    fuse_intervals,
    make_interval,
    review_needed,
    robust_mean,
)
from tests.grader.test_multi_view import measured


def test_combine_is_the_root_of_the_sum_of_squares() -> None:
    assert combine(3.0, 4.0) == 5.0
    assert combine() == 0.0


@pytest.mark.parametrize("sigma", [-0.1, float("nan")])
def test_combine_refuses_impossible_sigmas(sigma: float) -> None:
    with pytest.raises(ValueError, match="standard deviations >= 0"):
        combine(1.0, sigma)


def test_make_interval_is_95_percent_of_a_normal() -> None:
    interval = make_interval(10.0, 0.3, 0.4)
    assert (interval.low, interval.value, interval.high) == pytest.approx((10 - 0.98, 10.0, 10 + 0.98))
    assert make_interval(1.0, 2.0).low == 0.0
    assert make_interval(-1.0, 0.0).low == -1.0
    draws = np.random.default_rng(0).normal(10.0, 0.5, 20_000)
    assert np.mean((draws > interval.low) & (draws < interval.high)) == pytest.approx(0.95, abs=0.01)


@given(st.lists(st.tuples(st.floats(50, 90), st.floats(0.1, 3)), min_size=1, max_size=5))
def test_fusing_does_not_depend_on_the_order(pairs: list[tuple[float, float]]) -> None:
    intervals = [make_interval(value, sigma) for value, sigma in pairs]
    fused = {fuse_intervals(order) for order in permutations(intervals)}
    assert len(fused) == 1
    (one,) = fused
    assert min(i.value for i in intervals) <= one.value <= max(i.value for i in intervals)


def test_more_views_narrow_an_interval_but_never_below_the_shared_part() -> None:
    one = make_interval(75.0, 1.0)
    widths = [i.high - i.low for i in (fuse_intervals([one] * n) for n in (1, 2, 6, 1000))]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] == pytest.approx(one.high - one.low)
    assert widths[-1] == pytest.approx((one.high - one.low) * np.sqrt(0.5), rel=0.01)


def test_views_that_disagree_widen_the_interval() -> None:
    fused = fuse_intervals([make_interval(value, 0.01) for value in (70.0, 75.0, 80.0)])
    assert fused.value == 75.0
    assert fused.high - fused.low == pytest.approx(2 * 1.96 * 5 / np.sqrt(3), rel=0.01)


def test_fusing_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one interval"):
        fuse_intervals([])


def with_defect(confidence: float) -> Defect:
    return Defect(
        kind=DefectKind.SCAB,
        area_mm2=None,
        area_fraction=0.01,
        length_mm=None,
        length_diameters=0.1,
        elongated=False,
        confidence=confidence,
        box_xyxy_px=(0, 0, 1, 1),
    )


def test_a_good_measurement_needs_no_review() -> None:
    assert review_needed(measured()) == ()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"crop_confidence": np.nextafter(MIN_CROP_CONFIDENCE, 0)}, "crop_doubtful"),
        ({"surface_seen_fraction": np.nextafter(MIN_SEEN_FRACTION, 0)}, "seen_too_little"),
        ({"defects": (with_defect(DOUBTFUL_DEFECT_CONFIDENCE[0]),)}, "defect_doubtful"),
        ({"defects": (with_defect(np.nextafter(DOUBTFUL_DEFECT_CONFIDENCE[1], 0)),)}, "defect_doubtful"),
    ],
)
def test_just_beyond_a_limit_needs_review(change: dict[str, object], reason: str) -> None:
    assert review_needed(replace(measured(), **change)) == (reason,)


@pytest.mark.parametrize(
    "change",
    [
        {"crop_confidence": MIN_CROP_CONFIDENCE},
        {"surface_seen_fraction": MIN_SEEN_FRACTION},
        {"defects": (with_defect(DOUBTFUL_DEFECT_CONFIDENCE[1]),)},
        {"defects": (with_defect(np.nextafter(DOUBTFUL_DEFECT_CONFIDENCE[0], 0)),)},
    ],
)
def test_at_a_limit_is_good_enough(change: dict[str, object]) -> None:
    assert review_needed(replace(measured(), **change)) == ()


@pytest.mark.parametrize(("factor", "reasons"), [(0.999, ()), (1.001, ("size_doubtful",))])
def test_a_wide_size_needs_review(factor: float, reasons: tuple[str, ...]) -> None:
    half = 64.0 * MAX_RELATIVE_SIZE_HALF_WIDTH * factor
    base = measured()
    size = replace(base.size, equatorial_diameter_mm=Interval(value=64.0, low=64.0 - half, high=64.0 + half))
    assert review_needed(replace(base, size=size)) == reasons


def test_a_robust_mean_moves_little_when_one_is_left_out_and_ignores_a_wrong_one() -> None:
    assert robust_mean([74.0, 75.0, 76.0]) == pytest.approx(75.0)
    assert robust_mean([74.0, 75.0, 75.5]) == pytest.approx(74.8333, abs=1e-3)  # within 2 %: the plain mean
    assert robust_mean([75.0, 75.0, 75.0, 100.0]) == pytest.approx(75.0 + 1.5 / (3 + 0.06), abs=1e-3)
    assert robust_mean([0.0, 0.0, 1.0]) == 0.0
    assert {robust_mean(order) for order in permutations([70.1, 75.3, 76.2, 99.9])} == {
        robust_mean([70.1, 75.3, 76.2, 99.9])
    }
    with pytest.raises(ValueError, match="at least one value"):
        robust_mean([])
