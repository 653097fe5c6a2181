"""One running line: frames in, one decision per fruit out. Runs on the event loop and never waits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from time import monotonic

from grader.rules_in_force import AS_INSTALLED, RulesInForce
from service.errors import LedgerError, ProtocolError
from service.line.assembly import (
    Assembly,
    Cause,
    ClocksDisagree,
    Event,
    FrameArrival,
    Fruit,
    Opened,
    Overdue,
    Ready,
    Refusal,
    Refused,
    Use,
)
from service.line.belt_history import Unplaced
from service.line.client import Client
from service.line.crew import Crew
from service.line.day_book import DayBook
from service.line.fruit_pace import FruitPace
from service.line.ledger import LaneCounts, Ledger
from service.line.line_config import Camera, LineConfig
from service.line.line_grader import ViewResult, ViewWork
from service.line.live.line_watch import Decided, LineWatch
from service.line.outlets import Recirculated, Verdict, decide_outlet, recirculate
from service.line.protocol import (
    Decision,
    EncoderTick,
    FrameHeader,
    FruitId,
    Heartbeat,
    Notice,
    Problem,
    Trigger,
    check_picture,
    decode_frame,
    decode_text,
)
from service.line.quiet_log import QuietLog

TellDecided = Callable[[LineConfig, Decided, tuple[ViewWork, ...]], None]
"""Told of a decision on a line and of views of its fruit, on the line's way: it only puts something away."""
CHECK_EVERY_S = 1.0
"""How often the sums of the ledger are checked while the line runs."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Line:
    """Puts a line together. crew: grades its fruit. clock: monotonic, s; utc: for the age of frames.

    book: keeps its counts by day; None: they end with the service. tell: is told every decision, and never waits.
    rules: the versions that judge a fruit whose first view comes now; they judge all of it.
    """

    def __init__(
        self,
        config: LineConfig,
        crew: Crew,
        *,
        log: QuietLog,
        numbers: Iterator[int] | None = None,
        clock: Callable[[], float] = monotonic,
        utc: Callable[[], datetime] = _utc_now,
        book: DayBook | None = None,
        tell: TellDecided | None = None,
        rules: Callable[[], RulesInForce] = lambda: AS_INSTALLED,
    ) -> None:
        self.config = config
        self._tell, self._rules = tell, rules
        self.book = book
        self.watch = LineWatch(config)
        self._crew = crew
        self._log = log
        self._clock = clock
        self._utc = utc
        self._assembly = Assembly(config, numbers)
        self._ledger = Ledger(config.line_id, config.lanes, config.recirculate, book=book)
        self._owners: dict[int, Client] = {}
        self._ticker: Client | None = None
        self._in_crew: dict[Fruit, RulesInForce] = {}
        self._pace = FruitPace()
        self._checked_s = clock()

    @property
    def position(self) -> int | None:
        """Where the belt is: raw encoder count; None before the first."""
        position = self._assembly.position
        return None if position is None else position % self.config.encoder.modulus

    def raw_count_at(self, time_s: float) -> int | Unplaced:
        """Raw encoder count at a monotonic time of the last seconds, by the ticks before and after it."""
        found = self._assembly.belt.at(time_s)
        return found if isinstance(found, Unplaced) else found % self.config.encoder.modulus

    def view_at(self, camera: Camera, lane: int, time_s: float, within: int) -> tuple[FruitId, int] | None:
        """Which fruit and view a frame shows that was taken at a monotonic time; None: no fruit is there."""
        found = self._assembly.belt.at(time_s)
        return None if isinstance(found, Unplaced) else self._assembly.view_at(camera, lane, found, within)

    @property
    def newest_fruit(self) -> int:
        """Number of the fruit that was triggered last; 0 before the first. A later one has a greater number."""
        return self._assembly.newest

    @property
    def bad_messages(self) -> int:
        """Messages that were no message of the protocol."""
        return self._ledger.bad_messages

    def lane_counts(self) -> dict[int | None, LaneCounts]:
        """Counts of every lane; under None frames for lanes that the line does not have."""
        counts: dict[int | None, LaneCounts] = {
            lane: self._ledger.lane(lane, self._assembly.open_count(lane)) for lane in self.config.lanes
        }
        return {**counts, None: self._ledger.lane(None)}

    def owner(self, lane: int) -> str | None:
        """Name of the client that a lane belongs to."""
        owner = self._owners.get(lane)
        return None if owner is None else owner.name

    def receive(self, client: Client, message: bytes | str) -> None:
        """Anything a client sends. What is wrong with it is counted, answered and logged; nothing is raised."""
        try:
            if isinstance(message, bytes):
                header, picture = decode_frame(message, self.config.limits)
                self._frame(client, header, picture)
            else:
                self._text(client, decode_text(message))
        except ProtocolError as error:
            self._ledger.bad_messages += 1
            self._log.warn(
                "bad_message", self.config.line_id, error.field, client=client.name, problem=str(error)
            )
            client.offer(Notice(error=Problem(code="bad_message", message=str(error))))

    def leave(self, client: Client) -> None:
        """The client is gone: its lanes are free, what it did not get has reached nobody."""
        self._owners = {lane: owner for lane, owner in self._owners.items() if owner is not client}
        self._ticker = None if self._ticker is client else self._ticker
        for answer in client.take_all():
            self.not_delivered(answer)

    def not_delivered(self, answer: Decision | Notice | Heartbeat) -> None:
        """An answer that was taken from a client's outbox could not be sent."""
        if isinstance(answer, Decision):
            self._ledger.undelivered(answer)
            self._log.warn("decision_undelivered", self.config.line_id, answer.lane)

    def advance(self) -> None:
        """To be called many times a second: deadlines, and the check of the sums."""
        now_s = self._clock()
        self._follow(self._assembly.advance(now_s))
        if now_s - self._checked_s >= CHECK_EVERY_S:
            self._checked_s = now_s
            self.check()

    def check(self) -> None:
        """Do all sums add up? Logged when not, and seen at `/metrics`."""
        try:
            self._ledger.check({lane: self._assembly.open_count(lane) for lane in self.config.lanes})
        except LedgerError as error:
            self._log.warn("line_counts_wrong", self.config.line_id, problem=str(error))

    def stop(self) -> None:
        """Every fruit that is not decided recirculates."""
        self._follow(self._assembly.close_all(Cause.LINE_STOPPED))
        self.check()
        if self.book is not None:
            self.book.close()

    def _text(self, client: Client, message: EncoderTick | Trigger | Heartbeat) -> None:
        if isinstance(message, Heartbeat):
            client.offer(message)
        elif isinstance(message, EncoderTick):
            self._tick(client, message)
        elif not self._claims(client, message.lane):
            self._refuse_lane(client, message)
        else:
            events = self._assembly.trigger(message.lane, message.fruit_id, message.encoder, self._clock())
            for event in events:
                if isinstance(event, Refused):  # no frame: only answered and logged
                    self._tell_refused(client, event, message)
                else:
                    self._follow([event])

    def _tick(self, client: Client, message: EncoderTick) -> None:
        """The encoder belongs to the first client that ticks: two counters would look like resets."""
        self._ticker = self._ticker or client
        if self._ticker is client:
            self._follow(self._assembly.tick(message.encoder, self._clock()))
            return
        self._log.warn("encoder_taken", self.config.line_id, client=client.name, owner=self._ticker.name)
        text = f"encoder_taken: ticks of this line come from {self._ticker.name}"
        client.offer(Notice(error=Problem(code="encoder_taken", message=text)))

    def _frame(self, client: Client, header: FrameHeader, picture: bytes) -> None:
        if not self._claims(client, header.lane):
            self._ledger.frame_refused(header.lane, Refusal.LANE_TAKEN)
            self._refuse_lane(client, header)
            return
        problem: ProtocolError | None = None
        try:
            check_picture(picture, self.config.limits)
        except ProtocolError as error:
            problem = error
        self.watch.frame(str(header.camera), None if problem else picture, self._clock())
        arrival = FrameArrival(
            lane=header.lane,
            fruit_id=header.fruit_id,
            camera=header.camera,
            view=header.view,
            encoder=header.encoder,
            last_view=header.last_view,
            age_s=(self._utc() - header.captured_at).total_seconds(),
            now_s=self._clock(),
            usable=problem is None,
        )
        for event in self._assembly.frame(arrival):
            if isinstance(event, Use):
                self._use(event, picture)
            elif isinstance(event, Refused):
                self._ledger.frame_refused(event.lane, event.reason)
                self._tell_refused(client, event, header, problem, age_s=round(arrival.age_s, 3))
            else:
                self._follow([event])

    def _use(self, event: Use, picture: bytes) -> None:
        """Give the view to the crew. A fruit that the crew cannot take on goes round again, at once."""
        fruit, camera = event.fruit, event.camera
        self._ledger.frame_used(fruit.lane)
        if fruit not in self._in_crew:
            rules = self._rules()
            taken = self._crew.open(
                fruit.number,
                replace(self.config.grading, rules=rules),
                self._pace,
                lambda result: self._view_told(fruit, result),
                lambda verdict, reason: self._verdict_told(fruit, verdict, reason),
            )
            if not taken:
                self._log.warn("fruit_not_graded", self.config.line_id, Recirculated.OVERLOAD)
                self._recirculate(fruit, Recirculated.OVERLOAD)
                return
            self._in_crew[fruit] = rules
        work = ViewWork(
            camera=camera.name,
            view=event.view,
            name=f"{self.config.line_id}/{fruit.lane}/{fruit.fruit_id}/{camera.name}_{event.view}",
            data=picture,
            options=replace(camera.options, rules=self._in_crew[fruit]),
            size_wh_px=camera.size_wh_px,
            position=event.position,
        )
        self.watch.view(fruit, work)
        self._crew.add(fruit.number, work)

    def _follow(self, events: Iterable[Event]) -> None:
        """Do what the assembly says; frames are seen to in `_frame`."""
        for event in events:
            if isinstance(event, Opened):
                self._ledger.triggered(event.fruit.lane)
            elif isinstance(event, Ready):
                self._ready(event.fruit)
            elif isinstance(event, Overdue):
                self._overdue(event)
            elif isinstance(event, ClocksDisagree):
                self._log.warn(
                    "clocks_disagree", self.config.line_id, event.lane, age_s=round(event.age_s, 3)
                )

    def _ready(self, fruit: Fruit) -> None:
        if fruit in self._in_crew:
            self._crew.finish(fruit.number)
        elif self._assembly.trigger_position(fruit) is not None:  # not sent round for overload just now
            self._recirculate(fruit, Recirculated.NO_VIEW)

    def _overdue(self, event: Overdue) -> None:
        fruit, seen = event.fruit, event.fruit in self._in_crew
        reason = event.cause if seen else Recirculated.NO_VIEW
        self._log.warn("fruit_overdue", self.config.line_id, event.cause)
        if seen:
            self._crew.drop(fruit.number)
        self._decided(
            fruit,
            recirculate(
                self.config,
                lane=fruit.lane,
                fruit_id=fruit.fruit_id,
                trigger=event.position,
                reason=reason,
                late=event.cause is Cause.LATE,
            ),
        )

    def _view_told(self, fruit: Fruit, result: ViewResult) -> None:
        self._ledger.view_graded(fruit.lane, result.outcome)
        if result.problem is not None:
            self._log.warn("view_not_graded", self.config.line_id, result.outcome, problem=result.problem)

    def _verdict_told(self, fruit: Fruit, verdict: Verdict | None, reason: str | None) -> None:
        if self._assembly.is_late(fruit, self._clock()):
            self._recirculate(fruit, Cause.LATE, late=True)
        elif verdict is None:
            self._recirculate(fruit, reason or Recirculated.FAILED)
        else:
            trigger = self._assembly.close(fruit)
            assert trigger is not None
            decision = decide_outlet(
                verdict, self.config, lane=fruit.lane, fruit_id=fruit.fruit_id, trigger=trigger
            )
            self._decided(fruit, decision, verdict)

    def _recirculate(self, fruit: Fruit, reason: str, *, late: bool = False) -> None:
        trigger = self._assembly.close(fruit)
        self._decided(
            fruit,
            recirculate(
                self.config,
                lane=fruit.lane,
                fruit_id=fruit.fruit_id,
                trigger=trigger,
                reason=reason,
                late=late,
            ),
        )

    def _decided(self, fruit: Fruit, decision: Decision, verdict: Verdict | None = None) -> None:
        """The one place where a decision leaves the line."""
        self._in_crew.pop(fruit, None)
        owner = self._owners.get(fruit.lane)
        delivered = owner is not None and owner.offer(decision)
        self._ledger.decided(decision, delivered=delivered)
        told, works = self.watch.decided(fruit, decision, verdict, self._clock())
        if self._tell is not None:
            self._tell(self.config, told, works)
        if not delivered:
            self._log.warn("decision_undelivered", self.config.line_id, fruit.lane)

    def _claims(self, client: Client, lane: int) -> bool:
        """A lane belongs to the first client that sends for it, until that client leaves."""
        if client.own_camera or lane not in self.config.lanes:
            return True
        return self._owners.setdefault(lane, client) is client

    def _refuse_lane(self, client: Client, message: FrameHeader | Trigger) -> None:
        owner = self.owner(message.lane)
        self._tell_refused(client, Refused(message.lane, Refusal.LANE_TAKEN), message, owner=owner)

    def _tell_refused(
        self,
        client: Client,
        event: Refused,
        message: FrameHeader | Trigger,
        problem: ProtocolError | None = None,
        **details: object,
    ) -> None:
        self._log.warn(
            "refused", self.config.line_id, event.lane, event.reason, fruit_id=message.fruit_id, **details
        )
        told = ", ".join(f"{name} {value}" for name, value in details.items())
        text = f"{event.reason}: lane {event.lane}, fruit {message.fruit_id}" + (f", {told}" if told else "")
        if problem is not None:
            text = f"{text}: {problem}"
        client.offer(Notice(error=Problem(code=event.reason, message=text, fruit_id=message.fruit_id)))
