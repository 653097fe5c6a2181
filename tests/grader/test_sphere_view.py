"""From the disc to the ball and back."""

from __future__ import annotations

import numpy as np
import pytest

from grader.sphere_view import disc_to_sphere, sphere_to_disc


@pytest.mark.parametrize("distance", [2.0, 8.0, 1000.0])
def test_there_and_back_is_the_same_place(distance: float) -> None:
    line = np.linspace(-0.69, 0.69, 9, dtype=np.float32)
    places = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    directions = disc_to_sphere(places, distance)
    assert np.allclose(np.linalg.norm(directions, axis=1), 1, atol=1e-5)
    assert (directions[:, 2] < 0).all()
    assert np.allclose(sphere_to_disc(directions, distance), places, atol=1e-4)


def test_from_afar_it_is_a_parallel_view() -> None:
    ((x, y, z),) = disc_to_sphere(np.array([[0.6, 0.0]], np.float32), 1e4)
    assert (x, y, z) == pytest.approx((0.6, 0.0, -0.8), abs=1e-3)


def test_from_near_the_rim_is_skin_that_has_not_turned_all_the_way() -> None:
    """From two radii away the outline is where the skin has turned by 60 degrees (cos = 1 / 2)."""
    (rim, beyond) = disc_to_sphere(np.array([[1.0, 0.0], [1.5, 0.0]], np.float32), 2.0)
    assert rim == pytest.approx((np.sqrt(0.75), 0.0, -0.5), abs=1e-3)
    assert -beyond[2] == pytest.approx(0.5, abs=1e-3)
