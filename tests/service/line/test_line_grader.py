from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from grader.image_io import read_image
from grader.pipeline import GradeOptions, Grader
from grader.production import shipped_model
from grader.record import record_to_json
from grader.turn import Rollers
from service.line.line_grader import LineGrader, ViewOutcome, ViewWork, load_line_grader


@pytest.fixture(scope="module")
def grader() -> LineGrader:
    return load_line_grader(shipped_model())


@pytest.fixture(scope="module")
def views(samples: Path) -> list[Path]:
    """Four views of the fruit of many views among the samples."""
    folder = next(entry for entry in sorted(samples.iterdir()) if entry.is_dir())
    return sorted(folder.glob("*.*"))[:4]


def work(data: bytes, *, view: int = 0, **more: object) -> ViewWork:
    return ViewWork(
        camera="top", view=view, name=f"v{view}", data=data, **{"options": GradeOptions(), **more}
    )  # type: ignore[arg-type]


def test_views_one_by_one_are_graded_as_all_at_once(
    grader: LineGrader, shipped_grader: Grader, views: list[Path]
) -> None:
    options = GradeOptions(mm_per_px=0.3)
    results = [
        grader.grade_view(work(path.read_bytes(), view=view, options=options))
        for view, path in enumerate(views)
    ]
    assert {result.outcome for result in results} == {ViewOutcome.FRUIT}
    verdict = grader.decide_fruit([result.measured for result in results if result.measured], options)
    frames = [read_image(path, f"v{view}") for view, path in enumerate(views)]
    whole = shipped_grader.grade_views(frames, options).record
    assert whole is not None
    assert verdict.record == record_to_json(whole)
    assert (verdict.sku, verdict.table_outlet) == (whole.sku.code, whole.sku.outlet)
    assert verdict.view_count == len(views)
    assert whole.measurement.size.equatorial_diameter_mm is not None
    assert verdict.diameter_mm == whole.measurement.size.equatorial_diameter_mm.value
    assert grader.decide_fruit(
        [result.measured for result in results if result.measured], GradeOptions()
    ).standard_id


def test_a_turn_in_counts_is_the_turn_by_view(
    grader: LineGrader, shipped_grader: Grader, views: list[Path]
) -> None:
    """The third view is missing: its number, or the count of the encoder, leaves a gap."""
    by_view = GradeOptions(mm_per_px=0.3, rollers=Rollers(axis_deg=90.0, degrees=36.0))
    by_count = GradeOptions(mm_per_px=0.3, rollers=Rollers(axis_deg=90.0, degrees=0.72))
    kept = [0, 1, 3]
    measured = [
        grader.grade_view(
            work(views[view].read_bytes(), view=view, options=by_count, position=7000 + 50 * view)
        ).measured
        for view in kept
    ]
    assert all(one is not None and one.surface is not None for one in measured)
    verdict = grader.decide_fruit([one for one in measured if one is not None], by_count)
    frames = [read_image(views[view], f"v{view}") for view in kept]
    whole = shipped_grader.grade_views(frames, by_view, kept).record
    assert whole is not None
    assert verdict.record == record_to_json(whole)
    assert whole != shipped_grader.grade_views(frames, by_view).record


def test_frames_that_show_nothing_are_outcomes(grader: LineGrader, views: list[Path], tmp_path: Path) -> None:
    jpeg = views[0].read_bytes()
    grey = cv2.imencode(".png", np.full((128, 128, 3), 120, np.uint8))[1].tobytes()
    assert grader.grade_view(work(grey)).outcome is ViewOutcome.NO_FRUIT
    cut = grader.grade_view(work(jpeg[: len(jpeg) // 2] + b"\xff\xd9"))
    assert cut.outcome is ViewOutcome.UNREADABLE
    assert "v0" in str(cut.problem)
    wrong = grader.grade_view(work(grey, size_wh_px=(640, 480)))
    assert wrong.outcome is ViewOutcome.WRONG_SIZE
    assert wrong.problem == "v0: expected a frame of (640, 480), got (128, 128) pixels"
    lost = grader.grade_view(work(grey, options=GradeOptions(calibration=tmp_path / "none.json")))
    assert lost.outcome is ViewOutcome.NOT_CALIBRATED
