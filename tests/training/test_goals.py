"""Limits of figures: which side of them is good, edges included."""

from __future__ import annotations

from math import nan

import pytest

from training.goals import GOALS, Goal, state_of
from training.model_readme import figures_table
from training.statistics import Figure

AT_LEAST = Goal(reach=0.85, aim=0.95, larger_is_better=True)
AT_MOST = Goal(reach=0.03, aim=0.01, larger_is_better=False)
NEAR = Goal(reach=0.03, aim=0.01, larger_is_better=True, around=0.95)


@pytest.mark.parametrize(
    ("goal", "value", "met"),
    [
        (AT_LEAST, 0.85, True),
        (AT_LEAST, 0.8499, False),
        (AT_MOST, 0.03, True),
        (AT_MOST, 0.0301, False),
        (NEAR, 0.92, True),
        (NEAR, 0.98, True),
        (NEAR, 0.9199, False),
        (NEAR, 1.0, False),
    ],
)
def test_a_goal_is_met_up_to_its_limit(goal: Goal, value: float, met: bool) -> None:
    assert goal.met_by(value) is met


def figure(name: str, value: float, n: int = 9) -> Figure:
    return Figure(name=name, value=value, n=n, low=value, high=value, unit="share")


def test_states() -> None:
    assert state_of(figure("worst_defect_right", 0.9)) == "met"
    assert state_of(figure("worst_defect_right", 0.8)) == "missed"
    assert state_of(figure("worst_defect_right", nan, 0)) == "none"
    assert state_of(figure("sim_melon_found", 0.9)) == "none"


def test_every_aim_is_stricter_than_what_is_to_be_reached() -> None:
    for name, goal in GOALS.items():
        stricter = (
            goal.aim > goal.reach if goal.larger_is_better and goal.around is None else goal.aim < goal.reach
        )
        assert stricter, name


def test_the_page_of_a_model_shows_the_limits_in_the_unit_of_the_figure() -> None:
    def told(name: str, unit: str) -> str:
        raw = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 3, "unit": unit}
        return figures_table({name: raw}).splitlines()[-1]

    assert told("defect_iou", "IoU").endswith("| 3 | 0.86 | 0.93 |")
    assert told("sim_diameter_rmse_mm", "mm").endswith("| 1 mm | 0.4 mm |")
    assert told("false_alarm", "share of pictures").endswith("| 5 % | 1 % |")
    assert told("sim_intervals_hold_truth", "share").endswith("| 95 % ± 3 % | 95 % ± 1 % |")
    assert told("sim_melon_found", "share").endswith("| 3 |  |  |")
