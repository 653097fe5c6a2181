"""Grades the views of a fruit one by one, as they come, and decides when all are there. Lives in a worker process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from grader.errors import CalibrationError, InvalidImageError
from grader.image_io import decode_image
from grader.join_views import MeasuredView
from grader.onnx_model import OnnxModel
from grader.pipeline import GradeOptions, Grader, largest_fruit
from grader.record import record_to_json
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

    position: of the belt when it was taken, in counts of the encoder that do not wrap.
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
    """What a frame gave. measured: the largest fruit in it. problem: why there is none, for the log."""

    outcome: ViewOutcome
    measured: MeasuredView | None = None
    problem: str | None = None


class ViewGrader(Protocol):
    """Grades these bytes; decides on what came of them. A test gives a small real class instead."""

    def grade_view(self, work: ViewWork) -> ViewResult:
        """Look at one frame. A frame that cannot be used is an outcome, not an error."""
        ...

    def decide_fruit(self, views: Sequence[MeasuredView], options: GradeOptions) -> Verdict:
        """One decision from at least one view; the same views in the same order give the same bytes."""
        ...


def load_line_grader(model: Path) -> LineGrader:
    """The grader of a model folder, verified and warm. Raises ModelError."""
    return LineGrader(OnnxModel.load(model))


class LineGrader(Grader):
    """The grader of a line: `grade_views` in steps, each frame looked at once, when it comes."""

    def grade_view(self, work: ViewWork) -> ViewResult:
        """Decode, find the largest fruit, measure it."""
        try:
            frame = decode_image(work.data, work.name)
            height_px, width_px = frame.rgb.shape[:2]
            if work.size_wh_px not in (None, (width_px, height_px)):
                problem = (
                    f"{work.name}: expected a frame of {work.size_wh_px}, got {(width_px, height_px)} pixels"
                )
                return ViewResult(outcome=ViewOutcome.WRONG_SIZE, problem=problem)
            graded = self.grade_frame(frame, work.options)
        except InvalidImageError as error:
            return ViewResult(outcome=ViewOutcome.UNREADABLE, problem=str(error))
        except CalibrationError as error:
            return ViewResult(outcome=ViewOutcome.NOT_CALIBRATED, problem=str(error))
        if not graded.records:
            return ViewResult(outcome=ViewOutcome.NO_FRUIT)
        measured = self.measured_view(
            graded,
            largest_fruit(graded),
            work.options,
            travel=work.view if work.position is None else work.position,
            camera=work.camera,
        )
        return ViewResult(outcome=ViewOutcome.FRUIT, measured=measured)

    def decide_fruit(self, views: Sequence[MeasuredView], options: GradeOptions) -> Verdict:
        """Views to one fruit, class, SKU: the same as `grade_views` on all frames at once."""
        record = self.decide_views(views, options)
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
