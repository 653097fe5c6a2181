"""The camera against projective geometry."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.simulator.camera import distance_for_scale, make_camera, outline_scale, project, rays
from training.simulator.spec import CameraSpec


@given(st.floats(0.05, 2.0), st.floats(20, 150), st.floats(300, 5000))
def test_distance_for_scale_undoes_outline_scale(scale: float, radius: float, focal: float) -> None:
    distance = distance_for_scale(scale, radius, focal)
    assert outline_scale(distance, radius, focal) == pytest.approx(scale, rel=1e-6)


@settings(max_examples=25)
@given(st.floats(5, 90), st.floats(0, 360), st.floats(-30, 30))
def test_a_ray_projects_back_to_its_pixel(elevation: float, azimuth: float, roll: float) -> None:
    camera = make_camera(CameraSpec(elevation_deg=elevation, azimuth_deg=azimuth, roll_deg=roll), (120, 160))
    direction = rays(camera, (37, 21, 38, 22))[0]
    x, y, depth = project(camera, camera.origin_mm + 400 * direction)
    assert (x[0], y[0]) == pytest.approx((37.0, 21.0), abs=0.02)
    assert depth[0] == pytest.approx(400.0, rel=1e-4)


def test_axes_are_at_right_angles_and_right_handed() -> None:
    turn = make_camera(CameraSpec(elevation_deg=40, azimuth_deg=70, roll_deg=10), (10, 10)).turn
    assert np.allclose(turn @ turn.T, np.eye(3), atol=1e-5)
    assert np.linalg.det(turn) == pytest.approx(1.0, abs=1e-5)


def test_the_looked_at_point_is_in_the_middle() -> None:
    camera = make_camera(
        CameraSpec(elevation_deg=33, azimuth_deg=12, look_at_mm=(5, 6, 30), distance_mm=700), (101, 201)
    )
    x, y, depth = project(camera, np.array([[5.0, 6.0, 30.0]], np.float32))
    assert (x[0], y[0], depth[0]) == pytest.approx((100.0, 50.0, 700.0), abs=0.05)
