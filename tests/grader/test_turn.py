"""How a ball turned between its views, against the turn it was painted with."""

from __future__ import annotations

from math import cos, pi, radians, sin

import cv2
import numpy as np
import pytest

from grader.surface import map_skin
from grader.turn import Turn, TurnedViews, prior_views, turn_from_pictures, turn_from_prior, turn_over_rollers
from tests.turning_ball import FAR, ball_view, dots, turns

AXIS_DEG = 70.0
STEP_ERROR_DEG = 1.3
"""A ball's skin lies on its outline, that of a fruit a little inside (`INSIDE_OUTLINE`): a degree a step."""
AXIS = (cos(radians(AXIS_DEG)), sin(radians(AXIS_DEG)))


def errors_deg(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    return np.array(
        [np.degrees(np.linalg.norm(cv2.Rodrigues(f @ t.T)[0])) for f, t in zip(found, true, strict=True)]
    )


def step_errors_deg(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    return errors_deg(found[1:] @ found[:-1].transpose(0, 2, 1), true[1:] @ true[:-1].transpose(0, 2, 1))


def skins(step_deg: float, count: int, pattern: np.ndarray | None) -> list:
    return [map_skin(ball_view(turn, pattern)) for turn in turns((*AXIS, 0.0), step_deg, count)]


def prior(step_deg: float, axis_deg: float = AXIS_DEG) -> Turn:
    axis = (cos(radians(axis_deg)), sin(radians(axis_deg)))
    return Turn(axis_xy=axis, step_deg=step_deg, distance_radii=FAR)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"axis_xy": (1.0, 1.0)}, "unit vector"),
        ({"step_deg": float("nan")}, "finite angle"),
        ({"step_sigma_deg": 0.0}, "step_sigma_deg"),
        ({"axis_sigma_deg": 180.0}, "axis_sigma_deg"),
        ({"slip_sigma_deg": -1.0}, "slip_sigma_deg"),
        ({"distance_radii": 1.0}, "distance_radii"),
        ({"distance_radii": float("inf")}, "distance_radii"),
    ],
)
def test_impossible_turns_are_refused(values: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Turn(**({"axis_xy": (0.0, 1.0), "step_deg": 36.0} | values))


def test_a_fruit_on_rollers_turns_by_the_way_over_its_radius() -> None:
    turn = turn_over_rollers(travel_mm=40.0 * pi / 6, radius_mm=40.0, axis_xy=(0.0, 1.0))
    assert turn.step_deg == pytest.approx(30.0)
    with pytest.raises(ValueError, match="radius_mm"):
        turn_over_rollers(travel_mm=1.0, radius_mm=0.0, axis_xy=(0.0, 1.0))


def test_the_prior_turns_clockwise_looking_along_the_axis() -> None:
    """About an axis that points down in the picture, what is in front goes to the left."""
    turned = prior_views(Turn(axis_xy=(0.0, 1.0), step_deg=30.0), 2)
    assert turned[1] @ (0, 0, -1) == pytest.approx((-0.5, 0, -cos(radians(30))))


def test_a_pattern_puts_a_wrong_prior_right() -> None:
    true = turns((*AXIS, 0.0), 30.0, 6)
    wrong = prior(33.0, AXIS_DEG + 3)
    found = turn_from_prior(skins(30.0, 6, dots(1)), wrong)
    assert step_errors_deg(prior_views(wrong, 6), true).min() > 3
    assert step_errors_deg(found.of_the_fruit(), true).max() < STEP_ERROR_DEG


def test_a_whole_turn_closes() -> None:
    true = turns((*AXIS, 0.0), 36.0, 10)
    found = turn_from_prior(skins(36.0, 10, dots(2)), prior(34.5))
    assert errors_deg(found.of_the_fruit(), true).max() < 2.0


def test_without_a_pattern_the_prior_stands() -> None:
    wrong = prior(33.0)
    found = turn_from_prior(skins(30.0, 5, None), wrong)
    assert errors_deg(found.of_the_fruit(), prior_views(wrong, 5)).max() < 0.5
    patterned = turn_from_prior(skins(30.0, 5, dots(1)), wrong)
    assert min(patterned.confidence) > max(found.confidence)


def test_views_that_share_no_skin_keep_the_prior() -> None:
    wrong = prior(150.0)
    found = turn_from_prior(skins(140.0, 2, dots(1)), wrong)
    assert errors_deg(found.of_the_fruit(), prior_views(wrong, 2)).max() < 1e-3


def test_one_view_is_not_turned_and_none_is_refused() -> None:
    one = turn_from_prior(skins(30.0, 1, dots(1)), prior(30.0))
    assert np.allclose(one.rotations, np.eye(3))
    assert one.confidence == (1.0,)
    with pytest.raises(ValueError, match="at least one view"):
        turn_from_prior([], prior(30.0))


def test_a_turn_that_nobody_knows_is_seen() -> None:
    found = turn_from_pictures(skins(33.0, 6, dots(4)), FAR)
    assert isinstance(found, TurnedViews)
    assert step_errors_deg(found.of_the_fruit(), turns((*AXIS, 0.0), 33.0, 6)).max() < STEP_ERROR_DEG


def test_no_turn_is_seen_without_a_pattern_or_in_two_views() -> None:
    assert turn_from_pictures(skins(33.0, 6, None), FAR) is None
    assert turn_from_pictures(skins(33.0, 2, dots(4)), FAR) is None


def test_no_turn_is_seen_in_views_of_different_fruit() -> None:
    others = [map_skin(ball_view(np.eye(3), dots(seed))) for seed in range(6)]
    assert turn_from_pictures(others, FAR) is None
