"""The service of the line benchmark: its line, its graders of fixed cost, and what is read from /proc."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from fixed_cost_grader import FixedCostGrader
from line_pictures import FRUIT, line_pictures, picture_file
from line_service import cpu_between, line_file

from grader.errors import ModelError
from grader.pipeline import GradeOptions
from service.line.line_file import load_line
from service.line.line_grader import ViewOutcome, ViewWork


@pytest.mark.parametrize(("lanes", "views"), [(1, 1), (4, 10)])
def test_its_line_can_be_read(tmp_path: Path, lanes: int, views: int) -> None:
    (tmp_path / "bench.toml").write_text(line_file(lanes, views), encoding="utf-8")
    line = load_line(tmp_path / "bench.toml")
    assert line.lanes == tuple(range(1, lanes + 1))
    assert (line.min_views, line.cameras[0].views) == (views, views)
    assert line.deadline.wait_counts == 30 * (views - 1) + 800
    assert line.deadline.last_use_counts == 30 * (views - 1) + 1000


def test_time_is_of_processes_that_are_still_there() -> None:
    assert cpu_between({1: 5.0, 2: 1.0}, {1: 5.5, 3: 0.25}) == 0.75  # 2 has ended, 3 began


def test_a_grader_of_fixed_cost(tmp_path: Path) -> None:
    grader = FixedCostGrader.load(tmp_path / "fixed_5_a")
    work = ViewWork(camera="top", view=3, name="x", data=b"", options=GradeOptions())
    begin_s = time.thread_time()
    seen = grader.grade_view(work)
    assert time.thread_time() - begin_s >= 0.005
    assert (seen.outcome, seen.kept) == (ViewOutcome.FRUIT, 3)
    verdict = grader.decide_fruit([3, 4], GradeOptions())
    assert (verdict.grade_class, verdict.model_id, verdict.view_count) == ("I", "fixed_5_a", 2)
    for name in ("fixed", "fixed_slow"):
        with pytest.raises(ModelError, match=f"expected a name such as fixed_2.5, got {name}"):
            FixedCostGrader.load(tmp_path / name)


def test_pictures_that_are_kept_are_not_made_again(tmp_path: Path) -> None:
    kept = np.arange(len(FRUIT) * 2).reshape(len(FRUIT), 2)
    for fruit, view in np.ndindex(kept.shape):
        file = picture_file(tmp_path, fruit, view, 2)
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(bytes([kept[fruit, view]]))
    assert line_pictures(tmp_path, 2) == [[bytes([view]) for view in views] for views in kept]
