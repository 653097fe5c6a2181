"""Risk over coverage, by hand."""

from __future__ import annotations

import pytest

from tests.training.test_class_answers import answer
from training.risk_coverage import risk_coverage, risk_figures


def test_the_curve_by_hand() -> None:
    curve = risk_coverage(
        [
            answer("I", "II", 0.5, review=True),
            answer("I", "I", 0.9),
            answer("I", "reject", 0.7),
            answer("I", "I", 0.8),
        ]
    )
    assert curve.coverage == (0.25, 0.5, 0.75, 1.0)
    assert curve.risk == pytest.approx((0, 0, 1 / 3, 0.5))
    assert curve.area == pytest.approx((1 / 3 + 0.5) / 4)
    assert curve.stands_at == (0.75, pytest.approx(1 / 3))
    assert curve.to_json()["stands_at"] == {"coverage": 0.75, "risk": 0.33333}


def test_equally_sure_fruit_count_with_their_mean_in_any_order() -> None:
    right, wrong = answer("I", "I", 0.9), answer("I", "II", 0.9)
    assert risk_coverage([right, wrong]) == risk_coverage([wrong, right])
    assert risk_coverage([right, wrong]).risk == (0.5, 0.5)


def test_a_fruit_without_a_class_is_the_last_and_wrong() -> None:
    curve = risk_coverage([answer("I", "ungraded", 1.0, review=True), answer("I", "I", 0.1)])
    assert curve.risk == (0.0, 0.5)


def test_all_shown_to_a_person_leaves_no_risk_to_state() -> None:
    curve = risk_coverage([answer("I", "I", review=True)])
    assert curve.stands_at == (0.0, None)
    assert curve.to_json()["stands_at"] == {"coverage": 0.0, "risk": None}


def test_nothing_has_no_curve() -> None:
    with pytest.raises(ValueError, match="expected at least one answer, got none"):
        risk_coverage([])


def test_figures_with_intervals() -> None:
    answers = [answer("I", "I", 0.9), answer("I", "II", 0.8), answer("I", "II", 0.2, review=True)]
    figures = {f.name: f for f in risk_figures(answers, "1_view")}
    assert {name: (pytest.approx(f.value), f.n) for name, f in figures.items()} == {
        "sim_aurc_1_view": ((0 + 1 / 2 + 2 / 3) / 3, 3),
        "sim_graded_alone_1_view": (2 / 3, 3),
        "sim_wrong_when_alone_1_view": (1 / 2, 2),
    }
    assert all(f.low <= f.value <= f.high for f in figures.values())
    assert figures["sim_aurc_1_view"].low == 0  # drawn again, all three may be the right one
