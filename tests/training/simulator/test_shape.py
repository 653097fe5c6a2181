"""Bodies against closed formulas."""

from __future__ import annotations

from math import asin, pi, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.simulator.shape import Measures, Outline, intersect, make_body, measure_body


def _measure(outline: Outline, diameter_mm: float = 70.0) -> Measures:
    return measure_body(make_body(outline, diameter_mm, np.random.default_rng(0)))


def test_ball_has_the_sizes_of_a_ball() -> None:
    got = _measure(Outline())
    assert got.equatorial_diameter_mm == pytest.approx(70.0, rel=1e-3)
    assert got.ring_diameter_mm == pytest.approx(70.0, rel=4e-3)
    assert got.length_mm == pytest.approx(70.0, rel=1e-3)
    assert got.volume_cm3 == pytest.approx(pi * 7.0**3 / 6, rel=1e-3)
    assert got.surface_mm2 == pytest.approx(pi * 70.0**2, rel=1e-3)


def _spheroid_surface(a: float, c: float) -> float:
    if c < a:
        e = sqrt(1 - (c / a) ** 2)
        return 2 * pi * a * a * (1 + (1 - e * e) / e * np.arctanh(e))
    e = sqrt(1 - (a / c) ** 2)
    return 2 * pi * a * a * (1 + c / (a * e) * asin(e))


@pytest.mark.parametrize("stretch", [0.8, 1.25, 1.7])
def test_spheroid_volume_and_surface_follow_the_closed_formulas(stretch: float) -> None:
    got = _measure(Outline(stretch_z=stretch))
    a, c = 35.0, 35.0 * stretch
    assert got.volume_cm3 == pytest.approx(4 / 3 * pi * a * a * c / 1000, rel=1e-3)
    assert got.surface_mm2 == pytest.approx(_spheroid_surface(a, c), rel=2e-3)
    assert got.length_mm == pytest.approx(2 * c, rel=1e-3)


def test_ring_is_the_middle_axis_of_an_ellipsoid() -> None:
    flat = _measure(Outline(stretch_z=0.8, stretch_x=0.9))
    assert flat.equatorial_diameter_mm == pytest.approx(70.0, rel=1e-3)
    assert flat.ring_diameter_mm == pytest.approx(63.0, rel=0.02)  # passes along its widest axis: 63 x 56 mm
    long = _measure(Outline(stretch_z=1.6))
    assert long.ring_diameter_mm == pytest.approx(70.0, rel=4e-3)  # passes along its stem


@settings(max_examples=15, deadline=None)
@given(st.floats(40, 200), st.floats(0.0, 0.06), st.floats(0.25, 0.45), st.integers(0, 9))
def test_any_apple_meets_the_asked_diameter_and_fits_its_ring(
    diameter: float, lobe: float, deep: float, seed: int
) -> None:
    outline = Outline(stretch_z=1.05, cavity_depth=deep, basin_depth=0.2, lobe_height=lobe, irregular=0.02)
    got = measure_body(make_body(outline, diameter, np.random.default_rng(seed)))
    assert got.equatorial_diameter_mm == pytest.approx(diameter, rel=1e-3)
    assert 0.8 * diameter < got.ring_diameter_mm < 1.12 * diameter
    assert got.volume_cm3 < pi * max(diameter, got.length_mm) ** 3 / 6000 * 1.05


def test_hollows_are_angles_only_where_there_is_a_hollow() -> None:
    rng = np.random.default_rng(0)
    assert make_body(Outline(), 70.0, rng).cavity_angle == 0.0
    apple = make_body(Outline(cavity_depth=0.35, basin_depth=0.2), 70.0, rng)
    assert 0.15 < apple.cavity_angle < 0.9
    assert 0.1 < apple.basin_angle < 0.9


def test_rays_meet_a_ball_where_geometry_says() -> None:
    body = make_body(Outline(), 70.0, np.random.default_rng(0))
    across = np.array([0.0, 10.0, 30.0, 34.5, 35.6, 50.0], np.float32)
    ray = np.tile(np.array([0.0, 0.0, -1.0], np.float32), (6, 1))
    for t, x in zip(
        [intersect(body, np.array([v, 0, 200], np.float32), ray[:1])[0][0] for v in across],
        across,
        strict=True,
    ):
        if x > 35.0:
            assert np.isnan(t)
        else:
            assert t == pytest.approx(200 - sqrt(35.0**2 - float(x) ** 2), abs=0.12)


def test_a_ray_into_the_cavity_meets_its_floor() -> None:
    body = make_body(Outline(cavity_depth=0.4), 70.0, np.random.default_rng(0))
    t, point = intersect(
        body, np.array([0.3, 0.0, 200.0], np.float32), np.array([[0.0, 0.0, -1.0]], np.float32)
    )
    assert np.isfinite(t[0])
    assert point[0, 2] < 0.75 * measure_body(body).length_mm / 2
