"""Do the fruit of now differ from those before? One statistic for classes and for measured numbers. Pure.

The population stability index of two groups of fruit in the same bins is the sum of (p - q) ln(p / q), p and q their
shares (Kullback's divergence J: Kullback and Leibler, Ann. Math. Statist. 22, 1951; under this name Siddiqi, Credit
Risk Scorecards, 2006, who calls 0.25 and more a shift that asks for action). For two normal groups of one spread it is
the square of their distance in standard deviations, so 0.25 is half a standard deviation: a medium effect (Cohen,
Statistical Power Analysis, 1988).

Groups that do not differ have about (1/n + 1/m) chi-squared of bins - 1 degrees of freedom (Yurdakul and Naranjo,
J. Risk Model Validation 14, 2020). A hint needs both: over 0.25, and over what chance exceeds once in a thousand looks.
It says that the fruit, the light or the scale has changed, not which of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

MEDIUM_SHIFT = 0.25
CHANCE = 0.001
MIN_BEFORE = 500
"""Fruit to compare with; fewer say little about what is usual on this line."""
MANY, MANY_BINS, FEW_BINS = 100, 10, 5
"""Bins of numbers: with fewer than MANY recent ones, ten bins would be mostly empty."""
HALF_A_FRUIT = 0.5  # added to every bin, so that an empty one has a logarithm (Jeffreys' prior)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """index: 0 where nothing differs. limit: hints begin above it. recent, before: means; None for classes."""

    index: float
    limit: float
    recent: float | None = None
    before: float | None = None

    @property
    def found(self) -> bool:
        """Large, and not by chance."""
        return self.index > self.limit


def compare_counts(before: Mapping[str, int], recent: Mapping[str, int]) -> Drift | None:
    """Fruit by class. None: too few to compare, or no classes to tell apart."""
    names = sorted({*before, *recent})
    if len(names) < 2 or not sum(recent.values()):
        return None
    counts = [np.array([group.get(name, 0) for name in names], float) for group in (before, recent)]
    return Drift(index=_index(*counts), limit=_limit(*counts))


def compare_values(before: NDArray[np.float32], recent: NDArray[np.float32], *, least: float) -> Drift | None:
    """Numbers, float (N,), in bins of equal share of those before, and one on each side of them; NaN is left out.

    least: a difference of the means under this is of no use to anybody and gives no hint, however sure. None: more than
    half of either group is NaN.
    """
    known = [values[np.isfinite(values)].astype(np.float64) for values in (before, recent)]
    if any(2 * len(kept) <= len(values) for kept, values in zip(known, (before, recent), strict=True)):
        return None
    bins = MANY_BINS if len(recent) >= MANY else FEW_BINS
    inner = np.quantile(known[0], np.linspace(0, 1, bins + 1)[1:-1])
    edges = np.unique([known[0].min(), *inner, np.nextafter(known[0].max(), np.inf)])
    counts = [
        np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1).astype(float)
        for values in known
    ]
    means = [float(values.mean()) for values in known]
    limit = _limit(*counts) if abs(means[1] - means[0]) >= least else float("inf")
    return Drift(index=_index(*counts), limit=limit, before=means[0], recent=means[1])


def _index(before: NDArray[np.float64], recent: NDArray[np.float64]) -> float:
    q, p = ((counts + HALF_A_FRUIT) / (counts + HALF_A_FRUIT).sum() for counts in (before, recent))
    return float(np.sum((p - q) * np.log(p / q)))


def _limit(before: NDArray[np.float64], recent: NDArray[np.float64]) -> float:
    by_chance = (1 / before.sum() + 1 / recent.sum()) * chi2.isf(CHANCE, len(before) - 1)
    return max(MEDIUM_SHIFT, float(by_chance))
