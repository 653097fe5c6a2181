"""A reduced part of a frame: boxes and pixels of the frame, the scale of the part, millimetres as they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grader.image_io import decode_image
from grader.pipeline import GradeOptions, Grader, largest_fruit
from grader.reduced import ReducedPart
from grader.scale import BeltScale, Scale, faced_mm_per_px

BELT = BeltScale(mm_per_px_belt=0.4, camera_height_mm=800.0, principal_xy_px=(319.5, 239.5))


def test_pixels_grow_and_all_else_stays(shipped_grader: Grader, samples: Path) -> None:
    frame = decode_image((samples / "apple_rot.jpg").read_bytes(), "rot")
    graded = shipped_grader.grade_frame(frame, GradeOptions(mm_per_px=0.35))
    before = graded.records[largest_fruit(graded)].measurement
    assert before.defects
    after = ReducedPart(left_px=10.0, top_px=-20.0, times=2.0).in_frame(before)
    x0, y0, x1, y1 = before.box_xyxy_px
    assert after.box_xyxy_px == (10 + 2 * x0, 2 * y0 - 20, 10 + 2 * x1, 2 * y1 - 20)
    assert after.size.diameter_px == 2 * before.size.diameter_px
    assert after.size.equatorial_diameter_mm == before.size.equatorial_diameter_mm
    assert [one.box_xyxy_px[0] for one in after.defects] == [
        10 + 2 * one.box_xyxy_px[0] for one in before.defects
    ]
    assert [one.area_mm2 for one in after.defects] == [one.area_mm2 for one in before.defects]
    assert ReducedPart().in_frame(before) == before


def test_a_part_of_a_reduced_frame_is_a_part_of_the_frame() -> None:
    part = ReducedPart(left_px=30.0, top_px=-4.0, times=1.25)
    assert part.of_frame(2.0) == ReducedPart(left_px=60.0, top_px=-8.0, times=2.5)
    assert part.of_frame(2.0).box((4, 8, 12, 16)) == (70, 12, 90, 32)


def test_the_scale_of_a_part() -> None:
    part = ReducedPart(left_px=100.0, top_px=40.0, times=2.5)
    assert part.scale(None) is None
    assert part.scale(Scale(mm_per_px=0.3)) == Scale(mm_per_px=0.75)
    # The middle of the part's pixel (x, y) is the place (100 + 2.5 (x + 0.5) - 0.5, ...) of the frame.
    reduced = part.scale(BELT)
    assert isinstance(reduced, BeltScale)
    here = np.array([[20.0, 30.0], [64.0, 64.0]])
    there = (here + 0.5) * 2.5 - 0.5 + (100.0, 40.0)
    assert reduced.rays(here) == pytest.approx(BELT.rays(there), abs=1e-12)
    bent = replace(BELT, distortion=(-0.2, 0.05, 0.001, 0.0, 0.0))
    assert part.scale(bent).rays(here) == pytest.approx(bent.rays(there), abs=1e-9)  # type: ignore[union-attr]
    x, y = there[1]
    assert faced_mm_per_px(reduced, (64.0, 64.0), 100.0) == pytest.approx(
        2.5 * faced_mm_per_px(BELT, (float(x), float(y)), 250.0), rel=1e-9
    )
