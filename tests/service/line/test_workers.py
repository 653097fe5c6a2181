from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from grader.errors import ModelError
from grader.pipeline import GradeOptions
from service.line.fruit_pace import FruitPace
from service.line.line_grader import ViewResult, ViewWork
from service.line.outlets import Verdict
from service.line.quiet_log import QuietLog
from service.line.workers import Workers
from tests.fakes import FakeLineGrader, line_picture

FIRST = Path("first")


class Listener:
    """What was told of one fruit."""

    def __init__(self) -> None:
        self.views: list[str] = []
        self.problems: list[str | None] = []
        self.verdict: asyncio.Future[tuple[Verdict | None, str | None]] = asyncio.Future()

    def tell_view(self, result: ViewResult) -> None:
        self.views.append(result.outcome)
        self.problems.append(result.problem)

    def tell_verdict(self, verdict: Verdict | None, reason: str | None) -> None:
        self.verdict.set_result((verdict, reason))  # raises when told twice

    async def result(self) -> tuple[Verdict | None, str | None]:
        return await asyncio.wait_for(self.verdict, 60)


def work(view: int = 0, camera: str = "top", **orders: object) -> ViewWork:
    return ViewWork(camera=camera, view=view, name="a", data=line_picture(**orders), options=GradeOptions())


def take_on(crew: Workers, fruit: int, listener: Listener, pace: FruitPace) -> bool:
    return crew.open(fruit, GradeOptions(), pace, listener.tell_view, listener.tell_verdict)


def open_fruit(crew: Workers, fruit: int, *works: ViewWork, pace: FruitPace | None = None) -> Listener:
    listener = Listener()
    assert take_on(crew, fruit, listener, FruitPace() if pace is None else pace)
    for one in works:
        crew.add(fruit, one)
    return listener


def run(
    scenario: Coroutine[Any, Any, None],
) -> None:
    asyncio.run(asyncio.wait_for(scenario, 120))


def make(count: int = 1, waiting_limit: int = 100, longest_wait_s: float = 60.0) -> Workers:
    return Workers(
        FakeLineGrader.load,
        count=count,
        longest_wait_s=longest_wait_s,
        waiting_limit=waiting_limit,
        log=QuietLog(),
    )


async def settled(crew: Workers) -> None:
    while crew.waiting:
        await asyncio.sleep(0)


def test_views_become_a_verdict_in_one_order_and_faults_are_outcomes() -> None:
    async def scenario() -> None:
        crew = make()
        await crew.use(FIRST)
        try:
            fruit = open_fruit(
                crew,
                1,
                work(1, "top"),
                work(0, "top", grade_class="II"),
                work(0, "side", grade_class="I"),
                work(2, outcome="unreadable"),
                work(3, raises=True),
            )
            nothing, faulty = (
                open_fruit(crew, 2, work(outcome="no_fruit")),
                open_fruit(crew, 3, work(grade_class="fault")),
            )
            dropped = open_fruit(crew, 4, work())
            crew.drop(4)
            for number in (1, 2, 3, 3, 4, 99):
                crew.finish(number)
            crew.add(99, work())
            verdict, reason = await fruit.result()
            assert verdict is not None
            assert verdict.record["views"] == ["side 0", "top 0", "top 1"]
            assert (verdict.grade_class, verdict.model_id, verdict.view_count, reason) == (
                "I",
                "first",
                3,
                None,
            )
            assert fruit.views == ["fruit", "fruit", "fruit", "unreadable", "failed"]
            assert "RuntimeError: as ordered" in str(fruit.problems[4])
            assert await nothing.result() == (None, "no_fruit")
            assert await faulty.result() == (None, "failed")
            assert dropped.views == []
            assert not dropped.verdict.done()
        finally:
            await crew.close()
        assert (crew.ready, crew.process_ids) == (0, ())

    run(scenario())


def test_a_process_killed_in_mid_fruit_loses_no_fruit(tmp_path: Path) -> None:
    async def scenario() -> None:
        crew = make(count=2)
        await crew.use(FIRST)
        try:
            hit = open_fruit(crew, 1, work(0), work(1, die_once=str(tmp_path / "died")), work(2))
            other = open_fruit(crew, 2, work(0))
            crew.finish(1)
            crew.finish(2)
            for listener, views in ((hit, 3), (other, 1)):
                verdict, _ = await listener.result()
                assert verdict is not None
                assert verdict.view_count == views
            assert hit.views == ["fruit"] * 3
            assert crew.restarts == 1

            deadly = open_fruit(crew, 3, work(0, die=True))
            crew.finish(3)
            assert await deadly.result() == (None, "worker_lost")
            assert crew.restarts == 3

            while crew.ready < 2:
                await asyncio.sleep(0.01)
            for process_id in crew.process_ids:  # idle ones are found dead and started again, too
                os.kill(process_id, signal.SIGKILL)
            while crew.restarts < 5 or crew.ready < 2:
                await asyncio.sleep(0.01)
            last = open_fruit(crew, 4, work(0))
            crew.finish(4)
            verdict, _ = await last.result()
            assert verdict is not None
        finally:
            await crew.close()

    run(scenario())


def test_another_model_takes_only_fruit_that_begin_after_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        crew = make()
        with pytest.raises(ModelError, match="faulty: no grading process could be started"):
            await crew.use(Path("faulty"))
        await crew.use(FIRST)
        try:
            before = open_fruit(crew, 1, work(0))
            for wrong in ("faulty", "deadly"):
                with pytest.raises(ModelError, match=wrong):
                    await crew.use(Path(wrong))
            assert crew.model == FIRST
            await crew.use(Path("second"))
            after = open_fruit(crew, 2, work(0))
            crew.add(1, work(1))
            for number, listener, model_id, views in ((2, after, "second", 1), (1, before, "first", 2)):
                crew.finish(number)
                verdict, _ = await listener.result()
                assert verdict is not None
                assert (verdict.model_id, verdict.view_count) == (model_id, views)
            assert (crew.ready, crew.model) == (1, Path("second"))
        finally:
            await crew.close()

    run(scenario())


def test_closing_while_processes_of_the_old_model_end() -> None:
    """They are ended once, whoever asks for it."""

    async def scenario() -> None:
        crew = make(count=3)
        await crew.use(FIRST)
        await crew.use(Path("second"))
        await asyncio.sleep(0)  # who serves the old ones has begun to end them
        await crew.close()
        assert crew.ready == 0

    run(scenario())


def test_more_than_can_be_done_is_refused_by_the_fruit(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)

    async def scenario() -> None:
        crew = make(waiting_limit=2)
        listener = Listener()
        assert not take_on(crew, 1, listener, FruitPace())  # no process yet
        await crew.use(FIRST)
        try:
            first = open_fruit(crew, 1, work(0, wait_at=str(gate)))
            await settled(crew)
            second = open_fruit(crew, 2, work(0), work(1))
            assert crew.waiting == 2
            assert not take_on(crew, 3, listener, FruitPace())
            crew.add(2, work(2))  # a fruit that was taken on gets all its views in
            crew.finish(1)
            crew.finish(2)
            await asyncio.to_thread(gate.write_bytes, b"go")
            for taken, views in ((first, 1), (second, 3)):
                verdict, _ = await taken.result()
                assert verdict is not None
                assert verdict.view_count == views
            assert not listener.verdict.done()
        finally:
            await crew.close()

    run(scenario())


def pace_of(work_s: float, turn_s: float) -> FruitPace:
    pace = FruitPace()
    pace.note(work_s, turn_s)
    return pace


def test_a_fruit_that_would_wait_too_long_for_others_is_refused() -> None:
    """Of its turn of 0.75 s a fruit leaves the process 0.5 s for others; what they want beyond that it waits for."""

    async def scenario() -> None:
        crew = make(longest_wait_s=0.5)
        await crew.use(FIRST)
        listener, fruit = Listener(), pace_of(work_s=0.25, turn_s=0.75)
        try:
            open_fruit(crew, 1, pace=pace_of(work_s=1.0, turn_s=0.0))
            open_fruit(
                crew, 2, pace=fruit
            )  # the one before wants 1 s: 0.5 s in its turn, and 0.5 s are waited for
            assert not take_on(crew, 3, listener, fruit)
            crew.drop(2)
            open_fruit(crew, 4, pace=pace_of(work_s=2.0**-52, turn_s=9.0))  # the least more
            assert not take_on(crew, 5, listener, fruit)
            crew.drop(1)
            open_fruit(crew, 6, pace=fruit)
        finally:
            await crew.close()

    run(scenario())


def test_fruit_go_where_the_least_is_to_be_done() -> None:
    """Not where the fewest fruit are: two small ones are less work than a large one."""

    async def scenario() -> None:
        crew = make(count=2, longest_wait_s=0.25)
        await crew.use(FIRST)
        large, small, none = (pace_of(work_s, turn_s=0.0) for work_s in (1.0, 0.125, 0.0))
        try:
            open_fruit(crew, 1, pace=large)
            open_fruit(crew, 2, pace=small)
            open_fruit(crew, 3, pace=small)
            open_fruit(crew, 4, pace=none)  # it waits for the two small ones
            crew.drop(2)
            crew.drop(3)
            open_fruit(crew, 5, pace=large)
            assert not take_on(crew, 6, Listener(), none)
        finally:
            await crew.close()

    run(scenario())


def test_work_that_is_done_is_not_waited_for_and_is_learned(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)

    async def scenario() -> None:
        crew = make(longest_wait_s=0.0)
        await crew.use(FIRST)
        pace = FruitPace()
        try:
            first = open_fruit(crew, 1, work(0, wait_at=str(gate)), pace=pace)
            begun_s = monotonic()
            await settled(crew)
            turned_s = monotonic() - begun_s
            crew.finish(1)
            assert (pace.work_s, pace.turn_s) == (0.0, 0.0)
            await asyncio.to_thread(gate.write_bytes, b"go")
            await first.result()
            assert turned_s <= pace.turn_s <= pace.work_s
            impatient = pace_of(work_s=0.0, turn_s=0.0)
            second = open_fruit(crew, 2, work(0), pace=pace_of(work_s=2.0**-20, turn_s=0.0))
            assert not take_on(crew, 3, Listener(), impatient)
            while not second.views:
                await asyncio.sleep(0)
            assert take_on(crew, 4, Listener(), impatient)  # the view took more than a microsecond
        finally:
            await crew.close()

    run(scenario())


def test_what_is_done_ahead_of_time_is_kept_and_ends_when_it_is_enough(tmp_path: Path) -> None:
    async def scenario() -> None:
        crew = make()
        await crew.use(FIRST)
        files = [tmp_path / name for name in ("first", "second", "never", "other")]
        try:
            fruit = open_fruit(
                crew,
                1,
                work(0, ahead=str(files[0])),
                work(1, ahead=str(files[1]), enough=True),
                work(2, ahead=str(files[2])),
            )
            faulty = open_fruit(crew, 2, work(0, ahead="fault"))
            other = open_fruit(crew, 3, work(0, ahead=str(files[3])))
            while not files[3].exists():  # made after all that comes before it
                await asyncio.sleep(0.001)
            views = []
            for number, listener in ((1, fruit), (2, faulty), (3, other)):
                crew.finish(number)
                verdict, _ = await listener.result()
                assert verdict is not None
                views.append(verdict.record["views"])
            assert views == [["top 0 ahead", "top 1 ahead", "top 2"], ["top 0"], ["top 0 ahead"]]
            assert not files[2].exists()
        finally:
            await crew.close()

    run(scenario())
