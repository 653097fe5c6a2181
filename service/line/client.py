"""One connection to a line, seen from the line: what is to be sent to it, in a bounded outbox."""

from __future__ import annotations

import asyncio
from collections import deque

from service.line.protocol import Decision, Heartbeat, Notice

MOST_WAITING = 256
"""Answers that wait for a client that does not read; further decisions reach nobody and are counted so."""
MOST_NOTICES = 32
"""Notices and heartbeats are dropped when more than this wait: they must not crowd out decisions."""

Answer = Decision | Notice | Heartbeat


class Client:
    """Takes answers from the line, gives them to who sends them. name: for the log."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._outbox: deque[Answer] = deque()
        self._wake = asyncio.Event()

    def offer(self, answer: Answer) -> bool:
        """Put an answer into the outbox; False when it is full."""
        room = MOST_WAITING if isinstance(answer, Decision) else MOST_NOTICES
        if len(self._outbox) >= room:
            return False
        self._outbox.append(answer)
        self._wake.set()
        return True

    async def next(self) -> Answer:
        """Wait for an answer, oldest first."""
        while not self._outbox:
            self._wake.clear()
            await self._wake.wait()
        return self._outbox.popleft()

    def take_all(self) -> tuple[Answer, ...]:
        """Everything that waits, oldest first."""
        waiting = tuple(self._outbox)
        self._outbox.clear()
        return waiting
