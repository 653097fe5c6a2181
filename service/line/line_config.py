"""What a sorting line is: lanes, cameras, belt, deadlines, outlets. `line_file.py` reads it from a file."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from math import inf
from typing import Literal
from urllib.parse import urlsplit

from grader.pipeline import GradeOptions
from service.line.protocol import MessageLimits

Triggers = Literal["frames", "announced"]
SourceKind = Literal["folder", "video", "rtsp", "usb"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoder:
    """The counter of the belt. modulus: counts after which it begins at 0 again.

    max_jump_counts: two readings farther apart than this are not from the same run of the counter. same_cup_counts:
    frames whose trigger, worked back from their count, is farther away than this show another fruit.
    """

    modulus: int
    max_jump_counts: int
    same_cup_counts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """Until when, counted from the trigger: counts or seconds, whichever is over first. The seconds are for an encoder
    that stands still or says nothing.

    wait: no longer are views waited for, the fruit is decided with what there is. last_use: a decision after this is
    of no use to the line: the fruit recirculates.
    """

    wait_counts: int
    last_use_counts: int
    wait_s: float
    last_use_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the service itself takes the frames of a camera from.

    address: folder, file, rtsp://..., /dev/videoN. lane: that it sees. within_counts: a frame taken this close to the
    place of a view is that view. names: pattern of file names that say which fruit and view they show; empty: the
    encoder says. delete: files of a folder, once taken. connect_s: longest time to open it; silence_s: without a
    frame for so long it is gone. retry_s, longest_retry_s: pauses before it is opened again. size_wh_px: to ask a USB
    camera for.
    """

    kind: SourceKind
    address: str
    lane: int
    within_counts: int
    names: str = ""
    delete: bool = False
    connect_s: float = 5.0
    silence_s: float = 2.0
    retry_s: float = 0.5
    longest_retry_s: float = 30.0
    size_wh_px: tuple[int, int] | None = None

    @property
    def place(self) -> str:
        """The address as logs and pages may show it: of a network camera without user, password and path, which
        often holds them too.
        """
        if self.kind != "rtsp":
            return self.address
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """One camera. views: of each fruit; 0: not known, `last_view` says. first_view_counts: from the trigger to its
    view 0; counts_per_view: from a view to the next. options: how its frames are graded. size_wh_px: what its frames
    must measure; None: anything. source: None: a client sends its frames.
    """

    name: str
    views: int
    first_view_counts: int
    counts_per_view: float
    options: GradeOptions
    size_wh_px: tuple[int, int] | None
    source: Source | None = None

    def trigger_of(self, view: int, position: int) -> int:
        """The count at which the fruit was at the trigger, from the count of one of its views."""
        return position - self.first_view_counts - round(view * self.counts_per_view)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """Where fruit leaves the line. counts: from the trigger."""

    name: str
    counts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One rule of the outlet map; what is empty or None holds for all fruit.

    skus: patterns of SKU codes (`*`, `?`). table_outlets: the outlet that the SKU table names. Sizes: equatorial
    diameter in mm, low <= diameter < high; a fruit without one does not match a rule with sizes.
    """

    lanes: frozenset[int]
    skus: tuple[str, ...]
    table_outlets: frozenset[str]
    low_mm: float | None
    high_mm: float | None
    outlet: str

    def matches(self, *, lane: int, sku: str, table_outlet: str, diameter_mm: float | None) -> bool:
        """True if this rule takes the fruit."""
        if self.low_mm is not None or self.high_mm is not None:
            low, high = self.low_mm or 0.0, inf if self.high_mm is None else self.high_mm
            if diameter_mm is None or not low <= diameter_mm < high:
                return False
        return (
            (not self.lanes or lane in self.lanes)
            and (not self.skus or any(fnmatchcase(sku, pattern) for pattern in self.skus))
            and (not self.table_outlets or table_outlet in self.table_outlets)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LineConfig:
    """A line. cameras: empty means any. triggers: fruit begin with their first frame, or with a trigger message.

    min_views: a fruit seen in fewer recirculates. open_fruit: most undecided fruit of one lane. max_views: most views
    of one fruit. max_age_s: a frame captured longer ago is refused. max_age_counts: the same in counts, the judge where
    clocks disagree and the encoder ticks.
    """

    line_id: str
    lanes: tuple[int, ...]
    triggers: Triggers
    min_views: int
    open_fruit: int
    max_views: int
    max_age_s: float
    max_age_counts: int
    limits: MessageLimits
    encoder: Encoder
    deadline: Deadline
    grading: GradeOptions
    cameras: tuple[Camera, ...]
    outlets: tuple[Outlet, ...]
    recirculate: str
    routes: tuple[Route, ...]

    def camera(self, name: str | int) -> Camera | None:
        """The camera of a frame; None when the line has no such camera."""
        if not self.cameras:
            return Camera(
                name=str(name),
                views=0,
                first_view_counts=0,
                counts_per_view=0.0,
                options=self.grading,
                size_wh_px=None,
            )
        return next((camera for camera in self.cameras if camera.name == str(name)), None)

    def outlet(self, name: str) -> Outlet | None:
        """An outlet by name."""
        return next((outlet for outlet in self.outlets if outlet.name == name), None)
