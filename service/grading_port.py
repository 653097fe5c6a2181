"""The seam to the grader: the verbs the service uses. A test gives a small real class instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from grader.pipeline import GradedFrame, GradedFruit, GradeOptions
from grader.types import Frame


class FruitGrader(Protocol):
    """Grades pictures; may be called from several threads at once.

    All raise GraderError when input or set-up is wrong; a fruit that cannot be judged is a record `ungraded`.
    """

    def check(self, options: GradeOptions) -> None:
        """Refuse an unknown standard, SKU table or variety before the first frame."""
        ...

    def grade_frame(self, frame: Frame, options: GradeOptions) -> GradedFrame:
        """Every fruit of one frame."""
        ...

    def grade_views(self, frames: Sequence[Frame], options: GradeOptions) -> GradedFruit:
        """One fruit, seen in several frames."""
        ...
