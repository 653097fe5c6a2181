"""What a card says of its network's decisions is applied exactly, and impossible numbers are refused."""

from __future__ import annotations

from dataclasses import replace
from math import exp, log
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.trust import (
    OFFSETS,
    Trust,
    chances,
    features_of,
    read_trust,
    trusted_decision,
    trusted_measurement,
)
from grader.types import REJECT, UNGRADED, GradeDecision, Interval
from tests.grader.made_fruit import make_fruit

CLASSES = ("extra", "I", "II")
FLAT = ((0.0,) * 4,) * 5


def made_trust(**changes: Any) -> Trust:
    usual = Trust(
        weights=FLAT, coverage=0.9, least_chance=0.1, size_factor=(2.0, 3.0), blush_half_width=(0.1, 0.05)
    )
    return replace(usual, **changes)


def decided(grade_class: str, confidence: float = 0.8, review: bool = False) -> GradeDecision:
    return GradeDecision(
        standard_id="s", grade_class=grade_class, confidence=confidence, review=review, reasons=()
    )


def by_constant(*scores: float) -> tuple[tuple[float, ...], ...]:
    """Weights that give each offset one score, whatever the fruit."""
    return tuple((score, 0.0, 0.0, 0.0) for score in scores)


def test_features_are_those_named() -> None:
    assert features_of(decided("I", 0.8), 0.4) == pytest.approx((1.0, log(4), 0.4, 0.0))
    assert features_of(decided(REJECT, 1.0), 1.0) == pytest.approx((1.0, log(99), 1.0, 1.0))
    assert features_of(decided("I", 0.0), 0.0)[1] == pytest.approx(-log(99))


def test_chances_are_a_softmax_over_the_offsets_there_are() -> None:
    trust = made_trust(weights=((1.0, 0, 0, 0), (0, 1.0, 0, 0), (0, 0, 0, 0), (0, 0, 2.0, 0), (0, 0, 0, 3.0)))
    features = (1.0, 0.5, 0.25, 1.0)
    scores = {-2: 1.0, -1: 0.5, 0: 0.0, 1: 0.5, 2: 3.0}
    middle = chances(trust, features, 2, 5)
    assert middle == pytest.approx(
        {offset: exp(score) / sum(map(exp, scores.values())) for offset, score in scores.items()}
    )
    assert set(chances(trust, features, 0, 4)) == {0, 1, 2}
    assert set(chances(trust, features, 3, 4)) == {-2, -1, 0}
    assert chances(trust, features, 0, 1) == {0: 1.0}


@given(
    st.lists(st.lists(st.floats(-50, 50), min_size=4, max_size=4), min_size=5, max_size=5), st.integers(0, 3)
)
def test_chances_sum_up_to_one(weights: list[list[float]], index: int) -> None:
    trust = made_trust(weights=tuple(tuple(row) for row in weights))
    assert sum(chances(trust, (1.0, 3.0, 1.0, 1.0), index, 4).values()) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("scores", "given_class", "expected"),
    [
        ((0, 0, 9, 0, 0), "I", ("I",)),
        ((0, 0, 9, 9, 0), "I", ("I", "II")),
        ((0, 9, 9, 0, 0), "I", ("extra", "I")),
        ((0, 0, 9, 0, 9), "extra", ("extra", "I", "II", REJECT)),
        ((9, 0, 9, 0, 0), REJECT, ("extra", "I", "II", REJECT)),
        ((0, 0, 0, 9, 0), "II", ("II", REJECT)),
        ((0, 0, 9, 0, 0), REJECT, (REJECT,)),
    ],
)
def test_the_set_holds_what_is_likely_and_the_class_given(
    scores: tuple[float, ...], given_class: str, expected: tuple[str, ...]
) -> None:
    result = trusted_decision(decided(given_class), 1.0, CLASSES, made_trust(weights=by_constant(*scores)))
    assert result.class_set == expected
    assert result.grade_class == given_class


@pytest.mark.parametrize(("least", "size"), [(0.25, 4), (0.2500001, 1)])
def test_the_least_chance_itself_is_enough(least: float, size: int) -> None:
    """One half for the class given, a quarter each for one and for two classes worse."""
    weights = by_constant(0, 0, log(2), 0, 0)
    result = trusted_decision(decided("extra"), 1.0, CLASSES, made_trust(weights=weights, least_chance=least))
    assert result.confidence == pytest.approx(0.5)
    assert len(result.class_set) == size


@pytest.mark.parametrize(("confidence", "review"), [(0.69, True), (0.71, False)])
def test_a_low_measured_confidence_asks_for_a_look(confidence: float, review: bool) -> None:
    weights = by_constant(0, 0, log(2 * confidence / (1 - confidence)), 0, 0)
    result = trusted_decision(decided("extra"), 1.0, CLASSES, made_trust(weights=weights))
    assert result.confidence == pytest.approx(confidence)
    assert result.review is review
    assert trusted_decision(decided("extra", review=True), 1.0, CLASSES, made_trust(weights=weights)).review


def test_ungraded_stays_ungraded() -> None:
    assert trusted_decision(decided(UNGRADED, 0.0), 1.0, CLASSES, made_trust()) == decided(UNGRADED, 0.0)


@pytest.mark.parametrize(
    ("views", "low", "high", "blush"), [(1, 72.0, 78.0, (0.86, 1.0)), (2, 70.5, 79.5, (0.91, 1.0))]
)
def test_intervals_get_the_measured_width(
    views: int, low: float, high: float, blush: tuple[float, float]
) -> None:
    fruit = replace(
        make_fruit(diameter_mm=Interval(value=75.0, low=73.5, high=76.5), blush=0.96), view_count=views
    )
    wide = trusted_measurement(fruit, made_trust())
    assert wide.size.equatorial_diameter_mm == Interval(value=75.0, low=low, high=high)
    assert wide.size.length_mm is None
    interval = wide.colour.blush_interval
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx(blush)
    assert interval.value == 0.96


def test_no_length_is_negative() -> None:
    fruit = make_fruit(diameter_mm=Interval(value=1.0, low=0.2, high=2.0))
    size = trusted_measurement(fruit, made_trust()).size.equatorial_diameter_mm
    assert size is not None
    assert size.low == 0.0


RAW = {
    "weights": [list(row) for row in FLAT],
    "coverage": 0.9,
    "least_chance": 0.1,
    "size_factor": [2, 3],
    "blush_half_width": [0.1, 0.05],
}


def test_the_part_of_a_card_is_read() -> None:
    assert read_trust(RAW) == made_trust()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": [[0.0] * 4] * 4}, "expected 5 rows of 4"),
        ({"weights": [[0.0] * 3] * 5}, "expected 5 rows of 4"),
        ({"coverage": 1.0}, "coverage over 0 and under 1"),
        ({"coverage": 0.0}, "coverage over 0 and under 1"),
        ({"least_chance": 1.1}, "least_chance 0-1"),
        ({"size_factor": [0, 1]}, "size_factor over 0"),
        ({"size_factor": [1]}, "size_factor: expected two numbers"),
        ({"blush_half_width": [0.1, 1.1]}, "blush_half_width 0-1"),
        ({"more": 1}, "unknown keys"),
    ],
)
def test_impossible_numbers_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_trust({**RAW, **changes})


def test_a_missing_key_is_named() -> None:
    with pytest.raises(ValueError, match=r"missing .*coverage"):
        read_trust({key: value for key, value in RAW.items() if key != "coverage"})


def test_there_is_a_row_for_each_offset() -> None:
    assert OFFSETS == (-2, -1, 0, 1, 2)
