from __future__ import annotations

import asyncio
import json

import pytest

from service.errors import BusyError
from service.line.live.broadcast import MOST_WAITING, MOST_WATCHERS, Broadcast, Watcher


async def read(watcher: Watcher) -> bytes:
    async for events in watcher.events():
        return events
    return b""


def test_each_gets_its_language_and_the_newest_state() -> None:
    async def scenario() -> None:
        broadcast = Broadcast()
        english, chinese = broadcast.join("en"), broadcast.join("zh")
        assert broadcast.languages == {"en", "zh"}
        for count in (b"1", b"2"):
            broadcast.decision({"en": b"e" + count, "zh": b"z" + count})
            broadcast.state(b"s" + count)
        assert await read(english) == b"e1e2s2"
        assert await read(chinese) == b"z1z2s2"
        broadcast.leave(chinese)
        assert (broadcast.count, broadcast.languages) == (1, {"en"})

    asyncio.run(scenario())


def test_a_slow_one_loses_the_oldest_and_is_told_how_many() -> None:
    async def scenario() -> None:
        watcher = Watcher("en")
        for index in range(MOST_WAITING + 3):
            watcher.decision(f"<{index}>".encode())
        watcher.missed(4)
        told = (await read(watcher)).decode()
        event, rest = told.split("\n\n", 1)
        assert event.startswith("event: dropped\ndata: ")
        assert json.loads(event.split("data: ")[1]) == {"dropped": 7, "dropped_in_all": 7}
        assert rest == "".join(f"<{index}>" for index in range(3, MOST_WAITING + 3))
        watcher.decision(b"next")
        assert await read(watcher) == b"next"  # told once
        assert watcher.dropped == 7

    asyncio.run(scenario())


def test_too_many_watchers_are_refused() -> None:
    async def scenario() -> None:
        broadcast = Broadcast()
        first, *_ = [broadcast.join("en") for _ in range(MOST_WATCHERS)]
        with pytest.raises(BusyError, match=f"{MOST_WATCHERS} pages"):
            broadcast.join("en")
        broadcast.leave(first)
        broadcast.join("en")

    asyncio.run(scenario())


def test_a_closed_stream_ends() -> None:
    async def scenario() -> None:
        broadcast = Broadcast()
        watcher = broadcast.join("en")
        broadcast.state(b"last")
        broadcast.close()
        assert [events async for events in watcher.events()] == []  # closed: the page comes back for the rest

    asyncio.run(scenario())
