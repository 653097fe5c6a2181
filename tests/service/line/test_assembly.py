from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.line.assembly import (
    REMEMBERED,
    Assembly,
    Cause,
    ClocksDisagree,
    Event,
    FrameArrival,
    Fruit,
    Opened,
    Overdue,
    Ready,
    Refused,
    Use,
)
from service.line.belt_history import Unplaced
from service.line.line_config import LineConfig
from service.line.line_file import PLAIN_LINE, load_line
from tests.service.line.lines import ONE_CAMERA, SMALL, small_line

VIEWS = [("top", 0), ("top", 1), ("top", 2), ("side", 0), ("side", 1)]


@pytest.fixture
def line(tmp_path: Path) -> LineConfig:
    return small_line(tmp_path)


def arrival(
    camera: str | int = "top",
    view: int = 0,
    *,
    fruit_id: str | int = "a",
    lane: int = 1,
    trigger: int = 1000,
    encoder: int | None = None,
    last_view: bool | None = None,
    age_s: float = 0.0,
    now_s: float = 0.0,
    usable: bool = True,
) -> FrameArrival:
    """A frame of the small line: `top` sees views 0-2 at 0, 50, 100 counts, `side` 0-1 at 20, 70."""
    place = trigger + 50 * view + (20 if camera == "side" else 0)
    return FrameArrival(
        lane=lane,
        fruit_id=fruit_id,
        camera=camera,
        view=view,
        encoder=(place if encoder is None else encoder) % 65536,
        last_view=view == {"top": 2, "side": 1}.get(str(camera)) if last_view is None else last_view,
        age_s=age_s,
        now_s=now_s,
        usable=usable,
    )


def names(events: Iterable[Event]) -> list[str]:
    """Events in short: `use top 0`, `refused stale`, `ready 0`, `overdue late`."""
    return [_name(event) for event in events]


def _name(event: Event) -> str:
    match event:
        case Opened():
            return "opened"
        case Use(_, camera, view):
            return f"use {camera.name} {view}"
        case Refused(_, reason):
            return f"refused {reason}"
        case Ready(_, missing):
            return f"ready {missing}"
        case Overdue(_, cause):
            return f"overdue {cause}"
        case ClocksDisagree():
            return "clocks"


def send(assembly: Assembly, *frames: FrameArrival) -> list[str]:
    return [name for frame in frames for name in names(assembly.frame(frame))]


def test_two_cameras_and_all_views(line: LineConfig) -> None:
    assembly = Assembly(line)
    assert send(assembly, *(arrival(camera, view) for camera, view in VIEWS)) == [
        "opened",
        "use top 0",
        "use top 1",
        "use top 2",
        "use side 0",
        "use side 1",
        "ready 0",
    ]
    fruit = Fruit(1, 1, "a")
    assert assembly.trigger_position(fruit) == 1000
    assert assembly.close(fruit) == 1000
    assert assembly.close(fruit) is None
    assert send(assembly, arrival("side", 1)) == ["refused already_decided"]


@given(order=st.permutations(VIEWS), twice=st.sampled_from(VIEWS))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_and_doubles_give_the_same_views_and_place(
    line: LineConfig, order: list[tuple[str, int]], twice: tuple[str, int]
) -> None:
    assembly = Assembly(line)
    said = send(assembly, *(arrival(*view, last_view=False) for view in (order[0], twice, *order[1:])))
    assert sorted(said) == sorted(
        ["opened", *(f"use {camera} {view}" for camera, view in VIEWS), "refused duplicate", "ready 0"]
    )
    assert said[-1] in ("ready 0", "refused duplicate")
    assert assembly.trigger_position(Fruit(1, 1, "a")) == 1000


def test_last_view_of_every_camera_ends_a_fruit_with_fewer_views(line: LineConfig) -> None:
    assembly = Assembly(line)
    frames = [arrival("top", 0), arrival("top", 1, last_view=True), arrival("side", 0, last_view=True)]
    assert send(assembly, *frames)[-2:] == ["use side 0", "ready 0"]


def test_a_gap_is_waited_for_until_the_wait_is_over(line: LineConfig) -> None:
    assembly = Assembly(line)
    send(assembly, *(arrival(camera, view) for camera, view in VIEWS if (camera, view) != ("top", 1)))
    assert names(assembly.tick(1400, 0.1)) == []
    assert names(assembly.tick(1401, 0.1)) == ["ready 1"]
    assert send(assembly, arrival("top", 1)) == ["refused already_complete"]
    assert names(assembly.tick(1600, 0.1)) == []
    assert not assembly.is_late(Fruit(1, 1, "a"), 0.1)
    assert names(assembly.tick(1601, 0.1)) == ["overdue late"]
    assert assembly.trigger_position(Fruit(1, 1, "a")) is None


def test_time_decides_while_the_encoder_stands_still(line: LineConfig) -> None:
    assembly = Assembly(line)
    send(assembly, arrival("top", 0, now_s=10.0))
    assert names(assembly.advance(10.5)) == []
    assert names(assembly.advance(10.51)) == ["ready 4"]
    assert names(assembly.advance(11.0)) == []
    assert assembly.is_late(Fruit(1, 1, "a"), 11.01)
    assert names(assembly.advance(11.01)) == ["overdue late"]


def test_a_fruit_that_never_shows_is_ready_with_nothing(line: LineConfig) -> None:
    assembly = Assembly(line)
    assert names(assembly.trigger(1, "a", 1000, 0.0)) == ["opened"]
    assert names(assembly.trigger(1, "a", 1001, 0.0)) == []
    assert assembly.trigger_position(Fruit(1, 1, "a")) == 1001
    assert names(assembly.tick(1402, 0.0)) == ["ready 5"]


def test_an_announced_place_is_not_moved_by_frames(line: LineConfig) -> None:
    assembly = Assembly(line)
    list(assembly.trigger(1, "a", 1000, 0.0))
    assert send(assembly, arrival("top", 0, trigger=997)) == ["use top 0"]
    assert assembly.trigger_position(Fruit(1, 1, "a")) == 1000


def test_the_same_cup_comes_round_again(line: LineConfig) -> None:
    assembly = Assembly(line)
    send(assembly, arrival("top", 0))
    assert send(assembly, arrival("top", 0, trigger=1041)) == ["opened", "use top 0"]
    assert send(assembly, arrival("top", 1)) == ["refused wrong_cup"]
    assert assembly.open_count(1) == 2
    assembly.close(Fruit(1, 1, "a"))
    assembly.close(Fruit(2, 1, "a"))
    assert send(assembly, arrival("top", 1, trigger=1081)) == ["refused already_decided"]
    assert send(assembly, arrival("top", 0, trigger=1082)) == ["opened", "use top 0"]


def test_lanes_with_the_same_ids_are_different_fruit(line: LineConfig) -> None:
    assembly = Assembly(line)
    assert send(assembly, arrival(lane=1), arrival(lane=2)) == ["opened", "use top 0"] * 2


def test_a_full_lane_gives_up_its_oldest_fruit_and_no_other_lanes(line: LineConfig) -> None:
    assembly = Assembly(line)
    send(assembly, arrival(lane=2, fruit_id="x"))
    for fruit_id in "abc":
        send(assembly, arrival(fruit_id=fruit_id))
    events = list(assembly.frame(arrival(fruit_id="d")))
    assert events[0] == Overdue(Fruit(2, 1, "a"), Cause.LANE_FULL, 1000)
    assert (assembly.open_count(1), assembly.open_count(2)) == (3, 1)


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (arrival(lane=3), "unknown_lane"),
        (arrival("behind"), "unknown_camera"),
        (arrival(encoder=65535 - 20000), "stray_encoder"),
        (arrival("top", 3), "too_many_views"),
        (arrival(trigger=959), "wrong_cup"),
        (arrival("top", 1, usable=False), "bad_picture"),
        (arrival("top", 1, age_s=1.01), "stale"),
        (arrival("top", 1, age_s=-1.01), "stale"),
        (arrival("top", 0), "duplicate"),
    ],
)
def test_refused_frames_are_named(line: LineConfig, frame: FrameArrival, reason: str) -> None:
    assembly = Assembly(line)
    send(assembly, arrival())
    assert send(assembly, frame) == [f"refused {reason}"]


def test_no_more_views_than_the_line_allows(tmp_path: Path) -> None:
    assembly = Assembly(small_line(tmp_path, SMALL.replace("max_views = 8", "max_views = 2")))
    assert send(assembly, arrival("top", 0), arrival("top", 1), arrival("side", 0))[-1] == (
        "refused too_many_views"
    )


def test_frames_on_the_bound_of_age_are_used(line: LineConfig) -> None:
    assert (
        send(Assembly(line), arrival("top", 0, age_s=1.0), arrival("top", 1, age_s=-1.0))[-1] == "use top 1"
    )


def test_old_frames_open_a_fruit_that_nobody_saw(line: LineConfig) -> None:
    """So the trigger is counted; the picture is never looked at."""
    assembly = Assembly(line)
    said = send(assembly, *(arrival(camera, view, age_s=30.0) for camera, view in VIEWS))
    assert said == ["opened", *["refused stale"] * 5, "ready 0"]


def test_ticks_tell_a_jump_of_the_clock_from_an_old_buffer(line: LineConfig) -> None:
    assembly = Assembly(line)
    list(assembly.tick(1000, 5.0))
    assert send(assembly, arrival("top", 0, age_s=3600.0, now_s=5.1)) == ["clocks", "opened", "use top 0"]
    list(assembly.tick(1251, 5.2))
    assert send(assembly, arrival("top", 1, age_s=3600.0, now_s=5.3)) == [
        "refused stale"
    ]  # 201 counts behind
    assert send(assembly, arrival("top", 2, trigger=1151, fruit_id="b", age_s=-9.0, now_s=6.3)) == [
        "opened",
        "refused stale",  # no tick for over a second: the counts are the frames' own
    ]


def test_unannounced_fruit_are_unknown_where_triggers_are_sent(tmp_path: Path) -> None:
    assembly = Assembly(small_line(tmp_path, SMALL.replace("min_views", 'triggers = "announced"\nmin_views')))
    assert send(assembly, arrival()) == ["refused unknown_fruit"]
    assert names(assembly.trigger(1, "a", 1000, 0.0)) == ["opened"]
    assert send(assembly, arrival()) == ["use top 0"]
    assert names(assembly.trigger(9, "a", 1000, 0.0)) == ["refused unknown_lane"]
    assert names(assembly.trigger(1, "a", 900, 0.0)) == ["refused stray_encoder"]
    assembly.close(Fruit(1, 1, "a"))
    assert names(assembly.trigger(1, "a", 1000, 0.0)) == ["refused already_decided"]


def test_the_counter_wraps_in_the_middle_of_a_fruit(line: LineConfig) -> None:
    assembly = Assembly(line)
    frames = [arrival(camera, view, trigger=65500) for camera, view in VIEWS]
    assert send(assembly, *frames)[-1] == "ready 0"
    assert assembly.close(Fruit(1, 1, "a")) == 65500


def test_a_reset_takes_out_open_fruit_and_forgets_the_decided(line: LineConfig) -> None:
    assembly = Assembly(line)
    send(assembly, arrival(trigger=20_000))
    send(assembly, arrival(fruit_id="b", trigger=20_000))
    assembly.close(Fruit(2, 1, "b"))
    assert names(assembly.tick(0, 0.1)) == []
    events = list(assembly.tick(10, 0.2))
    assert events == [Overdue(Fruit(1, 1, "a"), Cause.ENCODER_RESET, None)]
    assert send(assembly, arrival("top", 1, encoder=20)) == ["refused already_decided"]
    assert send(assembly, arrival(fruit_id="b", trigger=12)) == ["opened", "use top 0"]
    assert send(assembly, arrival(trigger=51)) == ["opened", "use top 0"]


def test_a_reset_told_by_frames_and_by_triggers(line: LineConfig) -> None:
    assembly = Assembly(line)
    send(assembly, arrival(trigger=20_000))
    assert send(assembly, arrival("top", 0, trigger=5, fruit_id="b")) == ["refused stray_encoder"]
    assert send(assembly, arrival("top", 1, trigger=5, fruit_id="b")) == [
        "overdue encoder_reset",
        "opened",
        "use top 1",
    ]
    assert names(assembly.trigger(1, "c", 40_000, 0.0)) == ["refused stray_encoder"]
    assert names(assembly.trigger(1, "d", 40_010, 0.0)) == ["overdue encoder_reset", "opened"]


def test_an_empty_belt_that_ran_on_loses_no_frame(line: LineConfig) -> None:
    assembly = Assembly(line)
    send(assembly, arrival(trigger=1000))
    assembly.close(Fruit(1, 1, "a"))
    assert send(assembly, arrival(trigger=30_000)) == ["opened", "use top 0"]


def test_stopping_closes_everything(line: LineConfig) -> None:
    assembly = Assembly(line)
    send(assembly, arrival(), arrival(lane=2))
    assert names(assembly.close_all(Cause.LINE_STOPPED)) == ["overdue line_stopped"] * 2
    assert assembly.open_count(1) == assembly.open_count(2) == 0


def test_a_line_of_any_camera_ends_a_fruit_with_its_last_view() -> None:
    assembly = Assembly(load_line(PLAIN_LINE))
    frames = [arrival("usb", view, last_view=view == 4) for view in (1, 2, 4, 3)]
    assert send(assembly, *frames) == [
        "opened",
        "use usb 1",
        "use usb 2",
        "use usb 4",
        "use usb 3",
        "ready 0",
    ]


steps = st.tuples(
    st.sampled_from(["frame", "trigger", "tick", "advance", "close"]),
    st.sampled_from("abcdef"),
    st.sampled_from([1, 2]),
    st.sampled_from(VIEWS),
    st.integers(-80, 500),
    st.sampled_from([0.0, 0.0, 0.0, 2.0]),
    st.sampled_from([0.0, 0.05, 0.4]),
)


@given(st.lists(steps, max_size=80))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_whatever_comes_every_frame_and_every_fruit_is_accounted_for(
    line: LineConfig, script: list[tuple[str, str, int, tuple[str, int], int, float, float]]
) -> None:
    assembly, now_s, belt = Assembly(line), 0.0, 1000
    opened: set[Fruit] = set()
    closed: list[Fruit] = []
    for verb, fruit_id, lane, (camera, view), step, age_s, pause_s in script:
        now_s, belt = now_s + pause_s, belt + step
        frame = arrival(camera, view, fruit_id=fruit_id, lane=lane, trigger=belt, age_s=age_s, now_s=now_s)
        events: list[Event] = []
        if verb == "frame":
            events = list(assembly.frame(frame))
            assert sum(isinstance(event, Use | Refused) for event in events) == 1
        elif verb == "trigger":
            events = list(assembly.trigger(lane, fruit_id, belt % 65536, now_s))
        elif verb == "tick":
            events = list(assembly.tick(belt % 65536, now_s))
        elif verb == "advance":
            events = list(assembly.advance(now_s))
        elif open_fruit := sorted(opened - set(closed), key=lambda fruit: fruit.number):
            assert assembly.close(open_fruit[0]) is not None
            closed.append(open_fruit[0])
        opened |= {event.fruit for event in events if isinstance(event, Opened)}
        closed += [event.fruit for event in events if isinstance(event, Overdue)]
        for event in events:
            if isinstance(event, Use | Ready):
                assert event.fruit in opened
        assert max(assembly.open_count(1), assembly.open_count(2)) <= line.open_fruit
    closed += [event.fruit for event in assembly.close_all(Cause.LINE_STOPPED) if isinstance(event, Overdue)]
    assert sorted(closed, key=lambda fruit: fruit.number) == sorted(opened, key=lambda fruit: fruit.number)


def test_memory_is_bounded(tmp_path: Path) -> None:
    line = small_line(tmp_path, ONE_CAMERA)
    assembly = Assembly(line)
    for number in range(REMEMBERED + 10):
        send(assembly, arrival(fruit_id=number, trigger=1000 + number))
        assembly.close(Fruit(number + 1, 1, number))
    last = REMEMBERED + 9
    assert send(assembly, arrival(fruit_id=last, trigger=1000 + last)) == ["refused already_decided"]
    assert sum(map(len, assembly._decided.values())) == REMEMBERED
    assert not assembly._latest
    assert not assembly._open


def test_where_a_frame_was_taken_says_which_fruit_and_view_it_shows(tmp_path: Path) -> None:
    """Views of `top` are at 0, 50 and 100 counts from the trigger."""
    text = ONE_CAMERA.replace("lanes = [1, 2]", 'lanes = [1, 2]\ntriggers = "announced"')
    line = small_line(tmp_path, text)
    assembly, top = Assembly(line), line.cameras[0]
    for lane, fruit_id, at in ((1, "a", 1000), (2, "other", 1000), (1, "b", 1070)):
        list(assembly.trigger(lane, fruit_id, at, 0.0))
    for position, shown in (
        (974, None),
        (975, ("a", 0)),
        (1025, ("a", 0)),  # between two views: the even one, as Python rounds
        (1026, ("a", 1)),
        (1061, ("b", 0)),  # 9 counts before b's first place, 11 after a's second
        (1125, ("b", 1)),
        (1195, ("b", 2)),
        (1196, None),
    ):
        assert assembly.view_at(top, 1, position, 25) == shown, position
    assert assembly.view_at(top, 2, 1000, 0) == ("other", 0)
    assert assembly.view_at(top, 2, 1001, 0) is None
    seen = FrameArrival(
        lane=1, fruit_id="a", camera="top", view=0, encoder=1000, last_view=False, age_s=0.0, now_s=0.0
    )
    list(assembly.frame(seen))
    assert assembly.view_at(top, 1, 1000, 25) is None  # has come, and view 1 is too far away


def test_the_belt_is_known_by_ticks_until_the_counter_is_reset(tmp_path: Path) -> None:
    assembly = Assembly(small_line(tmp_path))
    list(assembly.tick(65_500, 1.0))
    list(assembly.tick(64, 1.25))  # the counter has wrapped
    assert assembly.belt.at(1.125) == 65_550
    list(assembly.tick(30_000, 1.375))  # nobody is on the belt: believed at once
    assert assembly.belt.at(1.25) is Unplaced.NEVER
    assert assembly.belt.at(1.375) == 30_000
