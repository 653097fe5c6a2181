"""One camera of a line that the service opened: finds out which fruit a frame shows, and sends it to the line.

Frames go the way of all frames (`Line.receive`), as the messages that a client beside the camera would send.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from time import monotonic

from service.line.assembly import Refusal
from service.line.belt_history import Unplaced
from service.line.client import Client
from service.line.line import Line
from service.line.line_config import Camera, Source
from service.line.protocol import FrameHeader, FruitId, MessageLimits, encode_frame
from service.line.quiet_log import QuietLog
from service.line.sources.camera_feed import CameraFeed, CameraLink
from service.line.sources.file_names import NamePattern
from service.line.sources.folder_capture import FolderCapture
from service.line.sources.shot import Capture, CaptureFault, Shot
from service.line.sources.video_capture import VideoCapture

MOST_PENDING = 16
"""Frames that wait for the tick after them."""
FOLDER_ROOM = 16
"""Files of a folder that wait; the others stay where they are."""


class NotSent(StrEnum):
    """Why a frame of an own camera does not get to the line; with `stale` and `bad_picture` of `Refusal`."""

    WRONG_SIZE = "wrong_size"
    NO_FRUIT_THERE = "no_fruit_there"
    NO_ENCODER = "no_encoder"
    UNKNOWN_NAME = "unknown_name"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCameraState:
    """frames = sent + replaced + all refused + pending, always; the other fields as in `FeedState`. sent: to the line,
    whose counts say what became of them.
    """

    camera: str
    kind: str
    lane: int
    link: CameraLink
    since: datetime
    frames: int
    sent: int
    replaced: int
    refused: dict[str, int]
    pending: int
    reconnects: int
    clock_jumps: int
    fault: CaptureFault | None
    problem: str | None

    @property
    def connected(self) -> bool:
        """The camera is open."""
        return self.link is CameraLink.OPEN


class CameraSource:
    """Between `start` and `stop`, `step` is called many times a second on the event loop. camera: has a source."""

    def __init__(
        self, line: Line, camera: Camera, log: QuietLog, *, clock: Callable[[], float] = monotonic
    ) -> None:
        assert camera.source is not None
        self._line, self._camera, self._log, self._clock = line, camera, log, clock
        self._source = source = camera.source
        self._client = Client(f"camera {camera.name}", own_camera=True)
        self._names = NamePattern(source.names) if source.names else None
        self._size_wh_px = camera.size_wh_px
        self._pending: deque[Shot] = deque()
        self._sent = self._dropped = 0
        self._refused: Counter[str] = Counter()
        folder = source.kind == "folder"
        self._feed = CameraFeed(
            partial(_open, source, line.config.limits),
            name=camera.name,
            retry_s=source.retry_s,
            longest_retry_s=source.longest_retry_s,
            room=FOLDER_ROOM if folder else 1,
            keeps_all=folder,
        )

    def start(self) -> None:
        """Open the camera in a thread."""
        self._feed.start()

    def stop(self) -> None:
        """Let go of the camera. May take `silence_s`."""
        self._feed.stop()

    def state(self) -> OwnCameraState:
        """Of the camera and its frames, now."""
        feed = self._feed.state()
        refused = Counter(feed.refused) + self._refused
        replaced = feed.replaced + self._dropped
        return OwnCameraState(
            camera=self._camera.name,
            kind=self._source.kind,
            lane=self._source.lane,
            link=feed.link,
            since=feed.since,
            frames=feed.frames,
            sent=self._sent,
            replaced=replaced,
            refused=dict(sorted(refused.items())),
            pending=feed.frames - self._sent - replaced - refused.total(),
            reconnects=feed.reconnects,
            clock_jumps=feed.clock_jumps,
            fault=feed.fault,
            problem=feed.problem,
        )

    def step(self) -> None:
        """Send what came, as soon as it is known where the belt was."""
        for problem in self._feed.changes():
            if problem is None:
                self._log.warn("camera_connected", self._line.config.line_id, self._camera.name)
            else:
                self._log.warn("camera_gone", self._line.config.line_id, self._camera.name, problem=problem)
        self._pending = deque(shot for shot in self._pending if not self._see_to(shot, waited=True))
        for shot in self._feed.take():
            if not self._see_to(shot, waited=False):
                self._pending.append(shot)
        while len(self._pending) > MOST_PENDING:
            self._pending.popleft()
            self._dropped += 1

    def _see_to(self, shot: Shot, *, waited: bool) -> bool:
        """Send or refuse a frame; False when the belt's next tick has to come first."""
        age_s = self._clock() - shot.taken_s
        if age_s > self._line.config.max_age_s:
            self._refuse(NotSent.NO_ENCODER if waited else Refusal.STALE, age_s=round(age_s, 3))
            return True
        if shot.size_wh_px is not None:
            self._size_wh_px = self._size_wh_px or shot.size_wh_px
            if shot.size_wh_px != self._size_wh_px:
                self._refuse(NotSent.WRONG_SIZE, expected=self._size_wh_px, got=shot.size_wh_px)
                return True
        lane, encoder = self._source.lane, None
        if self._names is not None:
            parts = self._names.read(shot.name)
            if parts is None:
                self._refuse(NotSent.UNKNOWN_NAME, expected=self._source.names, got=shot.name)
                return True
            lane = lane if parts.lane is None else parts.lane
            shows: tuple[FruitId, int] | None = (parts.fruit_id, parts.view)
            encoder = parts.encoder
        if encoder is None:
            count = self._line.raw_count_at(shot.taken_s)
            if count is Unplaced.NOT_YET:
                return False
            if isinstance(count, Unplaced):
                self._refuse(NotSent.NO_ENCODER, age_s=round(age_s, 3))
                return True
            encoder = count
        if self._names is None:
            shows = self._line.view_at(self._camera, lane, shot.taken_s, self._source.within_counts)
        if shows is None:
            self._refused[NotSent.NO_FRUIT_THERE] += 1  # most frames of an empty belt: counted, not logged
            return True
        self._send(shot, shows, lane, encoder, age_s)
        return True

    def _send(self, shot: Shot, shows: tuple[FruitId, int], lane: int, encoder: int, age_s: float) -> None:
        fruit_id, view = shows
        header = FrameHeader(
            fruit_id=fruit_id,
            lane=lane,
            camera=self._camera.name,
            view=view,
            encoder=encoder,
            captured_at=datetime.now(UTC) - timedelta(seconds=age_s),
            last_view=view == self._camera.views - 1,
        )
        self._sent += 1
        self._line.receive(self._client, encode_frame(header, shot.picture))

    def _refuse(self, reason: str, **details: object) -> None:
        self._refused[reason] += 1
        self._log.warn(
            "camera_frame_refused", self._line.config.line_id, self._camera.name, reason, **details
        )


def _open(source: Source, limits: MessageLimits) -> Capture:
    return FolderCapture(source, limits) if source.kind == "folder" else VideoCapture(source)
