"""Which frame belongs to which fruit, and when a fruit has to be decided. Pure: time and counts are arguments.

A fruit is its lane, its `fruit_id` and its place on the belt: the encoder count of its trigger, worked back from the
count of every view. So ids may come again with the next turn of the cups, and a frame of the last turn is found out.

    open --every view--> ready --decision--> closed
    open --wait is over--> ready
    open, ready --last use is over, lane too full, encoder reset--> overdue (recirculates)
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count

from service.line.belt_history import BeltHistory
from service.line.encoder_track import EncoderTrack, Place, Reading
from service.line.line_config import Camera, LineConfig
from service.line.protocol import FruitId

REMEMBERED = 4096
"""Decided fruit that are remembered for each lane, to tell a frame that comes too late from a new fruit."""


class Refusal(StrEnum):
    """Why a frame is not used. Each frame is counted as used or under one of these."""

    UNKNOWN_LANE = "unknown_lane"
    UNKNOWN_CAMERA = "unknown_camera"
    UNKNOWN_FRUIT = "unknown_fruit"
    DUPLICATE = "duplicate"
    TOO_MANY_VIEWS = "too_many_views"
    ALREADY_DECIDED = "already_decided"
    ALREADY_COMPLETE = "already_complete"
    WRONG_CUP = "wrong_cup"
    STALE = "stale"
    STRAY_ENCODER = "stray_encoder"
    BAD_PICTURE = "bad_picture"
    LANE_TAKEN = "lane_taken"


class Cause(StrEnum):
    """Why a fruit is taken out without a decision of the grader."""

    LATE = "late"
    LANE_FULL = "lane_full"
    ENCODER_RESET = "encoder_reset"
    LINE_STOPPED = "line_stopped"


@dataclass(frozen=True, slots=True)
class Fruit:
    """A fruit on the line. number: no other fruit of the service has it while it runs; grows with every new fruit."""

    number: int
    lane: int
    fruit_id: FruitId


@dataclass(frozen=True, slots=True)
class Opened:
    """A new fruit: one trigger."""

    fruit: Fruit


@dataclass(frozen=True, slots=True)
class Use:
    """This frame is a view of `fruit`, taken when the belt was at `position`: grade it."""

    fruit: Fruit
    camera: Camera
    view: int
    position: int


@dataclass(frozen=True, slots=True)
class Refused:
    """This frame is not used. fruit: the one it speaks of, where that is known."""

    lane: int
    reason: Refusal
    fruit: Fruit | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """No further view is waited for. missing: at least so many did not come."""

    fruit: Fruit
    missing: int


@dataclass(frozen=True, slots=True)
class Overdue:
    """The fruit is closed without a decision: it recirculates. position: of its trigger, None where not known."""

    fruit: Fruit
    cause: Cause
    position: int | None


@dataclass(frozen=True, slots=True)
class ClocksDisagree:
    """A frame is fresh by the encoder, and not by the clock. It is used."""

    lane: int
    age_s: float


Event = Opened | Use | Refused | Ready | Overdue | ClocksDisagree


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameArrival:
    """A frame as it comes in. age_s: by the clocks, negative when it claims to come from the future. now_s: monotonic.

    usable: its picture can be looked at. A view that is too old or not usable is refused, but it has come: its fruit
    is known to have passed, and it is not waited for.
    """

    lane: int
    fruit_id: FruitId
    camera: str | int
    view: int
    encoder: int
    last_view: bool
    age_s: float
    now_s: float
    usable: bool = True


@dataclass(slots=True)
class _Open:
    fruit: Fruit
    position: int
    opened_s: float
    announced: bool
    seen: dict[str, set[int]] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)
    ready: bool = False


class Assembly:
    """The fruit of one line between trigger and decision; at most `open_fruit` of each lane.

    numbers: gives each fruit its own; lines that share grading processes share it.
    """

    def __init__(self, line: LineConfig, numbers: Iterator[int] | None = None) -> None:
        self._line = line
        self._numbers = count(1) if numbers is None else numbers
        self._encoder = EncoderTrack(line.encoder)
        self.belt = BeltHistory()
        self._open: OrderedDict[int, _Open] = OrderedDict()
        self._latest: dict[tuple[int, FruitId], int] = {}
        self._decided: dict[int, OrderedDict[FruitId, int]] = {lane: OrderedDict() for lane in line.lanes}
        self._ticked_s: float | None = None
        self.newest = 0
        """Number of the fruit that was opened last; 0 before the first."""

    @property
    def position(self) -> int | None:
        """Where the belt is, in counts that do not wrap."""
        return self._encoder.position

    def open_count(self, lane: int) -> int:
        """Fruit of a lane that are not closed."""
        return sum(1 for one in self._open.values() if one.fruit.lane == lane)

    def trigger_position(self, fruit: Fruit) -> int | None:
        """Where the trigger of an open fruit was; None when it is closed."""
        found = self._open.get(fruit.number)
        return None if found is None else found.position

    def view_at(self, camera: Camera, lane: int, position: int, within: int) -> tuple[FruitId, int] | None:
        """Which open fruit, and which of its views, a frame of this camera taken at `position` shows: the one whose
        place is nearest, at most `within` counts away, and which has not come yet. None: no fruit is there.
        """
        best: tuple[int, FruitId, int] | None = None
        for one in self._open.values():
            if one.fruit.lane != lane or one.ready:
                continue
            passed = position - one.position - camera.first_view_counts
            view = round(passed / camera.counts_per_view) if camera.counts_per_view else 0
            view = min(max(view, 0), camera.views - 1)
            away = abs(passed - round(view * camera.counts_per_view))
            if away > within or view in one.seen.get(camera.name, ()):
                continue
            if best is None or away < best[0]:
                best = (away, one.fruit.fruit_id, view)
        return None if best is None else best[1:]

    def tick(self, encoder: int, now_s: float) -> Iterator[Event]:
        """The encoder alone."""
        place = self._encoder.read(encoder, in_order=True, idle=not self._open)
        if place.reading is Reading.RESET and place.position is not None:
            yield from self._reset(place.position)
        if place.position is not None:
            self._ticked_s = now_s
            self.belt.note(place.position, now_s)
        yield from self.advance(now_s)

    def trigger(self, lane: int, fruit_id: FruitId, encoder: int, now_s: float) -> Iterator[Event]:
        """A fruit is announced. One that is open already at this place is no news."""
        if lane not in self._decided:
            yield Refused(lane, Refusal.UNKNOWN_LANE)
            return
        place = self._encoder.read(encoder, in_order=True, idle=not self._open)
        if place.position is None:
            yield Refused(lane, Refusal.STRAY_ENCODER)
            return
        self._ticked_s = now_s
        if place.reading is Reading.RESET:
            yield from self._reset(place.position)
        known = self._find(lane, fruit_id, place.position)
        if isinstance(known, Refusal):
            yield Refused(lane, known)
        elif known is None:
            yield from self._new(lane, fruit_id, place.position, now_s, announced=True)
        else:
            known.position, known.announced = place.position, True

    def frame(self, arrival: FrameArrival) -> Iterator[Event]:
        """One frame: used or refused, exactly one of them; and what follows from it."""
        lane, camera = arrival.lane, self._line.camera(arrival.camera)
        if lane not in self._decided:
            yield Refused(lane, Refusal.UNKNOWN_LANE)
            return
        if camera is None:
            yield Refused(lane, Refusal.UNKNOWN_CAMERA)
            return
        stale = abs(arrival.age_s) > self._line.max_age_s
        belt = self._encoder.position
        place = self._place(arrival, stale=stale)
        if place.position is None:
            yield Refused(lane, Refusal.STRAY_ENCODER)
            return
        if place.reading is Reading.RESET:
            yield from self._reset(place.position)
        if stale and self._ticking(arrival.now_s) and belt is not None:
            stale = abs(place.position - belt) > self._line.max_age_counts
            if not stale:
                yield ClocksDisagree(lane, arrival.age_s)
        trigger = camera.trigger_of(arrival.view, place.position)
        known = self._find(lane, arrival.fruit_id, trigger)
        if isinstance(known, Refusal):
            yield Refused(lane, known)
            return
        if known is None:
            if self._line.triggers == "announced":
                yield Refused(lane, Refusal.UNKNOWN_FRUIT)
                return
            yield from self._new(lane, arrival.fruit_id, trigger, arrival.now_s, announced=False)
            known = self._open[self._latest[lane, arrival.fruit_id]]
        yield from self._view(known, arrival, camera, place.position, stale=stale)

    def advance(self, now_s: float) -> Iterator[Event]:
        """Time or belt have gone on: whose wait is over, whose last use is over."""
        until = self._line.deadline
        for one in list(self._open.values()):
            if self._past(one, until.last_use_counts, until.last_use_s, now_s):
                yield self._take_out(one, Cause.LATE)
            elif not one.ready and self._past(one, until.wait_counts, until.wait_s, now_s):
                one.ready = True
                yield Ready(one.fruit, self._missing(one))

    def is_late(self, fruit: Fruit, now_s: float) -> bool:
        """Whether a decision for an open fruit would come too late now."""
        one, until = self._open[fruit.number], self._line.deadline
        return self._past(one, until.last_use_counts, until.last_use_s, now_s)

    def close(self, fruit: Fruit) -> int | None:
        """The fruit is decided. Gives the position of its trigger; None when it was closed before."""
        one = self._open.pop(fruit.number, None)
        if one is None:
            return None
        key = (fruit.lane, fruit.fruit_id)
        if self._latest.get(key) == fruit.number:
            del self._latest[key]
            self._remember(fruit, one.position)
        return one.position

    def close_all(self, cause: Cause) -> Iterator[Event]:
        """Nothing is decided any more."""
        for one in list(self._open.values()):
            yield self._take_out(one, cause)

    def _remember(self, fruit: Fruit, position: int) -> None:
        decided = self._decided[fruit.lane]
        decided[fruit.fruit_id] = position
        decided.move_to_end(fruit.fruit_id)
        while len(decided) > REMEMBERED:
            decided.popitem(last=False)

    def _reset(self, position: int) -> Iterator[Event]:
        """The counts of open and of decided fruit mean nothing any more. Views of the open ones may still come."""
        self.belt.clear()
        lost = [one.fruit for one in self._open.values()]
        yield from self.close_all(Cause.ENCODER_RESET)
        for decided in self._decided.values():
            decided.clear()
        for fruit in lost:
            self._remember(fruit, position)

    def _ticking(self, now_s: float) -> bool:
        """Whether ticks say where the belt is; frames alone cannot: the counts of old frames fit each other."""
        return self._ticked_s is not None and now_s - self._ticked_s <= self._line.max_age_s

    def _place(self, arrival: FrameArrival, *, stale: bool) -> Place:
        """Where a frame was taken. Old frames teach nothing, and where the encoder ticks no frame tells of a reset."""
        if stale:
            position = self._encoder.near(arrival.encoder)
            return Place(Reading.STRAY if position is None else Reading.GOOD, position)
        ticking = self._ticking(arrival.now_s)
        return self._encoder.read(
            arrival.encoder, in_order=False, may_reset=not ticking, idle=not self._open and not ticking
        )

    def _find(self, lane: int, fruit_id: FruitId, trigger: int) -> _Open | Refusal | None:
        """The open fruit; None when it is new; a refusal when it is gone or stands elsewhere."""
        near = self._line.encoder.same_cup_counts
        number = self._latest.get((lane, fruit_id))
        if number is not None:
            one = self._open[number]
            if abs(trigger - one.position) <= near:
                return one
            return Refusal.WRONG_CUP if trigger < one.position else None
        decided = self._decided[lane].get(fruit_id)
        if decided is not None and trigger <= decided + near:
            return Refusal.ALREADY_DECIDED
        return None

    def _new(
        self, lane: int, fruit_id: FruitId, position: int, now_s: float, *, announced: bool
    ) -> Iterator[Event]:
        if self.open_count(lane) >= self._line.open_fruit:
            oldest = next(one for one in self._open.values() if one.fruit.lane == lane)
            yield self._take_out(oldest, Cause.LANE_FULL)
        fruit = Fruit(next(self._numbers), lane, fruit_id)
        self.newest = fruit.number
        self._open[fruit.number] = _Open(fruit, position, now_s, announced)
        self._latest[lane, fruit_id] = fruit.number
        yield Opened(fruit)

    def _view(
        self, one: _Open, arrival: FrameArrival, camera: Camera, position: int, *, stale: bool
    ) -> Iterator[Event]:
        seen = one.seen.setdefault(camera.name, set())
        if arrival.view in seen:
            yield Refused(arrival.lane, Refusal.DUPLICATE, one.fruit)
            return
        if one.ready:
            yield Refused(arrival.lane, Refusal.ALREADY_COMPLETE, one.fruit)
            return
        if sum(map(len, one.seen.values())) >= self._line.max_views or 0 < camera.views <= arrival.view:
            yield Refused(arrival.lane, Refusal.TOO_MANY_VIEWS, one.fruit)
            return
        seen.add(arrival.view)
        if arrival.last_view:
            one.last[camera.name] = arrival.view
        if not one.announced:  # independent of the order in which views come
            one.position = min(one.position, camera.trigger_of(arrival.view, position))
        if stale:
            yield Refused(arrival.lane, Refusal.STALE, one.fruit)
        elif not arrival.usable:
            yield Refused(arrival.lane, Refusal.BAD_PICTURE, one.fruit)
        else:
            yield Use(one.fruit, camera, arrival.view, position)
        if self._complete(one):
            one.ready = True
            yield Ready(one.fruit, 0)

    def _complete(self, one: _Open) -> bool:
        if not self._line.cameras:
            return any(_gapless(one.seen[name], None, one.last.get(name)) for name in one.seen)
        return all(
            len(one.seen.get(camera.name, ())) == camera.views > 0
            or _gapless(one.seen.get(camera.name, set()), 0, one.last.get(camera.name))
            for camera in self._line.cameras
        )

    def _missing(self, one: _Open) -> int:
        return sum(max(0, camera.views - len(one.seen.get(camera.name, ()))) for camera in self._line.cameras)

    def _past(self, one: _Open, counts: int, seconds: float, now_s: float) -> bool:
        position = self._encoder.position
        by_counts = position is not None and position - one.position > counts
        return by_counts or now_s - one.opened_s > seconds

    def _take_out(self, one: _Open, cause: Cause) -> Overdue:
        position = self.close(one.fruit)
        return Overdue(one.fruit, cause, None if cause is Cause.ENCODER_RESET else position)


def _gapless(seen: set[int], first: int | None, last: int | None) -> bool:
    """Whether the last view has come and all before it, from `first` on (None: from the lowest that came)."""
    if last is None:
        return False
    begin = min(seen) if first is None else first
    return all(view in seen for view in range(begin, last + 1))
