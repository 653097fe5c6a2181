from __future__ import annotations

import time
from pathlib import Path

from grader.errors import ModelCardError, ModelError
from service.grading_port import FruitGrader
from service.model_follower import ModelFollower
from service.model_holder import ModelHolder
from tests.fakes import FakeGrader


class Production:
    """A log of models whose last entry a test may change; loads a grader per folder."""

    def __init__(self) -> None:
        self.folder: Path | None = Path("first")
        self.graders: dict[Path, FakeGrader] = {}

    def current(self) -> Path:
        if self.folder is None:
            raise ModelError("line 3: broken")
        return self.folder

    def load(self, folder: Path) -> FruitGrader:
        if folder.name == "faulty":
            raise ModelCardError("card.json: expected x, got y")
        return self.graders.setdefault(folder, FakeGrader())


def wait_for(holder: ModelHolder, grader: FakeGrader) -> float:
    start = time.monotonic()
    while holder.grader() is not grader and time.monotonic() - start < 10:
        time.sleep(0.01)
    return time.monotonic() - start


def test_a_change_is_followed_and_a_faulty_one_leaves_the_model_in_use() -> None:
    production, holder = Production(), ModelHolder()
    follower = ModelFollower(holder, production.current, production.load)
    holder.load(follower.load_first)
    first = holder.grader()
    follower.start()
    try:
        production.folder = Path("faulty")
        time.sleep(0.6)
        assert holder.grader() is first
        production.folder = None
        time.sleep(0.6)
        assert holder.grader() is first
        second = production.graders.setdefault(Path("second"), FakeGrader())
        production.folder = Path("second")
        wait_for(holder, second)
        assert holder.grader() is second
    finally:
        follower.stop()


def test_stopping_one_that_was_never_started_is_nothing() -> None:
    production = Production()
    ModelFollower(ModelHolder(), production.current, production.load).stop()
