"""A line and its feed in one process: what watchers are told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from grader.standard import list_standards
from service.line.assembly import Fruit
from service.line.line_config import LineConfig
from service.line.live.broadcast import Watcher
from service.line.live.feed import Feed
from service.line.live.line_watch import MOST_PENDING
from service.line.protocol import Trigger
from service.line.quiet_log import QuietLog
from service.line.sources.camera_feed import CameraLink
from service.line.sources.camera_source import OwnCameraState
from service.line.sources.shot import CaptureFault
from service.line.workers import Workers
from tests.fakes import FakeLineGrader, line_picture
from tests.service.line.lines import small_line
from tests.service.line.plc import Rig
from tests.service.line.test_ledger import decision
from tests.service.line.test_line import run_fruit

STANDARDS = list_standards()


@pytest.fixture
def config(tmp_path: Path) -> LineConfig:
    return small_line(tmp_path)


def feed_of(rig: Rig, own_cameras: tuple[OwnCameraState, ...] = ()) -> Feed:
    workers = Workers(FakeLineGrader.load, count=2, longest_wait_s=60.0, waiting_limit=10, log=QuietLog())
    return Feed(
        rig.line, workers, lambda: STANDARDS, own_cameras=lambda: own_cameras, clock=rig.clock.monotonic
    )


def parse(raw: bytes) -> list[tuple[str, Any, str | None]]:
    """(event, data, id) of each event."""
    found = []
    for block in raw.decode().split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        found.append((fields["event"], json.loads(fields["data"]), fields.get("id")))
    return found


async def events(watcher: Watcher) -> AsyncIterator[tuple[str, Any, str | None]]:
    async for raw in watcher.events():
        for one in parse(raw):
            yield one


async def decisions(watcher: Watcher, count: int) -> list[tuple[str, Any, str | None]]:
    """Everything up to and with the `count`-th decision."""
    seen = []
    async for one in events(watcher):
        seen.append(one)
        count -= one[0] == "decision"
        if not count:
            break
    return seen


def test_decisions_in_words_with_size_and_colour(config: LineConfig) -> None:
    async def scenario() -> None:
        rig = Rig(config)
        rig.plc.picture = lambda _header: line_picture(grade_class="I", diameter_mm=81.0, blush_fraction=0.4)
        feed = feed_of(rig)
        english, chinese = feed.join("en", None), feed.join("zh", None)
        assert feed.watchers == 2
        run_fruit(rig, 3)
        told = [one for one in await decisions(english, 3) if one[0] == "decision"]
        in_chinese = [one for one in await decisions(chinese, 3) if one[0] == "decision"]
        assert [data["fruit_id"] for _, data, _ in told] == [0, 1, 2]
        for (_, data, _), answer in zip(told, rig.decisions, strict=True):
            assert data | json.loads(answer.to_json()) == data  # all fields of the answer, unchanged
        first = told[0][1]
        assert first["size"]["equatorial_diameter_mm"]["value"] == 81.0
        assert first["colour"]["blush_fraction"] == 0.4
        assert (first["defects"], first["confidence"], first["has_picture"]) == (["bruise"], 0.97, True)
        assert first["texts"]["class"] == "Class I"
        assert first["texts"]["reasons"]
        assert in_chinese[0][1]["texts"]["class"] == "一级"
        assert in_chinese[0][2] == told[0][2]
        await feed.close()

    asyncio.run(scenario())


def test_the_state_says_what_the_ledger_counts(config: LineConfig) -> None:
    async def scenario() -> None:
        rig = Rig(config)
        rig.plc.fault = lambda shot: (
            [shot.message(), shot.message()] if shot.header.view == 0 else [shot.message()]
        )
        feed = feed_of(rig)
        run_fruit(rig, 4)
        rig.send(b"no message")
        state = parse(b"".join([_state(feed)]))[0][1]
        lane = state["lanes"][0]
        counts = rig.lane()
        for key in (
            "triggers",
            "open",
            "graded",
            "abstained",
            "no_read",
            "late",
            "frames",
            "used",
            "refused",
        ):
            assert lane["counts"][key] == getattr(counts, key), key
        assert lane["counts"]["refused"] == {"duplicate": 8}
        assert lane["recent"] == {"extra": 4}
        assert (lane["fruit_until_drift"], lane["drift"]) == (696, {})
        assert (state["line"], state["encoder"], state["bad_messages"]) == ("small", rig.line.position, 1)
        assert (state["workers"], state["ready_workers"], state["model"]) == (2, 0, None)
        assert [(camera["name"], camera["frames"]) for camera in state["cameras"]] == [
            ("top", 16),
            ("side", 12),
        ]
        assert (state["moving"], state["counts_per_s"]) == (None, None)

    asyncio.run(scenario())


def test_the_state_says_how_own_cameras_are(config: LineConfig) -> None:
    since = datetime(2026, 5, 4, 8, 30, tzinfo=UTC)
    side = OwnCameraState(
        camera="side",
        kind="rtsp",
        lane=1,
        link=CameraLink.GONE,
        since=since,
        frames=9,
        sent=4,
        replaced=2,
        refused={"stale": 3},
        pending=0,
        reconnects=2,
        clock_jumps=0,
        fault=CaptureFault.DOES_NOT_OPEN,
        problem="rtsp://10.0.0.7: expected a rtsp source, it does not open",
    )

    async def scenario() -> None:
        rig = Rig(config)
        top, told = parse(_state(feed_of(rig, (side,))))[0][1]["cameras"]
        assert (top["name"], top["own"]) == ("top", None)
        assert (told["name"], told["state"]) == ("side", "never")
        assert told["own"] == {**asdict(side), "since": "2026-05-04T08:30:00Z"}

    asyncio.run(scenario())


def _state(feed: Feed) -> bytes:
    """The state that a new watcher gets, without the decisions before it."""
    watcher = feed.join("en", None)
    feed.leave(watcher)
    waiting = watcher._state
    assert waiting is not None
    return waiting


def test_the_belt_runs_stands_and_is_reset(config: LineConfig) -> None:
    async def scenario() -> None:
        rig = Rig(config, start=65_500)
        feed = feed_of(rig)

        def belt() -> tuple[bool | None, float | None]:
            state = parse(_state(feed))[0][1]
            return state["moving"], state["counts_per_s"]

        rig.run(10)
        assert belt() == (None, None)
        rig.run(500)  # over the wrap of the counter: 10 counts in 10 ms
        assert belt() == (True, pytest.approx(1000, rel=0.01))
        rig.plc.stand(0.5, rig.settle)
        assert belt() == (False, 0.0)
        rig.plc.stand(10, rig.settle)
        assert belt() == (None, None)

    asyncio.run(scenario())


def test_a_counter_that_stands_while_fruit_pass(config: LineConfig) -> None:
    async def scenario() -> None:
        rig = Rig(config)
        feed = feed_of(rig)

        def stuck() -> bool:
            return bool(parse(_state(feed))[0][1]["encoder_stuck"])

        run_fruit(rig, 5)
        assert not stuck()
        rig.plc.stand(0.5, rig.settle)
        assert not stuck()  # nothing moves, nothing begins: the line has stopped
        for number in range(3):
            rig.send(Trigger(fruit_id=f"new{number}", lane=1, encoder=rig.plc.raw()).to_json())
        rig.plc.stand(0.5, rig.settle)
        assert stuck()
        rig.run(500)
        assert not stuck()

    asyncio.run(scenario())


def test_who_comes_later_gets_the_last_fruit_of_each_lane(config: LineConfig) -> None:
    async def scenario() -> None:
        rig = Rig(config)
        feed = feed_of(rig)
        run_fruit(rig, 3, lane=1)
        run_fruit(rig, 2, lane=2)
        seen = await decisions(feed.join("en", None), 2)
        assert [(name, data["lane"], data["fruit_id"]) for name, data, _ in seen] == [
            ("decision", 1, 2),
            ("decision", 2, 1),
        ]
        await feed.close()

    asyncio.run(scenario())


def test_who_comes_back_learns_how_many_passed(config: LineConfig) -> None:
    async def scenario() -> None:
        rig = Rig(config)
        feed = feed_of(rig)
        run_fruit(rig, 1)
        watcher = feed.join("en", None)
        last_id = (await decisions(watcher, 1))[0][2]
        feed.leave(watcher)
        run_fruit(rig, 4)
        again = await decisions(feed.join("en", last_id), 1)
        assert again[0] == ("resumed", {"missed": 4}, None)
        assert [name for name, _, _ in again] == ["resumed", "decision"]
        for strange in ("other-3", "3", "", "-", f"{str(last_id).split('-')[0]}-{'9' * 30}"):
            resumed = (await decisions(feed.join("en", strange), 1))[0]
            assert resumed == ("resumed", {"missed": None}, None), strange
        await feed.close()

    asyncio.run(scenario())


def test_a_burst_beyond_all_bounds_is_counted(config: LineConfig) -> None:
    async def scenario() -> None:
        rig = Rig(config)
        feed = feed_of(rig)
        watcher = feed.join("en", None)
        for number in range(MOST_PENDING + 20):
            rig.line.watch.decided(Fruit(number, 1, number), decision(), None, 0.0)
        heard, dropped = 0, 0
        async for name, data, _ in events(watcher):
            heard += name == "decision"
            dropped += data["dropped"] if name == "dropped" else 0
            if heard + dropped == rig.line.watch.sequence:
                break
        assert dropped > 20
        assert watcher.dropped == dropped
        await feed.close()

    asyncio.run(scenario())


def test_without_watchers_nothing_is_kept_or_encoded(config: LineConfig) -> None:
    async def scenario() -> None:
        rig = Rig(config)
        feed = feed_of(rig)
        watcher = feed.join("en", None)
        assert rig.line.watch.watched
        feed.leave(watcher)
        assert (rig.line.watch.watched, feed.watchers, feed._telling) == (False, 0, None)
        run_fruit(rig, 3)
        assert rig.line.watch.take_decided() == ()

    asyncio.run(scenario())


def test_a_record_that_cannot_be_put_into_words_is_told_without(config: LineConfig) -> None:
    async def scenario() -> None:
        rig = Rig(config)
        rig.crew._grader = _NoRecord()
        feed = feed_of(rig)
        watcher = feed.join("en", None)
        run_fruit(rig, 1)
        told = (await decisions(watcher, 1))[-1][1]
        assert (told["class"], told["texts"], told["size"], told["defects"]) == ("extra", None, None, [])
        await feed.close()

    asyncio.run(scenario())


class _NoRecord(FakeLineGrader):
    """Its records say nothing."""

    def decide_fruit(self, measurements: Any, options: Any) -> Any:
        return replace(super().decide_fruit(measurements, options), record={})
