"""The events of a line as they go over HTTP."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field, JsonValue

from service.line.live.camera_watch import CameraReport, FrameFlow
from service.line.live.drift import Drift
from service.line.protocol import Decision
from service.line.schemas import LaneOut, OwnCameraOut
from service.line.sources.camera_source import OwnCameraState
from service.schemas import FruitTexts


class DecisionEvent(Decision):
    """`event: decision`. Everything the line answered, and what the grader saw.

    size, colour, confidence and class_set are those of the record (schema `fruit/1`); null where nothing was judged.
    """

    number: int = Field(description="No other fruit has it while the service runs.")
    decided_at: datetime
    size: dict[str, JsonValue] | None = None
    colour: dict[str, JsonValue] | None = None
    defects: list[str] = Field(default_factory=list, description="Kinds, each once.")
    confidence: float | None = None
    texts: FruitTexts | None = Field(default=None, description="Class, standard and reasons in words.")
    has_picture: bool = Field(description="Whether a preview of it can be drawn.")


class DroppedEvent(BaseModel):
    """`event: dropped`. This watcher was too slow for so many decisions; the line was not."""

    dropped: int = Field(description="Since the last event of this kind.")
    dropped_in_all: int


class ResumedEvent(BaseModel):
    """`event: resumed`, first of all after `Last-Event-ID`: what passed meanwhile; it is not told again."""

    missed: int | None = Field(description="Decisions; null when the service was started again meanwhile.")


class DriftOut(BaseModel):
    """The fruit of now against those before: the population stability index and what it has to exceed."""

    index: float
    limit: float | None = Field(description="null: too small a change to be told of, however sure.")
    found: bool
    recent: float | None = Field(description="Mean of the last 200; null for classes.")
    before: float | None = Field(description="Mean of the 2,000 before.")

    @classmethod
    def of(cls, drift: Drift | None) -> DriftOut | None:
        """The public face of a comparison."""
        if drift is None:
            return None
        limit = None if drift.limit == float("inf") else round(drift.limit, 4)
        return cls(
            index=round(drift.index, 4),
            limit=limit,
            found=drift.found,
            recent=_short(drift.recent),
            before=_short(drift.before),
        )


class LaneState(BaseModel):
    """One lane: all counts since the start, and the last fruit."""

    counts: LaneOut
    fruit_per_minute: float = Field(description="Of the last 30 s.")
    recent: dict[str, int] = Field(description="The last 200 fruit by class, `abstained` and `no_read`.")
    before: dict[str, int] = Field(description="The 2,000 before them.")
    recent_late: int
    fruit_until_drift: int = Field(
        description="So many fruit have to come before there is something to compare."
    )
    drift: dict[str, DriftOut] = Field(
        description="`classes`, `diameter_mm`, `blush_fraction`, `lightness`, as far as known."
    )


class CameraOut(BaseModel):
    """One camera."""

    name: str
    state: FrameFlow = Field(description="Whether frames come to the line.")
    own: OwnCameraOut | None = Field(description="How it is, where the service itself opens it; else null.")
    frames: int = Field(description="That came to the line since the start, refused ones too.")
    age_s: float | None = Field(description="Of the last frame.")
    brightness: float | None = Field(
        description="Mean of the pictures looked at in two minutes, 8-bit codes."
    )
    edge_px: float | None = Field(description="Width of the sharpest edges, px: large is blurred.")
    brightness_drift: DriftOut | None
    edge_drift: DriftOut | None

    @classmethod
    def of(cls, report: CameraReport, own: OwnCameraState | None) -> CameraOut:
        """The public face of a report, and of the camera itself where it is the service's own."""
        return cls(
            name=report.name,
            state=report.state,
            own=None if own is None else OwnCameraOut.of(own),
            frames=report.frames,
            age_s=None if report.age_s is None else round(report.age_s, 1),
            brightness=_short(report.brightness),
            edge_px=_short(report.edge_px),
            brightness_drift=DriftOut.of(report.brightness_drift),
            edge_drift=DriftOut.of(report.edge_drift),
        )


class StateEvent(BaseModel):
    """`event: state`, twice a second: the whole line, so that a page that missed some shows the truth again."""

    line: str
    at: datetime
    encoder: int | None
    counts_per_s: float | None = Field(description="Speed of the belt; null before two readings.")
    moving: bool | None = Field(description="null: not known yet.")
    encoder_stuck: bool = Field(description="Fruit begin, but the count stays.")
    fruit_per_minute: float
    workers: int = Field(description="Grading processes there should be.")
    ready_workers: int
    waiting_views: int
    restarts: int
    model: str | None
    bad_messages: int
    watchers: int
    strange_frames: int = Field(description="Frames for lanes that this line does not have.")
    lanes: list[LaneState]
    cameras: list[CameraOut]


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
