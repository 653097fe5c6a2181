"""The state of sorting lines as it goes over HTTP."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime

from pydantic import BaseModel, Field

from service.line.ledger import LaneCounts
from service.line.line import Line
from service.line.sources.camera_feed import CameraLink
from service.line.sources.camera_source import OwnCameraState
from service.line.sources.shot import CaptureFault


class LaneOut(BaseModel):
    """Counts of one lane since the service started: triggers = graded + abstained + no_read + open, always."""

    lane: int | None = Field(description="null: frames for lanes that this line does not have.")
    client: str | None = Field(description="Who sends for this lane.")
    triggers: int
    open: int = Field(description="Not decided yet.")
    graded: int = Field(description="Got a class in time.")
    abstained: int = Field(description="Seen, or offered, but without a class in time.")
    no_read: int = Field(description="No view showed it.")
    late: int
    undelivered: int = Field(description="Decisions that reached nobody: those fruit recirculate.")
    outlets: dict[str, int]
    recirculated: dict[str, int] = Field(description="By reason.")
    frames: int
    used: int
    refused: dict[str, int] = Field(description="Frames, by reason.")
    views: dict[str, int] = Field(description="Frames used, by what the grader saw.")
    problems: list[str] = Field(description="Sums that do not add up; always empty.")

    @classmethod
    def of(cls, lane: int | None, client: str | None, counts: LaneCounts) -> LaneOut:
        """The public face of the counts."""
        return cls(
            lane=lane,
            client=client,
            triggers=counts.triggers,
            open=counts.open,
            graded=counts.graded,
            abstained=counts.abstained,
            no_read=counts.no_read,
            late=counts.late,
            undelivered=counts.undelivered,
            outlets=counts.outlets,
            recirculated=counts.recirculated,
            frames=counts.frames,
            used=counts.used,
            refused=counts.refused,
            views=counts.views,
            problems=list(counts.problems()),
        )


class CameraPlaceOut(BaseModel):
    """Where a camera sees fruit, in encoder counts from the trigger."""

    name: str
    views: int = Field(description="Of each fruit; 0: not known.")
    first_view_counts: int
    counts_per_view: float


class OwnCameraOut(BaseModel):
    """A camera that the service opened itself: frames = sent + replaced + all refused + pending, always."""

    camera: str
    kind: str
    lane: int
    link: CameraLink = Field(
        description="`reconnecting`: it stopped. `gone`: it does not open, and is tried again."
    )
    since: datetime = Field(description="When it last came or went.")
    frames: int
    sent: int = Field(description="To the line, whose counts say what became of them.")
    replaced: int = Field(description="By a newer frame before they were looked at.")
    refused: dict[str, int] = Field(description="By reason.")
    pending: int
    reconnects: int
    clock_jumps: int = Field(description="Times that the clock of the camera was set.")
    fault: CaptureFault | None = Field(description="Why it is gone, or was last.")
    problem: str | None = Field(description="The same in English, with its place.")

    @classmethod
    def of(cls, state: OwnCameraState) -> OwnCameraOut:
        """The public face of the state."""
        return cls(**asdict(state))


class LineOut(BaseModel):
    """One sorting line."""

    line: str
    encoder: int | None = Field(description="Raw count where the belt is; null before the first.")
    ready_workers: int = Field(description="Grading processes that can grade; all lines share them.")
    waiting_views: int = Field(description="Views that no process has looked at yet, of all lines.")
    restarts: int = Field(description="Grading processes that died and were started again.")
    model: str | None = Field(description="Folder of the model in use: name and version.")
    fruit_per_minute: float = Field(description="Of the last 30 s, all lanes.")
    bad_messages: int
    cameras: list[str] = Field(description="Empty: any camera may send.")
    camera_places: list[CameraPlaceOut]
    own_cameras: list[OwnCameraOut] = Field(description="Those that the service opens itself.")
    encoder_modulus: int = Field(description="The counter begins at 0 again here.")
    wait_s: float = Field(description="So long are views of a fruit waited for, from its trigger.")
    outlets: dict[str, int] = Field(description="Counts from the trigger.")
    recirculate: str
    lanes: list[LaneOut]


class LaneDayOut(BaseModel):
    """One lane on one day: carried + triggers = graded + abstained + no_read + open, always."""

    lane: int
    carried: int = Field(description="Open when the day began.")
    triggers: int
    open: int = Field(description="Not decided yet.")
    graded: int
    abstained: int
    no_read: int = Field(description="Among them those that were open when the service died: `service_lost`.")
    late: int
    undelivered: int
    outlets: dict[str, int]
    recirculated: dict[str, int] = Field(description="By reason.")


class DayOut(BaseModel):
    """One day."""

    day: date
    lanes: list[LaneDayOut]


class LineDaysOut(BaseModel):
    """The days of a line, newest first."""

    line: str
    days: list[DayOut]

    @classmethod
    def of(cls, line: Line) -> LineDaysOut:
        """What the line's book says."""
        days = {} if line.book is None else line.book.days()
        return cls(
            line=line.config.line_id,
            days=[
                DayOut(
                    day=day,
                    lanes=[
                        LaneDayOut.model_validate({"lane": lane, "open": counts.open, **counts.to_json()})
                        for lane, counts in sorted(lanes.items())
                    ],
                )
                for day, lanes in days.items()
            ],
        )


class LinesOut(BaseModel):
    """All lines that are open."""

    lines: list[LineOut]


def lane_answers(line: Line) -> list[LaneOut]:
    """Every lane of a line; frames for strange lanes only where there were some."""
    return [
        LaneOut.of(lane, None if lane is None else line.owner(lane), counts)
        for lane, counts in line.lane_counts().items()
        if lane is not None or counts.frames
    ]
