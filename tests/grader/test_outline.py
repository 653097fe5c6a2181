"""Outlines of painted fruit against their exact curve."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from grader.outline import (
    RAY_COUNT,
    fit_outline,
    largest_part,
    mask_profile,
    smooth_profile,
    width_along,
    widths,
)
from tests.synthetic import Camera, Stem, paint_fruit


def test_outline_of_a_ball_is_its_circle_to_a_tenth_of_a_pixel() -> None:
    view = paint_fruit(diameter_mm=70.0, centre_mm=(0.13, -0.09), camera=Camera(mm_per_px=0.35))
    outline = fit_outline(view)
    assert outline.radius_px == pytest.approx(np.full(RAY_COUNT, 100.0), abs=0.1)
    assert outline.clear_fraction == 1.0


def test_outline_of_a_coarse_mask_is_refined_on_the_picture() -> None:
    view = paint_fruit(diameter_mm=70.0, mask_step_px=4, noise=4.0)
    from_mask = mask_profile(largest_part(view.mask))[1]
    assert np.abs(from_mask - 100.0).max() > 1.0
    outline = fit_outline(view)
    assert np.abs(widths(outline.points_xy_px) - 200.0).max() < 0.5


def test_without_any_edge_the_mask_is_the_outline() -> None:
    view = paint_fruit(diameter_mm=70.0)
    blind = replace(view, rgb=np.full_like(view.rgb, 255))
    outline = fit_outline(blind)
    assert outline.clear_fraction == 0.0
    assert outline.radius_px == pytest.approx(np.full(RAY_COUNT, 100.0), abs=0.6)


def test_a_stalk_is_not_fruit() -> None:
    stem = Stem(from_xy_mm=(0.0, -25.0), to_xy_mm=(4.0, -48.0))
    bare = paint_fruit(diameter_mm=70.0, length_mm=64.0, axis_xyz=(0, 1, 0))
    stalked = paint_fruit(diameter_mm=70.0, length_mm=64.0, axis_xyz=(0, 1, 0), stem=stem)
    assert stalked.mask.sum() > bare.mask.sum() + 150
    difference = widths(fit_outline(stalked).points_xy_px) - widths(fit_outline(bare).points_xy_px)
    assert np.abs(difference).max() < 0.6


def test_a_shadow_edge_farther_out_does_not_pull_the_outline() -> None:
    view = paint_fruit(diameter_mm=70.0)
    h, w = view.mask.shape
    rows, cols = np.mgrid[:h, :w]
    distance = np.hypot(rows - (h - 1) / 2, cols - (w - 1) / 2)
    rgb = view.rgb.copy()
    rgb[distance > 112] = 240
    outline = fit_outline(replace(view, rgb=rgb))
    assert outline.radius_px == pytest.approx(np.full(RAY_COUNT, 100.0), abs=0.3)


def test_fruit_cut_by_the_frame_keeps_its_round_side() -> None:
    view = paint_fruit(diameter_mm=70.0, centre_mm=(-115.0, 0.0), frame_hw=(600, 800))
    assert view.touches_edge
    outline = fit_outline(view)
    assert np.isfinite(outline.radius_px).all()
    assert widths(outline.points_xy_px)[90] == pytest.approx(200.0, abs=4.0)


def test_largest_part_fills_holes_and_drops_crumbs() -> None:
    mask = np.zeros((40, 40), np.bool_)
    mask[5:25, 5:25] = True
    mask[10:14, 10:14] = False
    mask[30:33, 30:33] = True
    part = largest_part(mask)
    assert part.sum() == 400
    assert part[31, 31] == 0


def test_empty_mask_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one pixel"):
        largest_part(np.zeros((8, 8), np.bool_))


def test_smooth_profile_ignores_a_spike() -> None:
    radius = np.full(RAY_COUNT, 50.0)
    radius[40:46] = 80.0
    smooth, _ = smooth_profile(radius, np.ones(RAY_COUNT))
    assert np.abs(smooth - 50.0).max() < 1.0


def test_tiny_fruit_has_an_outline() -> None:
    outline = fit_outline(paint_fruit(diameter_mm=3.5))
    assert np.median(widths(outline.points_xy_px)) == pytest.approx(10.0, abs=0.6)


def test_width_along_takes_the_direction() -> None:
    angle = np.arange(720) * np.pi / 360
    ellipse = np.stack([30 * np.cos(angle), 20 * np.sin(angle)], axis=-1)
    all_widths = widths(ellipse)
    assert width_along(all_widths, 0.0) == pytest.approx(60.0, abs=0.01)
    assert width_along(all_widths, np.pi / 2) == pytest.approx(40.0, abs=0.01)
    assert width_along(all_widths, -np.pi / 2) == width_along(all_widths, np.pi / 2)
