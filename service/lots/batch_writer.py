"""Writes rows from a thread of its own, many in one transaction: who offers one never waits for a disk."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from threading import Condition, Event, Thread
from time import sleep
from typing import Generic, TypeVar

from service.errors import RowRefusedError, StorageError
from service.line.quiet_log import QuietLog

Item = TypeVar("Item")

LARGEST_BATCH = 500
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0
LAST_TRIES_S = 10.0
"""So long is what was accepted tried again after the end, when the database cannot be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterCounts:
    """accepted = stored + spoilt + waiting, always; refused ones were never accepted. lost: given up at the end."""

    accepted: int
    stored: int
    spoilt: int
    refused: int
    waiting: int
    lost: int


class BatchWriter(Generic[Item]):
    """A bounded queue and the thread that empties it.

    write: stores items, all or none. spoilt: stores what can be stored of an item that `write` refuses. Both raise
    StorageError when it should be tried again later; RowRefusedError and anything else: it is no use.
    capacity: items that wait at most.

    What was accepted is written, however long the database is away, until `close` has tried for a while. A killed
    process loses what waited: as a rule no more than came during one commit.
    """

    def __init__(
        self,
        name: str,
        write: Callable[[Sequence[Item]], object],
        spoilt: Callable[[Item], object],
        *,
        capacity: int,
        log: QuietLog,
        last_tries_s: float = LAST_TRIES_S,
    ) -> None:
        self._name, self._write, self._spoilt_one = name, write, spoilt
        self._capacity, self._last_tries_s, self._log = capacity, last_tries_s, log
        self._waiting: deque[Item] = deque()
        self._changed = Condition()
        self._closing = Event()
        self._accepted = self._stored = self._spoilt = self._refused = self._lost = 0
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def offer(self, item: Item) -> bool:
        """Take it on, without waiting. False: too many wait, or it has ended; counted."""
        with self._changed:
            taken = len(self._waiting) < self._capacity and not self._closing.is_set()
            if taken:
                self._waiting.append(item)
                self._accepted += 1
                self._changed.notify_all()
            else:
                self._refused += 1
        return taken

    def counts(self) -> WriterCounts:
        """Of now."""
        with self._changed:
            return WriterCounts(
                accepted=self._accepted,
                stored=self._stored,
                spoilt=self._spoilt,
                refused=self._refused,
                waiting=len(self._waiting),
                lost=self._lost,
            )

    def flush(self, timeout_s: float) -> bool:
        """Wait until all that was accepted so far is written. False: it was not in time."""
        with self._changed:
            wanted = self._accepted
            return self._changed.wait_for(lambda: self._stored + self._spoilt >= wanted, timeout_s)

    def close(self) -> None:
        """Write what waits, then end."""
        with self._changed:
            self._closing.set()
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        pause_s, tried_s = FIRST_PAUSE_S, 0.0
        while batch := self._next():
            if self._store(batch):
                pause_s = FIRST_PAUSE_S
                continue
            if self._closing.is_set():
                if tried_s >= self._last_tries_s:
                    self._give_up()
                    return
                tried_s += pause_s
            self._pause(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _next(self) -> list[Item]:
        """What waits, and still does until it is written; empty at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing.is_set())
            return list(islice(self._waiting, LARGEST_BATCH))

    def _store(self, batch: list[Item]) -> bool:
        try:
            self._write(batch)
        except Exception as error:  # noqa: BLE001  # a spoilt item must not hold up the others for ever
            if self._is_away(error):
                return False
            if len(batch) > 1:
                return all(self._store([item]) for item in batch)
            return self._see_to_spoilt(batch[0], error)
        self._done(stored=len(batch), spoilt=0)
        return True

    def _see_to_spoilt(self, item: Item, problem: Exception) -> bool:
        try:
            self._spoilt_one(item)
        except Exception as error:  # noqa: BLE001  # nothing more can be done for it
            if self._is_away(error):
                return False
            self._log.warn(f"{self._name}_not_even_told", problem=str(error))
        self._log.warn(f"{self._name}_spoilt", problem=str(problem))
        self._done(stored=0, spoilt=1)
        return True

    def _is_away(self, error: Exception) -> bool:
        """Whether trying again may help."""
        away = isinstance(error, StorageError) and not isinstance(error, RowRefusedError)
        if away:
            self._log.warn(f"{self._name}_not_written", problem=str(error))
        return away

    def _done(self, *, stored: int, spoilt: int) -> None:
        with self._changed:
            for _ in range(stored + spoilt):
                self._waiting.popleft()
            self._stored += stored
            self._spoilt += spoilt
            self._changed.notify_all()

    def _pause(self, pause_s: float) -> None:
        """Less when the end is near."""
        if self._closing.is_set():
            sleep(pause_s)
        else:
            self._closing.wait(pause_s)

    def _give_up(self) -> None:
        with self._changed:
            self._lost = len(self._waiting)
        self._log.warn(f"{self._name}_lost", items=self._lost)
