"""A client of a sorting line: what stands beside the cameras and the PLC. Copy it, or use it as it is.

    async with LineClient("ws://127.0.0.1:8000/api/v1/lines/north/frames") as line:
        line.tick(EncoderTick(encoder=1000))
        line.trigger(Trigger(fruit_id=17, lane=1, encoder=1000))
        line.frame(header, jpeg)
        decision = await line.next()

Nothing that is sent waits for the line: fruit do not wait either. What cannot be sent (no connection, no room) is
counted, `False` is returned, and the fruit recirculates. A connection that breaks or falls silent is made again, with
growing pauses; what was under way is lost, as its fruit are by then.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, replace
from time import monotonic
from types import TracebackType
from typing import Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI, WebSocketException

from service.errors import LineConnectionError, ProtocolError
from service.line.backoff import Backoff
from service.line.protocol import (
    Decision,
    EncoderTick,
    FrameHeader,
    Heartbeat,
    Notice,
    Trigger,
    decode_answer,
    encode_frame,
)

OPEN_TIMEOUT_S = 120.0
"""A line accepts a connection when its grading processes have loaded the model."""
MOST_TO_SEND = 256
"""Messages that wait to be sent."""
MOST_ANSWERS = 256
"""Answers that wait to be read; then the line is left waiting, as long as it bears it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientState:
    """connected: now. sent: messages handed to the connection, without heartbeats. unsent: those for which there was
    no connection or no room. reconnects: times that a connection was made again. strange: answers not understood.
    round_trip_s: of the last heartbeat.
    """

    connected: bool = False
    sent: int = 0
    unsent: int = 0
    reconnects: int = 0
    strange: int = 0
    round_trip_s: float | None = None


class _SilentError(Exception):
    """The line did not answer heartbeats."""


class LineClient:
    """One connection to one line, kept up.

    url: ws://HOST:PORT/api/v1/lines/NAME/frames. key: API key, where the service asks for one.
    beat_s: time between heartbeats. silence_s: without any answer for so
    long the connection is given up. first_pause_s, longest_pause_s: before a new try. patience_s: how long the first
    connection is tried for.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        beat_s: float = 1.0,
        silence_s: float = 5.0,
        first_pause_s: float = 0.1,
        longest_pause_s: float = 5.0,
        patience_s: float = 0.0,
    ) -> None:
        self.url = url
        self._headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        self._beat_s, self._silence_s, self._patience_s = beat_s, silence_s, patience_s
        self._backoff = Backoff(first_pause_s, longest_pause_s)
        self._state = ClientState()
        self._to_send: deque[bytes | str] = deque()
        self._wake = asyncio.Event()
        self._answers: asyncio.Queue[Decision | Notice] = asyncio.Queue(MOST_ANSWERS)
        self._beats: dict[int, float] = {}
        self._heard_s = 0.0
        self._socket: ClientConnection | None = None
        self._running: asyncio.Task[None] | None = None

    @property
    def state(self) -> ClientState:
        """Connection and counts now."""
        return self._state

    async def __aenter__(self) -> Self:
        """Connect. Raises LineConnectionError when there is no such line, or nobody answers within `patience_s`."""
        self._socket = await self._first_connection()
        self._state = replace(self._state, connected=True)
        self._running = asyncio.create_task(self._keep_up(self._socket))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection. Lanes and encoder are free for another client."""
        if self._running is not None:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running
        self._state = replace(self._state, connected=False)
        if self._socket is not None:
            await self._socket.close()

    def frame(self, header: FrameHeader, picture: bytes) -> bool:
        """Send a view; picture: a whole JPEG or PNG file. False when it cannot be sent."""
        return self._offer(encode_frame(header, picture))

    def trigger(self, trigger: Trigger) -> bool:
        """A fruit has passed the light barrier. False when it cannot be sent."""
        return self._offer(trigger.to_json())

    def tick(self, tick: EncoderTick) -> bool:
        """Where the belt is. False when it cannot be sent."""
        return self._offer(tick.to_json())

    async def next(self) -> Decision | Notice:
        """Wait for the next decision, or the next word on a message that was refused."""
        return await self._answers.get()

    async def __aiter__(self) -> AsyncIterator[Decision | Notice]:
        """Answers as they come, without an end."""
        while True:
            yield await self.next()

    def _offer(self, message: bytes | str) -> bool:
        if not self._state.connected or len(self._to_send) >= MOST_TO_SEND:
            self._state = replace(self._state, unsent=self._state.unsent + 1)
            return False
        self._to_send.append(message)
        self._wake.set()
        return True

    async def _first_connection(self) -> ClientConnection:
        until_s = monotonic() + self._patience_s
        while True:
            try:
                return await self._connect()
            except InvalidURI as error:
                raise LineConnectionError(
                    f"{self.url}: expected an address such as ws://HOST:8000/api/v1/lines/NAME/frames"
                ) from error
            except InvalidStatus as error:
                said = (error.response.body or b"").decode("utf-8", "replace").strip()
                raise LineConnectionError(
                    f"{self.url}: refused with status {error.response.status_code}: {said[:500] or 'no reason'}"
                ) from error
            except (OSError, InvalidHandshake) as error:  # TimeoutError is an OSError
                pause_s = self._backoff.next_s()
                if monotonic() + pause_s > until_s:
                    reason = str(error) or type(error).__name__
                    raise LineConnectionError(f"{self.url}: no connection: {reason}") from error
                await asyncio.sleep(pause_s)

    async def _next_connection(self) -> ClientConnection:
        while True:
            await asyncio.sleep(self._backoff.next_s())
            with suppress(OSError, WebSocketException):
                return await self._connect()

    async def _connect(self) -> ClientConnection:
        """Pictures are compressed already, and a line is in the same network: no compression, no proxy."""
        return await connect(
            self.url,
            additional_headers=self._headers,
            open_timeout=OPEN_TIMEOUT_S,
            compression=None,
            proxy=None,
        )

    async def _keep_up(self, socket: ClientConnection) -> None:
        """Talk; when the connection breaks make another, for as long as this client is open."""
        while True:
            self._backoff.reset()
            try:
                await self._talk(socket)
            except* (OSError, WebSocketException, _SilentError):
                pass
            lost = len(self._to_send)
            self._state = replace(self._state, connected=False, unsent=self._state.unsent + lost)
            self._to_send.clear()
            self._beats.clear()
            await socket.close()
            self._socket = socket = await self._next_connection()
            self._state = replace(self._state, connected=True, reconnects=self._state.reconnects + 1)

    async def _talk(self, socket: ClientConnection) -> None:
        self._heard_s = monotonic()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read(socket))
            group.create_task(self._write(socket))
            group.create_task(self._beat(socket))

    async def _read(self, socket: ClientConnection) -> None:
        while True:
            text = await socket.recv(decode=True)
            self._heard_s = monotonic()
            try:
                answer = decode_answer(text)
            except ProtocolError:  # of a newer line
                self._state = replace(self._state, strange=self._state.strange + 1)
                continue
            if isinstance(answer, Heartbeat):
                sent_s = self._beats.pop(answer.number, None)
                if sent_s is not None:
                    self._state = replace(self._state, round_trip_s=self._heard_s - sent_s)
            else:
                await self._answers.put(answer)

    async def _write(self, socket: ClientConnection) -> None:
        while True:
            while not self._to_send:
                self._wake.clear()
                await self._wake.wait()
            await socket.send(self._to_send.popleft())
            self._state = replace(self._state, sent=self._state.sent + 1)

    async def _beat(self, socket: ClientConnection) -> None:
        """Silence is only the line's fault while its answers are read here."""
        number = 0
        while True:
            if self._answers.full():
                self._heard_s = monotonic()
            if monotonic() - self._heard_s > self._silence_s:
                raise _SilentError
            self._beats = {key: at for key, at in self._beats.items() if key > number - 16}
            self._beats[number] = monotonic()
            await socket.send(Heartbeat(number=number).to_json())
            number += 1
            await asyncio.sleep(self._beat_s)
