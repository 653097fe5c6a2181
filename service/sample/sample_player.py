"""Plays the sample lots: renders, connects to its line as any client does, opens lots, sends fruit, closes them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import structlog

from service.errors import ConflictError, NotFoundError, ServiceError
from service.line.fruit_pictures import FruitPictures
from service.line.lines import Lines
from service.line.replay import read_belt, replay
from service.line.stream_client import LineClient
from service.lots.lot_desk import LotDesk
from service.sample import sample_fruit
from service.sample.sample_plan import PLAN, RENDERED_FRUIT, SampleLot
from service.store.fruit_store import FruitStore
from service.store.lot_store import CLOSED, LotStore, NewLot, StoredLot

LINE = "sample"
FRUIT_PER_S = 1.0
"""Both lanes together: two cores stay cool."""
LAST_FRUIT = 600
"""When every sample lot is there, so many come over the line without a lot, for the live page: ten minutes a start."""
LOOK_EVERY_S = 0.5


class SamplePlayer:
    """At most one player of a service. ready: whether it may begin. pool: folder of the rendered fruit.

    fruit_per_s: of the whole line.
    """

    def __init__(
        self,
        lines: Lines,
        desk: LotDesk,
        lots: LotStore,
        fruit: FruitStore,
        pool: Path,
        *,
        ready: Callable[[], bool],
        plan: Sequence[SampleLot] = PLAN,
        fruit_per_s: float = FRUIT_PER_S,
    ) -> None:
        self._lines, self._desk, self._lots, self._fruit = lines, desk, lots, fruit
        self._pool, self._ready = pool, ready
        self._plan, self._fruit_per_s = plan, fruit_per_s
        self._playing: asyncio.Task[None] | None = None

    def start(self, address: str) -> None:
        """Begin, in the background of this event loop. address: of this service, http://HOST:PORT."""
        self._playing = asyncio.create_task(self._run(address))

    async def stop(self) -> None:
        """End at once. A lot that is open stays open, and goes on with the next start."""
        if self._playing is not None:
            self._playing.cancel()
            await asyncio.gather(self._playing, return_exceptions=True)

    async def _run(self, address: str) -> None:
        rendering = asyncio.create_task(sample_fruit.render(self._pool, RENDERED_FRUIT))
        try:
            await self._play_all(address, rendering)
        except (ServiceError, OSError) as error:  # a demo without its sample is a demo still
            structlog.get_logger().warning("sample_lot_ended", problem=str(error))
        finally:
            rendering.cancel()
            await asyncio.gather(rendering, return_exceptions=True)

    async def _play_all(self, address: str, rendering: asyncio.Task[None]) -> None:
        while not self._ready():
            await asyncio.sleep(LOOK_EVERY_S)
        async with LineClient(f"ws{address.removeprefix('http')}/api/v1/lines/{LINE}/frames") as client:
            for lot in self._plan:
                stored = await self._open(lot, rendering)
                if stored is None:
                    continue
                there = await asyncio.to_thread(self._stored_fruit, stored)
                await self._play(client, address, lot.kinds, lot.fruit - there)
                with suppress(ConflictError):  # somebody closed it
                    await self._desk.close(stored.lot_id, self._lines.all())
            every = range(RENDERED_FRUIT)
            await self._rendered(every, rendering)
            await self._play(client, address, every, LAST_FRUIT)

    async def _play(self, client: LineClient, address: str, kinds: range, fruit: int) -> None:
        plan = await asyncio.to_thread(read_belt, address, LINE, views=sample_fruit.SHOWN_VIEWS)
        lanes = self._lines.known(LINE).config.lanes
        pictures = self._until_others_run(sample_fruit.turning(self._pool, kinds, fruit))
        await replay(client, pictures, plan, lanes=lanes, fruit_per_s=self._fruit_per_s / len(lanes))

    async def _rendered(self, kinds: range, rendering: asyncio.Task[None]) -> None:
        """Wait for the simulator. Raises what it raises."""
        while not await asyncio.to_thread(sample_fruit.rendered, self._pool, kinds):
            await asyncio.wait((rendering,), timeout=LOOK_EVERY_S)
            if rendering.done():
                rendering.result()
                return

    async def _open(self, lot: SampleLot, rendering: asyncio.Task[None]) -> StoredLot | None:
        """Open a lot; one that runs since an earlier start goes on. None: it is closed, or others run."""
        with suppress(NotFoundError):
            stored = await asyncio.to_thread(self._lots.lot_named, lot.code)
            return None if stored.state == CLOSED else stored
        await self._rendered(lot.kinds, rendering)
        if self._others_run():
            return None
        line = self._lines.known(LINE)
        new = NewLot(
            code=lot.code,
            grower=lot.grower,
            crop=sample_fruit.CROP,
            variety=sample_fruit.VARIETY,
            origin="Sample · 示例",
            arrived_at=datetime.now(UTC),
        )
        return await self._desk.open(new, line, line.config.lanes)

    def _stored_fruit(self, lot: StoredLot) -> int:
        packout = self._fruit.packout(lot.lot_id)
        return sum(row.fruit for row in packout.rows) + sum(packout.again.values())

    def _until_others_run(self, fruit: Iterator[FruitPictures]) -> Iterator[FruitPictures]:
        for one in fruit:
            if self._others_run():
                return
            yield one

    def _others_run(self) -> bool:
        """Whether a line of the house has had a fruit: then the sample makes way."""
        return any(line.newest_fruit for line in self._lines.all() if line.config.line_id != LINE)
