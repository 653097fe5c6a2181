from __future__ import annotations

import asyncio
from socket import socketpair

import pytest

from service.line.worker_link import ProcessEnd, ServiceEnd


def test_messages_of_any_size_arrive_whole_and_in_order() -> None:
    async def scenario() -> None:
        ours, theirs = socketpair()
        heard: asyncio.Queue[object] = asyncio.Queue()
        lost = asyncio.Event()
        loop = asyncio.get_running_loop()
        _, link = await loop.create_connection(lambda: ServiceEnd(heard.put_nowait, lost.set), sock=ours)
        process = ProcessEnd(theirs)
        sent = ["a", b"x" * 3_000_000, {"b": (1, None)}, ""]

        def answer_all() -> None:
            for _ in sent:
                process.send(process.receive())

        answering = asyncio.ensure_future(asyncio.to_thread(answer_all))
        for message in sent:
            link.send(message)
        assert [await asyncio.wait_for(heard.get(), 60) for _ in sent] == sent
        await answering
        link.close()
        await asyncio.wait_for(lost.wait(), 60)
        link.send("nobody is there")
        with pytest.raises(EOFError):
            process.receive()
        theirs.close()

    asyncio.run(scenario())


def test_the_other_end_is_gone() -> None:
    async def scenario() -> None:
        ours, theirs = socketpair()
        lost = asyncio.Event()
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: ServiceEnd(print, lost.set), sock=ours)
        theirs.close()
        await asyncio.wait_for(lost.wait(), 60)

    asyncio.run(scenario())
