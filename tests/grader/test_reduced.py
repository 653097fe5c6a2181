"""A measurement of a reduced frame in pixels of the whole one: pixels grow, millimetres stay."""

from __future__ import annotations

from pathlib import Path

from grader.image_io import decode_image
from grader.pipeline import GradeOptions, Grader, largest_fruit
from grader.reduced import in_frame_pixels


def test_pixels_grow_and_all_else_stays(shipped_grader: Grader, samples: Path) -> None:
    frame = decode_image((samples / "apple_rot.jpg").read_bytes(), "rot")
    graded = shipped_grader.grade_frame(frame, GradeOptions(mm_per_px=0.35))
    before = graded.records[largest_fruit(graded)].measurement
    assert before.defects
    assert before.landmarks is not None
    after = in_frame_pixels(before, 2.0)
    assert after.box_xyxy_px == tuple(2 * side for side in before.box_xyxy_px)
    assert after.size.diameter_px == 2 * before.size.diameter_px
    assert after.size.equatorial_diameter_mm == before.size.equatorial_diameter_mm
    assert [one.box_xyxy_px for one in after.defects] == [
        tuple(2 * side for side in one.box_xyxy_px) for one in before.defects
    ]
    assert [one.area_mm2 for one in after.defects] == [one.area_mm2 for one in before.defects]
    assert in_frame_pixels(before, 1.0) == before
