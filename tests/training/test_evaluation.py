"""Which figures a suite has, and the walk over them, with a grader that answers what was planted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from grader.pipeline import GradedFrame, GradedFruit, GradeOptions
from grader.types import Frame
from tests.training.planted import DataFolder, Planted
from tests.training.test_condition_suite import boxes, diseases
from tests.training.test_photo_suite import masks, shop_shots
from training.evaluation import GROUPS, Evaluator
from training.manifest import ManifestError
from training.report_words import why


class Blind:
    """Finds nothing anywhere."""

    def grade_frame(self, frame: Frame, options: GradeOptions) -> GradedFrame:
        """No fruit."""
        return GradedFrame(frame=frame, views=(), records=(), notes=("no_fruit",))

    def grade_views(self, frames: Sequence[Frame], options: GradeOptions) -> GradedFruit:
        """No fruit."""
        return GradedFruit(frames=tuple(self.grade_frame(frame, options) for frame in frames), record=None)


def every_set(folder: Path) -> dict[str, tuple[Planted, ...]]:
    """A data folder with all that the suite `dev` looks at."""
    data = DataFolder(folder)
    answers = masks(data) | shop_shots(data)
    diseases(data)
    boxes(data, "p", "1 0.25 0.5 0.25 0.5")
    data.add("apples/varieties_kayseri/images/Gala/k.png", label="Gala", kind="cultivar_sound")
    turn = "apples/turntable_fruits360_3body/images/t.png"
    data.add(turn, label="sound;axis=r0;frame=0;", kind="turntable_condition")
    return answers


def test_dev_measures_every_row_of_its_table_and_survives_a_blind_grader(tmp_path: Path) -> None:
    every_set(tmp_path)
    graded: list[int] = []
    evaluator = Evaluator(Blind(), "dev", data=tmp_path, count=1, worst_limit=2, graded=graded.append)
    assert [step.name for step in evaluator.steps] == [
        "photographs",
        "conditions",
        "apples",
        "sound fruit",
        "classes",
        "changed light",
    ]
    for step in evaluator.steps:
        before = sum(graded)
        for figure in evaluator.run(step):
            if figure.name == "sim_class_right_without_review_1_view":
                break  # ten views take as long as all the rest; `test_grade_suite.py` has them
        else:
            assert step.pictures in (None, sum(graded) - before), step.name
    result = evaluator.result("any")
    assert tuple(result.figures) == GROUPS
    known = {figure.name: figure for figures in result.figures.values() for figure in figures}
    assert {
        "defect_iou",
        "worst_defect_right",
        "normal_rotten_ap50",
        "false_alarm_kayseri",
        "false_alarm_turntable",
        "false_alarm_shop_apples",
        "false_alarm_shop_melons",
        "false_alarm_all",
        "sim_defects_found_under_25_mm2",
        "sim_defects_found_rot",
        "sim_called_defects_right_rot",
        "sim_false_defects_apple_stem",
        "sim_false_defects_melon_net",
        "sim_blush_error",
        "sim_diameter_rmse_mm",
        "sim_intervals_hold_truth",
        "sim_class_right_1_view",
        "sim_class_calibration_error_1_view",
        "sim_class_flips_warmer",
        "sim_class_flips",
    } <= set(known)
    assert known["sim_class_right_1_view"].value == 0.0
    assert result.answers["1_view"][0].called == "not_found"
    assert result.to_json()["curves"]["1_view"]["risk_coverage"]["stands_at"] == {  # type: ignore[index]
        "coverage": 0.0,
        "risk": None,
    }
    lines = [why(figure, case.facts) for figure, cases in result.worst.items() for case in cases]
    assert len(lines) > 3


def test_suites_differ_and_share_their_names(tmp_path: Path) -> None:
    every_set(tmp_path)
    names = {
        suite: [step.name for step in Evaluator(Blind(), suite, data=tmp_path, count=1).steps]
        for suite in ("release", "dev")
    }
    assert names["release"] == ["photographs", "diameters", "conditions", "apples", "melons", "classes"]


def test_what_is_left_out_is_not_there(tmp_path: Path) -> None:
    assert [step.group for step in Evaluator(Blind(), "dev", data=None, count=1).steps] == ["simulator"] * 4
    every_set(tmp_path)
    evaluator = Evaluator(Blind(), "dev", data=tmp_path, count=0)
    assert {step.group for step in evaluator.steps} == {"photographs"}
    figures = list(evaluator.run(evaluator.steps[1]))
    told = evaluator.result("any").to_json()
    assert set(told) == {"model_id", "photographs"}
    assert list(told["photographs"]) == [figure.name for figure in figures]  # type: ignore[call-overload]


def test_another_suite_and_a_folder_without_a_list_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="got 'nightly'"):
        Evaluator(Blind(), "nightly", data=None, count=1)
    with pytest.raises(ManifestError, match=r"manifest\.csv"):
        Evaluator(Blind(), "dev", data=tmp_path, count=0)


def test_turning_is_a_suite_of_its_own(tmp_path: Path) -> None:
    every_set(tmp_path)
    evaluator = Evaluator(Blind(), "turning", data=tmp_path, count=2)
    assert [(step.name, step.group, step.pictures) for step in evaluator.steps] == [
        ("diameters", "photographs", None),
        ("turning fruit", "simulator", 62),
        ("turning melons", "simulator", 20),
    ]
