"""Intervals for figures: every figure is reported with its count and 95 % interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured figure. n: independent units (physical fruit or pictures). low, high: 95 % interval."""

    name: str
    value: float
    n: int
    low: float
    high: float
    unit: str

    def to_json(self) -> dict[str, object]:
        """Rounded to five digits; null where nothing could be measured."""
        raw = {key: getattr(self, key) for key in ("value", "low", "high")}
        numbers = {key: round(value, 5) if isfinite(value) else None for key, value in raw.items()}
        return {**numbers, "n": self.n, "unit": self.unit}


def share(name: str, hits: int, n: int) -> Figure:
    """A proportion with the Wilson score interval (Wilson 1927)."""
    if n == 0:
        return Figure(name=name, value=float("nan"), n=0, low=float("nan"), high=float("nan"), unit="share")
    z, p = 1.959964, hits / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    low, high = max(float(centre - half), 0.0), min(float(centre + half), 1.0)
    return Figure(name=name, value=p, n=n, low=min(low, p), high=max(high, p), unit="share")


def bootstrap(
    name: str,
    groups: Sequence[Sequence[tuple[float, ...]]],
    statistic: Callable[[NDArray[np.float64]], float],
    unit: str,
    draws: int = 2000,
) -> Figure:
    """Percentile bootstrap that draws whole groups (physical fruit), never single pictures.

    groups: rows of numbers by group. statistic: of the stacked rows, float64 (rows, columns).
    """
    arrays = [np.array(rows, np.float64).reshape(len(rows), -1) for rows in groups if len(rows)]
    if not arrays:
        return Figure(name=name, value=float("nan"), n=0, low=float("nan"), high=float("nan"), unit=unit)
    rng = np.random.default_rng(20)
    values = [
        statistic(np.vstack([arrays[i] for i in rng.integers(len(arrays), size=len(arrays))]))
        for _ in range(draws)
    ]
    low, high = np.nanpercentile(values, (2.5, 97.5))
    value = statistic(np.vstack(arrays))
    return Figure(
        name=name,
        value=value,
        n=len(arrays),
        low=min(float(low), value),
        high=max(float(high), value),
        unit=unit,
    )
