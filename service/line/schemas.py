"""The state of sorting lines as it goes over HTTP."""

from __future__ import annotations

from pydantic import BaseModel, Field

from service.line.ledger import LaneCounts
from service.line.line import Line


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
    outlets: dict[str, int] = Field(description="Counts from the trigger.")
    recirculate: str
    lanes: list[LaneOut]


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
