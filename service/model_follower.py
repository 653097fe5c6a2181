"""What is promoted or rolled back grades within a second, while the service runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import structlog

from grader.errors import GraderError
from service.grading_port import FruitGrader
from service.model_holder import ModelHolder

POLL_S = 0.25
"""Well under the second in which a change has to grade; what is read each time is one small file."""


class ModelFollower:
    """Looks at the log of models and loads what is in production; the model in use stays when that fails.

    in_production: folder of the model in production, raises GraderError. load: makes its grader, raises GraderError.
    """

    def __init__(
        self,
        holder: ModelHolder,
        in_production: Callable[[], Path],
        load: Callable[[Path], FruitGrader],
    ) -> None:
        self._holder, self._in_production, self._load = holder, in_production, load
        self._in_use: Path | None = None
        self._problem: str | None = None
        self._stopped = Event()
        self._thread = Thread(target=self._follow, name="model follower", daemon=True)

    def load_first(self) -> FruitGrader:
        """The grader of the model in production now. Raises GraderError."""
        self._in_use = self._in_production()
        return self._load(self._in_use)

    def start(self) -> None:
        """Follow from now on, in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """End; waits for a load that is under way."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _follow(self) -> None:
        while not self._stopped.wait(POLL_S):
            try:
                wanted = self._in_production()
            except GraderError as error:
                self._say_once(str(error))
                continue
            if wanted != self._in_use:
                self._in_use = wanted
                self._holder.load(lambda folder=wanted: self._load(folder))  # type: ignore[misc]

    def _say_once(self, problem: str) -> None:
        if problem != self._problem:
            self._problem = problem
            structlog.get_logger().error("model_log_unreadable", reason=problem)
