"""Colour of painted fruit against their exact share of blush."""

from __future__ import annotations

from dataclasses import replace
from math import cos, radians, sin, sqrt

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from grader.colour import (
    BLUSH_MAX_HUE_DEG,
    LIGHT_RED_MAX_HUE_DEG,
    MAX_RELATIVE_RADIUS,
    MIN_HUE_DEG,
    MIN_RED_CHROMA,
    classify_skin,
    measure_colour,
    rgb_to_lab,
)
from grader.surface import map_skin
from grader.types import DefectKind, SurfaceClass
from tests.synthetic import (
    BLUSH_RGB,
    GROUND_RGB,
    LIGHT_RED_RGB,
    Cap,
    defect_cap,
    paint_fruit,
    share_seen_in_cap,
)


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 255, 0), (87.73, -86.18, 83.18)),
        ((255, 255, 255), (100.0, 0.0, 0.0)),
        ((0, 0, 0), (0.0, 0.0, 0.0)),
    ],
)
def test_lab_of_pure_colours(rgb: tuple[int, int, int], lab: tuple[float, float, float]) -> None:
    found = rgb_to_lab(np.array([[rgb]], np.uint8))
    assert found.shape == (1, 1, 3)
    assert found.dtype == np.float32
    assert found[0, 0] == pytest.approx(lab, abs=0.03)


@pytest.mark.parametrize(
    ("towards", "half_angle"),
    [((0, 0, -1), 60.0), ((1, 0, -0.3), 50.0), ((0, 1, 0), 40.0), ((-1, 1, -1), 90.0)],
)
def test_share_of_blush_is_that_of_the_skin_seen(
    towards: tuple[float, float, float], half_angle: float
) -> None:
    view = paint_fruit(caps=(Cap(towards_xyz=towards, half_angle_deg=half_angle),), noise=3.0)
    colour = measure_colour(view, None)
    assert colour.blush_fraction == pytest.approx(share_seen_in_cap(towards, half_angle), abs=0.02)
    assert colour.light_red_fraction < 0.02


def along_the_rim(tilt: float, half_angle: float) -> bool:
    """The cap faces the camera and its border runs where the skin is seen too flat to be judged."""
    return tilt < 30 and 66 < half_angle < 120


def blush_error(tilt: float, half_angle: float, shading: float) -> float:
    towards = (sin(radians(tilt)), 0.0, -cos(radians(tilt)))
    view = paint_fruit(caps=(Cap(towards_xyz=towards, half_angle_deg=half_angle),), shading=shading)
    return abs(measure_colour(view, None).blush_fraction - share_seen_in_cap(towards, half_angle))


@settings(max_examples=8, deadline=None)
@given(tilt=st.floats(0, 90), half_angle=st.floats(10, 120), shading=st.floats(0, 0.7))
def test_share_of_blush_at_every_place(tilt: float, half_angle: float, shading: float) -> None:
    assume(not along_the_rim(tilt, half_angle))
    assert blush_error(tilt, half_angle, shading) <= 0.07


@settings(max_examples=8, deadline=None)
@given(tilt=st.floats(0, 30), half_angle=st.floats(66, 120), shading=st.floats(0, 0.7))
def test_a_border_along_the_rim_costs_at_most_the_skin_nobody_sees(
    tilt: float, half_angle: float, shading: float
) -> None:
    unseen = sqrt(1 - MAX_RELATIVE_RADIUS**2)  # share of the half sphere beyond the last ring that is judged
    assert blush_error(tilt, half_angle, shading) <= unseen + 0.01


def test_light_red_is_counted_apart() -> None:
    view = paint_fruit(caps=(Cap(towards_xyz=(0, 0, -1), half_angle_deg=60.0, rgb=LIGHT_RED_RGB),))
    colour = measure_colour(view, None)
    assert colour.light_red_fraction == pytest.approx(0.5, abs=0.02)
    assert colour.blush_fraction < 0.02


def test_mean_colours_are_those_painted() -> None:
    view = paint_fruit(caps=(Cap(towards_xyz=(0, 0, -1), half_angle_deg=60.0),), shading=0.0)
    colour = measure_colour(view, None)
    ground, blush = rgb_to_lab(np.array([GROUND_RGB, BLUSH_RGB], np.uint8))
    assert colour.ground_lab == pytest.approx(ground, abs=0.5)
    assert colour.blush_lab == pytest.approx(blush, abs=0.5)


def test_a_green_apple_has_no_blush_colour_and_a_dark_red_one_no_ground_colour() -> None:
    green = measure_colour(paint_fruit(), None)
    assert green.blush_fraction == 0.0
    assert green.blush_lab is None
    wine = measure_colour(paint_fruit(ground_rgb=(66, 10, 22)), None)
    assert wine.blush_fraction == 1.0
    assert wine.ground_lab is None


def test_glare_and_stem_are_left_out_of_both_sides() -> None:
    half = Cap(towards_xyz=(1, 0, 0), half_angle_deg=90.0)
    clean = measure_colour(paint_fruit(caps=(half,)), None)
    spots = (
        half,
        Cap(towards_xyz=(0.4, 0, -1), half_angle_deg=6.0, rgb=(255, 255, 255)),
        Cap(towards_xyz=(-0.4, 0, -1), half_angle_deg=6.0, rgb=(200, 198, 201)),
        Cap(towards_xyz=(0, 1, -1), half_angle_deg=9.0, surface=SurfaceClass.STEM, rgb=(150, 30, 38)),
    )
    spotted = measure_colour(paint_fruit(caps=spots, shading=0.0), None)
    assert clean.blush_fraction == pytest.approx(0.5, abs=0.01)
    assert spotted.blush_fraction == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("half_angle", [0.0, 20.0, 60.0])
def test_a_defect_is_skin_that_is_not_red(half_angle: float) -> None:
    rot = defect_cap(DefectKind.ROT, (0, 0, -1), half_angle)
    view = paint_fruit(ground_rgb=BLUSH_RGB, caps=(rot,), shading=0.0)
    colour = measure_colour(view, None)
    assert colour.blush_fraction == pytest.approx(cos(radians(half_angle)), abs=0.01)
    assert colour.light_red_fraction == 0.0
    assert colour.ground_lab is None
    assert colour.blush_lab == pytest.approx(rgb_to_lab(np.array([BLUSH_RGB], np.uint8))[0], abs=0.5)


def test_nothing_to_judge_is_no_colour() -> None:
    view = paint_fruit()
    rotten = replace(view, surface=np.where(view.mask, np.uint8(11), np.uint8(0)))
    white = replace(view, rgb=np.full_like(view.rgb, 255))
    for nothing in (rotten, white):
        colour = measure_colour(nothing, None)
        assert (colour.blush_fraction, colour.light_red_fraction) == (0.0, 0.0)
        assert colour.ground_lab is None
        assert colour.blush_lab is None


def test_colour_matrix_works_on_linear_light() -> None:
    view = paint_fruit(ground_rgb=(100, 100, 100), shading=0.0)
    assert measure_colour(view, np.eye(3)).ground_lab == pytest.approx(
        measure_colour(view, None).ground_lab, abs=0.05
    )
    linear = ((100 / 255 + 0.055) / 1.055) ** 2.4
    y = 2 * linear
    lightness = 116 * y ** (1 / 3) - 16
    assert measure_colour(view, 2 * np.eye(3)).ground_lab == pytest.approx((lightness, 0.0, 0.0), abs=0.1)


def test_colour_matrix_of_a_wrong_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(3, 3\), got \(3, 4\)"):
        measure_colour(paint_fruit(), np.ones((3, 4)))


def at_hue(hue_deg: float, chroma: float = 40.0, lightness: float = 50.0) -> np.ndarray:
    angle = radians(hue_deg)
    return np.array([[lightness, chroma * cos(angle), chroma * sin(angle)]], np.float32)


@pytest.mark.parametrize(
    ("hue_deg", "blush", "light_red"),
    [
        (BLUSH_MAX_HUE_DEG - 0.01, True, False),
        (BLUSH_MAX_HUE_DEG + 0.01, False, True),
        (LIGHT_RED_MAX_HUE_DEG - 0.01, False, True),
        (LIGHT_RED_MAX_HUE_DEG + 0.01, False, False),
        (MIN_HUE_DEG + 0.01, True, False),
        (MIN_HUE_DEG - 0.01, False, False),
        (0.0, True, False),
        (110.0, False, False),
        (180.0, False, False),
    ],
)
def test_hue_limits(hue_deg: float, blush: bool, light_red: bool) -> None:
    found = classify_skin(at_hue(hue_deg))
    assert (bool(found[0][0]), bool(found[1][0])) == (blush, light_red)


@pytest.mark.parametrize(
    ("chroma", "lightness", "blush"),
    [
        (MIN_RED_CHROMA + 0.01, 50.0, True),
        (MIN_RED_CHROMA - 0.01, 50.0, False),
        (MIN_RED_CHROMA - 0.01, 20.0, True),
        (5.0, 20.0, False),
    ],
)
def test_grey_is_not_red_but_wine_red_may_be_dull(chroma: float, lightness: float, blush: bool) -> None:
    assert bool(classify_skin(at_hue(20.0, chroma, lightness))[0][0]) is blush


def test_a_skin_map_made_before_gives_the_same() -> None:
    view = paint_fruit(caps=(Cap(towards_xyz=(1, 0, -1), half_angle_deg=50.0),))
    assert measure_colour(view, None, map_skin(view)) == measure_colour(view, None)
