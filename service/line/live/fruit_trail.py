"""The last fruit of one lane as numbers: how many a minute, which classes, and what they measured."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from service.line.live.drift import MIN_BEFORE, Drift, compare_counts, compare_values

RECENT, BEFORE = 200, 2000
"""Fruit of now, and those before them that they are compared with."""
RATE_S = 30.0
"""Fruit per minute are counted over so long."""
MIN_RATE_S = 5.0
NOT_GRADED = frozenset({"abstained", "no_read"})
"""Marks of fruit without a class."""

Measure = Literal["diameter_mm", "blush_fraction", "lightness"]
MEASURES: tuple[Measure, ...] = ("diameter_mm", "blush_fraction", "lightness")
LEAST: dict[Measure, float] = {"diameter_mm": 1.0, "blush_fraction": 0.05, "lightness": 2.0}
"""The least change of a mean that is told of. 1 mm is a fifth of a size step of 5 mm; 0.05 is half the distance of the
narrowest colour limits of the standards; 2 of L* can just be seen side by side."""

_SIZE = RECENT + BEFORE


@dataclass(frozen=True, slots=True, kw_only=True)
class FruitMark:
    """One decided fruit. mark: its class, or one of `NOT_GRADED`. Numbers are NaN where nothing was measured.

    blush_fraction: 0-1. lightness: CIELAB L* of the skin, 0-100.
    """

    mark: str
    late: bool = False
    diameter_mm: float = float("nan")
    blush_fraction: float = float("nan")
    lightness: float = float("nan")


class FruitTrail:
    """A ring of fixed size, 40 kB; adding a fruit costs some microseconds."""

    def __init__(self) -> None:
        self._count = 0
        self._first_s = 0.0
        self._names: list[str] = []
        self._marks = np.zeros(_SIZE, np.int16)
        self._late = np.zeros(_SIZE, np.bool_)
        self._at_s = np.full(_SIZE, -np.inf)
        self._values = np.full((_SIZE, len(MEASURES)), np.nan, np.float32)

    @property
    def count(self) -> int:
        """Fruit since the line started."""
        return self._count

    def add(self, fruit: FruitMark, now_s: float) -> None:
        """The newest fruit. now_s: monotonic."""
        if not self._count:
            self._first_s = now_s
        if fruit.mark not in self._names:
            self._names.append(fruit.mark)
        place = self._count % _SIZE
        self._marks[place] = self._names.index(fruit.mark)
        self._late[place] = fruit.late
        self._at_s[place] = now_s
        self._values[place] = [getattr(fruit, measure) for measure in MEASURES]
        self._count += 1

    def per_minute(self, now_s: float) -> float:
        """Fruit per minute, of the last RATE_S; 0 before the first."""
        if not self._count:
            return 0.0
        watched_s = min(RATE_S, max(MIN_RATE_S, now_s - self._first_s))
        return float(np.count_nonzero(self._at_s > now_s - watched_s) * 60 / watched_s)

    def recent_marks(self) -> dict[str, int]:
        """The last RECENT fruit by mark."""
        return self._by_mark(self._recent())

    def marks_before(self) -> dict[str, int]:
        """The BEFORE fruit before the last RECENT, by mark."""
        return self._by_mark(self._before())

    def recent_late(self) -> int:
        """Of the last RECENT fruit, those that were too late."""
        return int(np.count_nonzero(self._late[self._recent()]))

    def missing(self) -> int:
        """So many fruit have to come before there is something to compare."""
        return max(0, RECENT + MIN_BEFORE - self._count)

    def drifts(self) -> dict[str, Drift]:
        """What can be compared: `classes` and `MEASURES`; empty as long as fruit are missing."""
        if self.missing():
            return {}
        recent, before = self._recent(), self._before()
        found: dict[str, Drift | None] = {
            "classes": compare_counts(self._by_mark(before), self._by_mark(recent))
        }
        for column, measure in enumerate(MEASURES):
            values = self._values[:, column]
            found[measure] = compare_values(values[before], values[recent], least=LEAST[measure])
        return {name: drift for name, drift in found.items() if drift is not None}

    def _recent(self) -> NDArray[np.int64]:
        return np.arange(max(0, self._count - RECENT), self._count) % _SIZE

    def _before(self) -> NDArray[np.int64]:
        return np.arange(max(0, self._count - _SIZE), max(0, self._count - RECENT)) % _SIZE

    def _by_mark(self, places: NDArray[np.int64]) -> dict[str, int]:
        counts = Counter(self._marks[places].tolist())
        return {self._names[mark]: count for mark, count in sorted(counts.items())}
