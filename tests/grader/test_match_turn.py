"""How a ball turned between its views, against the turn it was painted with."""

from __future__ import annotations

from dataclasses import replace
from math import cos, pi, radians, sin

import cv2
import numpy as np
import pytest

from grader.match_turn import turn_from_pictures, turn_from_prior
from grader.probable_turn import TurnedViews
from grader.turn import Rollers, Seats, Turn, one_seat, prior_views
from grader.view_surface import ViewSurface
from tests.turning_ball import FAR, ball_view, dots, shrunken, surface_of, turns

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


def views(step_deg: float, count: int, pattern: np.ndarray | None) -> list[ViewSurface]:
    return [surface_of(ball_view(turn, pattern)) for turn in turns((*AXIS, 0.0), step_deg, count)]


def prior(step_deg: float, axis_deg: float = AXIS_DEG) -> Turn:
    axis = (cos(radians(axis_deg)), sin(radians(axis_deg)))
    return Turn(axis_xy=axis, step_deg=step_deg, distance_radii=FAR)


def test_a_pattern_puts_a_wrong_prior_right() -> None:
    true = turns((*AXIS, 0.0), 30.0, 6)
    wrong = prior(33.0, AXIS_DEG + 3)
    found = turn_from_prior(views(30.0, 6, dots(1)), wrong)
    assert step_errors_deg(prior_views(wrong, range(6)), true).min() > 3
    assert step_errors_deg(found.of_the_fruit(), true).max() < STEP_ERROR_DEG


def test_a_whole_turn_closes() -> None:
    true = turns((*AXIS, 0.0), 36.0, 10)
    found = turn_from_prior(views(36.0, 10, dots(2)), prior(34.5))
    assert errors_deg(found.of_the_fruit(), true).max() < 2.0


def test_without_a_pattern_the_prior_stands() -> None:
    wrong = prior(33.0)
    found = turn_from_prior(views(30.0, 5, None), wrong)
    assert errors_deg(found.of_the_fruit(), prior_views(wrong, range(5))).max() < 0.5
    patterned = turn_from_prior(views(30.0, 5, dots(1)), wrong)
    assert min(patterned.confidence) > max(found.confidence)


def test_views_that_share_no_skin_keep_the_prior() -> None:
    wrong = prior(150.0)
    found = turn_from_prior(views(140.0, 2, dots(1)), wrong)
    assert errors_deg(found.of_the_fruit(), prior_views(wrong, range(2))).max() < 1e-3


def test_one_view_is_not_turned_and_none_is_refused() -> None:
    one = turn_from_prior(views(30.0, 1, dots(1)), prior(30.0))
    assert np.allclose(one.rotations, np.eye(3))
    assert one.confidence == (1.0,)
    with pytest.raises(ValueError, match="at least one view"):
        turn_from_prior([], prior(30.0))


def test_a_turn_that_nobody_knows_is_seen() -> None:
    found = turn_from_pictures(views(33.0, 6, dots(4)), distance_radii=FAR)
    assert isinstance(found, TurnedViews)
    assert step_errors_deg(found.of_the_fruit(), turns((*AXIS, 0.0), 33.0, 6)).max() < STEP_ERROR_DEG


def test_no_turn_is_seen_without_a_pattern_or_in_two_views() -> None:
    assert turn_from_pictures(views(33.0, 6, None), distance_radii=FAR) is None
    assert turn_from_pictures(views(33.0, 2, dots(4)), distance_radii=FAR) is None


def test_no_turn_is_seen_in_views_of_different_fruit() -> None:
    others = [surface_of(ball_view(np.eye(3), dots(seed))) for seed in range(6)]
    assert turn_from_pictures(others, distance_radii=FAR) is None


def test_missing_views_are_gaps_in_the_turn() -> None:
    true = turns((*AXIS, 0.0), 30.0, 9)
    places = (0, 1, 3, 4, 6, 8)
    seen = [surface_of(ball_view(true[place], dots(1))) for place in places]
    found = turn_from_prior(seen, prior(32.0), places)
    assert step_errors_deg(found.of_the_fruit(), true[list(places)]).max() < 2 * STEP_ERROR_DEG
    looked_for = turn_from_pictures(seen, places, FAR)
    assert looked_for is not None
    assert step_errors_deg(looked_for.of_the_fruit(), true[list(places)]).max() < 2 * STEP_ERROR_DEG
    with pytest.raises(ValueError, match="got 2, 6 and 6"):
        turn_from_prior(seen, prior(32.0), places[:2])
    with pytest.raises(ValueError, match="got 6, 5 and 6"):
        turn_from_prior(seen, prior(32.0), places, seats=one_seat(5))


def test_views_between_two_that_are_matched_follow_them() -> None:
    """Thirteen views, 12 degrees apart: every second one is matched."""
    true = turns((*AXIS, 0.0), 12.0, 13)
    found = turn_from_prior(views(12.0, 13, dots(1)), prior(13.5))
    assert step_errors_deg(found.of_the_fruit(), true).max() < STEP_ERROR_DEG


def test_without_looking_the_prior_stands() -> None:
    wrong = prior(33.0)
    found = turn_from_prior(views(30.0, 5, dots(1)), wrong, look=False)
    assert errors_deg(found.of_the_fruit(), prior_views(wrong, range(5))).max() < 0.5


def test_a_view_of_fewer_pixels_is_matched_too() -> None:
    true = turns((*AXIS, 0.0), 30.0, 6)
    seen = [ball_view(turn, dots(1)) for turn in true]
    mixed = [surface_of(shrunken(view, 1 + k % 2)) for k, view in enumerate(seen)]
    found = turn_from_prior(mixed, prior(32.0))
    assert step_errors_deg(found.of_the_fruit(), true).max() < 1.5 * STEP_ERROR_DEG


BESIDE = Rollers(axis_deg=AXIS_DEG, degrees=30.0, away_deg=30.0, around_deg=20.0)
"""A second camera: the first stands straight over the axis, at 0."""


def of_two_cameras(
    step_deg: float, count: int, seen_from: Rollers, *, lamps: bool = False
) -> tuple[list[ViewSurface], np.ndarray]:
    """Each view by both cameras, the first first, and their true rotations. lamps: four glints stay where they are in
    the pictures of a camera, elsewhere in those of the other."""
    first, second = (
        of.seat() for of in (Rollers(axis_deg=AXIS_DEG, degrees=30.0, around_deg=0.0), seen_from)
    )
    assert first is not None
    assert second is not None
    by_first = turns((*AXIS, 0.0), step_deg, count)
    true = np.stack([seat @ turn for turn in by_first for seat in (np.eye(3), second @ first.T)])
    lit = []
    for k, turn in enumerate(true):
        view = ball_view(turn, dots(1))
        rgb = view.rgb.copy()
        for angle in np.arange(4) * pi / 2 + k % 2 * pi / 4:
            middle = (round(80 + 30 * cos(angle)), round(80 + 30 * sin(angle)))
            if lamps:
                cv2.circle(rgb, middle, 8, (255, 255, 255), -1)
        lit.append(surface_of(replace(view, rgb=rgb)))
    return lit, true


def two_seats(count: int, believed: Rollers) -> Seats:
    first, second = Rollers(axis_deg=AXIS_DEG, degrees=30.0, around_deg=0.0).seat(), believed.seat()
    assert first is not None
    assert second is not None
    return Seats(of_view=(0, 1) * count, rotations=np.stack([np.eye(3), second @ first.T]))


def test_two_cameras_are_turned_together() -> None:
    """A seat that is told 4 degrees wrong, and a wrong step, are put right by what both cameras see."""
    seen, true = of_two_cameras(30.0, 6, BESIDE)
    believed = Rollers(axis_deg=AXIS_DEG, degrees=30.0, away_deg=34.0, around_deg=20.0)
    seats, places = two_seats(6, believed), [k // 2 for k in range(12)]
    found = turn_from_prior(seen, prior(33.0), places, seats=seats).of_the_fruit()
    assert step_errors_deg(found, true).max() < 1.5 * STEP_ERROR_DEG
    told = turn_from_prior(seen, prior(33.0), places, seats=seats, look=False).of_the_fruit()
    assert errors_deg(told, true)[1] == pytest.approx(4.0, abs=0.3)
    assert errors_deg(found, true)[1] < 1.5


def test_the_pixels_of_a_camera_are_its_own() -> None:
    seen, true = of_two_cameras(30.0, 6, BESIDE)
    finer = [replace(view, outline=view.outline * (1 + 8 * (k % 2))) for k, view in enumerate(seen)]
    places, seats = [k // 2 for k in range(12)], two_seats(6, BESIDE)
    found = turn_from_prior(finer, prior(30.0), places, seats=seats).of_the_fruit()
    assert step_errors_deg(found, true).max() < STEP_ERROR_DEG


def test_the_light_of_a_camera_is_its_own() -> None:
    seen, true = of_two_cameras(30.0, 6, BESIDE, lamps=True)
    places, seats = [k // 2 for k in range(12)], two_seats(6, BESIDE)
    found = turn_from_prior(seen, prior(33.0), places, seats=seats).of_the_fruit()
    assert step_errors_deg(found, true).max() < 1.5 * STEP_ERROR_DEG
