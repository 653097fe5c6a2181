from __future__ import annotations

import pytest

from grader.errors import ModelCardError
from service.errors import ModelNotReadyError
from service.grading_port import FruitGrader
from service.model_holder import ModelHolder
from tests.fakes import FakeGrader


def test_loading_then_ready() -> None:
    holder = ModelHolder()
    assert (holder.ready, holder.loading, holder.problem) == (False, True, "the model is still loading")
    with pytest.raises(ModelNotReadyError, match="still loading"):
        holder.grader()
    grader = FakeGrader()
    holder.load(lambda: grader)
    assert holder.grader() is grader
    assert (holder.ready, holder.loading, holder.problem) == (True, False, None)


def test_a_failure_is_kept_as_the_reason() -> None:
    def fail() -> FruitGrader:
        raise ModelCardError("card.json: expected x, got y")

    holder = ModelHolder()
    holder.load(fail)
    assert not holder.loading
    with pytest.raises(ModelNotReadyError, match=r"card\.json: expected x, got y"):
        holder.grader()
