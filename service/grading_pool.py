"""Grading runs in a few threads, never on the event loop; a bounded number of requests may wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock
from typing import TypeVar

from service.errors import BusyError

RETRY_AFTER_S = 2

Result = TypeVar("Result")


class GradingPool:
    """`workers` threads and `queue_limit` waiting places. A full pool refuses at once; it never drops silently."""

    def __init__(self, *, workers: int, queue_limit: int) -> None:
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="grading")
        self._places = workers + queue_limit
        self._taken = 0
        self._lock = Lock()

    @property
    def taken(self) -> int:
        """Places taken now: running and waiting."""
        return self._taken

    @contextmanager
    def place(self) -> Iterator[Place]:
        """Hold a place from before the body is read until the work is done.

        Raises:
            BusyError: every place is taken.
        """
        self._take()
        place = Place(self._executor)
        try:
            yield place
        finally:
            place.when_done(self._release)

    def close(self) -> None:
        """Finish what runs or waits, then stop the threads."""
        self._executor.shutdown(wait=True)

    def _take(self) -> None:
        with self._lock:
            if self._taken >= self._places:
                raise BusyError(
                    f"all {self._places} grading places are taken; try again in {RETRY_AFTER_S} s",
                    RETRY_AFTER_S,
                )
            self._taken += 1

    def _release(self) -> None:
        with self._lock:
            self._taken -= 1


class Place:
    """One place of the pool: runs one job."""

    def __init__(self, executor: ThreadPoolExecutor) -> None:
        self._executor = executor
        self._job: Future[object] | None = None

    async def run(self, work: Callable[[], Result]) -> Result:
        """Run `work` in a thread. A cancelled request does not interrupt it."""
        job: Future[Result] = self._executor.submit(work)
        self._job = job  # type: ignore[assignment]  # only waited for, its result is not read through this name
        return await asyncio.shield(asyncio.wrap_future(job))

    def when_done(self, release: Callable[[], None]) -> None:
        """Call `release` once: now, or when the job that was started has ended."""
        if self._job is None:
            release()
        else:
            self._job.add_done_callback(lambda _job: release())
