"""The service with decisions that come as fast as they are stored, in place of cameras: each goes the way that a line's
decision goes, to the desk of the lots, its queue, and the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from socket import create_server
from typing import Any

from fastapi import FastAPI
from fixed_cost_grader import FixedCostGrader
from warehouse_lots import LINE, made_records

from service.app import create_app
from service.line.line_grader import verdict_of
from service.line.live.line_watch import Decided
from service.line.protocol import Decision
from service.request_log import configure_logging
from service.server import AnnouncingServer, server_config
from service.services import Services
from service.settings import read_settings
from service.store.lot_store import NewLot

FED_LOT = "FED"
AT_ONCE, MOST_WAITING = 50, 1_000
DIFFERENT = 500


async def feed(services: Services) -> None:
    """Decisions on a lot of its own, for ever."""
    line = services.lines.known(LINE)
    new = NewLot(code=FED_LOT, grower="Bench", crop="apple", arrived_at=datetime.now(UTC))
    await services.lots.open(new, line, line.config.lanes)
    verdicts = [verdict_of(record) for record in await asyncio.to_thread(made_records, DIFFERENT)]
    for number in count(1):
        verdict = verdicts[number % DIFFERENT]
        decision = Decision(
            fruit_id=str(number),
            lane=1,
            outlet=verdict.table_outlet,
            sku=verdict.sku,
            grade_class=verdict.grade_class,
            eject_at_encoder=None,
            late=False,
        )
        told = Decided(
            sequence=number,
            number=number,
            at=datetime.now(UTC),
            decision=decision,
            verdict=verdict,
            has_picture=False,
        )
        services.lots.decided(line.config, told, ())
        while number % AT_ONCE == 0 and services.lots.counts().waiting >= MOST_WAITING:
            await asyncio.sleep(0.005)
        if number % AT_ONCE == 0:
            await asyncio.sleep(0)


def fed(app: FastAPI) -> FastAPI:
    """The application, fed while it runs."""
    usual = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Any]:
        async with usual(app) as state:
            feeding = asyncio.create_task(feed(app.state.services))
            yield state
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)

    app.router.lifespan_context = lifespan
    return app


def main() -> int:
    """Serve until stopped."""
    settings = read_settings({})
    configure_logging("error")
    app = fed(create_app(settings, load_for_lines=FixedCostGrader.load))
    with create_server((settings.host, settings.port)) as listening:
        AnnouncingServer(server_config(app, 10), settings, None).run(sockets=[listening])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
