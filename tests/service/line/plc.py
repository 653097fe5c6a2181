"""A PLC for tests: belt with encoder, cups, cameras and outlets. It trusts only decisions that reach it in time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from service.line.client import Client
from service.line.ledger import LaneCounts
from service.line.line import Line
from service.line.line_config import LineConfig
from service.line.protocol import (
    Decision,
    EncoderTick,
    FrameHeader,
    Heartbeat,
    Notice,
    Trigger,
    encode_frame,
)
from service.line.quiet_log import QuietLog
from tests.fakes import line_picture
from tests.service.line.inline_crew import InlineCrew

MORNING = datetime(2026, 1, 31, 8, 0, tzinfo=UTC)


class Clock:
    """One time for line and PLC; `jump_s` is what the cameras' clock is wrong by."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.jump_s = 0.0

    def monotonic(self) -> float:
        return self.now_s

    def utc(self) -> datetime:
        return MORNING + timedelta(seconds=self.now_s)

    def captured_at(self) -> datetime:
        return self.utc() + timedelta(seconds=self.jump_s)


@dataclass(frozen=True)
class Shot:
    """A frame as a camera makes it; a fault may change, repeat, hold back or lose it."""

    header: FrameHeader
    picture: bytes

    def message(self) -> bytes:
        return encode_frame(self.header, self.picture)


Fault = Callable[[Shot], Iterable[bytes]]


class Plc:
    """Runs a belt past a line, `step` counts and 10 ms at a time. Each fruit is in a cup of one lane.

    send: takes what the PLC sends. picture: bytes of a view. fault: what becomes of every frame. ticks: send the
    encoder with every step. announce: send triggers. Decisions come in by `take`; `dropped` counts fruit by outlet.
    """

    def __init__(
        self,
        line: LineConfig,
        clock: Clock,
        send: Callable[[bytes | str], None],
        *,
        picture: Callable[[FrameHeader], bytes] = lambda _header: line_picture(),
        fault: Fault = lambda shot: [shot.message()],
        ticks: bool = True,
        announce: bool = False,
        start: int = 0,
    ) -> None:
        self._line, self._clock, self._send = line, clock, send
        self.picture, self.fault, self.ticks, self._announce = picture, fault, ticks, announce
        self.position = start
        self._raw_offset = 0
        self._events: list[tuple[int, int, Callable[[], None]]] = []
        self._on_belt: dict[tuple[int, str | int], tuple[int, str | None]] = {}
        self.dropped: Counter[str] = Counter()
        self.off_by: list[int] = []
        self.strange: list[Decision] = []

    def load(self, lane: int, fruit_id: str | int, trigger: int) -> None:
        """Put a fruit on the belt; it is at the light barrier at `trigger`."""
        self._at(trigger, lambda: self._arrive(lane, fruit_id, trigger))
        for camera in self._line.cameras:
            for view in range(camera.views):
                at = trigger + camera.first_view_counts + round(view * camera.counts_per_view)
                last = view == camera.views - 1
                self._at(at, lambda c=camera.name, v=view, e=last: self._expose(lane, fruit_id, c, v, e))  # type: ignore[misc]
        end = next(one.counts for one in self._line.outlets if one.name == self._line.recirculate)
        self._at(trigger + end, lambda: self._drop(lane, fruit_id, self._line.recirculate))

    def run(self, counts: int, *, step: int = 10, step_s: float = 0.01, after: Callable[[], None]) -> None:
        """Move the belt. after: called after each step, to move the line on and bring decisions."""
        for _ in range(0, counts, step):
            self._clock.now_s += step_s
            goal = self.position + step
            while self._events and self._events[0][0] <= goal:
                self.position, _, happen = self._events.pop(0)
                happen()
            self.position = goal
            if self.ticks:
                self._send(EncoderTick(encoder=self.raw()).to_json())
            after()

    def stand(self, seconds: float, after: Callable[[], None]) -> None:
        """The belt stands still."""
        self._clock.now_s += seconds
        after()

    def reset_encoder(self) -> None:
        """The counter begins at 0 again; nothing moves."""
        self._raw_offset = -self.position

    def raw(self) -> int:
        return (self.position + self._raw_offset) % self._line.encoder.modulus

    def beat(self, number: int) -> None:
        self._send(Heartbeat(number=number).to_json())

    def take(self, decision: Decision) -> None:
        """A decision: the fruit leaves where and when it says, if it is still before that place."""
        key = (decision.lane, decision.fruit_id)
        if key not in self._on_belt or decision.eject_at_encoder is None:
            if decision.outlet != self._line.recirculate:
                self.strange.append(decision)
            return
        trigger, chosen = self._on_belt[key]
        outlet = self._line.outlet(decision.outlet)
        assert outlet is not None
        modulus = self._line.encoder.modulus
        place = trigger + outlet.counts
        off = (decision.eject_at_encoder - place - self._raw_offset + modulus // 2) % modulus - modulus // 2
        self.off_by.append(off)
        if chosen is not None or self.position > place:
            self.strange.append(decision)
            return
        self._on_belt[key] = (trigger, decision.outlet)
        if decision.outlet != self._line.recirculate:
            self._at(place, lambda: self._drop(decision.lane, decision.fruit_id, decision.outlet))

    def _at(self, position: int, happen: Callable[[], None]) -> None:
        self._events.append((position, len(self._events), happen))
        self._events.sort(key=lambda event: event[:2])

    def _arrive(self, lane: int, fruit_id: str | int, trigger: int) -> None:
        self._on_belt[lane, fruit_id] = (trigger, None)
        if self._announce:
            self._send(Trigger(fruit_id=fruit_id, lane=lane, encoder=self.raw()).to_json())

    def _expose(self, lane: int, fruit_id: str | int, camera: str, view: int, last_view: bool) -> None:
        header = FrameHeader(
            fruit_id=fruit_id,
            lane=lane,
            camera=camera,
            view=view,
            encoder=self.raw(),
            captured_at=self._clock.captured_at(),
            last_view=last_view,
        )
        for message in self.fault(Shot(header, self.picture(header))):
            self._send(message)

    def _drop(self, lane: int, fruit_id: str | int, outlet: str) -> None:
        if self._on_belt.pop((lane, fruit_id), None) is not None:
            self.dropped[outlet] += 1


class Rig:
    """A line, a crew without processes, one client and a PLC on one clock."""

    def __init__(
        self, config: LineConfig, *, held: bool = False, announce: bool = False, start: int = 0
    ) -> None:
        self.clock = Clock()
        self.crew = InlineCrew(held=held)
        self.line = Line(
            config,
            self.crew,
            log=QuietLog(clock=self.clock.monotonic),
            clock=self.clock.monotonic,
            utc=self.clock.utc,
        )
        self.client = Client("plc")
        self.plc = Plc(config, self.clock, self.send, announce=announce, start=start)
        self.decisions: list[Decision] = []
        self.notices: list[Notice] = []
        self.beats: list[int] = []
        self.reads = True

    def send(self, message: bytes | str) -> None:
        self.line.receive(self.client, message)

    def run(self, counts: int, *, step: int = 10, step_s: float = 0.01) -> None:
        self.plc.run(counts, step=step, step_s=step_s, after=self.settle)

    def settle(self) -> None:
        """What goes on beside the belt: deadlines, and answers reach the PLC."""
        self.line.advance()
        for answer in self.client.take_all() if self.reads else ():
            if isinstance(answer, Decision):
                self.decisions.append(answer)
                self.plc.take(answer)
            elif isinstance(answer, Notice):
                self.notices.append(answer)
            else:
                self.beats.append(answer.number)

    def lane(self, lane: int = 1) -> LaneCounts:
        return self.line.lane_counts()[lane]

    def codes(self) -> Counter[str]:
        return Counter(notice.error.code for notice in self.notices)
