"""What rollers and cups say of a turn, by hand."""

from __future__ import annotations

from math import cos, pi, radians

import numpy as np
import pytest

from grader.turn import USUAL_DISTANCE_RADII, Rollers, Seats, Turn, in_steps, one_seat, prior_views


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"axis_xy": (1.0, 1.0)}, "unit vector"),
        ({"step_deg": float("nan")}, "finite angle"),
        ({"step_sigma_deg": 0.0}, "step_sigma_deg"),
        ({"axis_sigma_deg": 180.0}, "axis_sigma_deg"),
        ({"slip_sigma_deg": -1.0}, "slip_sigma_deg"),
        ({"away_deg": 90.0}, "away_deg: expected above -90 and below 90"),
        ({"distance_radii": 1.0}, "distance_radii"),
        ({"distance_radii": float("inf")}, "distance_radii"),
    ],
)
def test_impossible_turns_are_refused(values: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Turn(**({"axis_xy": (0.0, 1.0), "step_deg": 36.0} | values))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "either degrees or skin_mm, got None degrees and None mm"),
        ({"degrees": 1.0, "skin_mm": 1.0}, "either degrees or skin_mm, got 1.0 degrees and 1.0 mm"),
        ({"degrees": float("inf")}, "degrees: expected a finite number"),
        ({"degrees": 1.0, "axis_deg": float("nan")}, "axis_deg: expected a finite number"),
        ({"skin_mm": float("nan")}, "skin_mm: expected a finite number"),
        ({"skin_mm": 1.0, "contact": 0.0}, "contact"),
        ({"skin_mm": 1.0, "contact": 1.1}, "contact"),
        ({"skin_mm": 1.0, "camera_mm": 0.0}, "camera_mm"),
        ({"degrees": 1.0, "away_deg": -90.0}, "away_deg: expected above -90 and below 90"),
        ({"degrees": 1.0, "around_deg": float("inf")}, "around_deg: expected a finite number"),
    ],
)
def test_impossible_rollers_are_refused(values: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Rollers(**({"axis_deg": 90.0} | values))


def test_a_fruit_on_rollers_turns_by_the_way_over_its_radius() -> None:
    rollers = Rollers(axis_deg=90.0, skin_mm=pi, camera_mm=600.0)
    turn = rollers.turn(10.0, 60.0)
    assert turn is not None
    assert turn.step_deg == pytest.approx(30.0)
    assert turn.axis_xy == pytest.approx((0.0, 1.0))
    assert turn.distance_radii == pytest.approx(10.0)
    assert turn.step_sigma_deg == pytest.approx(3.3)
    beside = Rollers(axis_deg=90.0, skin_mm=pi, contact=0.8).turn(10.0, 60.0)
    assert beside is not None
    assert beside.step_deg == pytest.approx(30.0 / 0.8)
    assert beside.distance_radii == USUAL_DISTANCE_RADII


def test_a_driven_cup_turns_every_fruit_alike() -> None:
    cup = Rollers(axis_deg=0.0, degrees=-0.5)
    for radius_mm in (None, 30.0, 60.0):
        turn = cup.turn(50.0, radius_mm)
        assert turn is not None
        assert turn.step_deg == -25.0


def test_a_turn_that_needs_an_unknown_radius_is_none() -> None:
    assert Rollers(axis_deg=0.0, skin_mm=1.0).turn(10.0, None) is None
    assert Rollers(axis_deg=0.0, degrees=1.0, camera_mm=30.0).turn(10.0, 40.0) is None


def test_missing_views_are_gaps() -> None:
    assert in_steps([0, 1, 2, 3]) == (1, (0, 1, 2, 3))
    assert in_steps([4000, 4050, 4150, 4200]) == (50, (0, 1, 3, 4))
    assert in_steps([7, 7, 7]) is None
    assert in_steps([7]) is None


def test_the_prior_turns_clockwise_looking_along_the_axis() -> None:
    """About an axis that points down in the picture, what is in front goes to the left."""
    turned = prior_views(Turn(axis_xy=(0.0, 1.0), step_deg=30.0), (0, 1))
    assert turned[1] @ (0, 0, -1) == pytest.approx((-0.5, 0, -cos(radians(30))))


def over(axis_deg: float = 90.0, away_deg: float = 0.0, around_deg: float | None = 0.0) -> Rollers:
    return Rollers(axis_deg=axis_deg, degrees=1.0, away_deg=away_deg, around_deg=around_deg)


def between(one: Rollers, other: Rollers) -> np.ndarray:
    """Directions seen by one to those seen by the other."""
    seats = one.seat(), other.seat()
    assert seats[0] is not None
    assert seats[1] is not None
    return seats[1] @ seats[0].T


def test_an_axis_that_points_away_from_the_camera() -> None:
    turn = over(axis_deg=90.0, away_deg=30.0).turn(1.0, None)
    assert turn is not None
    assert turn.axis == pytest.approx((0.0, cos(radians(30)), 0.5))
    assert Turn(axis_xy=(0.0, 1.0), step_deg=1.0).axis == pytest.approx((0.0, 1.0, 0.0))


def test_a_camera_that_nobody_places_has_no_seat() -> None:
    assert over(around_deg=None).seat() is None


def test_a_camera_turned_about_its_own_line_of_sight_sees_the_picture_turned() -> None:
    quarter = between(over(axis_deg=0.0), over(axis_deg=90.0))
    assert quarter @ (1.0, 0.0, 0.0) == pytest.approx((0.0, 1.0, 0.0), abs=1e-12)
    assert quarter @ (0.0, 0.0, -1.0) == pytest.approx((0.0, 0.0, -1.0), abs=1e-12)


def test_a_camera_around_the_axis_sees_what_the_fruit_turns_to_it() -> None:
    """The axis points down, so the fruit's near side goes to the left; the camera stands there."""
    beside = between(over(), over(around_deg=90.0))
    turned = prior_views(Turn(axis_xy=(0.0, 1.0), step_deg=90.0), (1,))[0]
    left = turned @ (0.0, 0.0, -1.0)
    assert left == pytest.approx((-1.0, 0.0, 0.0), abs=1e-12)
    assert beside @ left == pytest.approx((0.0, 0.0, -1.0), abs=1e-12)
    assert beside @ turned == pytest.approx(np.eye(3), abs=1e-12)


def test_a_camera_at_the_tail_of_the_axis_sees_it_point_away() -> None:
    """It stands 30 degrees off, towards where the axis comes from: up in the picture of the first."""
    tilted = between(over(), over(away_deg=30.0))
    assert tilted @ (0.0, 1.0, 0.0) == pytest.approx((0.0, cos(radians(30)), 0.5), abs=1e-12)
    towards = (0.0, -0.5, -cos(radians(30)))
    assert tilted @ towards == pytest.approx((0.0, 0.0, -1.0), abs=1e-12)
    assert np.linalg.det(tilted) == pytest.approx(1.0)


def test_views_by_camera() -> None:
    seats = Seats(of_view=(0, 1, 1, 0), rotations=np.stack([np.eye(3)] * 2))
    assert [seats.views_of(camera) for camera in (0, 1)] == [[0, 3], [1, 2]]
    assert one_seat(2).views_of(0) == [0, 1]
