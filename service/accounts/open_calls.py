"""Answers that go on for long (lines, event streams) end when their caller may no longer call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import structlog

from service.accounts.caller import Caller
from service.errors import StorageError

CHECK_S = 0.5
"""How often: a revoked key is out within a second."""


class OpenCalls:
    """gone: those of some callers who may not call any more; it is asked in a thread, for all of them at once."""

    def __init__(self, gone: Callable[[Iterable[Caller]], frozenset[Caller]]) -> None:
        self._gone = gone
        self._open: dict[asyncio.Task[None], Caller] = {}
        self._ended: set[asyncio.Task[None]] = set()
        self._checking: asyncio.Task[None] | None = None

    async def run(self, caller: Caller, call: Awaitable[None]) -> bool:
        """Run to the end; False: it was ended because the caller is gone."""
        task = asyncio.ensure_future(_await(call))
        self._open[task] = caller
        if self._checking is None or self._checking.done():
            self._checking = asyncio.create_task(self._check())
        try:
            await task
        except asyncio.CancelledError:
            if task in self._ended:
                return False
            task.cancel()
            raise
        finally:
            self._open.pop(task, None)
            self._ended.discard(task)
        return True

    async def _check(self) -> None:
        while self._open:
            await asyncio.sleep(CHECK_S)
            try:
                gone = await asyncio.to_thread(self._gone, set(self._open.values()))
            except StorageError as error:  # nobody is cut off because a disk is full
                structlog.get_logger().warning("callers_not_checked", problem=str(error))
                continue
            for task, caller in list(self._open.items()):
                if caller in gone and task not in self._ended:
                    self._ended.add(task)
                    task.cancel()
                    structlog.get_logger().info("caller_gone", name=caller.name)


async def _await(call: Awaitable[None]) -> None:
    await call
