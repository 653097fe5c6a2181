"""The two ends of the way between the service and one grading process: whole messages, in order, over a socket.

A message is 4 bytes big-endian length and a pickle. The service's end never waits and needs no thread; the end of the
process waits for each message.
"""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable
from io import BytesIO
from select import select
from socket import socket
from typing import Any, cast

LENGTH_BYTES = 4


class ServiceEnd(asyncio.Protocol):
    """The end on the event loop. heard: gets each message. lost: called once when the other end is gone."""

    def __init__(self, heard: Callable[[Any], None], lost: Callable[[], None]) -> None:
        self._heard, self._lost = heard, lost
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """By the event loop."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are none by inheritance

    def data_received(self, data: bytes) -> None:
        """By the event loop: some bytes, of less or of more than one message."""
        self._buffer += data
        while len(self._buffer) >= LENGTH_BYTES:
            end = LENGTH_BYTES + int.from_bytes(self._buffer[:LENGTH_BYTES], "big")
            if len(self._buffer) < end:
                return
            message = bytes(self._buffer[LENGTH_BYTES:end])
            del self._buffer[:end]
            self._heard(pickle.loads(message))

    def connection_lost(self, _error: Exception | None) -> None:
        """By the event loop: the process has ended, or `close` was called."""
        self._transport = None
        self._lost()

    def send(self, message: object) -> None:
        """Put a message on its way. One for a process that is gone is not delivered; `lost` tells."""
        if self._transport is not None:
            self._transport.write(_packed(message))

    def close(self) -> None:
        """Nothing is sent any more."""
        if self._transport is not None:
            self._transport.abort()


class ProcessEnd:
    """The end in the grading process. It takes over the socket."""

    def __init__(self, connection: socket) -> None:
        self._socket = connection

    def receive(self) -> Any:
        """The next message; waits for it. Raises EOFError when the service has closed its end."""
        return pickle.loads(self._read(int.from_bytes(self._read(LENGTH_BYTES), "big")))

    def has_news(self) -> bool:
        """Whether `receive` has something to take, if only that the service has closed its end."""
        return bool(select([self._socket], [], [], 0)[0])

    def send(self, message: object) -> None:
        """Raises OSError when the service has closed its end."""
        self._socket.sendall(_packed(message))

    def _read(self, count: int) -> bytes:
        """So many bytes and no more: nothing is held back, so `select` tells whether something waits."""
        data = bytearray(count)
        rest = memoryview(data)
        while rest:
            taken = self._socket.recv_into(rest)
            if taken == 0:
                raise EOFError
            rest = rest[taken:]
        return bytes(data)


def _packed(message: object) -> memoryview:
    """Length and pickle in one piece."""
    buffer = BytesIO(bytes(LENGTH_BYTES))
    buffer.seek(LENGTH_BYTES)
    pickle.dump(message, buffer, protocol=pickle.HIGHEST_PROTOCOL)
    packed = buffer.getbuffer()
    packed[:LENGTH_BYTES] = (len(packed) - LENGTH_BYTES).to_bytes(LENGTH_BYTES, "big")
    return packed
