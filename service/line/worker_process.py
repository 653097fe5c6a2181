"""One grading process: one model, one thread, one request after the other. Knows nothing of lines."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket
from traceback import format_exc

import cv2

from grader.errors import GraderError
from grader.pipeline import GradeOptions
from service.line.line_grader import ViewGrader, ViewOutcome, ViewResult, ViewWork
from service.line.outlets import Verdict
from service.line.worker_link import ProcessEnd

LoadGrader = Callable[[Path], ViewGrader]
"""Makes the grader of a model folder; goes to another process, so it is a function of a module or a class method."""


@dataclass(frozen=True, slots=True)
class GradeView:
    """Look at a frame of a fruit and keep what it gave. Answer: ViewResult without what is kept."""

    fruit: int
    work: ViewWork


@dataclass(frozen=True, slots=True)
class DecideFruit:
    """Decide on what was kept and forget it. Answer: Verdict, or None when no frame showed the fruit."""

    fruit: int
    options: GradeOptions


@dataclass(frozen=True, slots=True)
class DropFruit:
    """Forget what was kept. Answer: None."""

    fruit: int


@dataclass(frozen=True, slots=True)
class Loaded:
    """First answer of a process: problem None when it can grade."""

    problem: str | None


@dataclass(frozen=True, slots=True)
class Failed:
    """The answer to a request that raised something unforeseen. trace: for the log."""

    trace: str


Request = GradeView | DecideFruit | DropFruit
Answer = ViewResult | Verdict | Failed | None


def run_worker(connection: socket, load: LoadGrader, model: Path) -> None:
    """Load, then answer until the other end of the connection is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the service, which ends its workers in order
    cv2.setNumThreads(1)
    service = ProcessEnd(connection)
    try:
        grader = load(model)
    except (GraderError, OSError) as error:
        service.send(Loaded(str(error) or type(error).__name__))
        return
    service.send(Loaded(None))
    bench = _Bench(grader)
    while True:
        try:
            while not service.has_news() and bench.look_ahead():
                pass
            service.send(bench.answer(service.receive()))
        except (EOFError, ConnectionError):
            return


@dataclass(slots=True)
class _Fruit:
    """views: what the grader keeps, by camera and view. settled: nothing further is worth doing ahead of time."""

    views: dict[tuple[str, int], object] = field(default_factory=dict)
    settled: bool = False


class _Bench:
    """What the grader keeps of the fruit that are being graded."""

    def __init__(self, grader: ViewGrader) -> None:
        self._grader = grader
        self._fruit: dict[int, _Fruit] = {}

    def answer(self, request: Request) -> Answer:
        try:
            return self._answer(request)
        except Exception:  # noqa: BLE001  # the one place that survives everything: the fruit recirculates
            return Failed(format_exc())

    def look_ahead(self) -> bool:
        """Do something that will probably be asked for, of the fruit that came first. False: there is nothing.

        What goes wrong in it will go wrong again when it is asked for, and be told then.
        """
        for one in self._fruit.values():
            if one.settled:
                continue
            keys = sorted(one.views)
            try:
                ahead = self._grader.look_ahead([one.views[key] for key in keys])
            except Exception:  # noqa: BLE001
                one.settled = True
                continue
            if ahead is not None:
                one.views[keys[ahead.view]], one.settled = ahead.kept, ahead.enough
                return True
        return False

    def _answer(self, request: Request) -> Answer:
        if isinstance(request, DropFruit):
            self._fruit.pop(request.fruit, None)
            return None
        if isinstance(request, DecideFruit):
            views = self._fruit.pop(request.fruit, _Fruit()).views
            in_order = [views[key] for key in sorted(views)]  # whatever order they came in
            return self._grader.decide_fruit(in_order, request.options) if in_order else None
        result = self._grader.grade_view(request.work)
        if result.kept is not None:
            views = self._fruit.setdefault(request.fruit, _Fruit()).views
            views[request.work.camera, request.work.view] = result.kept
        return ViewResult(outcome=result.outcome, problem=result.problem)


def failed_view(answer: Failed) -> ViewResult:
    """A view whose grading raised something unforeseen."""
    return ViewResult(outcome=ViewOutcome.FAILED, problem=answer.trace)
