"""What a line makes of turning fruit, in three ways on the same frames; one small apple, the shipped model."""

from __future__ import annotations

import math

import pytest

from grader.onnx_model import OnnxModel
from grader.production import shipped_model
from grader.turning_grader import TurningGrader
from training.evaluation import Evaluator
from training.line_suite import FIRST_LINE_SEED, WAYS, LineSuite
from training.simulator import Rendered, render_views
from training.simulator.generate import FIRST_HELD_OUT_SEED
from training.simulator_suite import MM_PER_PX


def few_views(seed: int, _views: int) -> list[Rendered]:
    return render_views(seed, views=3, mm_per_px=MM_PER_PX, sound=True)


def test_every_way_has_its_figures() -> None:
    graded: list[int] = []
    grader = TurningGrader(OnnxModel.load(shipped_model()))
    figures = {
        figure.name: figure for figure in LineSuite(grader, 1, draw=few_views, graded=graded.append).figures()
    }
    assert graded == [3]
    for way in WAYS:
        assert figures[f"{way}_class_right"].n == 1
        assert figures[f"{way}_good_rejected"].n + figures[f"{way}_defective_accepted"].n == 1
        assert figures[f"{way}_diameter_rmse_mm"].value < 6.0
    assert figures["line_class_as_all_close"].n == 1
    assert 0 <= figures["line_close_looks"].value <= 3
    assert not math.isnan(figures["line_close_looks"].low)


def test_its_fruit_are_held_out() -> None:
    assert FIRST_HELD_OUT_SEED <= FIRST_LINE_SEED


def test_the_suite_needs_a_grader_of_turning_fruit() -> None:
    with pytest.raises(ValueError, match="suite line: expected a TurningGrader, got object"):
        Evaluator(object(), "line", data=None, count=1)  # type: ignore[arg-type]
    grader = TurningGrader(OnnxModel.load(shipped_model()))
    assert [step.name for step in Evaluator(grader, "line", data=None, count=2).steps] == ["turning fruit"]
    assert Evaluator(grader, "line", data=None, count=0).steps == ()
