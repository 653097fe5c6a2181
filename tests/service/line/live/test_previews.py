"""A real process that draws, with a quick grader."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from service.errors import NotFoundError, PreviewError
from service.line.live.preview_process import PreviewOrder, PreviewProcess
from service.line.live.previews import PREVIEW_EVERY_S, Previews
from tests.fakes import line_picture, load_fake_grader, painted_line_picture
from tests.service.line.lines import small_line
from tests.service.line.live.test_draw_preview import work
from tests.service.line.plc import Clock, Rig
from tests.service.line.test_line import run_fruit


class Studio:
    """Previews of one small line, whose clock the test moves. model: folder in use."""

    def __init__(self, folder: Path) -> None:
        self.model: Path | None = folder / "fake"
        self.clock = Clock()
        self.rig = Rig(small_line(folder))
        self.rig.plc.picture = lambda _header: painted_line_picture()
        self.previews = Previews(load_fake_grader, lambda: self.model, niceness=0, clock=self.clock.monotonic)

    def run(self, scenario: Callable[[], Awaitable[None]]) -> None:
        async def all_of_it() -> None:
            try:
                await scenario()
            finally:
                await self.previews.close()

        asyncio.run(all_of_it())


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path)


def test_one_picture_a_second_drawn_once_for_all(studio: Studio) -> None:
    async def scenario() -> None:
        previews, line, clock = studio.previews, studio.rig.line, studio.clock
        with pytest.raises(NotFoundError, match="lane 1: no fruit was seen yet"):
            await previews.last(line, 1)
        with pytest.raises(NotFoundError, match="lane 99"):
            await previews.last(line, 99)
        assert previews.process_id is None  # nobody got a picture: nothing was started
        run_fruit(studio.rig, 1)
        first, same = await asyncio.gather(previews.last(line, 1), previews.last(line, 1))
        assert first is same
        assert first.number == line.watch.shots[1].number
        assert first.jpeg.startswith(b"\xff\xd8")
        run_fruit(studio.rig, 1)
        clock.now_s += PREVIEW_EVERY_S / 2
        assert await previews.last(line, 1) is first  # too early
        clock.now_s += PREVIEW_EVERY_S / 2
        second = await previews.last(line, 1)
        assert second.number == line.watch.shots[1].number > first.number
        clock.now_s += 100.0
        assert await previews.last(line, 1) is second  # no newer fruit

    studio.run(scenario)


def test_faults_are_told_and_not_tried_again_at_once(studio: Studio) -> None:
    async def scenario() -> None:
        previews, line = studio.previews, studio.rig.line
        run_fruit(studio.rig, 1)
        studio.model = None
        with pytest.raises(PreviewError, match="no model is in use"):
            await previews.last(line, 1)
        studio.model = Path("fake")
        with pytest.raises(PreviewError, match="tried again after 1 s"):
            await previews.last(line, 1)
        studio.clock.now_s += PREVIEW_EVERY_S
        assert (await previews.last(line, 1)).jpeg

    studio.run(scenario)


def test_who_waits_too_long_is_told_and_the_picture_is_there_later(studio: Studio, tmp_path: Path) -> None:
    slow = tmp_path / "slow"
    os.mkfifo(slow)
    impatient = Previews(
        load_fake_grader, lambda: slow, niceness=0, clock=studio.clock.monotonic, wait_s=0.01
    )

    async def scenario() -> None:
        run_fruit(studio.rig, 1)
        with pytest.raises(PreviewError, match="grading goes first"):
            await impatient.last(studio.rig.line, 1)
        await asyncio.to_thread(slow.write_bytes, b"go on")
        drawing = impatient._places["small", 1].drawing
        assert drawing is not None
        drawn = await drawing
        assert await impatient.last(studio.rig.line, 1) is drawn
        await impatient.close()

    asyncio.run(scenario())


def order(model: str = "fake", data: bytes | None = None) -> PreviewOrder:
    works = (work(painted_line_picture() if data is None else data),)
    return PreviewOrder(model=Path(model), works=works, grade_class="I")


def test_the_process_outlives_faults_and_is_replaced_when_it_dies() -> None:
    async def scenario() -> None:
        process = PreviewProcess(load_fake_grader, niceness=7)
        good = await process.draw(order())
        first = process.process_id
        assert first is not None
        assert os.getpriority(os.PRIO_PROCESS, first) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 7)
        for wrong, message in ((order(data=line_picture()), "no view"), (order("faulty"), "faulty: faulty")):
            with pytest.raises(PreviewError, match=message):
                await process.draw(wrong)
        assert await process.draw(order()) == good
        assert process.process_id == first
        with pytest.raises(PreviewError, match="died"):
            await process.draw(order("deadly"))
        assert process.process_id is None
        assert await process.draw(order()) == good
        second = process.process_id
        assert second not in (None, first)
        os.kill(int(second or 0), signal.SIGKILL)
        with pytest.raises(PreviewError, match="died"):
            await process.draw(order())
        await process.end()  # there is none: nothing to do
        await process.close()

    asyncio.run(scenario())


def test_the_process_ends_when_nobody_asks() -> None:
    async def scenario() -> None:
        process = PreviewProcess(load_fake_grader, niceness=0)
        await process.draw(order())
        pid = process.process_id
        await process.end()
        assert process.process_id is None
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid or 0), 0)
        await process.close()

    asyncio.run(scenario())
