"""Stem cavity and calyx basin of painted fruit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from grader.landmarks import MIN_LANDMARK_FRACTION, cavity_area, find_landmarks, landmark_mask
from grader.types import LandmarkKind, SurfaceClass
from tests.synthetic import Cap, paint_fruit

STEM = Cap(towards_xyz=(0.6, 0, -1), half_angle_deg=12.0, surface=SurfaceClass.STEM, confidence=0.8)
CALYX = Cap(towards_xyz=(-0.6, 0, -1), half_angle_deg=8.0, surface=SurfaceClass.CALYX, confidence=0.7)


def test_both_are_found_with_box_and_confidence() -> None:
    view = paint_fruit(caps=(STEM, CALYX), centre_mm=(30.0, 10.0))
    stem, calyx = find_landmarks(view)
    assert (stem.kind, calyx.kind) == (LandmarkKind.STEM_CAVITY, LandmarkKind.CALYX_BASIN)
    assert stem.confidence == pytest.approx(0.8, abs=1e-5)
    assert calyx.confidence == pytest.approx(0.7, abs=1e-5)
    rows, cols = np.nonzero(view.surface == SurfaceClass.STEM)
    x0, y0 = view.box_xyxy_px[:2]
    assert stem.box_xyxy_px == (x0 + cols.min(), y0 + rows.min(), x0 + cols.max() + 1, y0 + rows.max() + 1)


def test_a_bare_fruit_has_none() -> None:
    assert find_landmarks(paint_fruit()) == ()


def test_the_largest_part_is_the_landmark_and_crumbs_are_not() -> None:
    view = paint_fruit(caps=(STEM,))
    surface = view.surface.copy()
    surface[60:63, 60:63] = SurfaceClass.STEM
    crumbs = replace(view, surface=surface)
    assert find_landmarks(crumbs) == find_landmarks(view)
    assert landmark_mask(surface, SurfaceClass.STEM)[61, 61] == 0


@pytest.mark.parametrize(("more", "found"), [(-1, 0), (1, 1)])
def test_less_than_the_least_is_noise(more: int, found: int) -> None:
    view = paint_fruit()
    surface = view.surface.copy()
    count = int(MIN_LANDMARK_FRACTION * view.mask.sum()) + more
    surface[100, 100 : 100 + count] = SurfaceClass.CALYX
    assert len(find_landmarks(replace(view, surface=surface))) == found


def test_cavity_area_reaches_a_little_over_the_hollow() -> None:
    view = paint_fruit(caps=(STEM,))
    area = cavity_area(view.surface)
    stem = view.surface == SurfaceClass.STEM
    assert area[stem].all()
    assert 1.1 < area.sum() / stem.sum() < 1.5
    assert not cavity_area(paint_fruit().surface).any()
