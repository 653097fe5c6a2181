"""A whole evaluation made by hand: every part of the report has something to show."""

from __future__ import annotations

import numpy as np

from grader.types import DefectKind
from training.blemishes import SIZE_CLASSES_MM2
from training.class_answers import ClassAnswer
from training.evaluation import Evaluation
from training.statistics import Figure
from training.worst_cases import Fact, Shown, WorstCase

CLASSES = ("extra", "I", "II", "reject")


def made_figure(name: str, value: float, n: int = 20, unit: str = "share") -> Figure:
    return Figure(name=name, value=value, n=n, low=max(value - 0.1, 0.0), high=value + 0.1, unit=unit)


def made_case(figure: str, name: str, facts: dict[str, Fact], *, placed: bool) -> WorstCase:
    """Grey pictures; placed: the truth is one too."""
    grey = np.full((40, 60, 3), 120, np.uint8)
    shown = Shown(picture=grey, truth=grey if placed else None, called=grey)
    return WorstCase(figure=figure, name=name, score=1.0, facts=facts, shown=shown)


def made_evaluation() -> Evaluation:
    """Figures of both groups, answers from one view, defects of one kind, three worst cases."""
    photographs = (made_figure("worst_defect_right", 0.9), made_figure("false_alarm_all", 0.08))
    simulator = (
        made_figure("sim_diameter_rmse_mm", 1.6, unit="mm"),
        made_figure("sim_class_flips", 0.0),
        made_figure("sim_class_right_1_view", 0.5),
        made_figure("sim_called_defects_right_rot", 0.75, n=4),
        made_figure("sim_confusion_I_as_II_1_view", 0.5),
        made_figure("sim_false_defects_apple", 0.4, unit="per sound fruit"),
        made_figure("sim_false_defects_apple_stem", 0.1, unit="per sound fruit"),
        made_figure("sim_melon_found", float("nan"), n=0),
    )
    answers = (
        ClassAnswer(fruit="a", true="I", called="I", confidence=0.9, review=False),
        ClassAnswer(fruit="b", true="I", called="II", confidence=0.6, review=True),
    )
    flipped: dict[str, Fact] = {"cast": "warmer", "before": "I", "after": "reject", "confidence": 0.8}
    return Evaluation(
        suite="dev",
        model_id="fruitnet/9.9.9+sha256:0123456789ab",
        figures={"photographs": photographs, "simulator": simulator},
        answers={"1_view": answers},
        classes=CLASSES,
        found={
            str(kind): dict.fromkeys(SIZE_CLASSES_MM2, (1, 2) if kind is DefectKind.ROT else (0, 0))
            for kind in DefectKind
        },
        worst={
            "worst_defect_right": (
                made_case(
                    "worst_defect_right",
                    "<b>odd & name</b>.jpg",
                    {"true": "rot", "called": "sound", "share": 0.0},
                    placed=False,
                ),
            ),
            "sim_class_flips": (made_case("sim_class_flips", "simulated 1", flipped, placed=True),),
        },
    )
