"""The grading processes of the lines: one single-threaded process a core, each with one model.

All views of a fruit go to one process, which keeps what it measured: so a fruit is judged by one model, and nothing
large comes back. The bytes of its views are kept here until it is decided: when a process dies, another looks at them
again. Another model means other processes, started beside the old ones, which end when their last fruit is decided.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Protocol

from grader.errors import ModelError
from grader.pipeline import GradeOptions
from service.line.line_grader import ViewResult, ViewWork
from service.line.outlets import Recirculated, Verdict
from service.line.quiet_log import QuietLog
from service.line.worker_process import (
    Answer,
    DecideFruit,
    DropFruit,
    Failed,
    GradeView,
    LoadGrader,
    Request,
    failed_view,
    run_worker,
)

START_TIMEOUT_S = 120.0
ANSWER_TIMEOUT_S = 20.0
"""A process that takes longer for one view hangs; it is killed."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 10.0
"""Between the tries to start a process again: doubled each time."""
MOST_LOSSES = 2
"""A fruit whose view was in hand when so many processes died is given up: it may be what kills them."""

TellView = Callable[[ViewResult], None]
TellVerdict = Callable[[Verdict | None, str | None], None]
"""Gets the verdict; or None and why there is none (`Recirculated`)."""


class Crew(Protocol):
    """Grades the fruit of a line: the seam between a line and its processes."""

    def open(self, fruit: int, options: GradeOptions, tell_view: TellView, tell_verdict: TellVerdict) -> bool:
        """Take on a fruit; False when there is more to do already than can be done in time."""
        ...

    def add(self, fruit: int, work: ViewWork) -> None:
        """A view of a fruit that was taken on."""
        ...

    def finish(self, fruit: int) -> None:
        """No further view comes: decide. `tell_verdict` is called once, later."""
        ...

    def drop(self, fruit: int) -> None:
        """Nobody waits for this fruit any more: nothing further is told of it."""
        ...


@dataclass(slots=True)
class _Job:
    fruit: int
    options: GradeOptions
    tell_view: TellView
    tell_verdict: TellVerdict
    worker: _Worker
    works: list[ViewWork] = field(default_factory=list)
    told: set[tuple[str, int]] = field(default_factory=set)
    finishing: bool = False
    losses: int = 0


@dataclass(eq=False, slots=True)
class _Worker:
    """A process and what it has to do. alive: it can grade. dead: it was found dead, and nobody has seen to it yet."""

    model: Path
    todo: deque[Request] = field(default_factory=deque)
    jobs: dict[int, _Job] = field(default_factory=dict)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    alive: bool = False
    dead: bool = False
    retiring: bool = False
    process: BaseProcess | None = None
    connection: Connection | None = None

    def give(self, request: Request) -> None:
        self.todo.append(request)
        self.wake.set()


class _WorkerLostError(Exception):
    """The process does not answer any more."""


class Workers:
    """`count` processes. At most `waiting_limit` views wait before new fruit are refused."""

    def __init__(self, load: LoadGrader, *, count: int, waiting_limit: int, log: QuietLog) -> None:
        self._load = load
        self._count = count
        self._waiting_limit = waiting_limit
        self._log = log
        self._threads = ThreadPoolExecutor(max_workers=4 * count, thread_name_prefix="line worker")
        self._workers: list[_Worker] = []
        self._jobs: dict[int, _Job] = {}
        self._tasks: dict[_Worker, asyncio.Task[None]] = {}
        self._changing = asyncio.Lock()
        self.model: Path | None = None
        self.restarts = 0

    @property
    def count(self) -> int:
        """Processes there should be."""
        return self._count

    @property
    def model_name(self) -> str | None:
        """Folder of the model in use: name and version."""
        return None if self.model is None else "/".join(self.model.parts[-2:])

    @property
    def ready(self) -> int:
        """Processes that can grade now."""
        return sum(worker.alive for worker in self._workers)

    @property
    def waiting(self) -> int:
        """Views that no process has looked at yet."""
        return sum(isinstance(request, GradeView) for worker in self._tasks for request in worker.todo)

    @property
    def process_ids(self) -> tuple[int, ...]:
        """Of the processes that can grade now."""
        return tuple(
            worker.process.pid
            for worker in self._workers
            if worker.alive and worker.process is not None and worker.process.pid is not None
        )

    async def use(self, model: Path) -> None:
        """Grade with this model from the next fruit on. Raises ModelError; what was in use stays then."""
        async with self._changing:
            fresh = [_Worker(model) for _ in range(self._count)]
            problems = await asyncio.gather(*(self._launch(worker) for worker in fresh))
            if problem := next((one for one in problems if one is not None), None):
                await asyncio.gather(*(self._end(worker) for worker in fresh))
                raise ModelError(f"{model}: no grading process could be started: {problem}")
            old, self._workers, self.model = self._workers, fresh, model
            for worker in old:
                worker.retiring = True
                worker.wake.set()
            for worker in fresh:
                self._tasks[worker] = asyncio.create_task(self._serve(worker))

    def open(self, fruit: int, options: GradeOptions, tell_view: TellView, tell_verdict: TellVerdict) -> bool:
        """Give the fruit to the process with the fewest."""
        able = [worker for worker in self._workers if worker.alive]
        if not able or self.waiting >= self._waiting_limit:
            return False
        worker = min(able, key=lambda one: (len(one.jobs), len(one.todo)))
        job = _Job(fruit, options, tell_view, tell_verdict, worker)
        self._jobs[fruit] = worker.jobs[fruit] = job
        return True

    def add(self, fruit: int, work: ViewWork) -> None:
        """Looked at after what waits already."""
        if (job := self._jobs.get(fruit)) is not None:
            job.works.append(work)
            job.worker.give(GradeView(fruit, work))

    def finish(self, fruit: int) -> None:
        """Decide after the views that were added."""
        if (job := self._jobs.get(fruit)) is not None and not job.finishing:
            job.finishing = True
            job.worker.give(DecideFruit(fruit, job.options))

    def drop(self, fruit: int) -> None:
        """Views that wait are not looked at."""
        if (job := self._jobs.pop(fruit, None)) is not None:
            worker = job.worker
            worker.jobs.pop(fruit, None)
            worker.todo = deque(request for request in worker.todo if request.fruit != fruit)
            worker.give(DropFruit(fruit))

    async def close(self) -> None:
        """End all processes. Nothing is told of fruit that are not decided."""
        tasks = list(self._tasks.items())
        for _, task in tasks:
            task.cancel()
        await asyncio.gather(*(task for _, task in tasks), return_exceptions=True)
        await asyncio.gather(*(self._end(worker) for worker, _ in tasks))
        self._jobs.clear()
        self._workers.clear()
        await asyncio.to_thread(self._threads.shutdown)

    async def _serve(self, worker: _Worker) -> None:
        """Give a process its work, one request after the other; start it again when it dies."""
        pause_s = FIRST_PAUSE_S
        try:
            while not (worker.retiring and not worker.jobs and not worker.todo):
                if not worker.alive and not worker.dead:
                    problem = await self._launch(worker)
                    if problem is not None:
                        self._log.warn("line_worker_not_started", problem, pause_s=pause_s)
                        await asyncio.sleep(pause_s)
                        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
                    continue
                if worker.dead:
                    await self._lost(worker, None, "it died")
                    continue
                if not worker.todo:
                    worker.wake.clear()
                    await worker.wake.wait()
                    continue
                request = worker.todo.popleft()
                try:
                    self._take_in(worker, request, await self._ask(worker, request))
                    pause_s = FIRST_PAUSE_S
                except _WorkerLostError as loss:
                    await self._lost(worker, request, str(loss))
            await self._end(worker)
        finally:
            del self._tasks[worker]

    async def _ask(self, worker: _Worker, request: Request) -> Answer:
        assert worker.connection is not None
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _ask, worker.connection, request)

    def _take_in(self, worker: _Worker, request: Request, answer: Answer) -> None:
        job = worker.jobs.get(request.fruit)
        if job is None or isinstance(request, DropFruit):
            return
        if isinstance(request, GradeView):
            result = failed_view(answer) if isinstance(answer, Failed) else answer
            assert isinstance(result, ViewResult)
            key = (request.work.camera, request.work.view)
            if key not in job.told:
                job.told.add(key)
                job.tell_view(result)
            return
        self._forget(job)
        if isinstance(answer, Failed):
            self._log.warn("fruit_not_decided", trace=answer.trace)
            job.tell_verdict(None, Recirculated.FAILED)
        else:
            assert answer is None or isinstance(answer, Verdict)
            job.tell_verdict(answer, Recirculated.NO_FRUIT if answer is None else None)

    async def _lost(self, worker: _Worker, request: Request | None, reason: str) -> None:
        """The process died, maybe with `request` in hand: its fruit begin again elsewhere, or here when it is back."""
        self.restarts += 1
        self._log.warn("line_worker_lost", reason, fruit_in_hand=len(worker.jobs))
        worker.alive = False
        worker.todo.clear()
        jobs, worker.jobs = worker.jobs, {}
        able = [other for other in self._workers if other.alive] or [worker]
        for job in jobs.values():
            job.losses += request is not None and job.fruit == request.fruit
            if job.losses >= MOST_LOSSES:
                del self._jobs[job.fruit]
                job.tell_verdict(None, Recirculated.WORKER_LOST)
                continue
            job.worker = min(able, key=lambda one: len(one.jobs))
            job.worker.jobs[job.fruit] = job
            for work in job.works:
                job.worker.give(GradeView(job.fruit, work))
            if job.finishing:
                job.worker.give(DecideFruit(job.fruit, job.options))
        await self._end(worker)

    def _forget(self, job: _Job) -> None:
        del self._jobs[job.fruit]
        del job.worker.jobs[job.fruit]

    async def _launch(self, worker: _Worker) -> str | None:
        """Start the process of a worker. Gives the problem when it cannot grade."""
        loop = asyncio.get_running_loop()
        started = loop.run_in_executor(self._threads, _start, self._load, worker.model)
        worker.process, worker.connection, problem = await asyncio.shield(started)
        worker.alive = problem is None
        if problem is not None:
            await self._end(worker)
        elif worker.process is not None:
            loop.add_reader(worker.process.sentinel, _found_dead, worker)
        return problem

    async def _end(self, worker: _Worker) -> None:
        """Once, whoever asks: the process is taken from the worker before anything is waited for."""
        worker.alive = worker.dead = False
        process, connection = worker.process, worker.connection
        worker.process = worker.connection = None
        if process is not None and connection is not None:
            loop = asyncio.get_running_loop()
            loop.remove_reader(process.sentinel)
            await loop.run_in_executor(self._threads, _end, process, connection)


def _found_dead(worker: _Worker) -> None:
    """Wake who serves it; told once, for a dead process stays so."""
    assert worker.process is not None
    asyncio.get_running_loop().remove_reader(worker.process.sentinel)
    worker.alive, worker.dead = False, True
    worker.wake.set()


def _start(load: LoadGrader, model: Path) -> tuple[BaseProcess, Connection, str | None]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=run_worker, args=(theirs, load, model), name="line worker", daemon=True)
    process.start()
    theirs.close()
    try:
        problem = (
            ours.recv().problem if ours.poll(START_TIMEOUT_S) else f"not ready in {START_TIMEOUT_S:.0f} s"
        )
    except (EOFError, OSError):
        problem = "it died while it loaded the model"
    return process, ours, problem


def _ask(connection: Connection, request: Request) -> Answer:
    try:
        connection.send(request)
        if not connection.poll(ANSWER_TIMEOUT_S):
            raise _WorkerLostError(f"no answer in {ANSWER_TIMEOUT_S:.0f} s")
        answer: Answer = connection.recv()
    except (EOFError, OSError) as error:
        raise _WorkerLostError("it died") from error
    return answer


def _end(process: BaseProcess, connection: Connection) -> None:
    """It holds nothing that could be lost. Killed before the pipe is closed: a thread may be waiting at it."""
    process.kill()
    process.join()
    process.close()
    connection.close()
