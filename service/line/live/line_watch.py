"""What a line tells those who look at it. Called on the line's way: every call only puts something away."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from service.line.assembly import Fruit
from service.line.ledger import Outcome, outcome_of
from service.line.line_config import LineConfig
from service.line.line_grader import ViewWork
from service.line.live.camera_watch import CameraWatch
from service.line.live.fruit_trail import FruitMark, FruitTrail
from service.line.outlets import Verdict
from service.line.protocol import Decision

MOST_PENDING = 256
"""Decisions that wait to be told to watchers; older ones are dropped and counted."""
MOST_VIEWS = 4
MOST_PICTURE_BYTES = 8_000_000
"""Of the last fruit of a lane at most so many views are kept, and no more bytes than this beyond the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """The last fruit of a lane that was seen: number, the class decided (None: none), some of its views."""

    number: int
    grade_class: str | None
    works: tuple[ViewWork, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One decision. sequence: 1, 2 ... within the line. verdict: None where nothing was judged in time."""

    sequence: int
    number: int
    at: datetime
    decision: Decision
    verdict: Verdict | None
    has_picture: bool


class LineWatch:
    """The recent past of one line, by lane and camera; its memory is bounded.

    decided_s: when the last fruit was decided. watched: whether decisions are kept for `take_decided`; set by who
    tells them on.
    """

    def __init__(self, config: LineConfig) -> None:
        self.cameras = CameraWatch(tuple(camera.name for camera in config.cameras))
        self.trails = {lane: FruitTrail() for lane in config.lanes}
        self.last: dict[int, Decided] = {}
        self.shots: dict[int, Shot] = {}
        self.watched = False
        self.sequence = 0
        self.decided_s = float("-inf")
        self._views: dict[Fruit, list[ViewWork]] = {}
        self._pending: deque[Decided] = deque()

    def per_minute(self, now_s: float) -> float:
        """Fruit per minute of all lanes."""
        return sum(trail.per_minute(now_s) for trail in self.trails.values())

    def frame(self, camera: str, picture: bytes | None, now_s: float) -> None:
        """A frame came, whatever becomes of it. picture: None when it is no picture."""
        self.cameras.frame(camera, picture, now_s)

    def view(self, fruit: Fruit, work: ViewWork) -> None:
        """A frame is a view of a fruit. The line's crew holds the same bytes until the fruit is decided."""
        self._views.setdefault(fruit, []).append(work)

    def decided(
        self, fruit: Fruit, decision: Decision, verdict: Verdict | None, now_s: float
    ) -> tuple[Decided, tuple[ViewWork, ...]]:
        """A fruit is decided. Gives what there is to tell of it, and some of its views."""
        seen = self._views.pop(fruit, [])
        works = spread(seen) if seen else ()
        if works:
            grade_class = None if decision.grade_class is None else str(decision.grade_class)
            self.shots[fruit.lane] = Shot(number=fruit.number, grade_class=grade_class, works=works)
        self.sequence += 1
        self.decided_s = now_s
        told = Decided(
            sequence=self.sequence,
            number=fruit.number,
            at=datetime.now(UTC),
            decision=decision,
            verdict=verdict,
            has_picture=bool(works),
        )
        self.last[fruit.lane] = told
        self.trails[fruit.lane].add(mark_fruit(decision, verdict), now_s)
        if self.watched:
            self._pending.append(told)
            if len(self._pending) > MOST_PENDING:
                self._pending.popleft()
        return told, works

    def take_decided(self) -> tuple[Decided, ...]:
        """Decisions since the last call, oldest first. A gap in `sequence` says that some were dropped."""
        taken = tuple(self._pending)
        self._pending.clear()
        return taken


def spread(works: list[ViewWork]) -> tuple[ViewWork, ...]:
    """At most MOST_VIEWS views, evenly spread over the turn of the fruit, within MOST_PICTURE_BYTES; at least one."""
    step = max(1.0, len(works) / MOST_VIEWS)
    chosen = [works[int(index * step)] for index in range(min(len(works), MOST_VIEWS))]
    kept, size = [chosen[0]], len(chosen[0].data)
    for work in chosen[1:]:
        size += len(work.data)
        if size > MOST_PICTURE_BYTES:
            break
        kept.append(work)
    return tuple(kept)


def mark_fruit(decision: Decision, verdict: Verdict | None) -> FruitMark:
    """The numbers of a fruit for the trail."""
    outcome = outcome_of(decision)
    graded = outcome is Outcome.GRADED and decision.grade_class is not None
    mark = str(decision.grade_class) if graded else outcome.value
    if verdict is None:
        return FruitMark(mark=mark, late=decision.late)
    colour = verdict.record.get("colour")
    colour = colour if isinstance(colour, Mapping) else {}
    lab = colour.get("ground_lab") or colour.get("blush_lab")
    return FruitMark(
        mark=mark,
        late=decision.late,
        diameter_mm=_number(verdict.diameter_mm),
        blush_fraction=_number(colour.get("blush_fraction")),
        lightness=_number(lab[0]) if isinstance(lab, list | tuple) and lab else float("nan"),
    )


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")
