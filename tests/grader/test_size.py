"""Sizes of painted fruit against their exact millimetres."""

from __future__ import annotations

from dataclasses import replace
from math import cos, pi, radians, sin

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.scale import BeltScale, Scale
from grader.size import GREATEST_OVER_SEEN, MIRROR_SHARE, measure_size
from grader.types import Crop, FruitView, Interval, SurfaceClass
from tests.synthetic import STEM_RGB, Camera, Cap, Stem, Vector, paint_fruit

SCALE = Scale(mm_per_px=0.35)


def apple(diameter_mm: float, length_mm: float, axis: Vector, **more) -> FruitView:
    """An apple with stem cavity and calyx basin at the ends of its axis, and a network's coarse mask."""
    ends = tuple(
        Cap(
            towards_xyz=tuple(sign * a for a in axis),
            half_angle_deg=11.0,
            surface=surface,
            rgb=STEM_RGB,
        )
        for sign, surface in ((1, SurfaceClass.STEM), (-1, SurfaceClass.CALYX))
    )
    return paint_fruit(
        diameter_mm=diameter_mm,
        length_mm=length_mm,
        axis_xyz=axis,
        caps=ends,
        mask_step_px=3,
        noise=3.0,
        **more,
    )


@pytest.mark.parametrize("turn_deg", [0, 17, 45, 90, 133])
def test_axis_in_the_picture_gives_diameter_and_length(turn_deg: float) -> None:
    axis = (cos(radians(turn_deg)) * 0.95, sin(radians(turn_deg)) * 0.95, -0.31)
    size = measure_size(apple(76.0, 68.0, axis), SCALE, Crop.APPLE)
    assert size.equatorial_diameter_mm.value == pytest.approx(76.0 * GREATEST_OVER_SEEN, abs=0.4)
    assert size.length_mm.low < 68.0 < size.length_mm.high
    assert size.shape_index == pytest.approx(size.length_mm.value / size.equatorial_diameter_mm.value)


def test_axis_towards_the_camera_gives_the_greatest_width() -> None:
    view = apple(76.0, 66.0, (0.1, 0.05, -1.0), second_diameter_mm=73.0)
    size = measure_size(view, SCALE, Crop.APPLE)
    assert size.equatorial_diameter_mm.value == pytest.approx(76.0, abs=0.3)
    assert size.length_mm is None
    assert size.shape_index is None


def conical(landmark_turn_deg: float | None, offset: float = 0.55) -> FruitView:
    """A pear-like outline about the direction 40 degrees, radius near 100 px, with a stem somewhere."""
    angle = np.arange(720) * 2 * pi / 720
    from_axis = angle - radians(40.0)
    radius = 100 * (1 - 0.06 * np.cos(2 * from_axis) + 0.04 * np.cos(3 * from_axis))
    points = np.stack([130 + radius * np.cos(angle), 130 + radius * np.sin(angle)], axis=-1)
    mask = np.zeros((260, 260), np.uint8)
    cv2.fillPoly(mask, [np.rint(points).astype(np.int32)], 1)
    surface = mask.copy()
    if landmark_turn_deg is not None:
        turn = radians(landmark_turn_deg)
        place = (round(130 + 100 * offset * cos(turn)), round(130 + 100 * offset * sin(turn)))
        cv2.circle(surface, place, 7, int(SurfaceClass.STEM), cv2.FILLED)
    return replace(
        paint_fruit(),
        rgb=np.full((260, 260, 3), 90, np.uint8),
        mask=mask.astype(np.bool_),
        surface=surface,
        confidence=np.full((260, 260), 0.9, np.float32),
        net_cover=np.zeros((260, 260), np.float32),
        box_xyxy_px=(0, 0, 260, 260),
        frame_hw=(260, 260),
    )


def diameter_of(view: FruitView) -> Interval:
    found = measure_size(view, SCALE, Crop.APPLE).equatorial_diameter_mm
    assert found is not None
    return found


def test_a_line_of_symmetry_moves_the_estimate_when_no_end_is_seen() -> None:
    view = conical(None)
    found, across = diameter_of(view).value, diameter_of(conical(40.0, offset=0.88)).value
    middle = measure_size(view, None, Crop.APPLE).diameter_px * SCALE.mm_per_px
    assert abs(across - middle) > 1.5
    assert found == pytest.approx(middle + MIRROR_SHARE * (across / GREATEST_OVER_SEEN - middle), abs=0.2)


def test_an_apple_that_is_not_round_does_not_point_at_the_camera() -> None:
    assert diameter_of(conical(100.0, offset=0.1)) == diameter_of(conical(None))


def test_the_largest_width_counts_less_the_more_an_apple_lies_on_its_side() -> None:
    truth = {}
    for tilt_deg in (5, 40, 85):
        axis = (sin(radians(tilt_deg)), 0.0, -cos(radians(tilt_deg)))
        view = apple(80.0, 80.0, axis, second_diameter_mm=77.0)
        truth[tilt_deg] = diameter_of(view)
    assert truth[5].value == pytest.approx(80.0, abs=0.4)
    assert all(found.low < 80.0 < found.high for found in truth.values())
    assert truth[5].high - truth[5].low < truth[85].high - truth[85].low


def test_rmse_over_random_poses_of_typical_apples_is_under_a_millimetre() -> None:
    rng = np.random.default_rng(7)
    errors, held = [], []
    for _ in range(24):
        diameter, axis = float(rng.uniform(62, 90)), rng.normal(size=3)
        view = apple(
            diameter,
            diameter * float(rng.uniform(0.82, 0.98)),
            tuple(axis),
            second_diameter_mm=diameter * float(rng.uniform(0.97, 1.0)),
            centre_mm=tuple(rng.uniform(-20, 20, 2)),
        )
        found = measure_size(view, SCALE, Crop.APPLE).equatorial_diameter_mm
        errors.append(found.value - diameter)
        held.append(found.low <= diameter <= found.high)
    assert np.sqrt(np.mean(np.square(errors))) < 1.0
    assert np.mean(held) >= 0.92


def test_six_views_of_one_apple_have_one_diameter_px() -> None:
    rng = np.random.default_rng(3)
    found = [
        measure_size(apple(75.0, 70.0, tuple(rng.normal(size=3))), None, Crop.APPLE).diameter_px
        for _ in range(6)
    ]
    assert np.std(found, ddof=1) / np.mean(found) < 0.02


@settings(max_examples=8, deadline=None)
@given(
    diameter=st.floats(55, 95),
    x=st.floats(-30, 30),
    y=st.floats(-20, 20),
    mm_per_px=st.floats(0.25, 0.8),
)
def test_a_ball_measures_the_same_everywhere_at_every_scale(
    diameter: float, x: float, y: float, mm_per_px: float
) -> None:
    view = paint_fruit(diameter_mm=diameter, centre_mm=(x, y), camera=Camera(mm_per_px=mm_per_px))
    size = measure_size(view, Scale(mm_per_px=mm_per_px), Crop.APPLE)
    assert size.equatorial_diameter_mm.value == pytest.approx(diameter, abs=0.3)
    assert size.equatorial_diameter_mm.low < diameter < size.equatorial_diameter_mm.high
    assert size.diameter_px == pytest.approx(diameter / mm_per_px, abs=0.5)


def test_size_follows_the_scale_exactly() -> None:
    view = apple(75.0, 68.0, (1.0, 0.2, -0.4))
    one, two = (measure_size(view, Scale(mm_per_px=s), Crop.APPLE) for s in (0.35, 0.70))
    assert two.equatorial_diameter_mm.value == pytest.approx(2 * one.equatorial_diameter_mm.value)
    assert two.weight_g.value == pytest.approx(8 * one.weight_g.value)
    assert two.diameter_px == one.diameter_px


def test_without_a_scale_there_are_pixels_only() -> None:
    size = measure_size(apple(75.0, 68.0, (1.0, 0.2, -0.4)), None, Crop.APPLE)
    assert size.diameter_px == pytest.approx(75 / 0.35, rel=0.06)
    assert size.shape_index is not None
    for name in ("equatorial_diameter_mm", "ring_diameter_mm", "length_mm", "volume_cm3", "weight_g"):
        assert getattr(size, name) is None


def test_a_stalk_seen_from_the_side_shows_the_axis_and_adds_no_size() -> None:
    stem = Stem(from_xy_mm=(0.0, -29.0), to_xy_mm=(5.0, -52.0))
    view = paint_fruit(diameter_mm=76.0, length_mm=66.0, axis_xyz=(0, 1, 0), stem=stem)
    size = measure_size(view, SCALE, Crop.APPLE)
    assert size.equatorial_diameter_mm.value == pytest.approx(76.0 * GREATEST_OVER_SEEN, abs=0.4)
    assert size.length_mm.value == pytest.approx(66.0, rel=0.08)


@pytest.mark.parametrize("height_mm", [400.0, 800.0])
@pytest.mark.parametrize("centre_mm", [(0.0, 0.0), (90.0, 0.0), (-70.0, 60.0), (0.0, -80.0)])
def test_a_ball_on_the_belt_is_corrected_for_height_and_perspective(
    height_mm: float, centre_mm: tuple[float, float]
) -> None:
    camera = Camera(mm_per_px=0.4, height_mm=height_mm)
    view = paint_fruit(diameter_mm=80.0, camera=camera, centre_mm=centre_mm, frame_hw=(700, 900))
    scale = BeltScale(mm_per_px_belt=0.4, camera_height_mm=height_mm, principal_xy_px=(449.5, 349.5))
    size = measure_size(view, scale, Crop.APPLE)
    assert size.equatorial_diameter_mm.value == pytest.approx(80.0, abs=0.2)
    naive = size.diameter_px * 0.4
    assert naive > 84.0


def test_an_elongated_melon_has_a_width_and_a_length() -> None:
    view = paint_fruit(
        diameter_mm=130.0,
        length_mm=200.0,
        axis_xyz=(0.8, 0.6, 0.0),
        camera=Camera(mm_per_px=0.6),
        crop=Crop.MELON,
    )
    size = measure_size(view, Scale(mm_per_px=0.6), Crop.MELON)
    assert size.equatorial_diameter_mm.value == pytest.approx(130.0 * GREATEST_OVER_SEEN, abs=0.6)
    assert size.length_mm.value == pytest.approx(200.0, abs=1.0)
    volume = pi / 6 * 13.0**2 * 20.0
    assert size.volume_cm3.low < volume < size.volume_cm3.high
    assert size.weight_g.low < 0.95 * volume < size.weight_g.high


def test_weight_of_a_real_size_apple_is_plausible() -> None:
    size = measure_size(apple(82.0, 72.0, (1.0, 0.0, -0.3)), SCALE, Crop.APPLE)
    assert 190 < size.weight_g.value < 250
    assert size.weight_g.low < size.weight_g.value < size.weight_g.high


def test_a_cut_fruit_gets_a_wider_interval() -> None:
    view = apple(75.0, 68.0, (1.0, 0.2, -0.4))
    whole, cut = (
        measure_size(v, SCALE, Crop.APPLE).equatorial_diameter_mm
        for v in (view, replace(view, touches_fruit=True))
    )
    assert cut.high - cut.low > 1.5 * (whole.high - whole.low)


def test_same_input_same_bits() -> None:
    view = apple(75.0, 68.0, (1.0, 0.2, -0.4))
    assert measure_size(view, SCALE, Crop.APPLE) == measure_size(view, SCALE, Crop.APPLE)


def test_empty_mask_is_refused() -> None:
    view = paint_fruit()
    empty = replace(view, mask=np.zeros_like(view.mask), surface=np.zeros_like(view.surface))
    with pytest.raises(ValueError, match="at least one pixel"):
        measure_size(empty, SCALE, Crop.APPLE)
