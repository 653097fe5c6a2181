from __future__ import annotations

import asyncio

from service.line.client import MOST_NOTICES, MOST_WAITING, Client
from service.line.protocol import Decision, Heartbeat
from tests.service.line.test_ledger import decision


def test_each_kind_has_its_room_and_decisions_go_first() -> None:
    client = Client("plc")
    assert [client.offer(Heartbeat(number=number)) for number in range(MOST_NOTICES + 1)].count(False) == 1
    assert [client.offer(decision()) for _ in range(MOST_WAITING + 1)].count(False) == 1
    waiting = client.take_all()
    assert [isinstance(answer, Decision) for answer in waiting] == [True] * MOST_WAITING + [
        False
    ] * MOST_NOTICES
    assert client.take_all() == ()


def test_who_waits_gets_the_next_answer() -> None:
    async def scenario() -> None:
        client = Client("plc")
        waiting = asyncio.create_task(client.next())
        await asyncio.sleep(0)
        client.offer(Heartbeat(number=1))
        client.offer(decision())
        assert isinstance(await waiting, Decision)
        assert await client.next() == Heartbeat(number=1)

    asyncio.run(scenario())
