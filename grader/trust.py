"""How far to trust a network's decisions, as measured on fruit whose truth is known: what a model's card says of it.

A confidence that was only computed means little. `python -m training trust` grades simulated fruit that were not used
for training and fits the numbers here; without them (a card that has none) everything stays as it was computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, log
from typing import Any

from grader.grade_settings import REVIEW_BELOW
from grader.types import REJECT, UNGRADED, FruitMeasurement, GradeDecision, Interval

OFFSETS = (-2, -1, 0, 1, 2)
"""Places from the class given to the true one: -1 one class better, +2 two or more classes worse."""
FEATURES = ("one", "logit_of_confidence", "surface_seen_fraction", "is_reject")
CONFIDENCE_RANGE = (0.01, 0.99)
"""Computed confidences are held inside it, so that their logit is finite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What was measured of one network.

    weights: for each of `OFFSETS` one weight per `FEATURES`; the chance of an offset is the softmax of these sums over
    the offsets that the standard has. coverage: 0-1, share of fruit whose true class is to be in the class set.
    least_chance: 0-1, a class is in the set from this chance on (Sadinle, Lei and Wasserman, "Least
    ambiguous set-valued classifiers", 2019).
    size_factor: size intervals are this many times as wide: those of one view, and once more those fused from
    several such views.
    blush_half_width: 0-1, half width of the 95 % interval of the blush fraction, from one view and from several.
    """

    weights: tuple[tuple[float, ...], ...]
    coverage: float
    least_chance: float
    size_factor: tuple[float, float]
    blush_half_width: tuple[float, float]

    def __post_init__(self) -> None:
        if len(self.weights) != len(OFFSETS) or any(len(row) != len(FEATURES) for row in self.weights):
            raise ValueError(f"weights: expected {len(OFFSETS)} rows of {len(FEATURES)} numbers")
        if not (0 < self.coverage < 1 and 0 <= self.least_chance <= 1):
            raise ValueError(
                f"expected coverage over 0 and under 1 and least_chance 0-1, got {self.coverage}, {self.least_chance}"
            )
        if min(self.size_factor) <= 0 or not all(0 <= half <= 1 for half in self.blush_half_width):
            raise ValueError(
                f"expected size_factor over 0 and blush_half_width 0-1, got {self.size_factor}, {self.blush_half_width}"
            )


def read_trust(raw: dict[str, Any]) -> Trust:
    """The `trust` part of a card. Raises ValueError for unknown or missing keys and numbers out of range."""
    wanted = set(Trust.__slots__)
    if set(raw) != wanted:
        raise ValueError(
            f"trust: unknown keys {sorted(set(raw) - wanted)}, missing {sorted(wanted - set(raw))}"
        )
    return Trust(
        weights=tuple(tuple(float(weight) for weight in row) for row in raw["weights"]),
        coverage=float(raw["coverage"]),
        least_chance=float(raw["least_chance"]),
        size_factor=_pair("size_factor", raw["size_factor"]),
        blush_half_width=_pair("blush_half_width", raw["blush_half_width"]),
    )


def features_of(decision: GradeDecision, surface_seen_fraction: float) -> tuple[float, ...]:
    """The `FEATURES` of a decision, from its computed confidence."""
    low, high = CONFIDENCE_RANGE
    confidence = min(max(decision.confidence, low), high)
    rejected = float(decision.grade_class == REJECT)
    return 1.0, log(confidence / (1 - confidence)), surface_seen_fraction, rejected


def chances(trust: Trust, features: Sequence[float], index: int, count: int) -> dict[int, float]:
    """Chance of each offset that exists: keys of `OFFSETS`, values 0-1 with sum 1.

    index: of the class given, 0 the best. count: of classes, `reject` among them.
    """
    scores = {
        offset: sum(weight * feature for weight, feature in zip(row, features, strict=True))
        for offset, row in zip(OFFSETS, trust.weights, strict=True)
        if 0 <= index + offset < count
    }
    highest = max(scores.values())
    weighed = {offset: exp(score - highest) for offset, score in scores.items()}
    total = sum(weighed.values())
    return {offset: value / total for offset, value in weighed.items()}


def trusted_decision(
    decision: GradeDecision, surface_seen_fraction: float, class_ids: Sequence[str], trust: Trust
) -> GradeDecision:
    """The same class with its measured confidence, its class set, and `review` where the confidence is too low.

    class_ids: of the standard, best first, without `reject`. What is `ungraded` stays as it is.
    """
    if decision.grade_class == UNGRADED:
        return decision
    ordered = (*class_ids, REJECT)
    index = ordered.index(decision.grade_class)
    likely = chances(trust, features_of(decision, surface_seen_fraction), index, len(ordered))
    chosen = {offset for offset, chance in likely.items() if offset == 0 or chance >= trust.least_chance}
    best, worst = (index + min(chosen), index + max(chosen))
    best = 0 if min(chosen) == OFFSETS[0] else best  # the outermost offsets stand for all classes beyond
    worst = len(ordered) - 1 if max(chosen) == OFFSETS[-1] else worst
    return replace(
        decision,
        confidence=likely[0],
        review=decision.review or likely[0] < REVIEW_BELOW,
        class_set=ordered[best : worst + 1],
    )


def trusted_measurement(measurement: FruitMeasurement, trust: Trust) -> FruitMeasurement:
    """The same values with size intervals of the measured width and an interval for the blush fraction."""
    several = int(measurement.view_count > 1)
    size, factor = measurement.size, trust.size_factor[several]
    blush, half = measurement.colour.blush_fraction, trust.blush_half_width[several]
    return replace(
        measurement,
        size=replace(
            size,
            equatorial_diameter_mm=_widened(size.equatorial_diameter_mm, factor),
            ring_diameter_mm=_widened(size.ring_diameter_mm, factor),
            length_mm=_widened(size.length_mm, factor),
            volume_cm3=_widened(size.volume_cm3, factor),
            weight_g=_widened(size.weight_g, factor),
        ),
        colour=replace(
            measurement.colour,
            blush_interval=Interval(value=blush, low=max(0.0, blush - half), high=min(1.0, blush + half)),
        ),
    )


def _widened(interval: Interval | None, factor: float) -> Interval | None:
    if interval is None:
        return None
    value = interval.value
    low, high = value - factor * (value - interval.low), value + factor * (interval.high - value)
    return Interval(value=value, low=max(0.0, low), high=high)


def _pair(name: str, values: Sequence[float]) -> tuple[float, float]:
    if len(values) != 2:
        raise ValueError(f"trust.{name}: expected two numbers (one view, several), got {values}")
    return float(values[0]), float(values[1])
