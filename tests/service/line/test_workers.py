from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from grader.errors import ModelError
from grader.pipeline import GradeOptions
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


def open_fruit(crew: Workers, fruit: int, *works: ViewWork) -> Listener:
    listener = Listener()
    assert crew.open(fruit, GradeOptions(), listener.tell_view, listener.tell_verdict)
    for one in works:
        crew.add(fruit, one)
    return listener


def run(
    scenario: Coroutine[Any, Any, None],
) -> None:
    asyncio.run(asyncio.wait_for(scenario, 120))


def make(count: int = 1, waiting_limit: int = 100) -> Workers:
    return Workers(FakeLineGrader.load, count=count, waiting_limit=waiting_limit, log=QuietLog())


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
        assert not crew.open(1, GradeOptions(), listener.tell_view, listener.tell_verdict)  # no process yet
        await crew.use(FIRST)
        try:
            first = open_fruit(crew, 1, work(0, wait_at=str(gate)))
            await settled(crew)
            second = open_fruit(crew, 2, work(0), work(1))
            assert crew.waiting == 2
            assert not crew.open(3, GradeOptions(), listener.tell_view, listener.tell_verdict)
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
