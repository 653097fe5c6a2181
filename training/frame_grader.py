"""The seam to the grader: the one verb that measuring a model needs. A test gives a small real class instead."""

from __future__ import annotations

from typing import Protocol

from grader.pipeline import GradedFrame, GradeOptions
from grader.types import Frame


class FrameGrader(Protocol):
    """Grades one frame; a fruit that cannot be judged is a record `ungraded`."""

    def grade_frame(self, frame: Frame, options: GradeOptions) -> GradedFrame:
        """Every fruit of one frame."""
        ...
