"""The pictures on which a model does worst, a few for each figure, kept while the figures are measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from grader.types import UInt8Array

Fact = float | str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shown:
    """What a person looks at: uint8 (h, w, 3), R-G-B. truth None: it is a name, not a place in the picture."""

    picture: UInt8Array
    truth: UInt8Array | None
    called: UInt8Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WorstCase:
    """One picture and why it is here.

    figure: name of the figure that it spoils. name: of the picture. score: the larger the worse.
    facts: what the line of words about it needs (`report_words.py`), fractions 0-1.
    """

    figure: str
    name: str
    score: float
    facts: dict[str, Fact]
    shown: Shown

    def to_json(self) -> dict[str, object]:
        """All but the pictures."""
        return {"picture": self.name, "score": round(self.score, 5), **self.facts}


class WorstCases:
    """At most `limit` cases a figure, one for each physical fruit. 0 keeps none and draws nothing."""

    def __init__(self, limit: int = 0) -> None:
        self._limit = limit
        self._kept: dict[str, dict[str, WorstCase]] = {}

    def offer(
        self,
        figure: str,
        name: str,
        score: float,
        facts: Mapping[str, Fact],
        show: Callable[[], Shown],
        group: str | None = None,
    ) -> None:
        """Keep this case when it is among the worst. A score of 0 or less is no fault and is not kept.

        show: draws the pictures, asked only for a case that is kept. group: the physical fruit; None: the picture.
        """
        if score <= 0 or self._limit == 0:
            return
        kept = self._kept.setdefault(figure, {})
        group = group or name
        if group in kept:
            if kept[group].score >= score:
                return
        elif len(kept) >= self._limit:
            mildest = min(kept, key=lambda key: kept[key].score)
            if kept[mildest].score >= score:
                return
            del kept[mildest]
        kept[group] = WorstCase(figure=figure, name=name, score=score, facts=dict(facts), shown=show())

    def by_figure(self) -> dict[str, tuple[WorstCase, ...]]:
        """The cases by figure, in the order in which the figures were measured; the worst first."""
        return {
            figure: tuple(sorted(kept.values(), key=lambda case: -case.score))
            for figure, kept in self._kept.items()
        }
