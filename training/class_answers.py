"""Classes of fruit, true and called, and what follows from them: confusion, calibration of the confidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grader.types import UNGRADED
from training.statistics import Figure, share

BINS = 10
NOT_FOUND = "not_found"
"""Stands for the class of a fruit that was not found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassAnswer:
    """What one physical fruit was called. called: a class, `reject`, `ungraded` or `not_found`.

    confidence: 0-1, 0 for a fruit that was not found. review: a person is asked; True for a fruit not found.
    """

    fruit: str
    true: str
    called: str
    confidence: float
    review: bool

    @property
    def right(self) -> bool:
        """The called class is the true one."""
        return self.called == self.true

    @property
    def trust(self) -> float:
        """Confidence in the class, 0 where none was given."""
        return 0.0 if self.called in (UNGRADED, NOT_FOUND) else self.confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfidenceBin:
    """Answers with a confidence in [low, high), the last bin with 1. Means are None without answers."""

    low: float
    high: float
    n: int
    confidence: float | None
    right: float | None


def reliability(answers: Sequence[ClassAnswer]) -> tuple[ConfidenceBin, ...]:
    """Mean confidence against the share that is right, in ten bins of equal width (DeGroot & Fienberg 1983).

    Fruit that were not found have no confidence and are left out.
    """
    found = [answer for answer in answers if answer.called != NOT_FOUND]
    rows = np.array([(answer.confidence, answer.right) for answer in found], np.float64).reshape(-1, 2)
    bins = _bin_of(rows[:, 0])
    made = []
    for number in range(BINS):
        inside = rows[bins == number]
        confidence, right = inside.mean(axis=0) if len(inside) else (None, None)
        made.append(
            ConfidenceBin(
                low=number / BINS,
                high=(number + 1) / BINS,
                n=len(inside),
                confidence=None if confidence is None else float(confidence),
                right=None if right is None else float(right),
            )
        )
    return tuple(made)


def calibration_error(rows: NDArray[np.float64]) -> float:
    """Expected calibration error in ten bins of equal width (Naeini et al. 2015).

    rows: (n, 2), confidence 0-1 and 1 where right.
    """
    bins = _bin_of(rows[:, 0])
    gaps = [abs(float((rows[bins == b, 1] - rows[bins == b, 0]).sum())) for b in range(BINS)]
    return sum(gaps) / len(rows)


def confusion(answers: Sequence[ClassAnswer], classes: Sequence[str]) -> dict[str, dict[str, int]]:
    """Counts of fruit by true and by called class. classes: the order, best first; others that occur follow."""
    seen = {name for answer in answers for name in (answer.true, answer.called)}
    names = [*classes, *sorted(seen - set(classes))]
    table = {true: dict.fromkeys(names, 0) for true in names}
    for answer in answers:
        table[answer.true][answer.called] += 1
    return table


def confusion_figures(
    answers: Sequence[ClassAnswer], classes: Sequence[str], ending: str
) -> Iterator[Figure]:
    """`sim_confusion_TRUE_as_CALLED_ENDING`: the share of the fruit of one class that is called another; n counts the
    fruit of the true class. Only pairs of classes that can occur as truth."""
    table = confusion(answers, classes)
    for true, row in table.items():
        total = sum(row.values())
        for called, hits in row.items():
            if total or (true in classes and called in classes):
                yield share(f"sim_confusion_{true}_as_{called}_{ending}", hits, total)


def _bin_of(confidence: NDArray[np.float64]) -> NDArray[np.int_]:
    return np.asarray(np.minimum((confidence * BINS).astype(int), BINS - 1), np.int_)
