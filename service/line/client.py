"""One connection to a line, seen from the line: what is to be sent to it, in a bounded outbox."""

from __future__ import annotations

import asyncio
from collections import deque

from service.line.protocol import Decision, Heartbeat, Notice

MOST_WAITING = 256
"""Decisions that wait for a client that does not read; further ones reach nobody and are counted so."""
MOST_NOTICES = 32
"""Notices and heartbeats that wait; further ones are dropped. Decisions are sent before them."""

Answer = Decision | Notice | Heartbeat


class Client:
    """Takes answers from the line, gives them to who sends them. name: for the log.

    own_camera: a camera that the line opened itself: it sends for lanes that belong to others, and gets no answers.
    """

    def __init__(self, name: str, *, own_camera: bool = False) -> None:
        self.name = name
        self.own_camera = own_camera
        self._decisions: deque[Decision] = deque()
        self._notices: deque[Notice | Heartbeat] = deque()
        self._wake = asyncio.Event()

    def offer(self, answer: Answer) -> bool:
        """Put an answer into the outbox; False when there is no room for it, or nobody to read it."""
        if self.own_camera:
            return False
        if isinstance(answer, Decision):
            if len(self._decisions) >= MOST_WAITING:
                return False
            self._decisions.append(answer)
        else:
            if len(self._notices) >= MOST_NOTICES:
                return False
            self._notices.append(answer)
        self._wake.set()
        return True

    async def next(self) -> Answer:
        """Wait for an answer; decisions first."""
        while not self._decisions and not self._notices:
            self._wake.clear()
            await self._wake.wait()
        return self._decisions.popleft() if self._decisions else self._notices.popleft()

    def take_all(self) -> tuple[Answer, ...]:
        """Everything that waits; decisions first."""
        waiting = (*self._decisions, *self._notices)
        self._decisions.clear()
        self._notices.clear()
        return waiting
