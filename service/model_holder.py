"""The grader of a running service: loading, ready, or failed with a reason."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

import structlog

from grader.errors import GraderError
from service.errors import ModelNotReadyError
from service.grading_port import FruitGrader


class ModelHolder:
    """Hands out the grader once it is there."""

    def __init__(self, grader: FruitGrader | None = None) -> None:
        self._grader = grader
        self._failure: str | None = None
        self._settled = Event()
        if grader is not None:
            self._settled.set()

    @property
    def ready(self) -> bool:
        """Whether pictures can be graded now."""
        return self._grader is not None

    @property
    def loading(self) -> bool:
        """Neither there nor given up."""
        return self._grader is None and self._failure is None

    @property
    def problem(self) -> str | None:
        """Why pictures cannot be graded, or None."""
        if self.ready:
            return None
        return self._failure or "the model is still loading"

    def load(self, load_grader: Callable[[], FruitGrader]) -> None:
        """Load the grader; a failure is kept as the reason and logged."""
        try:
            self._grader = load_grader()
        except (GraderError, OSError) as error:
            self._failure = f"the model could not be loaded: {error}"
            structlog.get_logger().error("model_not_loaded", reason=str(error))
        else:
            structlog.get_logger().info("model_loaded")
        self._settled.set()

    def wait(self, timeout_s: float = 60.0) -> bool:
        """Wait until loading has ended, either way. False: it has not within the time."""
        return self._settled.wait(timeout_s)

    def grader(self) -> FruitGrader:
        """The grader. Raises ModelNotReadyError."""
        if self._grader is None:
            raise ModelNotReadyError(self.problem or "")
        return self._grader
