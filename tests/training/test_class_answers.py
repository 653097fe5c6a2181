"""What follows from called classes: calibration and confusion, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from training.class_answers import (
    NOT_FOUND,
    ClassAnswer,
    calibration_error,
    confusion,
    confusion_figures,
    reliability,
)


def answer(
    true: str, called: str, confidence: float = 0.9, *, review: bool = False, fruit: str = "f"
) -> ClassAnswer:
    return ClassAnswer(fruit=fruit, true=true, called=called, confidence=confidence, review=review)


def test_calibration_error_by_hand() -> None:
    assert calibration_error(np.array([[1.0, 1.0], [0.95, 0.0]])) == pytest.approx(0.95 / 2)
    assert calibration_error(np.array([[0.5, 1.0], [0.5, 0.0]])) == 0.0


def test_bins_hold_their_lower_end_and_the_last_holds_1() -> None:
    bins = reliability(
        [answer("I", "I", 0.1), answer("I", "II", 0.19), answer("I", "I", 1.0), answer("I", NOT_FOUND, 0.0)]
    )
    assert [b.n for b in bins] == [0, 2, 0, 0, 0, 0, 0, 0, 0, 1]
    assert (bins[1].confidence, bins[1].right) == (pytest.approx(0.145), 0.5)
    assert (bins[9].low, bins[9].high, bins[9].right) == (0.9, 1.0, 1.0)
    assert (bins[0].confidence, bins[0].right) == (None, None)


def test_confusion_counts_and_keeps_the_order() -> None:
    answers = [answer("I", "I"), answer("I", "reject"), answer("reject", NOT_FOUND)]
    table = confusion(answers, ("I", "II", "reject"))
    assert list(table) == ["I", "II", "reject", NOT_FOUND]
    assert table["I"] == {"I": 1, "II": 0, "reject": 1, NOT_FOUND: 0}
    assert table["reject"][NOT_FOUND] == 1


def test_confusion_figures_are_shares_of_the_true_class() -> None:
    answers = [answer("I", "I"), answer("I", "reject"), answer("I", NOT_FOUND)]
    figures = {
        f.name: (pytest.approx(f.value, nan_ok=True), f.n)
        for f in confusion_figures(answers, ("I", "reject"), "x")
    }
    assert figures == {
        "sim_confusion_I_as_I_x": (1 / 3, 3),
        "sim_confusion_I_as_reject_x": (1 / 3, 3),
        "sim_confusion_I_as_not_found_x": (1 / 3, 3),
        "sim_confusion_reject_as_I_x": (float("nan"), 0),
        "sim_confusion_reject_as_reject_x": (float("nan"), 0),
    }


def test_a_fruit_without_a_class_has_no_trust() -> None:
    assert answer("I", "ungraded", 0.8).trust == answer("I", NOT_FOUND, 0.8).trust == 0.0
    assert answer("I", "II", 0.8).trust == 0.8
