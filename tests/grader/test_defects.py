"""Defects of painted fruit against their exact area and length."""

from __future__ import annotations

from dataclasses import replace
from math import cos, pi, radians, sin

import numpy as np
import pytest

from grader.defects import MIN_AREA_MM2, MIN_CONFIDENCE, SURE_CONFIDENCE, find_defects
from grader.scale import BeltScale, Scale
from grader.types import Crop, DefectKind, FruitView, SurfaceClass
from tests.synthetic import STEM_RGB, Camera, Cap, defect_cap, paint_fruit

SCALE = Scale(mm_per_px=0.35)
FRONT = (0.0, 0.0, -1.0)


def towards(tilt_deg: float, turn_deg: float = 0.0) -> tuple[float, float, float]:
    tilt, turn = radians(tilt_deg), radians(turn_deg)
    return (sin(tilt) * cos(turn), sin(tilt) * sin(turn), -cos(tilt))


@pytest.mark.parametrize("tilt_deg", [0, 25, 45, 60])
@pytest.mark.parametrize("half_angle_deg", [4.0, 12.0])
def test_area_and_length_on_the_curved_skin(tilt_deg: float, half_angle_deg: float) -> None:
    cap = defect_cap(DefectKind.SCAB, towards(tilt_deg, 30.0), half_angle_deg, confidence=0.9)
    (defect,) = find_defects(paint_fruit(caps=(cap,)), SCALE)
    assert defect.kind is DefectKind.SCAB
    assert defect.area_mm2 == pytest.approx(cap.area_mm2(37.5), rel=0.05)
    assert defect.area_fraction == pytest.approx(cap.area_mm2(37.5) / (2 * pi * 37.5**2), rel=0.07)
    assert defect.length_mm == pytest.approx(2 * radians(half_angle_deg) * 37.5, abs=0.6)
    assert defect.length_diameters == pytest.approx(defect.length_mm / 75.0, rel=0.01)
    assert not defect.elongated
    assert defect.confidence == pytest.approx(0.9, abs=1e-5)


def test_the_box_is_in_the_frame_around_the_defect() -> None:
    cap = defect_cap(DefectKind.ROT, towards(40, 90), 6.0)
    view = paint_fruit(caps=(cap,), centre_mm=(40.0, -30.0))
    (defect,) = find_defects(view, SCALE)
    rows, cols = np.nonzero(view.surface == SurfaceClass.ROT)
    x0, y0 = view.box_xyxy_px[:2]
    assert defect.box_xyxy_px == (
        x0 + cols.min(),
        y0 + rows.min(),
        x0 + cols.max() + 1,
        y0 + rows.max() + 1,
    )


def test_without_a_scale_there_are_fractions_only() -> None:
    (defect,) = find_defects(paint_fruit(caps=(defect_cap(DefectKind.ROT, FRONT, 8.0),)), None)
    assert defect.area_mm2 is None
    assert defect.length_mm is None
    assert defect.area_fraction == pytest.approx(1 - cos(radians(8.0)), rel=0.05)
    assert defect.length_diameters == pytest.approx(radians(8.0), rel=0.05)


def test_a_sound_fruit_has_none() -> None:
    assert find_defects(paint_fruit(), SCALE) == ()


def test_a_large_fruit_is_measured_on_a_reduced_copy_just_as_well() -> None:
    cap = defect_cap(DefectKind.SUNBURN, towards(30), 10.0)
    view = paint_fruit(caps=(cap,), camera=Camera(mm_per_px=0.15), frame_hw=(700, 700))
    (defect,) = find_defects(view, Scale(mm_per_px=0.15))
    assert defect.area_mm2 == pytest.approx(cap.area_mm2(37.5), rel=0.03)
    assert defect.length_mm == pytest.approx(2 * radians(10) * 37.5, abs=0.6)


def test_belt_scale_gives_the_area_of_a_fruit_above_the_belt() -> None:
    cap = defect_cap(DefectKind.BRUISE, FRONT, 10.0)
    view = paint_fruit(caps=(cap,), camera=Camera(mm_per_px=0.3, height_mm=2000.0), frame_hw=(700, 900))
    scale = BeltScale(mm_per_px_belt=0.3, camera_height_mm=2000.0, principal_xy_px=(449.5, 349.5))
    (defect,) = find_defects(view, scale)
    assert defect.area_mm2 == pytest.approx(cap.area_mm2(37.5), rel=0.05)


def marked(*patches: tuple[slice, slice, SurfaceClass, float]) -> FruitView:
    """A painted ball with right-angled patches of classes and confidence, (rows, columns) of the crop."""
    view = paint_fruit()
    surface, confidence = view.surface.copy(), view.confidence.copy()
    for rows, cols, value, sure in patches:
        surface[rows, cols] = value
        confidence[rows, cols] = sure
    return replace(view, surface=surface, confidence=confidence)


def test_a_scratch_is_elongated_and_a_square_is_not() -> None:
    scratch = marked((slice(128, 132), slice(100, 160), SurfaceClass.SCAR, 0.9))
    square = marked((slice(110, 140), slice(110, 140), SurfaceClass.SCAR, 0.9))
    assert [d.elongated for d in find_defects(scratch, SCALE)] == [True]
    assert [d.elongated for d in find_defects(square, SCALE)] == [False]


def test_fragments_that_nearly_touch_are_one_and_others_are_not() -> None:
    near = marked(
        (slice(120, 130), slice(110, 120), SurfaceClass.SCAB, 0.9),
        (slice(120, 130), slice(123, 133), SurfaceClass.SCAB, 0.9),
    )
    far = marked(
        (slice(120, 130), slice(100, 110), SurfaceClass.SCAB, 0.9),
        (slice(120, 130), slice(123, 133), SurfaceClass.SCAB, 0.9),
    )
    assert len(find_defects(near, SCALE)) == 1
    assert len(find_defects(far, SCALE)) == 2


def test_two_kinds_are_two() -> None:
    view = marked(
        (slice(110, 140), slice(100, 120), SurfaceClass.ROT, 0.9),
        (slice(110, 140), slice(122, 138), SurfaceClass.BRUISE, 0.9),
    )
    assert [d.kind for d in find_defects(view, SCALE)] == [DefectKind.ROT, DefectKind.BRUISE]


@pytest.mark.parametrize(
    ("side_px", "confidence", "found"),
    [
        (4, SURE_CONFIDENCE - 0.02, 0),
        (4, SURE_CONFIDENCE + 0.02, 1),
        (5, SURE_CONFIDENCE - 0.02, 1),
        (20, MIN_CONFIDENCE - 0.02, 0),
        (20, MIN_CONFIDENCE + 0.02, 1),
        (1, 1.0, 0),
    ],
)
def test_specks_and_doubts_are_dropped(side_px: int, confidence: float, found: int) -> None:
    assert (4 * 0.35) ** 2 < MIN_AREA_MM2 < (5 * 0.35) ** 2
    part = slice(128, 128 + side_px)
    assert len(find_defects(marked((part, part, SurfaceClass.SPOTS, confidence)), SCALE)) == found


def test_russet_in_the_cavity_is_the_cavity_and_beyond_it_a_defect() -> None:
    cavity = Cap(towards_xyz=towards(30), half_angle_deg=14.0, surface=SurfaceClass.STEM, rgb=STEM_RGB)
    inside = defect_cap(DefectKind.RUSSET, towards(30), 7.0)
    outside = defect_cap(DefectKind.RUSSET, towards(-30), 7.0)
    assert find_defects(paint_fruit(caps=(cavity, inside)), SCALE) == ()
    (defect,) = find_defects(paint_fruit(caps=(cavity, inside, outside)), SCALE)
    assert defect.area_mm2 == pytest.approx(outside.area_mm2(37.5), rel=0.04)
    rot = defect_cap(DefectKind.ROT, towards(30), 7.0)
    assert [d.kind for d in find_defects(paint_fruit(caps=(cavity, rot)), SCALE)] == [DefectKind.ROT]


def test_defects_come_largest_first_and_every_kind_has_a_name() -> None:
    caps = tuple(
        defect_cap(kind, towards(48, 360 * i / len(DefectKind)), 2.5 + 0.3 * i)
        for i, kind in enumerate(DefectKind)
    )
    found = find_defects(paint_fruit(caps=caps), SCALE)
    assert {d.kind for d in found} == set(DefectKind)
    areas = [d.area_fraction for d in found]
    assert areas == sorted(areas, reverse=True)


def test_a_rim_error_of_one_pixel_stays_small() -> None:
    view = paint_fruit(crop=Crop.MELON)
    surface = view.surface.copy()
    row = surface.shape[0] // 2
    edge = int(np.flatnonzero(view.mask[row])[0])
    surface[row - 6 : row + 6, edge : edge + 1] = SurfaceClass.SCAR
    found = find_defects(replace(view, surface=surface), SCALE)
    assert sum(d.area_mm2 for d in found) < 12 * 4 * 0.35**2


def test_empty_mask_is_refused() -> None:
    view = paint_fruit()
    with pytest.raises(ValueError, match="at least one pixel"):
        find_defects(replace(view, mask=np.zeros_like(view.mask)), SCALE)
