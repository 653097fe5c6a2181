"""How the share of wrong classes falls as the grader keeps the doubtful fruit for a person (El-Yaniv & Wiener 2010)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.class_answers import ClassAnswer
from training.statistics import Figure, bootstrap, share


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskCoverage:
    """The curve and where the grader stands on it.

    coverage, risk: of the n surest fruit for n = 1 to all: share of all fruit, and share of wrong classes among them.
    area: under the curve (AURC), the mean of the risks. stands_at: (coverage, risk) of the fruit whose class is given
    without a review; risk None when there is none.
    """

    coverage: tuple[float, ...]
    risk: tuple[float, ...]
    area: float
    stands_at: tuple[float, float | None]

    def to_json(self) -> dict[str, object]:
        """Rounded to five digits."""
        alone, wrong = self.stands_at
        return {
            "coverage": [round(value, 5) for value in self.coverage],
            "risk": [round(value, 5) for value in self.risk],
            "aurc": round(self.area, 5),
            "stands_at": {
                "coverage": round(alone, 5),
                "risk": None if wrong is None else round(wrong, 5),
            },
        }


def risk_coverage(answers: Sequence[ClassAnswer]) -> RiskCoverage:
    """The curve of some fruit, the surest first; a fruit without a class comes last and counts as wrong.

    Raises ValueError without answers.
    """
    if not answers:
        raise ValueError("risk_coverage: expected at least one answer, got none")
    risks = _risks(_rows(answers))
    alone = [answer for answer in answers if not answer.review]
    return RiskCoverage(
        coverage=tuple(float(n) / len(answers) for n in range(1, len(answers) + 1)),
        risk=tuple(float(risk) for risk in risks),
        area=float(risks.mean()),
        stands_at=(
            len(alone) / len(answers),
            sum(not answer.right for answer in alone) / len(alone) if alone else None,
        ),
    )


def risk_figures(answers: Sequence[ClassAnswer], ending: str) -> Iterator[Figure]:
    """Area under the curve, the share graded without a review, and the share of wrong classes among them."""
    groups = [[row] for row in _rows(answers)]
    yield bootstrap(f"sim_aurc_{ending}", groups, _area, "mean share wrong")
    alone = [answer for answer in answers if not answer.review]
    yield share(f"sim_graded_alone_{ending}", len(alone), len(answers))
    yield share(f"sim_wrong_when_alone_{ending}", sum(not answer.right for answer in alone), len(alone))


def _rows(answers: Sequence[ClassAnswer]) -> list[tuple[float, float]]:
    return [(answer.trust, float(not answer.right)) for answer in answers]


def _risks(rows: Sequence[tuple[float, float]] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Risk of the 1, 2, ... surest of rows (confidence, wrong); equally sure ones count with their mean."""
    table = np.asarray(rows, np.float64)
    _, number = np.unique(-table[:, 0], return_inverse=True)
    means = np.bincount(number, weights=table[:, 1]) / np.bincount(number)
    wrong = np.sort(number, kind="stable")
    return np.asarray(np.cumsum(means[wrong]) / np.arange(1, len(table) + 1), np.float64)


def _area(rows: NDArray[np.float64]) -> float:
    return float(_risks(rows).mean())
