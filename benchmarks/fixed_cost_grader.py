"""A grader that costs a fixed processor time a view and sees the same apple in each: to measure all but the grading."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from grader.errors import ModelError
from grader.pipeline import GradeOptions
from service.line.line_grader import ViewOutcome, ViewResult, ViewWork
from service.line.outlets import Verdict


class FixedCostGrader:
    """view_ms: processor time of each view."""

    def __init__(self, model_id: str, view_ms: float) -> None:
        self._model_id, self._view_s = model_id, view_ms / 1e3

    @classmethod
    def load(cls, model: Path) -> FixedCostGrader:
        """`fixed_2.5`, or `fixed_2.5_NAME`, is 2.5 ms. Raises ModelError."""
        try:
            return cls(model.name, float(model.name.split("_")[1]))
        except (IndexError, ValueError) as error:
            raise ModelError(f"{model}: expected a name such as fixed_2.5, got {model.name}") from error

    def grade_view(self, work: ViewWork) -> ViewResult:
        """Spend the time."""
        end_s = time.thread_time() + self._view_s
        while time.thread_time() < end_s:
            pass
        return ViewResult(outcome=ViewOutcome.FRUIT, kept=work.view)

    def look_ahead(self, kept: Sequence[int]) -> None:
        """There is nothing to do ahead."""

    def decide_fruit(self, kept: Sequence[int], options: GradeOptions) -> Verdict:
        """Always the same."""
        return Verdict(
            grade_class="I",
            sku="APL-ANY-I",
            table_outlet="pack_first",
            diameter_mm=None,
            standard_id="none",
            model_id=self._model_id,
            view_count=len(kept),
            record={"views": list(kept)},
        )
