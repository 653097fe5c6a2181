"""Figures of the suite `turning`, computed by hand for answers that were planted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from grader.types import REJECT, UNGRADED, GradeDecision, SurfaceClass
from tests.grader.made_fruit import make_defect, make_fruit
from training.simulator import Rendered
from training.turning_fruit import Patch
from training.turning_suite import (
    Answer,
    _Case,
    accepted_figures,
    case_figures,
    count_right,
    in_other_lane,
    reject_level,
)


def answer(name: str | None, confidence: float = 0.9, *areas: float) -> Answer:
    if name is None:
        return Answer(measurement=None, grade=None)
    grade = GradeDecision(standard_id="s", grade_class=name, confidence=confidence, review=False, reasons=())
    return Answer(measurement=make_fruit(*(make_defect("rot", area_mm2=area) for area in areas)), grade=grade)


def patches(*areas: float) -> tuple[Patch, ...]:
    return tuple(Patch(kind=SurfaceClass.ROT, area_mm2=area, rim_mm2=area) for area in areas)


def case(true: str, one: Answer, every: Answer, *areas: float) -> _Case:
    return _Case(true=true, patches=patches(*areas), one=one, all=every, again=every, other_lane=one)


@pytest.mark.parametrize(
    ("true", "found", "right"),
    [
        ((), (), True),
        ((40.0,), (30.0,), True),
        ((40.0, 40.0), (80.0,), False),
        ((40.0,), (20.0, 20.0), False),
        ((40.0, 12.0), (40.0,), True),
        ((40.0, 15.0), (40.0,), False),
        ((40.0, 7.0), (40.0, 10.0), True),
        ((40.0, 6.6), (40.0, 10.0), False),
        ((6.0,), (9.9,), True),
    ],
)
def test_blemishes_near_the_limit_may_count_or_not(
    true: tuple[float, ...], found: tuple[float, ...], right: bool
) -> None:
    assert count_right(patches(*true), answer("I", 0.9, *found).measurement) is right
    assert not count_right(patches(*true), None)


def test_a_blemish_on_the_rim_alone_may_count_or_not() -> None:
    rim = (Patch(kind=SurfaceClass.ROT, area_mm2=0.0, rim_mm2=40.0),)
    assert count_right(rim, answer("I").measurement)
    assert count_right(rim, answer("I", 0.9, 30.0).measurement)


def test_how_surely_a_fruit_is_rejected() -> None:
    scores = [answer(name, 0.8).reject_score for name in (REJECT, "extra", UNGRADED, None)]
    assert scores == pytest.approx([0.9, 0.1, 1.0, 1.0])


def test_figures_of_planted_answers() -> None:
    cases = [
        case("I", answer("I"), answer("I", 0.9)),
        case("I", answer(REJECT), answer("I", 0.6)),
        case(REJECT, answer("I"), answer(REJECT, 0.9, 50.0), 40.0),
        case(REJECT, answer("I"), answer("II", 0.7, 100.0), 100.0),
        case(REJECT, answer(REJECT), answer(None), 30.0),
    ]
    figures = {figure.name: (figure.value, figure.n) for figure in case_figures(cases, "x")}
    assert figures["sim_turning_count_right_x"] == (pytest.approx(4 / 5), 5)
    assert figures["sim_turning_count_right_defective_x"] == (pytest.approx(2 / 3), 3)
    assert figures["sim_turning_area_error_x"] == (pytest.approx((0.25 + 0 + 1) / 3), 3)
    assert figures["sim_turning_area_error_median_x"] == (pytest.approx(0.25), 3)
    assert figures["sim_turning_same_class_same_lane_x"] == (1.0, 5)
    assert figures["sim_turning_same_class_other_lane_x"] == (pytest.approx(1 / 5), 5)
    assert figures["sim_turning_good_rejected_1_view_x"] == (pytest.approx(1 / 2), 2)
    assert figures["sim_turning_defective_accepted_1_view_x"] == (pytest.approx(2 / 3), 3)
    assert figures["sim_turning_good_rejected_as_called_x"] == (0.0, 2)
    assert figures["sim_turning_defective_accepted_as_called_x"] == (pytest.approx(2 / 3), 3)


def test_the_level_of_one_half_judges_the_other() -> None:
    """One view rejects one of the good fruit of the first half and none of the second."""
    first = [
        case("I", answer(REJECT), answer(REJECT, 0.4)),
        case("I", answer("I"), answer("I", 0.6)),
        case(REJECT, answer("I"), answer("I", 0.7)),
    ]
    second = [
        case("I", answer("I"), answer("I", 0.5)),
        case("I", answer("I"), answer("I", 0.9)),
        case(REJECT, answer(REJECT), answer("I", 0.58)),
    ]
    assert reject_level(first) == pytest.approx(0.2)  # the second highest: one may go
    assert reject_level(second) == pytest.approx(0.25)
    mixed = [one for pair in zip(first, second, strict=True) for one in pair]
    figures = {figure.name: (figure.value, figure.n) for figure in accepted_figures(mixed, "x")}
    # the first half by 0.25: 0.7 goes, 0.2 stays, the defective 0.15 stays; the second by 0.2: 0.25 goes, 0.05 stays,
    # the defective 0.21 goes
    assert figures["sim_turning_good_rejected_all_views_x"] == (pytest.approx(2 / 4), 4)
    assert figures["sim_turning_defective_accepted_all_views_x"] == (pytest.approx(1 / 2), 2)
    assert figures["sim_turning_good_rejected_1_view_x"] == (pytest.approx(1 / 4), 4)


def test_without_good_fruit_everything_may_go() -> None:
    assert reject_level([case(REJECT, answer("I"), answer("I"))]) == 0.0


def test_another_lane_changes_red_and_blue_only() -> None:
    rgb = np.full((2, 2, 3), 100, np.uint8)
    flat = np.zeros((2, 2), np.uint8)
    picture = Rendered(
        rgb=rgb, surface=flat, instance=flat, crop=flat, net_cover=flat.astype(np.float32), truth={}
    )
    red, green, blue = (int(level) for level in in_other_lane(picture).rgb[0, 0])
    assert (red, green, blue) == (97, 100, 102)
    assert replace(picture, rgb=in_other_lane(picture).rgb).truth == {}
