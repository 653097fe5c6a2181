"""What a line puts away for those who look at it, on the small line (3 + 2 views)."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from grader.pipeline import GradeOptions
from service.line.assembly import Fruit
from service.line.line_config import LineConfig
from service.line.line_grader import ViewWork
from service.line.live.line_watch import (
    MOST_PENDING,
    MOST_PICTURE_BYTES,
    MOST_VIEWS,
    mark_fruit,
    spread,
)
from tests.fakes import line_picture
from tests.service.line.lines import small_line
from tests.service.line.plc import Rig
from tests.service.line.test_ledger import decision
from tests.service.line.test_line import run_fruit


@pytest.fixture
def config(tmp_path: Path) -> LineConfig:
    return small_line(tmp_path)


def work(view: int, size: int = 10) -> ViewWork:
    return ViewWork(camera="top", view=view, name=f"top_{view}", data=b"x" * size, options=GradeOptions())


def test_every_decision_is_remembered_once(config: LineConfig) -> None:
    rig = Rig(config)
    rig.plc.picture = lambda header: line_picture(
        grade_class="I" if header.fruit_id == 3 else "extra", diameter_mm=81.0
    )
    run_fruit(rig, 5)
    watch = rig.line.watch
    assert watch.sequence == len(rig.decisions) == 5
    assert watch.trails[1].recent_marks() == {"I": 1, "extra": 4}
    assert watch.trails[2].recent_marks() == {}
    assert watch.last[1].decision == rig.decisions[-1]
    assert watch.per_minute(rig.clock.now_s) > 0
    shot = watch.shots[1]
    assert (shot.number, shot.grade_class) == (watch.last[1].number, "extra")
    assert [one.name.split("/")[-1] for one in shot.works] == ["top_0", "side_0", "top_1", "side_1"]
    assert watch._views == {}  # pictures of decided fruit are let go


def test_decisions_wait_only_for_watchers_and_not_without_bound(config: LineConfig) -> None:
    rig = Rig(config)
    run_fruit(rig, 2)
    assert rig.line.watch.take_decided() == ()
    rig.line.watch.watched = True
    for number in range(MOST_PENDING + 20):
        rig.line.watch.decided(Fruit(number, 1, number), decision(), None, 0.0)
    taken = rig.line.watch.take_decided()
    assert [one.sequence for one in taken] == list(
        range(rig.line.watch.sequence + 1 - MOST_PENDING, rig.line.watch.sequence + 1)
    )
    assert rig.line.watch.take_decided() == ()


def test_fruit_without_a_class_are_marked_as_the_ledger_counts_them(config: LineConfig) -> None:
    rig = Rig(config)
    rig.plc.picture = lambda header: line_picture(
        **({"outcome": "no_fruit"} if header.fruit_id == 0 else {"grade_class": "ungraded"})
    )
    run_fruit(rig, 2)
    assert rig.line.watch.trails[1].recent_marks() == {"no_read": 1, "abstained": 1}
    assert (rig.lane().no_read, rig.lane().abstained) == (1, 1)
    rig.crew.full = True
    run_fruit(rig, 1)
    assert rig.line.watch.last[1].verdict is None
    assert rig.line.watch.last[1].has_picture is False  # sent round before a view was taken in


def test_cameras_are_watched_also_where_frames_are_refused(config: LineConfig) -> None:
    rig = Rig(config)
    rig.plc.fault = lambda shot: [shot.message()[:-1] if shot.header.camera == "side" else shot.message()]
    run_fruit(rig, 1)
    top, side = rig.line.watch.cameras.reports(rig.clock.now_s, passing=True)
    assert (top.frames, side.frames) == (3, 2)
    assert set(rig.line.watch.cameras.take_samples()) == {"top"}


def test_numbers_that_were_not_measured_are_nan() -> None:
    bare = mark_fruit(decision(reason="late", late=True), None)
    assert (bare.mark, bare.late) == ("abstained", True)
    assert all(map(math.isnan, (bare.diameter_mm, bare.blush_fraction, bare.lightness)))


def test_some_views_of_many_are_kept_spread_over_the_turn() -> None:
    assert [one.view for one in spread([work(view) for view in range(10)])] == [0, 2, 5, 7]
    assert [one.view for one in spread([work(view) for view in range(MOST_VIEWS)])] == [0, 1, 2, 3]
    assert [one.view for one in spread([work(0)])] == [0]


def test_large_pictures_are_not_hoarded() -> None:
    large = [work(view, MOST_PICTURE_BYTES // 2) for view in range(4)]
    assert [one.view for one in spread(large)] == [0, 1]
    assert [one.view for one in spread([work(0, MOST_PICTURE_BYTES + 1), work(1)])] == [0]
