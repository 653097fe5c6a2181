"""Figures on classes, computed by hand for planted decisions; the truth of a whole fruit has its class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from grader.grade import decide_grade
from grader.pipeline import GradedFruit, GradeOptions
from grader.standard import load_default_standard
from grader.types import Crop, Frame
from tests.grader.made_fruit import make_fruit
from tests.training.planted import record_of
from training.grade_suite import FIRST_GRADED_SEED, GradeSuite, draw_turning, whole_fruit
from training.simulator import Rendered
from training.worst_cases import WorstCases

SOUND = {
    "instance": 1,
    "equatorial_diameter_mm": 80.0,
    "ring_diameter_mm": 79.0,
    "length_mm": 72.0,
    "volume_cm3": 240.0,
    "surface_mm2": 20000.0,
    "blush_fraction_whole": 0.9,
    "light_red_fraction_whole": 0.05,
    "defects": [],
}
ROT = {"kind": "rot", "area_mm2": 400.0, "length_mm": 24.0}


def test_the_truth_is_judged_by_the_standard() -> None:
    standard = load_default_standard(Crop.APPLE)
    assert decide_grade(whole_fruit(SOUND), standard).grade_class == "extra"
    assert decide_grade(whole_fruit({**SOUND, "defects": [ROT]}), standard).grade_class == "reject"
    speck = {"kind": "rot", "area_mm2": 1.9, "length_mm": 2.0}
    assert whole_fruit({**SOUND, "defects": [speck]}).defects == ()


def test_a_long_thin_defect_is_elongated() -> None:
    scratch = {"kind": "scar", "area_mm2": 40.0, "length_mm": 30.0}
    elongated = [whole_fruit({**SOUND, "defects": [one]}).defects[0].elongated for one in (ROT, scratch)]
    assert elongated == [False, True]


def paint(seed: int, views: int) -> list[Rendered]:
    """Even seeds are sound, odd ones rotten."""
    fruit = {**SOUND, "defects": [ROT] if seed % 2 else []}
    blank = np.zeros((20, 20), np.uint8)
    picture = Rendered(
        rgb=np.zeros((20, 20, 3), np.uint8),
        surface=blank,
        instance=blank,
        crop=blank,
        net_cover=blank.astype(np.float32),
        truth={"fruits": [fruit]},
    )
    return [picture] * views


class PlantedClasses:
    """Answers by the number of the fruit: (class, confidence, review), None where it is not found."""

    ANSWERS = (
        ("extra", 0.95, False),
        ("reject", 0.95, False),
        ("reject", 0.55, True),  # sound
        ("II", 0.95, False),  # rotten
        None,  # sound
        ("reject", 0.75, False),
        ("extra", 0.75, True),
        ("reject", 0.75, False),
    )

    def __init__(self) -> None:
        self.views: list[int] = []

    def grade_views(self, frames: Sequence[Frame], options: GradeOptions) -> GradedFruit:
        """The first number in the name of a frame is that of the fruit."""
        self.views.append(len(frames))
        answer = self.ANSWERS[int(frames[0].frame_id.split()[1]) - FIRST_GRADED_SEED]
        if answer is None:
            return GradedFruit(frames=(), record=None)
        record = record_of(make_fruit())
        name, confidence, review = answer
        grade = replace(record.grade, grade_class=name, confidence=confidence, review=review)
        return GradedFruit(frames=(), record=replace(record, grade=grade))


def test_figures_of_planted_classes() -> None:
    assert FIRST_GRADED_SEED % 2 == 0
    grader, worst = PlantedClasses(), WorstCases(9)
    suite = GradeSuite(grader, 8, paint, worst)
    figures = {f.name: (pytest.approx(f.value), f.n) for f in suite.figures()}
    gaps = (3 * 0.95 - 2) + (0.55 - 0) + (3 - 3 * 0.75)
    assert {name: value for name, value in figures.items() if name.endswith("1_view")} == {
        "sim_class_right_1_view": (5 / 8, 8),
        "sim_class_calibration_error_1_view": (gaps / 7, 7),
        "sim_defective_accepted_1_view": (1 / 4, 4),
        "sim_good_rejected_1_view": (1 / 4, 4),
        "sim_class_right_without_review_1_view": (4 / 5, 5),
    }
    assert figures["sim_class_right_10_views"] == (1.0, 2)
    assert grader.views == [1] * 8 + [10] * 2
    more = {f.name: (pytest.approx(f.value), f.n) for f in suite.more_figures() if f.n}
    assert more["sim_graded_alone_1_view"] == (5 / 8, 8)
    assert more["sim_wrong_when_alone_1_view"] == (1 / 5, 5)
    assert more["sim_confusion_extra_as_not_found_1_view"] == (1 / 4, 4)
    assert more["sim_confusion_reject_as_II_1_view"] == (1 / 4, 4)
    assert more["sim_aurc_10_views"] == (0.0, 2)
    assert len(grader.views) == 10  # nothing is graded twice
    cases = worst.by_figure()["sim_class_right_1_view"]
    assert [case.name.split()[1] for case in cases] == [str(FIRST_GRADED_SEED + n) for n in (3, 2, 4)]
    assert cases[0].facts["called_zh"] == "二级"  # sure of it, and nobody is asked
    assert str(cases[0].facts["true_en"]).startswith("Reject (")


def test_two_of_three_drawn_apples_may_have_defects() -> None:
    first = [seed for seed in range(FIRST_GRADED_SEED, FIRST_GRADED_SEED + 3) if seed % 3 == 0]
    (picture,) = draw_turning(first[0], 1)
    (fruit,) = picture.truth["fruits"]  # type: ignore[misc]
    assert fruit["defects"] == []
