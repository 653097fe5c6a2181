"""The client against the real service, and against a bare WebSocket server that misbehaves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from socket import create_server
from typing import Any

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from service.app import create_app
from service.errors import LineConnectionError
from service.line.protocol import Decision, EncoderTick, FrameHeader, Heartbeat, Notice, Trigger, decode_text
from service.line.stream_client import MOST_TO_SEND, LineClient
from service.settings import ServiceSettings
from tests.fakes import FakeGrader, FakeLineGrader, line_picture
from tests.service.line.test_ledger import decision
from tests.service.running import listening

Talk = Callable[[ServerConnection], Awaitable[None]]


def header(view: int = 0, *, last: bool = True, fruit_id: str = "a") -> FrameHeader:
    return FrameHeader(
        fruit_id=fruit_id,
        lane=1,
        camera="top",
        view=view,
        encoder=1000,
        captured_at=datetime.now(UTC),
        last_view=last,
    )


async def answer_beats(socket: ServerConnection) -> None:
    with suppress(ConnectionClosed):
        async for message in socket:
            if isinstance(message, str) and isinstance(decode_text(message), Heartbeat):
                await socket.send(message)


def address(server: Server) -> str:
    return f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def listen(talk: Talk, port: int = 0, **more: Any) -> Server:
    return await serve(talk, "127.0.0.1", port, **more)


async def until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.005)


def test_the_real_service_answers_it(tmp_path: Path) -> None:
    settings = ServiceSettings(
        data_dir=tmp_path / "data", samples_dir=tmp_path, model_dir=tmp_path / "fake", line_workers=1
    )
    app = create_app(settings, grader=FakeGrader(), load_for_lines=FakeLineGrader.load)

    async def scenario(base: str) -> None:
        url = f"{base.replace('http', 'ws')}/api/v1/lines/yard/frames"
        async with LineClient(url, beat_s=0.02) as line:
            assert line.tick(EncoderTick(encoder=1000))
            assert line.trigger(Trigger(fruit_id="a", lane=1, encoder=1000))
            assert line.frame(header(0, last=False), line_picture(grade_class="I"))
            assert line.frame(header(1), line_picture())
            answers = aiter(line)
            first = await anext(answers)
            assert isinstance(first, Decision)
            assert (first.fruit_id, first.grade_class, first.view_count) == ("a", "I", 2)
            assert line.frame(header(1), line_picture())
            second = await line.next()
            assert isinstance(second, Notice)
            assert second.error.code == "already_decided"
            await until(lambda: line.state.round_trip_s is not None)
            assert (line.state.sent, line.state.unsent, line.state.reconnects) == (5, 0, 0)
            assert line.state.connected
        assert not line.state.connected
        assert not line.tick(EncoderTick(encoder=1))
        assert line.state.unsent == 1
        bad = url.replace("/yard/", "/no.line/")
        with pytest.raises(LineConnectionError, match=r"refused with status 404: .*not_found"):
            await LineClient(bad).__aenter__()

    with listening(app) as base:
        asyncio.run(scenario(base))


def test_it_comes_back_and_counts_what_was_not_sent() -> None:
    async def scenario() -> None:
        server = await listen(answer_beats)
        port = server.sockets[0].getsockname()[1]
        async with LineClient(address(server), first_pause_s=0.01, longest_pause_s=0.02) as line:
            assert line.tick(EncoderTick(encoder=1))
            await until(lambda: line.state.sent == 1)
            server.close()
            await server.wait_closed()
            await until(lambda: not line.state.connected)
            assert [line.tick(EncoderTick(encoder=n)) for n in range(3)] == [False] * 3
            again = await listen(answer_beats, port)
            await until(lambda: line.state.connected)
            assert (line.state.reconnects, line.state.unsent) == (1, 3)
            assert line.tick(EncoderTick(encoder=9))
            await until(lambda: line.state.sent == 2)
            again.close()

    asyncio.run(scenario())


def test_a_line_that_falls_silent_is_left() -> None:
    async def scenario() -> None:
        async def say_nothing(socket: ServerConnection) -> None:
            await socket.wait_closed()

        async with (
            await listen(say_nothing) as server,
            LineClient(address(server), beat_s=0.01, silence_s=0.05, first_pause_s=0.01) as line,
        ):
            await until(lambda: line.state.reconnects >= 2)

    asyncio.run(scenario())


def test_who_does_not_read_answers_keeps_the_connection_and_loses_none() -> None:
    count = 600

    async def scenario() -> None:
        async def decide(socket: ServerConnection) -> None:
            for number in range(count):
                await socket.send(decision().model_copy(update={"fruit_id": number}).to_json())
            await answer_beats(socket)

        async with (
            await listen(decide) as server,
            LineClient(address(server), beat_s=0.01, silence_s=0.1) as line,
        ):
            await asyncio.sleep(0.3)  # longer than the silence that is borne
            got = [await line.next() for _ in range(count)]
            assert [one.fruit_id for one in got if isinstance(one, Decision)] == list(range(count))
            assert line.state.reconnects == 0

    asyncio.run(scenario())


def test_what_a_newer_line_says_is_counted_and_passed_over() -> None:
    async def scenario() -> None:
        async def talk(socket: ServerConnection) -> None:
            await socket.send('{"type": "weather", "rain": true}')
            await socket.send(decision().to_json())
            await answer_beats(socket)

        async with await listen(talk) as server, LineClient(address(server)) as line:
            assert isinstance(await line.next(), Decision)
            assert line.state.strange == 1

    asyncio.run(scenario())


def test_a_line_that_takes_nothing_fills_a_bounded_room() -> None:
    async def scenario() -> None:
        reading = asyncio.Event()

        async def late(socket: ServerConnection) -> None:
            await reading.wait()
            await answer_beats(socket)

        async with (
            await listen(late, max_queue=1) as server,
            LineClient(address(server), silence_s=60) as line,
        ):
            taken = [line.frame(header(), b"x" * 8_000) for _ in range(MOST_TO_SEND + 10)]
            assert taken == [True] * MOST_TO_SEND + [False] * 10
            assert line.state.unsent == 10
            reading.set()
            await until(lambda: line.state.sent == MOST_TO_SEND)

    asyncio.run(scenario())


def test_nobody_there() -> None:
    with create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    async def scenario() -> None:
        with pytest.raises(LineConnectionError, match=rf"ws://127\.0\.0\.1:{port}: no connection: .*111"):
            await LineClient(f"ws://127.0.0.1:{port}").__aenter__()
        with pytest.raises(LineConnectionError, match=r"http://x: expected an address such as ws://"):
            await LineClient("http://x").__aenter__()
        line = LineClient(f"ws://127.0.0.1:{port}", patience_s=20, first_pause_s=0.01, longest_pause_s=0.02)
        entering = asyncio.create_task(line.__aenter__())
        await asyncio.sleep(0.05)
        async with await listen(answer_beats, port):
            await entering
            assert line.state.connected
            await line.__aexit__(None, None, None)

    asyncio.run(scenario())


def test_a_service_that_is_busy_says_why() -> None:
    async def scenario() -> None:
        def refuse(connection: ServerConnection, _request: object) -> Any:
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "the model is missing")

        async with await listen(answer_beats, process_request=refuse) as server:
            with pytest.raises(LineConnectionError, match=r"status 503: the model is missing"):
                await LineClient(address(server)).__aenter__()

    asyncio.run(scenario())
