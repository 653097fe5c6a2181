from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from grader.image_io import read_image
from grader.onnx_model import OnnxModel
from grader.pipeline import GradeOptions
from grader.production import shipped_model
from grader.record import record_to_json
from grader.turn import Rollers
from grader.turning_grader import SeenView
from service.line.line_grader import LineGrader, ViewOutcome, ViewWork, load_line_grader


@pytest.fixture(scope="module")
def grader() -> LineGrader:
    return load_line_grader(shipped_model())


@pytest.fixture(scope="module")
def views(samples: Path) -> list[Path]:
    """The first six views of the fruit of many views among the samples: a bruise comes and goes."""
    folder = next(entry for entry in sorted(samples.iterdir()) if entry.is_dir())
    return sorted(folder.glob("*.*"))[:6]


def work(data: bytes, *, view: int = 0, **more: object) -> ViewWork:
    return ViewWork(
        camera="top", view=view, name=f"v{view}", data=data, **{"options": GradeOptions(), **more}
    )  # type: ignore[arg-type]


def kept(grader: LineGrader, views: list[Path], options: GradeOptions) -> list[object]:
    """What the grader keeps of each view."""
    results = [
        grader.grade_view(work(path.read_bytes(), view=view, options=options))
        for view, path in enumerate(views)
    ]
    assert {result.outcome for result in results} == {ViewOutcome.FRUIT}
    return [result.kept for result in results]


def test_the_verdict_says_what_the_record_says(grader: LineGrader, views: list[Path]) -> None:
    options = GradeOptions(mm_per_px=0.3)
    seen = kept(grader, views, options)
    verdict, record = grader.decide_fruit(seen, options), grader.decide_seen(seen, options).record
    assert verdict is not None
    assert record is not None
    assert verdict.record == record_to_json(record)
    assert (verdict.sku, verdict.table_outlet) == (record.sku.code, record.sku.outlet)
    assert verdict.view_count == len(views)
    assert record.measurement.size.equatorial_diameter_mm is not None
    assert verdict.diameter_mm == record.measurement.size.equatorial_diameter_mm.value
    assert verdict.standard_id


def test_looking_ahead_changes_no_decision(grader: LineGrader, views: list[Path]) -> None:
    options = GradeOptions(mm_per_px=0.3)
    seen = kept(grader, views, options)
    verdict = grader.decide_fruit(seen, options)
    ahead = grader.look_ahead(seen[:4])
    assert ahead is not None
    seen[ahead.view] = ahead.kept
    assert grader.decide_fruit(seen, options) == verdict


def test_a_close_look_ahead_waits_until_the_worst_view_has_passed(
    grader: LineGrader, views: list[Path]
) -> None:
    options = GradeOptions(mm_per_px=0.3)
    bruised, sound = (one for one in kept(grader, [views[2], views[5]], options) if isinstance(one, SeenView))
    coming, worst, going = (replace(bruised, suspicion=level) for level in (0.8, 0.9, 0.85))
    turning = [replace(sound, suspicion=0.5), coming, worst, going]
    assert [grader.look_ahead(turning[:count]) for count in (0, 1, 2, 3)] == [None] * 4
    ahead = grader.look_ahead(turning)
    assert ahead is not None
    assert (ahead.view, ahead.enough) == (2, True)  # a bruise rejects it
    assert isinstance(ahead.kept, SeenView)
    assert ahead.kept.looked
    side = replace(going, camera="side")
    assert grader.look_ahead([coming, worst, side]) is None  # the next view of its own camera has not come

    suspected = [replace(sound, suspicion=0.9), replace(sound, suspicion=0.8), turning[0]]
    for view in (0, 1):
        ahead = grader.look_ahead(suspected)
        assert ahead is not None
        assert (ahead.view, ahead.enough) == (view, False)  # sound skin does not
        assert isinstance(ahead.kept, SeenView)
        suspected[view] = ahead.kept
    assert grader.look_ahead(suspected) is None


def test_an_empty_cup_is_looked_at_closely_once_and_has_no_verdict(grader: LineGrader) -> None:
    grey = cv2.imencode(".png", np.full((240, 320, 3), 120, np.uint8))[1].tobytes()
    seen = [grader.grade_view(work(grey, view=view)).kept for view in range(3)]
    assert grader.decide_fruit(seen, GradeOptions()) is None
    assert len(grader.decide_seen(seen, GradeOptions()).close_looks) == 1


def test_counts_of_the_encoder_say_the_turn_and_leave_gaps(views: list[Path]) -> None:
    """A model without a quick look lays every view; the third is missing."""
    model = OnnxModel.load(shipped_model())
    model.quick = None
    grader = LineGrader(model)
    by_view = GradeOptions(mm_per_px=0.3, rollers=Rollers(axis_deg=90.0, degrees=36.0))
    by_count = GradeOptions(mm_per_px=0.3, rollers=Rollers(axis_deg=90.0, degrees=0.72))
    shown = [0, 1, 3]
    seen = [
        grader.grade_view(
            work(views[view].read_bytes(), view=view, options=by_count, position=7000 + 50 * view)
        ).kept
        for view in shown
    ]
    verdict = grader.decide_fruit(seen, by_count)
    assert verdict is not None
    frames = [read_image(views[view], f"v{view}") for view in shown]
    whole = grader.grade_views(frames, by_view, shown).record
    assert whole is not None
    assert verdict.record == record_to_json(whole)
    without = grader.grade_views(frames, GradeOptions(mm_per_px=0.3), shown).record
    assert without is not None
    assert whole.measurement.surface_seen_fraction != without.measurement.surface_seen_fraction


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
