"""A crew without processes: grades at once, or when the test says so."""

from __future__ import annotations

from collections.abc import Callable

from grader.pipeline import GradeOptions
from service.line.crew import TellVerdict, TellView
from service.line.fruit_pace import FruitPace
from service.line.line_grader import ViewWork
from tests.fakes import FakeLineGrader


class InlineCrew:
    """held: verdicts wait until `release`. full: no further fruit is taken on."""

    def __init__(self, *, held: bool = False) -> None:
        self.held = held
        self.full = False
        self.views: list[str] = []
        self.dropped: list[int] = []
        self._grader = FakeLineGrader()
        self._fruit: dict[int, tuple[list[object], GradeOptions, TellView, TellVerdict]] = {}
        self._waiting: list[Callable[[], None]] = []

    def open(
        self,
        fruit: int,
        options: GradeOptions,
        pace: FruitPace,
        tell_view: TellView,
        tell_verdict: TellVerdict,
    ) -> bool:
        if not self.full:
            self._fruit[fruit] = ([], options, tell_view, tell_verdict)
        return not self.full

    def add(self, fruit: int, work: ViewWork) -> None:
        seen, _, tell_view, _ = self._fruit[fruit]
        self.views.append(work.name)
        result = self._grader.grade_view(work)
        if result.kept is not None:
            seen.append(result.kept)
        tell_view(result)

    def finish(self, fruit: int) -> None:
        self._waiting.append(lambda: self._decide(fruit))
        if not self.held:
            self.release()

    def drop(self, fruit: int) -> None:
        del self._fruit[fruit]
        self.dropped.append(fruit)

    def release(self) -> None:
        waiting, self._waiting = self._waiting, []
        for decide in waiting:
            decide()

    def _decide(self, fruit: int) -> None:
        if fruit in self._fruit:
            seen, options, _, tell_verdict = self._fruit.pop(fruit)
            tell_verdict(
                self._grader.decide_fruit(seen, options) if seen else None, None if seen else "no_fruit"
            )
