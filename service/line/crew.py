"""The seam between a line and who grades its fruit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from grader.pipeline import GradeOptions
from service.line.fruit_pace import FruitPace
from service.line.line_grader import ViewResult, ViewWork
from service.line.outlets import Verdict

TellView = Callable[[ViewResult], None]
TellVerdict = Callable[[Verdict | None, str | None], None]
"""Gets the verdict; or None and why there is none (`Recirculated`)."""


class Crew(Protocol):
    """Grades the fruit of a line. Nothing here waits."""

    def open(
        self,
        fruit: int,
        options: GradeOptions,
        pace: FruitPace,
        tell_view: TellView,
        tell_verdict: TellVerdict,
    ) -> bool:
        """Take on a fruit; False when there is more to do already than can be done in time. pace: of the fruit of its
        line; the crew keeps it."""
        ...

    def add(self, fruit: int, work: ViewWork) -> None:
        """A view of a fruit that was taken on."""
        ...

    def finish(self, fruit: int) -> None:
        """No further view comes: decide. `tell_verdict` is called once, later."""
        ...

    def drop(self, fruit: int) -> None:
        """Nobody waits for this fruit any more: nothing further is told of it."""
        ...
