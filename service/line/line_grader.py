"""Grades the views of a fruit one by one, as they come, and decides when all are there. Lives in a worker process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from grader.errors import CalibrationError, InvalidImageError
from grader.onnx_model import OnnxModel
from grader.pipeline import GradeOptions
from grader.record import record_to_json
from grader.turning_grader import SeenView, TurningGrader
from grader.types import REJECT, FruitRecord
from service.line.outlets import Verdict


class ViewOutcome(StrEnum):
    """What one frame gave."""

    FRUIT = "fruit"
    NO_FRUIT = "no_fruit"
    UNREADABLE = "unreadable"
    WRONG_SIZE = "wrong_size"
    NOT_CALIBRATED = "not_calibrated"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewWork:
    """One frame to grade. name: for messages and the record. size_wh_px: what it must measure; None: anything.

    position: of the belt when it was taken, in counts of the encoder that do not wrap; None: the views are counted.
    """

    camera: str
    view: int
    name: str
    data: bytes
    options: GradeOptions
    size_wh_px: tuple[int, int] | None = None
    position: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewResult:
    """What a frame gave. kept: what the grader wants to see again when it decides, and nobody else looks into. problem:
    why the frame is of no use, for the log."""

    outcome: ViewOutcome
    kept: object | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """What was done ahead of time. view: index of the view among those that were given. kept: what to keep of it from
    now on. enough: nothing further will probably be asked for."""

    view: int
    kept: object
    enough: bool


class ViewGrader(Protocol):
    """Grades these bytes; decides on what came of them. A test gives a small real class instead."""

    def grade_view(self, work: ViewWork) -> ViewResult:
        """Look at one frame. A frame that cannot be used is an outcome, not an error."""
        ...

    def look_ahead(self, kept: Sequence[Any]) -> Ahead | None:
        """Do now what `decide_fruit` will probably ask for. kept: of the views so far, by camera and view. None when
        there is nothing to do. It changes no decision."""
        ...

    def decide_fruit(self, kept: Sequence[Any], options: GradeOptions) -> Verdict | None:
        """One decision from at least one view, None when no view shows a fruit; the same views in the same order give
        the same bytes."""
        ...


def load_line_grader(model: Path) -> LineGrader:
    """The grader of a model folder, verified and warm. Raises ModelError."""
    return LineGrader(OnnxModel.load(model))


class LineGrader(TurningGrader):
    """The grader of a line: a quick look at each frame when it comes, close looks at the suspicious ones."""

    def grade_view(self, work: ViewWork) -> ViewResult:
        """Decode, find the largest fruit, measure it. A frame without a fruit is kept too: when no frame of the fruit
        shows one, it is looked at closely."""
        try:
            seen = self.see(
                work.data,
                work.name,
                work.options,
                travel=work.view if work.position is None else work.position,
                camera=work.camera,
            )
        except InvalidImageError as error:
            return ViewResult(outcome=ViewOutcome.UNREADABLE, problem=str(error))
        except CalibrationError as error:
            return ViewResult(outcome=ViewOutcome.NOT_CALIBRATED, problem=str(error))
        if work.size_wh_px not in (None, seen.frame_wh):
            problem = f"{work.name}: expected a frame of {work.size_wh_px}, got {seen.frame_wh} pixels"
            return ViewResult(outcome=ViewOutcome.WRONG_SIZE, problem=problem)
        return ViewResult(outcome=ViewOutcome.FRUIT if seen.shows_fruit else ViewOutcome.NO_FRUIT, kept=seen)

    def look_ahead(self, kept: Sequence[SeenView]) -> Ahead | None:
        """Take the close look that is next, unless it would probably be for nothing: the next view of the same spot
        may be the more suspicious one, so the newest view of a camera waits for it. It is enough when the close looks
        so far reject the fruit."""
        number = self.next_close_look(kept)
        if number is None or _is_newest(number, kept):
            return None
        looked = [*kept[:number], self.see_closely(kept[number]), *kept[number + 1 :]]
        close = [view.close for view in looked if view.looked and view.close is not None]
        record = self.decide_views(close, looked[number].options) if close else None
        rejected = record is not None and record.grade.grade_class == REJECT
        return Ahead(view=number, kept=looked[number], enough=rejected)

    def decide_fruit(self, kept: Sequence[SeenView], options: GradeOptions) -> Verdict | None:
        """Views to one fruit, class, SKU; see `TurningGrader.decide_seen`."""
        record = self.decide_seen(kept, options).record
        return None if record is None else verdict_of(record)


def verdict_of(record: FruitRecord) -> Verdict:
    """What a line needs of a record."""
    diameter = record.measurement.size.equatorial_diameter_mm
    return Verdict(
        grade_class=record.grade.grade_class,
        sku=record.sku.code,
        table_outlet=record.sku.outlet,
        diameter_mm=None if diameter is None else diameter.value,
        standard_id=record.grade.standard_id,
        model_id=record.measurement.model_id,
        view_count=record.measurement.view_count,
        record=record_to_json(record),
    )


def _is_newest(number: int, kept: Sequence[SeenView]) -> bool:
    """Whether no later view of the same camera is there."""
    return number + 1 == len(kept) or kept[number + 1].camera != kept[number].camera
