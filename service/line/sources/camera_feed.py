"""The thread that keeps one camera open: only its newest frame waits, and a camera that is gone is opened again."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from threading import Event, Lock, Thread

from service.line.backoff import Backoff
from service.line.sources.shot import Capture, CaptureError, CaptureFault, Shot, Unusable

MOST_CHANGES = 16
"""Outages that nobody has asked for yet."""


class CameraLink(StrEnum):
    """opening: for the first time. reconnecting: it stopped, and was not tried since. gone: the last try to open it
    failed; it is tried on and on.
    """

    OPENING = "opening"
    OPEN = "open"
    RECONNECTING = "reconnecting"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """since: when the camera last came or went. frames: that came, usable or not. replaced: by a newer one before they
    were looked at. refused: of frames that are no pictures, by reason. reconnects: times that it was opened again.
    clock_jumps: times that its clock was set. fault, problem: why it is gone, or was last.
    """

    link: CameraLink
    since: datetime
    frames: int = 0
    replaced: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    reconnects: int = 0
    clock_jumps: int = 0
    fault: CaptureFault | None = None
    problem: str | None = None

    @property
    def connected(self) -> bool:
        """The camera is open."""
        return self.link is CameraLink.OPEN


class CameraFeed:
    """Runs from `start` to `stop`. open_capture: called in the thread, raises CaptureError. room: frames that wait;
    when they are full, the oldest is replaced, or with `keeps_all` the camera waits.
    """

    def __init__(
        self,
        open_capture: Callable[[], Capture],
        *,
        name: str,
        retry_s: float,
        longest_retry_s: float,
        room: int = 1,
        keeps_all: bool = False,
    ) -> None:
        self._open_capture = open_capture
        self._backoff = Backoff(retry_s, longest_retry_s)
        self._room, self._keeps_all = room, keeps_all
        self._lock = Lock()
        self._waiting: deque[Shot] = deque()
        self._changes: deque[str | None] = deque(maxlen=MOST_CHANGES)
        self._counts: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._link, self._ever = CameraLink.OPENING, False
        self._since = datetime.now(UTC)
        self._error: CaptureError | None = None
        self._ending, self._taken = Event(), Event()
        self._thread = Thread(target=self._run, name=f"camera {name}", daemon=True)

    def start(self) -> None:
        """Open the camera, and keep it open."""
        self._thread.start()

    def stop(self) -> None:
        """Let go of the camera; waits until a read that is under way is over."""
        self._ending.set()
        self._taken.set()
        if self._thread.ident is not None:
            self._thread.join()

    def take(self) -> list[Shot]:
        """The frames that wait, oldest first."""
        with self._lock:
            shots = list(self._waiting)
            self._waiting.clear()
        self._taken.set()
        return shots

    def changes(self) -> list[str | None]:
        """Since the last call: a problem for each time that the camera went, None for each time that it came."""
        with self._lock:
            changes = list(self._changes)
            self._changes.clear()
        return changes

    def state(self) -> FeedState:
        """What there is to say now."""
        with self._lock:
            return FeedState(
                link=self._link,
                since=self._since,
                frames=self._counts["frames"],
                replaced=self._counts["replaced"],
                refused=dict(self._refused),
                reconnects=self._counts["reconnects"],
                clock_jumps=self._counts["clock_jumps"],
                fault=None if self._error is None else self._error.fault,
                problem=None if self._error is None else str(self._error),
            )

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                capture = self._open_capture()
            except CaptureError as error:
                self._lost(CameraLink.GONE, error)
            else:
                self._come()
                try:
                    self._follow(capture)
                except CaptureError as error:
                    self._lost(CameraLink.RECONNECTING, error)
                finally:
                    capture.close()
            self._ending.wait(self._backoff.next_s())

    def _follow(self, capture: Capture) -> None:
        jumps = 0
        while not self._ending.is_set():
            found = capture.read()
            self._backoff.reset()
            with self._lock:
                self._counts["clock_jumps"] += capture.clock_jumps - jumps
                jumps = capture.clock_jumps
                self._counts["frames"] += found is not None
                if isinstance(found, Unusable):
                    self._refused[found.reason] += 1
            if isinstance(found, Shot):
                self._put(found)

    def _put(self, shot: Shot) -> None:
        while not self._ending.is_set():
            with self._lock:
                self._taken.clear()
                if len(self._waiting) < self._room:
                    self._waiting.append(shot)
                    return
                if not self._keeps_all:
                    self._waiting.popleft()
                    self._counts["replaced"] += 1
                    self._waiting.append(shot)
                    return
            self._taken.wait()

    def _come(self) -> None:
        with self._lock:
            self._counts["reconnects"] += self._ever
            self._link, self._ever = CameraLink.OPEN, True
            self._since = datetime.now(UTC)
            self._changes.append(None)

    def _lost(self, link: CameraLink, error: CaptureError) -> None:
        """An outage is one change, however often opening it again is tried."""
        with self._lock:
            if self._link in (CameraLink.OPENING, CameraLink.OPEN):
                self._since = datetime.now(UTC)
                self._changes.append(str(error))
            self._link, self._error = link, error
