"""A line against a PLC, fault by fault, with exact counts.

The small line: 3 + 2 views, waits 400 counts, last use of a decision after 600."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service.line.client import MOST_NOTICES, MOST_WAITING, Client
from service.line.line_config import LineConfig
from service.line.protocol import EncoderTick, FrameHeader, Heartbeat
from tests.fakes import line_picture
from tests.service.line.lines import ONE_CAMERA, SMALL, small_line
from tests.service.line.plc import Rig, Shot

CUP = 300
BELT = 1600
"""Counts from the trigger until a fruit has left the belt in any case."""


@pytest.fixture
def config(tmp_path: Path) -> LineConfig:
    return small_line(tmp_path)


@pytest.fixture
def one_camera(tmp_path: Path) -> LineConfig:
    return small_line(tmp_path, ONE_CAMERA)


def run_fruit(rig: Rig, count: int, *, lane: int = 1, counts: int | None = None) -> None:
    """`count` fruit in a row, ids 0, 1 ..., until all have left the belt."""
    first = rig.plc.position + 10
    for number in range(count):
        rig.plc.load(lane, number, first + CUP * number)
    rig.run(CUP * count + BELT if counts is None else counts)


def assert_all_accounted_for(rig: Rig, *, triggers: int) -> None:
    """Sums add up, nobody is left, and the PLC found every fruit where the ledger says."""
    with capture_logs() as lines:
        rig.line.check()
    assert lines == []
    lanes = [counts for lane, counts in rig.line.lane_counts().items() if lane is not None]
    assert sum(counts.triggers for counts in lanes) == triggers
    assert sum(counts.open for counts in lanes) == 0
    assert sum(rig.plc.dropped.values()) == triggers
    for outlet in ("pack_first", "juice", "again"):
        assert rig.plc.dropped[outlet] == sum(counts.outlets.get(outlet, 0) for counts in lanes), outlet
    assert rig.plc.strange == []
    assert all(abs(off) <= 1 for off in rig.plc.off_by)


def test_a_good_day(config: LineConfig) -> None:
    rig = Rig(config, start=65_000)
    rig.plc.picture = lambda header: line_picture(
        **(
            {"grade_class": "ungraded"}
            if header.fruit_id == 3
            else {"outlet": "juice"}
            if header.fruit_id == 4
            else {}
        )
    )
    run_fruit(rig, 10)
    assert_all_accounted_for(rig, triggers=10)
    assert (rig.lane().graded, rig.lane().abstained, rig.lane().no_read, rig.lane().late) == (9, 1, 0, 0)
    assert rig.lane().outlets == {"again": 1, "juice": 1, "pack_first": 8}
    assert rig.lane().recirculated == {"ungraded": 1}
    assert (rig.lane().frames, rig.lane().used, rig.lane().views) == (50, 50, {"fruit": 50})
    assert [decision.fruit_id for decision in rig.decisions] == list(range(10))
    assert {decision.view_count for decision in rig.decisions} == {5}
    assert rig.notices == []
    assert rig.line.owner(1) == "plc"
    assert rig.line.owner(2) is None


def test_the_heartbeat_is_answered_and_counts_nothing(config: LineConfig) -> None:
    rig = Rig(config)
    rig.plc.beat(7)
    rig.settle()
    assert rig.beats == [7]
    assert rig.line.position is None


@pytest.mark.parametrize("step", [4, 16])
def test_speed_of_the_belt_changes_nothing(config: LineConfig, step: int) -> None:
    rig = Rig(config)
    for number in range(4):
        rig.plc.load(1, number, 10 + CUP * number)
    for stretch in range(40):
        rig.run(80, step=step if stretch % 2 else 4)
    assert_all_accounted_for(rig, triggers=4)
    assert rig.lane().outlets == {"pack_first": 4}


def test_a_camera_is_gone_and_comes_back(config: LineConfig) -> None:
    rig = Rig(config)
    rig.plc.fault = lambda shot: (
        [] if shot.header.camera == "side" and shot.header.fruit_id in (2, 3) else [shot.message()]
    )
    run_fruit(rig, 6)
    assert_all_accounted_for(rig, triggers=6)
    views = {decision.fruit_id: decision.view_count for decision in rig.decisions}
    assert views == {0: 5, 1: 5, 2: 3, 3: 3, 4: 5, 5: 5}
    assert (rig.lane().graded, rig.lane().late) == (6, 0)


def test_all_cameras_are_gone_for_ten_seconds(config: LineConfig) -> None:
    """Announced fruit without a view are no-reads; unannounced ones nobody can know of."""
    rig = Rig(config, announce=True)
    run_fruit(rig, 2)
    rig.plc.fault = lambda _shot: []
    run_fruit(rig, 6)
    assert rig.clock.now_s > 10 / 2
    rig.plc.fault = lambda shot: [shot.message()]
    run_fruit(rig, 2)
    assert_all_accounted_for(rig, triggers=10)
    assert (rig.lane().graded, rig.lane().abstained, rig.lane().no_read) == (4, 0, 6)
    assert rig.lane().recirculated == {"no_view": 6}


def test_half_a_jpeg_is_a_view_that_came_and_shows_nothing(config: LineConfig) -> None:
    rig = Rig(config)

    def cut(shot: Shot) -> Iterator[bytes]:
        half = shot.header.fruit_id == 1 and shot.header.camera == "top"
        yield shot.message()[:-1] if half else shot.message()

    rig.plc.fault = cut
    with capture_logs() as lines:
        run_fruit(rig, 3)
    assert_all_accounted_for(rig, triggers=3)
    assert [decision.view_count for decision in rig.decisions] == [5, 2, 5]
    assert rig.lane().refused == {"bad_picture": 3}
    assert rig.codes() == {"bad_picture": 3}
    assert "expected a whole JPEG" in rig.notices[0].error.message
    assert [line["event"] for line in lines] == ["refused"]


def test_pictures_that_the_grader_cannot_use_are_outcomes(config: LineConfig) -> None:
    rig = Rig(config)

    def picture(header: FrameHeader) -> bytes:
        orders = {0: {"outcome": "wrong_size"}, 1: {"outcome": "no_fruit"}}.get(int(header.fruit_id), {})
        return line_picture(**(orders if header.camera == "side" or header.fruit_id == 1 else {}))

    rig.plc.picture = picture
    run_fruit(rig, 3)
    assert_all_accounted_for(rig, triggers=3)
    assert rig.lane().views == {"fruit": 8, "no_fruit": 5, "wrong_size": 2}
    assert [(one.view_count, one.reason) for one in rig.decisions] == [(3, None), (0, "no_fruit"), (5, None)]
    assert (rig.lane().graded, rig.lane().no_read) == (2, 1)


def test_too_few_views_recirculate(one_camera: LineConfig) -> None:
    rig = Rig(one_camera)
    rig.plc.fault = lambda shot: [shot.message()] if shot.header.view == 0 else []
    run_fruit(rig, 2)
    assert_all_accounted_for(rig, triggers=2)
    assert rig.lane().recirculated == {"too_few_views": 2}
    assert (rig.lane().abstained, rig.lane().late) == (2, 0)


def test_doubles_and_reordered_frames(config: LineConfig) -> None:
    rig = Rig(config)
    held: list[bytes] = []

    def shuffle(shot: Shot) -> list[bytes]:
        """Each frame is sent twice, and frames change places two by two."""
        held.append(shot.message())
        if len(held) < 2:
            return []
        later, earlier = held
        held.clear()
        return [earlier, earlier, later, later]

    rig.plc.fault = shuffle
    run_fruit(rig, 4)
    assert_all_accounted_for(rig, triggers=4)
    assert {decision.view_count for decision in rig.decisions} == {5}
    assert rig.lane().used == 20
    assert sum(rig.lane().refused.values()) == 20
    assert set(rig.lane().refused) == {"duplicate", "already_decided"}


def test_a_buffer_of_old_frames_never_reaches_the_grader(config: LineConfig) -> None:
    rig = Rig(config)
    held: list[bytes] = []

    def hold(shot: Shot) -> list[bytes]:
        if shot.header.fruit_id == 0:
            held.append(shot.message())
            return []
        if held and rig.clock.now_s > 1.5:
            old, held[:] = list(held), []
            return [*old, shot.message()]
        return [shot.message()]

    rig.plc.fault = hold
    run_fruit(rig, 6)
    assert rig.lane().refused == {"stale": 5}
    assert all("/0/" not in name for name in rig.crew.views)
    assert_all_accounted_for(rig, triggers=6)
    assert (rig.lane().graded, rig.lane().no_read) == (5, 1)


def test_a_clock_that_jumps_stops_nothing_while_the_encoder_ticks(config: LineConfig) -> None:
    rig = Rig(config)
    run_fruit(rig, 2)
    rig.clock.jump_s = -3600.0
    with capture_logs() as lines:
        run_fruit(rig, 2)
        rig.clock.jump_s = 3600.0
        run_fruit(rig, 2)
    assert_all_accounted_for(rig, triggers=6)
    assert rig.lane().graded == 6
    assert [line["event"] for line in lines] == ["clocks_disagree"]


def test_a_clock_that_jumps_without_ticks_recirculates_and_says_so_once(config: LineConfig) -> None:
    rig = Rig(config)
    rig.plc.ticks = False
    run_fruit(rig, 1)
    rig.clock.jump_s = -3600.0
    with capture_logs() as lines:
        run_fruit(rig, 5)
    assert_all_accounted_for(rig, triggers=6)
    assert (rig.lane().graded, rig.lane().no_read) == (1, 5)
    assert rig.codes() == {"stale": 25}
    assert [line["event"] for line in lines if line.get("fruit_id") is not None] == ["refused"]


def test_the_encoder_is_reset_with_fruit_on_the_belt(config: LineConfig) -> None:
    rig = Rig(config, start=20_000)
    rig.crew.held = True
    rig.plc.load(1, "a", 20_010)
    rig.plc.load(1, "b", 20_310)
    rig.run(250)
    rig.crew.release()
    rig.run(100)
    rig.plc.reset_encoder()
    rig.run(BELT)
    rig.crew.held = False
    run_fruit(rig, 3)
    assert_all_accounted_for(rig, triggers=5)
    lost = [decision for decision in rig.decisions if decision.reason == "encoder_reset"]
    assert [(decision.fruit_id, decision.eject_at_encoder, decision.late) for decision in lost] == [
        ("b", None, False)
    ]
    assert rig.lane().refused == {"stray_encoder": 1, "already_decided": 2}
    assert rig.lane().graded == 4


def test_a_grader_that_takes_too_long(config: LineConfig) -> None:
    rig = Rig(config, held=True)
    run_fruit(rig, 3)
    rig.crew.release()
    rig.settle()
    assert_all_accounted_for(rig, triggers=3)
    assert [(decision.reason, decision.late) for decision in rig.decisions] == [("late", True)] * 3
    assert (rig.lane().abstained, rig.lane().late, rig.lane().outlets) == (3, 3, {"again": 3})
    assert len(rig.crew.dropped) == 3


def test_a_verdict_one_count_too_late_is_late(config: LineConfig) -> None:
    for counts, late in ((600, False), (601, True)):
        rig = Rig(config, held=True)
        rig.plc.load(1, "a", 10)
        rig.run(180, step=1, step_s=0.001)
        rig.plc.run(430 + counts - 600, step=1, step_s=0.001, after=lambda: None)
        rig.crew.release()
        rig.settle()
        assert [decision.late for decision in rig.decisions] == [late], counts


def test_the_belt_stands_still_in_mid_fruit(config: LineConfig) -> None:
    rig = Rig(config)
    rig.plc.load(1, "a", 10)
    rig.run(70)
    rig.plc.stand(0.6, rig.settle)
    assert [(decision.reason, decision.late, decision.view_count) for decision in rig.decisions] == [
        (None, False, 3)
    ]
    rig.run(BELT)
    assert_all_accounted_for(rig, triggers=1)
    assert rig.lane().refused == {"already_decided": 2}


def test_surplus_fruit_go_round_again_whole(config: LineConfig) -> None:
    rig = Rig(config)

    def fault(shot: Shot) -> list[bytes]:
        rig.crew.full = int(shot.header.fruit_id) % 2 == 1
        return [shot.message()]

    rig.plc.fault = fault
    run_fruit(rig, 6)
    assert_all_accounted_for(rig, triggers=6)
    assert rig.lane().recirculated == {"overload": 3}
    assert (rig.lane().graded, rig.lane().abstained, rig.lane().late) == (3, 3, 0)
    assert {one.view_count for one in rig.decisions if one.reason is None} == {5}
    assert rig.lane().refused == {"already_decided": 12}


def test_a_hundred_times_too_fast(config: LineConfig) -> None:
    """Three fruit of a lane may be open; of those that are too many the oldest go round again."""
    rig = Rig(config, held=True)
    with capture_logs() as lines:
        for number in range(500):
            rig.plc.load(1, number, 10 + number)
        rig.plc.run(700, step=700, after=rig.settle)
    assert rig.lane().recirculated["lane_full"] == 497
    assert rig.lane().open <= 3
    rig.crew.release()
    rig.run(BELT)
    with capture_logs() as wrong:
        rig.line.check()
    assert wrong == []
    assert (rig.lane().triggers, rig.lane().open) == (500, 0)
    assert sum(rig.lane().outlets.values()) == 500
    assert rig.lane().undelivered == 497 - MOST_WAITING
    assert len(rig.decisions) == MOST_WAITING + 3
    assert len(lines) <= 6


def test_a_client_that_never_reads(one_camera: LineConfig) -> None:
    rig = Rig(one_camera)
    rig.reads = False
    with capture_logs() as lines:
        run_fruit(rig, MOST_WAITING + 10)
    assert rig.lane().undelivered == 10
    assert [line["event"] for line in lines].count("decision_undelivered") == 1
    rig.line.leave(rig.client)
    with capture_logs() as wrong:
        rig.line.check()
    assert [line["event"] for line in wrong] == []
    assert rig.lane().undelivered == MOST_WAITING + 10
    assert rig.lane().outlets == {"again": MOST_WAITING + 10}
    assert rig.plc.dropped == {"again": MOST_WAITING + 10}
    assert rig.lane().graded == MOST_WAITING + 10


def test_two_clients_claim_one_lane(config: LineConfig) -> None:
    rig = Rig(config, announce=True)
    second = Client("second")
    other = Rig(config, announce=True)
    other.send = lambda message: rig.line.receive(second, message)  # type: ignore[method-assign]
    other.plc._send = other.send
    for number in range(2):
        rig.plc.load(1, number, 10 + CUP * number)
        other.plc.load(1, f"x{number}", 12 + CUP * number)
        other.plc.ticks = False
    with capture_logs() as lines:
        for _ in range(220):
            rig.run(10)
            other.clock.now_s = rig.clock.now_s
            other.plc.run(10, after=lambda: None)
    assert_all_accounted_for(rig, triggers=2)
    assert rig.lane().refused == {"lane_taken": 10}
    assert [line["reason"] if "reason" in line else line["event"] for line in lines] == ["refused"]
    notices = second.take_all()
    assert len(notices) == 12  # ten frames, two triggers
    rig.line.leave(rig.client)
    assert rig.line.owner(1) is None
    other.plc.load(1, "y", other.plc.position + 5)
    rig.line.receive(second, Heartbeat().to_json())
    other.plc.run(20, after=lambda: None)
    assert rig.line.owner(1) == "second"


def test_two_clients_tick(config: LineConfig) -> None:
    """The second one's counter would look like a reset, again and again."""
    rig, second = Rig(config), Client("second")
    rig.plc.load(1, "a", 10)
    with capture_logs() as lines:
        for _ in range(160):
            rig.run(10)
            rig.line.receive(second, EncoderTick(encoder=40_000).to_json())
    assert_all_accounted_for(rig, triggers=1)
    assert rig.lane().graded == 1
    assert [line["event"] for line in lines] == ["encoder_taken"]
    assert len(second.take_all()) == MOST_NOTICES
    rig.line.leave(rig.client)
    for count in (40_000, 40_001):
        rig.line.receive(second, EncoderTick(encoder=count).to_json())
    assert rig.line.position == 40_001


def test_messages_that_are_none(config: LineConfig) -> None:
    rig = Rig(config)
    with capture_logs() as lines:
        for message in (b"\0\1\0\0{}", b"", "not json", b"\0\0\0\2{}") * 20:
            rig.send(message)
    rig.settle()
    assert rig.line.bad_messages == 80
    assert len(rig.notices) == MOST_NOTICES
    assert rig.codes() == {"bad_message": MOST_NOTICES}
    assert "expected 1-4096 bytes, got 65536" in rig.notices[0].error.message
    assert len(lines) == 3  # header length, text, header.fruit_id
    run_fruit(rig, 1)
    assert_all_accounted_for(rig, triggers=1)


def test_unknown_fruit_lane_and_camera(tmp_path: Path) -> None:
    rig = Rig(
        small_line(tmp_path, SMALL.replace("min_views", 'triggers = "announced"\nmin_views')), announce=True
    )
    run_fruit(rig, 1)
    known = FrameHeader(
        fruit_id="ghost",
        lane=1,
        camera="top",
        view=0,
        encoder=rig.plc.raw(),
        captured_at=rig.clock.utc(),
        last_view=False,
    )
    for change in ({}, {"lane": 9}, {"camera": "behind"}):
        rig.send(Shot(known.model_copy(update=change), line_picture()).message())
    rig.settle()
    assert_all_accounted_for(rig, triggers=1)
    assert rig.codes() == {"unknown_fruit": 1, "unknown_lane": 1, "unknown_camera": 1}
    assert rig.lane().refused == {"unknown_fruit": 1, "unknown_camera": 1}
    assert rig.line.lane_counts()[None].refused == {"unknown_lane": 1}


def test_stopping_sends_every_open_fruit_round(config: LineConfig) -> None:
    rig = Rig(config, held=True)
    run_fruit(rig, 1, counts=200)
    rig.line.stop()
    rig.settle()
    assert [(decision.reason, decision.late) for decision in rig.decisions] == [("line_stopped", False)]
    assert (rig.lane().open, rig.lane().abstained) == (0, 1)


def test_the_same_frames_give_the_same_decisions(config: LineConfig) -> None:
    def day() -> list[str]:
        rig = Rig(config)
        run_fruit(rig, 5)
        return [decision.to_json() for decision in rig.decisions]

    assert day() == day()
