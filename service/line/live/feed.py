"""Tells the watchers of one line what happens on it. Works only while somebody watches, beside the line's own way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from time import monotonic
from traceback import format_exception
from typing import cast
from uuid import uuid4

import structlog
from fastapi.sse import format_sse_event
from pydantic import BaseModel

from grader.errors import RecordError
from grader.rules import Standard
from service.explain import explain_record
from service.line.line import Line
from service.line.live.broadcast import Broadcast, Watcher
from service.line.live.camera_watch import PASSING_S
from service.line.live.fruit_trail import FruitTrail
from service.line.live.line_watch import Decided
from service.line.live.schemas import (
    CameraOut,
    DecisionEvent,
    DriftOut,
    LaneState,
    ResumedEvent,
    StateEvent,
)
from service.line.schemas import LaneOut, lane_answers
from service.line.sources.camera_source import OwnCameraState
from service.line.workers import Workers
from service.schemas import Language

TELL_EVERY_S = 0.1
STATE_EVERY_S = 0.5
COMPARE_EVERY = 20
"""Fruit between two looks at the drift of a lane: each costs half a millisecond."""
STILL_COUNTS_PER_S = 5.0
"""A counter at rest may flicker by a count or two."""
STUCK_FRUIT = 3
"""So many new fruit while the counter stands still: it is the counter that stands, not the belt."""
READ_EVERY_S, LONGEST_READING_S = 0.4, 2.0
_RECORD_PARTS = ("size", "colour")


class Feed:
    """One line. standards: those that may judge now, for the words. own_cameras: how those are that the service opens.
    clock: monotonic, s."""

    def __init__(
        self,
        line: Line,
        workers: Workers,
        standards: Callable[[], Sequence[Standard]],
        *,
        own_cameras: Callable[[], Iterable[OwnCameraState]] = tuple,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._line, self._workers, self._standards, self._clock = line, workers, standards, clock
        self._own_cameras = own_cameras
        self._run_id = uuid4().hex[:8]
        self._broadcast = Broadcast()
        self._telling: asyncio.Task[None] | None = None
        self._told = 0
        self._triggers_moving = 0
        self._belt = _Belt(line.config.encoder.modulus)
        self._drifts: dict[int, tuple[int, dict[str, DriftOut]]] = {}

    @property
    def watchers(self) -> int:
        """Who watches now."""
        return self._broadcast.count

    def join(self, language: Language, last_event_id: str | None) -> Watcher:
        """One more watcher; it gets the state and the last fruit of every lane at once. Raises BusyError."""
        watcher = self._broadcast.join(language)
        watch = self._line.watch
        if not watch.watched:
            watch.take_decided()
            watch.watched, self._told = True, watch.sequence
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell())
            self._telling.add_done_callback(self._ended)
        if last_event_id is not None:
            resumed = ResumedEvent(missed=self._missed(last_event_id))
            watcher.decision(_encode("resumed", resumed))
        for told in sorted(watch.last.values(), key=lambda one: one.sequence):
            if told.sequence <= self._told:  # the others come with the next turn
                watcher.decision(self._decision(told, language))
        watcher.state(_encode("state", self._state()))
        return watcher

    def leave(self, watcher: Watcher) -> None:
        """It is gone. Without any watcher nothing is done any more."""
        self._broadcast.leave(watcher)
        if not self._broadcast.count:
            self._line.watch.watched = False
            if self._telling is not None:
                self._telling.cancel()
                self._telling = None

    def end_streams(self) -> None:
        """Every stream ends with what waits."""
        self._broadcast.close()

    async def close(self) -> None:
        """All streams end, nothing is told any more."""
        self.end_streams()
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)

    async def _tell(self) -> None:
        state_s = self._clock()
        while True:
            await asyncio.sleep(TELL_EVERY_S)
            for told in self._line.watch.take_decided():
                if told.sequence > self._told + 1:
                    self._broadcast.missed(told.sequence - self._told - 1)
                self._told = told.sequence
                self._broadcast.decision(
                    {language: self._decision(told, language) for language in self._broadcast.languages}
                )
            if self._clock() - state_s >= STATE_EVERY_S:
                state_s = self._clock()
                self._broadcast.state(_encode("state", self._state()))

    def _decision(self, told: Decided, language: str) -> bytes:
        verdict = told.verdict
        record: Mapping[str, object] = {} if verdict is None else verdict.record
        grade, defects = record.get("grade"), record.get("defects")
        texts = None
        if verdict is not None:
            try:
                texts = explain_record(record, self._standards(), cast(Language, language))
            except RecordError as error:
                structlog.get_logger().warning("live_words_missing", fruit=told.number, problem=str(error))
        event = DecisionEvent.model_validate(
            {
                **told.decision.model_dump(by_alias=True),
                **{part: record.get(part) for part in _RECORD_PARTS},
                "number": told.number,
                "decided_at": told.at,
                "defects": sorted({str(defect["kind"]) for defect in defects})
                if isinstance(defects, list)
                else [],
                "confidence": grade.get("confidence") if isinstance(grade, Mapping) else None,
                "texts": texts,
                "has_picture": told.has_picture,
            }
        )
        return _encode("decision", event, event_id=f"{self._run_id}-{told.sequence}")

    def _missed(self, last_event_id: str) -> int | None:
        run_id, _, sequence = last_event_id.partition("-")
        if run_id != self._run_id or not sequence.isdecimal() or len(sequence) > 18:
            return None
        return max(0, self._line.watch.sequence - int(sequence))

    def _state(self) -> StateEvent:
        line, workers, now_s = self._line, self._workers, self._clock()
        speed = self._belt.speed(line.position, now_s)
        answers = lane_answers(line)
        per_minute = line.watch.per_minute(now_s)
        moving = None if speed is None else abs(speed) >= STILL_COUNTS_PER_S
        passing = now_s - line.watch.decided_s <= PASSING_S
        triggers = sum(answer.triggers for answer in answers)
        own = {state.camera: state for state in self._own_cameras()}
        if moving is not False:
            self._triggers_moving = triggers
        return StateEvent(
            line=line.config.line_id,
            at=datetime.now(UTC),
            encoder=line.position,
            counts_per_s=None if speed is None else round(speed, 1),
            moving=moving,
            encoder_stuck=triggers - self._triggers_moving >= STUCK_FRUIT,
            fruit_per_minute=round(per_minute, 1),
            workers=workers.count,
            ready_workers=workers.ready,
            waiting_views=workers.waiting,
            restarts=workers.restarts,
            model=workers.model_name,
            bad_messages=line.bad_messages,
            watchers=self._broadcast.count,
            strange_frames=sum(answer.frames for answer in answers if answer.lane is None),
            lanes=[self._lane(answer.lane, answer, now_s) for answer in answers if answer.lane is not None],
            cameras=[
                CameraOut.of(report, own.get(report.name))
                for report in line.watch.cameras.reports(now_s, passing=passing)
            ],
        )

    def _lane(self, lane: int, answer: LaneOut, now_s: float) -> LaneState:
        trail = self._line.watch.trails[lane]
        return LaneState(
            counts=answer,
            fruit_per_minute=round(trail.per_minute(now_s), 1),
            recent=trail.recent_marks(),
            before=trail.marks_before(),
            recent_late=trail.recent_late(),
            fruit_until_drift=trail.missing(),
            drift=self._drift(lane, trail),
        )

    def _drift(self, lane: int, trail: FruitTrail) -> dict[str, DriftOut]:
        """Looked at again after some fruit only."""
        at, found = self._drifts.get(lane, (-COMPARE_EVERY, {}))
        if trail.count - at >= COMPARE_EVERY:
            drifts = {name: DriftOut.of(drift) for name, drift in trail.drifts().items()}
            found = {name: drift for name, drift in drifts.items() if drift is not None}
            self._drifts[lane] = (trail.count, found)
        return found

    def _ended(self, telling: asyncio.Task[None]) -> None:
        """A fault of the telling ends all streams, and the pages come back; the line does not notice."""
        error = None if telling.cancelled() else telling.exception()
        if error is not None:
            structlog.get_logger().error(
                "live_feed_failed", line=self._line.config.line_id, trace="".join(format_exception(error))
            )
            self._broadcast.close()


class _Belt:
    """Speed of the belt from two readings of its counter."""

    def __init__(self, modulus: int) -> None:
        self._modulus = modulus
        self._last: tuple[int, float] | None = None
        self._speed: float | None = None

    def speed(self, position: int | None, now_s: float) -> float | None:
        """Counts per second since the last reading, which is at least READ_EVERY_S ago; None before two readings."""
        if position is None:
            return None
        if self._last is None or now_s - self._last[1] > LONGEST_READING_S:
            self._last, self._speed = (position, now_s), None
        elif now_s - self._last[1] >= READ_EVERY_S:
            half = self._modulus // 2
            step = (position - self._last[0] + half) % self._modulus - half
            self._speed = step / (now_s - self._last[1])
            self._last = (position, now_s)
        return self._speed


def _encode(name: str, event: BaseModel, event_id: str | None = None) -> bytes:
    return format_sse_event(event=name, data_str=event.model_dump_json(by_alias=True), id=event_id)
