"""Intervals from independent error shares, and when a measurement is too doubtful to stand without a person."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum, hypot, sqrt
from statistics import median

from grader.types import FruitMeasurement, Interval

SIGMAS_95 = 1.96
"""Half width of the central 95 % of a normal distribution, in standard deviations."""

SHARED_ERROR = 0.5
"""Share of the variance of one view that all views of a fruit have in common (scale, light): it does not average out.
Our choice: half."""

SAME_SHARE = 0.02
"""Views of one apple differ by about this share of its diameter (1.6 % over 29 apples, docs/decisions/0029)."""

MIN_CROP_CONFIDENCE = 0.6
MIN_SEEN_FRACTION = 0.15
MAX_RELATIVE_SIZE_HALF_WIDTH = 0.08
DOUBTFUL_DEFECT_CONFIDENCE = (0.35, 0.60)
"""A defect in this band of confidence, [low, high), is shown to a person. All four limits are starting values of the
project, to be moved by the agreement reports of a site."""


def combine(*sigmas: float) -> float:
    """Standard deviation of a sum of independent errors: root of the sum of squares (GUM, JCGM 100:2008, 5.1.2).

    Raises:
        ValueError: a sigma is negative or not a number.
    """
    if not all(sigma >= 0 for sigma in sigmas):
        raise ValueError(f"expected standard deviations >= 0, got {sigmas}")
    return hypot(*sigmas)


def make_interval(value: float, *sigmas: float, floor: float = 0.0) -> Interval:
    """95 % interval around `value` from independent standard deviations in the unit of `value`.

    The lower end never goes below `floor` (a length cannot be negative).
    """
    half = SIGMAS_95 * combine(*sigmas)
    return Interval(value=value, low=max(min(floor, value), value - half), high=value + half)


def robust_mean(values: Sequence[float]) -> float:
    """One value from those of several views; independent of their order.

    One step of Huber's estimator from the median (P. J. Huber, Ann. Math. Stat. 35, 1964): values within `SAME_SHARE`
    of the median have a full say, those beyond one that falls with their distance. A median of few views jumps when one
    is left out, a mean follows an outline that went wrong.

    Raises:
        ValueError: there is no value.
    """
    if not values:
        raise ValueError("expected at least one value, got none")
    middle = median(values)
    near = SAME_SHARE * abs(middle)
    says = [1.0 if abs(value - middle) <= near else near / abs(value - middle) for value in values]
    moved = fsum(say * (value - middle) for say, value in zip(says, values, strict=True)) / max(
        fsum(says), 1e-12
    )
    return middle + moved


def fuse_intervals(intervals: Sequence[Interval]) -> Interval:
    """One interval from the same quantity measured in several views; independent of their order.

    Value: `robust_mean` of the values. Spread: median sigma of the views, of which the share `SHARED_ERROR` of the
    variance is common to all, and not less than the standard error that the scatter of the views itself shows.

    Raises:
        ValueError: there is no interval.
    """
    if not intervals:
        raise ValueError("expected at least one interval, got none")
    count = len(intervals)
    values = sorted(interval.value for interval in intervals)
    value = robust_mean(values)
    sigma = median(sorted((i.high - i.low) / (2 * SIGMAS_95) for i in intervals))
    fused = sigma * sqrt(SHARED_ERROR + (1 - SHARED_ERROR) / count)
    if count > 1:
        mean = fsum(values) / count
        scatter = sqrt(fsum((v - mean) ** 2 for v in values) / (count - 1) / count)
        fused = max(fused, scatter)
    return make_interval(value, fused)


def review_needed(measurement: FruitMeasurement) -> tuple[str, ...]:
    """Sorted reasons why a person should look at this measurement; empty when it may stand alone.

    `crop_doubtful`, `defect_doubtful`, `seen_too_little`, `size_doubtful`; the limits are the constants above, and a
    value exactly at a limit is good enough.
    """
    reasons = []
    if measurement.crop_confidence < MIN_CROP_CONFIDENCE:
        reasons.append("crop_doubtful")
    low, high = DOUBTFUL_DEFECT_CONFIDENCE
    if any(low <= defect.confidence < high for defect in measurement.defects):
        reasons.append("defect_doubtful")
    if measurement.surface_seen_fraction < MIN_SEEN_FRACTION:
        reasons.append("seen_too_little")
    size = measurement.size.equatorial_diameter_mm
    if size is not None and (size.high - size.low) / 2 > MAX_RELATIVE_SIZE_HALF_WIDTH * size.value:
        reasons.append("size_doubtful")
    return tuple(reasons)
