"""The same events to many watchers; one that is slow gets fewer of them, and is told how many it missed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from fastapi.sse import format_sse_event

from service.errors import BusyError

MOST_WATCHERS = 64
"""Of one line. Each costs a socket and at most MOST_WAITING decisions of about 1 kB, shared with the others."""
MOST_WAITING = 64
"""Decisions that wait for a watcher; with more the oldest is dropped."""
RETRY_S = 5


class Watcher:
    """What waits for one watcher: decisions in order, and the newest state only. language: of its decisions."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.dropped = 0
        self._decisions: deque[bytes] = deque()
        self._untold = 0
        self._state: bytes | None = None
        self._wake = asyncio.Event()
        self._closed = False

    def decision(self, event: bytes) -> None:
        """A decision; the oldest one that waits makes room for it."""
        if len(self._decisions) >= MOST_WAITING:
            self._decisions.popleft()
            self.missed(1)
        self._decisions.append(event)
        self._wake.set()

    def missed(self, count: int) -> None:
        """So many decisions did not even get here."""
        self.dropped += count
        self._untold += count

    def state(self, event: bytes) -> None:
        """The state of the line; one that waits is replaced."""
        self._state = event
        self._wake.set()

    def close(self) -> None:
        """No further event comes."""
        self._closed = True
        self._wake.set()

    async def events(self) -> AsyncIterator[bytes]:
        """Everything that waits, at once, again and again; ends after `close`."""
        while not self._closed:
            await self._wake.wait()
            self._wake.clear()
            waiting = b"".join([*self._missing(), *self._decisions, self._state or b""])
            self._decisions.clear()
            self._state = None
            if waiting:
                yield waiting

    def _missing(self) -> tuple[bytes, ...]:
        if not self._untold:
            return ()
        text = f'{{"dropped":{self._untold},"dropped_in_all":{self.dropped}}}'
        self._untold = 0
        return (format_sse_event(event="dropped", data_str=text),)


class Broadcast:
    """The watchers of one line. An event is encoded once, whoever it goes to."""

    def __init__(self) -> None:
        self._watchers: list[Watcher] = []

    @property
    def count(self) -> int:
        """Watchers now."""
        return len(self._watchers)

    @property
    def languages(self) -> set[str]:
        """Of all watchers."""
        return {watcher.language for watcher in self._watchers}

    def join(self, language: str) -> Watcher:
        """One more. Raises BusyError."""
        if len(self._watchers) >= MOST_WATCHERS:
            raise BusyError(f"{MOST_WATCHERS} pages watch this line already; close one of them", RETRY_S)
        watcher = Watcher(language)
        self._watchers.append(watcher)
        return watcher

    def leave(self, watcher: Watcher) -> None:
        """It is gone."""
        self._watchers.remove(watcher)

    def decision(self, event_by_language: dict[str, bytes]) -> None:
        """To everybody, each in its language."""
        for watcher in self._watchers:
            watcher.decision(event_by_language[watcher.language])

    def missed(self, count: int) -> None:
        """Decisions that were made too fast to be told to anybody."""
        for watcher in self._watchers:
            watcher.missed(count)

    def state(self, event: bytes) -> None:
        """To everybody."""
        for watcher in self._watchers:
            watcher.state(event)

    def close(self) -> None:
        """All streams end."""
        for watcher in self._watchers:
            watcher.close()
