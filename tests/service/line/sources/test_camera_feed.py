from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from time import monotonic

from service.line.sources.camera_feed import CameraFeed, CameraLink
from service.line.sources.shot import CaptureError, CaptureFault, Shot, Unusable

WAIT_S = 20.0


class Script:
    """A camera that does what a test puts into its queue: a shot, something unusable, or an error to raise.

    Opening fails as often as `refuses` says. idle: counts reads that found nothing to do.
    """

    def __init__(self, refuses: int = 0) -> None:
        self.orders: SimpleQueue[Shot | Unusable | CaptureError] = SimpleQueue()
        self.refuses = refuses
        self.opened = self.closed = 0
        self.clock_jumps = 0
        self.idle = 0

    def open(self) -> Script:
        if self.refuses:
            self.refuses -= 1
            raise CaptureError(CaptureFault.DOES_NOT_OPEN, "does not open")
        self.opened += 1
        return self

    def read(self) -> Shot | Unusable | None:
        if self.orders.empty():
            self.idle += 1
            return None
        order = self.orders.get()
        if isinstance(order, CaptureError):
            raise order
        return order

    def close(self) -> None:
        self.closed += 1

    def give(self, *orders: Shot | Unusable | CaptureError) -> None:
        for order in orders:
            self.orders.put(order)
        until(self.orders.empty)
        idle = self.idle
        until(lambda: self.idle >= idle + 2)  # what was taken out last has been dealt with


def shot(number: int) -> Shot:
    return Shot(taken_s=float(number), picture=b"%d" % number)


def feed(script: Script, *, room: int = 1, keeps_all: bool = False) -> CameraFeed:
    return CameraFeed(
        script.open, name="top", retry_s=0.001, longest_retry_s=0.002, room=room, keeps_all=keeps_all
    )


@contextmanager
def running(one: CameraFeed) -> Iterator[CameraFeed]:
    one.start()
    try:
        yield one
    finally:
        one.stop()


def until(true: Callable[[], bool]) -> None:
    end_s = monotonic() + WAIT_S
    while not true():
        assert monotonic() < end_s


def test_only_the_newest_frame_waits() -> None:
    script = Script()
    with running(feed(script)) as one:
        script.give(shot(1), shot(2), shot(3))
        assert [found.taken_s for found in one.take()] == [3.0]
        assert one.take() == []
        state = one.state()
        assert (state.frames, state.replaced, state.connected, state.reconnects) == (3, 2, True, 0)
    assert (script.opened, script.closed) == (1, 1)


def test_a_folder_waits_instead() -> None:
    script = Script()
    with running(feed(script, room=2, keeps_all=True)) as one:
        for number in range(5):
            script.orders.put(shot(number))
        got: list[float] = []
        end_s = monotonic() + WAIT_S
        while len(got) < 5 and monotonic() < end_s:
            got += [found.taken_s for found in one.take()]
        assert got == [0.0, 1.0, 2.0, 3.0, 4.0]
        assert one.state().replaced == 0


def test_an_outage_is_one_change_however_often_it_is_tried() -> None:
    script = Script(refuses=3)
    with running(feed(script)) as one:
        until(lambda: script.opened == 1)
        script.give(shot(1))
        assert one.changes() == ["does not open", None]
        script.refuses = 5
        script.give(CaptureError(CaptureFault.NO_FRAME, "no frame"), shot(2))
        until(lambda: one.state().connected)
        assert one.changes() == ["no frame", None]
        state = one.state()
        assert (state.reconnects, state.frames, state.problem) == (1, 2, "does not open")
        assert state.fault is CaptureFault.DOES_NOT_OPEN
        script.give(CaptureError(CaptureFault.NO_FRAME, "no frame"), shot(3))
        assert one.state().reconnects == 2
    assert script.closed == 3


def test_what_a_camera_is_and_since_when() -> None:
    script = Script(refuses=1)
    one = CameraFeed(script.open, name="top", retry_s=0.001, longest_retry_s=60)
    assert one.state().link is CameraLink.OPENING
    with running(one):
        until(lambda: script.opened == 1)
        script.give(shot(1))
        opened = one.state()
        assert (opened.link, opened.connected, opened.fault) == ("open", True, "does_not_open")
    one = CameraFeed(script.open, name="top", retry_s=60, longest_retry_s=60)  # stays as it is after each try
    with running(one):
        script.give(shot(1))
        since = one.state().since
        script.orders.put(CaptureError(CaptureFault.NO_FRAME, "no frame"))
        until(lambda: one.state().link is CameraLink.RECONNECTING)
        lost = one.state()
        assert (lost.connected, lost.fault, lost.problem) == (False, "no_frame", "no frame")
        assert lost.since > since
    script.refuses = 1000
    with running(feed(script)) as one:
        until(lambda: one.state().link is CameraLink.GONE)
        gone = one.state()
        until(lambda: script.refuses < 900)
        assert one.state() == gone  # since the first try, however often it was tried


def test_what_is_no_picture_is_counted() -> None:
    script = Script()
    with running(feed(script)) as one:
        script.clock_jumps = 2
        script.give(Unusable("bad_picture", "half"), shot(1))
        assert len(one.take()) == 1
        state = one.state()
        assert (state.frames, state.refused, state.clock_jumps) == (2, {"bad_picture": 1}, 2)


def test_one_that_never_ran_can_be_stopped() -> None:
    feed(Script()).stop()


def test_stopping_ends_a_full_folder_too() -> None:
    script = Script()
    one = feed(script, room=1, keeps_all=True)
    one.start()
    for number in range(3):
        script.orders.put(shot(number))
    until(lambda: one.state().frames == 2)
    one.stop()
    assert script.closed == 1
