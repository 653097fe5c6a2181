"""Skin area against the exact area of spheres and caps."""

from __future__ import annotations

from math import cos, pi, radians

import numpy as np
import pytest

from grader.surface import WORKING_DIAMETER_PX, map_skin, seen_fraction, surface_area_per_pixel
from grader.types import SurfaceClass
from tests.synthetic import Camera, Cap, paint_fruit

CAP = SurfaceClass.ROT


@pytest.mark.parametrize("radius_px", [30, 100, 200])
def test_a_ball_shows_half_its_surface(radius_px: int) -> None:
    view = paint_fruit(diameter_mm=2 * radius_px * 0.2, camera=Camera(mm_per_px=0.2))
    area = surface_area_per_pixel(view.mask)
    assert area.dtype == np.float32
    assert float(area.sum()) == pytest.approx(2 * pi * radius_px**2, rel=0.03)
    assert float(area.max()) <= np.sqrt(2 * radius_px) * 1.1
    assert (area[~view.mask] == 0).all()


@pytest.mark.parametrize("tilt_deg", [0, 30, 50, 65])
def test_a_cap_has_its_true_area_wherever_it_is_seen(tilt_deg: float) -> None:
    towards = (np.sin(radians(tilt_deg)), 0.0, -cos(radians(tilt_deg)))
    cap = Cap(towards_xyz=towards, half_angle_deg=12.0, surface=CAP)
    view = paint_fruit(diameter_mm=70.0, caps=(cap,), camera=Camera(mm_per_px=0.2))
    area = float(surface_area_per_pixel(view.mask)[view.surface == CAP].sum()) * 0.2**2
    assert area == pytest.approx(cap.area_mm2(35.0), rel=0.02)


def test_max_tilt_caps_the_weight_of_a_rim_pixel() -> None:
    view = paint_fruit()
    capped = surface_area_per_pixel(view.mask, max_tilt_deg=60.0)
    assert float(capped.max()) == pytest.approx(2.0)
    full = surface_area_per_pixel(view.mask)
    assert (capped == np.minimum(full, np.float32(2.0)) * view.mask).all()


def test_one_view_of_a_ball_shows_a_third_usefully() -> None:
    skin = map_skin(paint_fruit())
    assert seen_fraction(skin) == pytest.approx((1 - cos(radians(70))) / 2, abs=0.005)
    assert seen_fraction(skin, max_tilt_deg=60.0) == pytest.approx(0.25, abs=0.005)
    large = map_skin(paint_fruit(camera=Camera(mm_per_px=0.12), frame_hw=(900, 900)))
    assert large.step_px > 1
    assert seen_fraction(large) == pytest.approx(seen_fraction(skin), abs=0.005)


def test_empty_mask_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one pixel"):
        surface_area_per_pixel(np.zeros((8, 8), np.bool_))


def test_map_skin_reduces_large_fruit_and_keeps_area_and_boxes() -> None:
    small = map_skin(paint_fruit(camera=Camera(mm_per_px=0.4)))
    view = paint_fruit(camera=Camera(mm_per_px=0.15), frame_hw=(700, 700))
    large = map_skin(view)
    assert small.step_px == 1
    assert large.step_px == round(500 / WORKING_DIAMETER_PX)
    assert float(large.area_px2.sum()) == pytest.approx(2 * pi * 250**2, rel=0.03)
    h, w = large.surface.shape
    x0, y0, x1, y1 = view.box_xyxy_px
    box = large.to_frame_box(view, (0, 0, w, h))
    assert box[:2] == (x0, y0)
    assert x1 - box[2] < large.step_px
    assert y1 - box[3] < large.step_px


def test_relative_radius_runs_from_middle_to_outline() -> None:
    skin = map_skin(paint_fruit())
    inside = skin.area_px2 > 0
    assert float(skin.relative.min()) < 0.02
    assert 0.97 < float(skin.relative[inside].max()) < 1.03


def test_a_crescent_whose_centre_lies_outside_it_has_finite_areas() -> None:
    rows, cols = np.mgrid[:60, :60]
    mask = ((rows - 30) ** 2 + (cols - 30) ** 2 <= 28**2) & ((rows - 30) ** 2 + (cols - 36) ** 2 > 25**2)
    area = surface_area_per_pixel(mask)
    assert np.isfinite(area).all()
    assert (area[mask] >= 1).all()
