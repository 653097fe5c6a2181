"""One grading process as the service sees it: requests in, answers back in the same order; found out when it is gone.

Two requests are on their way at most: the one in hand, and the next one, so that the process never waits for the
service. What waits beyond that can be taken back.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections import deque
from collections.abc import Callable
from itertools import islice
from multiprocessing.process import BaseProcess
from pathlib import Path
from socket import socketpair
from time import monotonic

from service.line.worker_link import ServiceEnd
from service.line.worker_process import (
    Answer,
    DropFruit,
    GradeView,
    Loaded,
    LoadGrader,
    Request,
    run_worker,
)

ON_THEIR_WAY = 2
START_TIMEOUT_S = 120.0
SLOW_S = 0.5
"""A process that has one request in hand for longer gets no new fruit while another one is quicker."""


class Worker:
    """A process with one model. It can be started again after it was lost.

    answered: gets each request with its answer and the time it took, s. lost: told once of a process that died, or that
    had a request in hand for longer than `answer_timeout_s` (it is killed): the request in hand, if any, and what
    happened. All requests without an answer are forgotten then.
    """

    def __init__(
        self,
        load: LoadGrader,
        model: Path,
        *,
        answer_timeout_s: float,
        answered: Callable[[Worker, Request, Answer, float], None],
        lost: Callable[[Worker, Request | None, str], None],
    ) -> None:
        self.model = model
        self.alive = False
        self.retiring = False
        self._load = load
        self._answer_timeout_s = answer_timeout_s
        self._answered, self._lost = answered, lost
        self._todo: deque[Request] = deque()
        self._given: deque[Request] = deque()
        self._since_s = 0.0
        self._loaded: asyncio.Future[str | None] | None = None
        self._process: BaseProcess | None = None
        self._link: ServiceEnd | None = None
        self._watch: asyncio.TimerHandle | None = None

    @property
    def process_id(self) -> int | None:
        """None when no process runs."""
        return None if self._process is None else self._process.pid

    @property
    def waiting(self) -> int:
        """Views that it has not looked at yet."""
        ahead = islice(self._given, 1, None)
        return sum(isinstance(request, GradeView) for queue in (ahead, self._todo) for request in queue)

    @property
    def slow(self) -> bool:
        """Whether it has been busy with one request for a long time."""
        return bool(self._given) and monotonic() - self._since_s > SLOW_S

    def give(self, request: Request) -> None:
        """Answered after what was given before; kept until the process can take it."""
        self._todo.append(request)
        self._hand_out()

    def forget(self, fruit: int) -> None:
        """Views of this fruit that wait are not looked at, what is known of it is dropped."""
        self._todo = deque(request for request in self._todo if request.fruit != fruit)
        self.give(DropFruit(fruit))

    async def start(self) -> str | None:
        """Start the process and wait until it can grade. Gives the problem when it cannot."""
        loop = asyncio.get_running_loop()
        self._loaded = loop.create_future()
        ours, theirs = socketpair()
        process = multiprocessing.get_context("spawn").Process(
            target=run_worker, args=(theirs, self._load, self.model), name="line worker", daemon=True
        )
        starting = asyncio.ensure_future(asyncio.to_thread(process.start))
        try:
            await asyncio.shield(starting)
        except asyncio.CancelledError:
            await starting
            await asyncio.to_thread(_kill, process)
            ours.close()
            raise
        finally:
            theirs.close()
        self._process = process
        _, self._link = await loop.create_connection(lambda: ServiceEnd(self._heard, self._gone), sock=ours)
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                problem = await self._loaded
        except TimeoutError:
            problem = f"not ready in {START_TIMEOUT_S:.0f} s"
        if problem is not None:
            await self.end()
            return problem
        self.alive = True
        self._look_after()
        self._hand_out()
        return None

    async def end(self) -> None:
        """Kill the process: it holds nothing that could be lost. Once, whoever asks."""
        self.alive = False
        if self._watch is not None:
            self._watch.cancel()
        process, self._process = self._process, None
        link, self._link = self._link, None
        if link is not None:
            link.close()
        if process is not None:
            await asyncio.to_thread(_kill, process)

    def _hand_out(self) -> None:
        while self.alive and self._link is not None and self._todo and len(self._given) < ON_THEIR_WAY:
            if not self._given:
                self._since_s = monotonic()
            self._given.append(self._todo.popleft())
            self._link.send(self._given[-1])

    def _heard(self, message: Answer | Loaded) -> None:
        if isinstance(message, Loaded):
            if self._loaded is not None and not self._loaded.done():
                self._loaded.set_result(message.problem)
            return
        if not self.alive:  # it was given up a moment ago
            return
        request, since_s = self._given.popleft(), self._since_s
        self._since_s = monotonic()
        self._hand_out()
        self._answered(self, request, message, self._since_s - since_s)

    def _gone(self) -> None:
        """The other end is closed: by `end`, or because the process died."""
        if self._loaded is not None and not self._loaded.done():
            self._loaded.set_result("it died while it loaded the model")
        elif self.alive:
            self._give_up("it died")

    def _look_after(self) -> None:
        """Kill a process that hangs."""
        if self.alive and self._given and monotonic() - self._since_s > self._answer_timeout_s:
            self._give_up(f"no answer in {self._answer_timeout_s:g} s")
        elif self.alive:
            loop = asyncio.get_running_loop()
            self._watch = loop.call_later(self._answer_timeout_s / 4, self._look_after)

    def _give_up(self, reason: str) -> None:
        self.alive = False
        in_hand = self._given[0] if self._given else None
        self._given.clear()
        self._todo.clear()
        self._lost(self, in_hand, reason)


def _kill(process: BaseProcess) -> None:
    process.kill()
    process.join()
    process.close()
