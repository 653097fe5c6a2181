"""The counts of a line, and the check that they add up: no trigger, no frame and no decision goes missing.

Per lane: triggers = graded + abstained + no-read + open, decisions = the sum over the outlets, and frames received =
used + refused (each with its reason).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from service.errors import LedgerError
from service.line.outlets import Recirculated
from service.line.protocol import Decision

_NOBODY_SAW = frozenset({Recirculated.NO_VIEW, Recirculated.NO_FRUIT})


class Outcome(StrEnum):
    """What a decision counts as; the names are those of `LaneCounts`."""

    GRADED = "graded"
    ABSTAINED = "abstained"
    NO_READ = "no_read"


def outcome_of(decision: Decision) -> Outcome:
    """Every decision is one of the three."""
    if decision.reason in _NOBODY_SAW:
        return Outcome.NO_READ
    graded = decision.reason is None or decision.reason == Recirculated.NO_ROUTE
    return Outcome.GRADED if graded else Outcome.ABSTAINED


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneCounts:
    """One lane since the line started.

    graded: got a class in time. abstained: was seen, or may have been, but got none in time. no_read: no view showed
    it. late, undelivered: of these, those whose decision came too late, or reached nobody. outlets: decisions by the
    outlet that the fruit takes; one that reached nobody takes the recirculate outlet. recirculated: by reason.
    """

    triggers: int = 0
    open: int = 0
    graded: int = 0
    abstained: int = 0
    no_read: int = 0
    late: int = 0
    undelivered: int = 0
    outlets: dict[str, int] = field(default_factory=dict)
    recirculated: dict[str, int] = field(default_factory=dict)
    frames: int = 0
    used: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    views: dict[str, int] = field(default_factory=dict)

    def problems(self) -> tuple[str, ...]:
        """Every sum that is wrong, in words; empty when all add up."""
        decided = self.graded + self.abstained + self.no_read
        sums = (
            ("triggers", self.triggers, "graded + abstained + no_read + open", decided + self.open),
            ("decisions", decided, "sum of the outlets", sum(self.outlets.values())),
            ("frames", self.frames, "used + refused", self.used + sum(self.refused.values())),
        )
        wrong = [
            f"{name}: expected {parts} = {total}, got {value}"
            for name, value, parts, total in sums
            if value != total
        ]
        if sum(self.views.values()) > self.used:
            wrong.append(
                f"views: expected at most the {self.used} frames used, got {sum(self.views.values())}"
            )
        return tuple(wrong)


class Ledger:
    """Counts of every lane of one line. Lanes that the line does not have are counted under `None`: frames only."""

    def __init__(self, line_id: str, lanes: tuple[int, ...], recirculate: str) -> None:
        self._line_id = line_id
        self._recirculate = recirculate
        self._lanes: dict[int | None, _Lane] = {lane: _Lane() for lane in (*lanes, None)}
        self.bad_messages = 0

    def triggered(self, lane: int) -> None:
        """A new fruit."""
        self._lanes[lane].numbers["triggers"] += 1

    def frame_used(self, lane: int) -> None:
        """A frame is a view of a fruit."""
        self._lanes[lane].numbers["used"] += 1
        self._lanes[lane].numbers["frames"] += 1

    def frame_refused(self, lane: int, reason: str) -> None:
        """A frame is not used. A lane that the line does not have is counted too."""
        counts = self._lanes[lane if lane in self._lanes else None]
        counts.refused[reason] += 1
        counts.numbers["frames"] += 1

    def view_graded(self, lane: int, outcome: str) -> None:
        """What the grader saw in a frame that was used."""
        self._lanes[lane].views[outcome] += 1

    def decided(self, decision: Decision, *, delivered: bool) -> None:
        """A decision on a fruit. delivered: it was handed to a client."""
        counts = self._lanes[decision.lane]
        counts.numbers[outcome_of(decision).value] += 1
        counts.numbers["late"] += decision.late
        counts.outlets[decision.outlet] += 1
        if decision.reason is not None:
            counts.recirculated[decision.reason] += 1
        if not delivered:
            self.undelivered(decision)

    def undelivered(self, decision: Decision) -> None:
        """A decision reached nobody: the fruit goes where fruit without a decision go."""
        counts = self._lanes[decision.lane]
        counts.numbers["undelivered"] += 1
        counts.outlets[decision.outlet] -= 1
        counts.outlets[self._recirculate] += 1

    def lane(self, lane: int | None, open_count: int = 0) -> LaneCounts:
        """The counts of a lane now; None: of lanes that the line does not have. open_count: fruit not decided."""
        counts = self._lanes[lane]
        return LaneCounts(
            **counts.numbers,
            open=open_count,
            outlets=_without_zeros(counts.outlets),
            recirculated=_without_zeros(counts.recirculated),
            refused=_without_zeros(counts.refused),
            views=_without_zeros(counts.views),
        )

    def check(self, open_by_lane: dict[int, int]) -> None:
        """Raises LedgerError that names line, lane and every sum that is wrong."""
        problems = [
            f"{self._line_id} lane {lane}: {problem}"
            for lane, open_count in open_by_lane.items()
            for problem in self.lane(lane, open_count).problems()
        ]
        if problems:
            raise LedgerError("\n".join(problems))


@dataclass(slots=True)
class _Lane:
    numbers: Counter[str] = field(default_factory=Counter)
    outlets: Counter[str] = field(default_factory=Counter)
    recirculated: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    views: Counter[str] = field(default_factory=Counter)


def _without_zeros(counts: Counter[str]) -> dict[str, int]:
    return {name: count for name, count in sorted(counts.items()) if count}
