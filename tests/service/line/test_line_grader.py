from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from grader.pipeline import GradeOptions
from grader.production import shipped_model
from grader.record import record_to_json
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
    early = kept(grader, views[:2], options)
    looks = 0
    while (ahead := grader.look_ahead(early)) is not None:
        early[ahead[0]] = ahead[1]
        looks += 1
    assert looks > 0
    assert grader.decide_fruit([*early, *seen[2:]], options) == verdict


def test_an_empty_cup_is_looked_at_closely_once_and_has_no_verdict(grader: LineGrader) -> None:
    grey = cv2.imencode(".png", np.full((240, 320, 3), 120, np.uint8))[1].tobytes()
    seen = [grader.grade_view(work(grey, view=view)).kept for view in range(3)]
    assert grader.decide_fruit(seen, GradeOptions()) is None
    assert len(grader.decide_seen(seen, GradeOptions()).close_looks) == 1


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
