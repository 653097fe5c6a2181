"""The grading processes of the lines: one single-threaded process a core, each with one model.

All views of a fruit go to one process, which keeps what it measured: so a fruit is judged by one model, and nothing
large comes back. The bytes of its views are kept here until it is decided: when a process dies, another looks at them
again. Another model means other processes, started beside the old ones, which end when their last fruit is decided.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from grader.errors import ModelError
from grader.pipeline import GradeOptions
from service.line.crew import TellVerdict, TellView
from service.line.fruit_pace import FruitPace
from service.line.line_grader import ViewResult, ViewWork
from service.line.outlets import Recirculated, Verdict
from service.line.quiet_log import QuietLog
from service.line.worker import Worker
from service.line.worker_process import (
    Answer,
    DecideFruit,
    DropFruit,
    Failed,
    GradeView,
    LoadGrader,
    Request,
    failed_view,
)

ANSWER_TIMEOUT_S = 5.0
"""A process that takes longer for one view hangs; it is killed. A view takes some 50 ms; a huge one a second."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 10.0
"""Between the tries to start a process again: doubled each time."""
MOST_LOSSES = 2
"""A fruit whose view was in hand when so many processes died is given up: it may be what kills them."""


@dataclass(slots=True)
class _Job:
    fruit: int
    options: GradeOptions
    pace: FruitPace
    tell_view: TellView
    tell_verdict: TellVerdict
    worker: Worker
    opened_s: float
    turn_s: float = 0.0
    done_s: float = 0.0
    works: list[ViewWork] = field(default_factory=list)
    told: set[tuple[str, int]] = field(default_factory=set)
    finishing: bool = False
    losses: int = 0


class Workers:
    """`count` processes, a `Crew`.

    New fruit are refused that would probably wait longer than `longest_wait_s` after their last view (`FruitPace`), and
    while `waiting_limit` views wait, whatever is expected of them: their pictures take memory.
    """

    def __init__(
        self,
        load: LoadGrader,
        *,
        count: int,
        longest_wait_s: float,
        waiting_limit: int,
        log: QuietLog,
        answer_timeout_s: float = ANSWER_TIMEOUT_S,
    ) -> None:
        self._load = load
        self._count = count
        self._longest_wait_s = longest_wait_s
        self._waiting_limit = waiting_limit
        self._answer_timeout_s = answer_timeout_s
        self._log = log
        self._workers: list[Worker] = []
        self._jobs: dict[Worker, dict[int, _Job]] = {}
        self._of_fruit: dict[int, _Job] = {}
        self._tasks: set[asyncio.Task[None]] = set()
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
        return sum(worker.waiting for worker in self._jobs)

    @property
    def process_ids(self) -> tuple[int, ...]:
        """Of the processes that can grade now."""
        found = (worker.process_id for worker in self._workers if worker.alive)
        return tuple(one for one in found if one is not None)

    async def use(self, model: Path) -> None:
        """Grade with this model from the next fruit on. Raises ModelError; what was in use stays then."""
        async with self._changing:
            fresh = [
                Worker(
                    self._load,
                    model,
                    answer_timeout_s=self._answer_timeout_s,
                    answered=self._answered,
                    lost=self._lost,
                )
                for _ in range(self._count)
            ]
            self._jobs.update({worker: {} for worker in fresh})
            try:
                problems = await asyncio.gather(*(worker.start() for worker in fresh))
            except BaseException:
                await self._end_all(fresh)
                raise
            if problem := next((one for one in problems if one is not None), None):
                await self._end_all(fresh)
                raise ModelError(f"{model}: no grading process could be started: {problem}")
            old, self._workers, self.model = self._workers, fresh, model
            for worker in old:
                worker.retiring = True
                self._end_if_done(worker)

    def open(
        self,
        fruit: int,
        options: GradeOptions,
        pace: FruitPace,
        tell_view: TellView,
        tell_verdict: TellVerdict,
    ) -> bool:
        """Give the fruit to the process with the least to do, all views to come of its fruit counted."""
        able = [worker for worker in self._workers if worker.alive]
        if not able or self.waiting >= self._waiting_limit:
            return False
        quick = [worker for worker in able if not worker.slow] or able
        worker = min(quick, key=self._load_of)
        if not pace.is_soon(self._ahead_s(worker), self._longest_wait_s):
            return False
        job = _Job(fruit, options, pace, tell_view, tell_verdict, worker, opened_s=monotonic())
        self._of_fruit[fruit] = self._jobs[worker][fruit] = job
        return True

    def add(self, fruit: int, work: ViewWork) -> None:
        """Looked at after what waits already."""
        if (job := self._of_fruit.get(fruit)) is not None:
            job.works.append(work)
            job.worker.give(GradeView(fruit, work))

    def finish(self, fruit: int) -> None:
        """Decide after the views that were added."""
        if (job := self._of_fruit.get(fruit)) is not None and not job.finishing:
            job.finishing = True
            job.turn_s = monotonic() - job.opened_s
            job.worker.give(DecideFruit(fruit, job.options))

    def drop(self, fruit: int) -> None:
        """Views that wait are not looked at."""
        if (job := self._of_fruit.get(fruit)) is not None:
            job.worker.forget(fruit)
            self._forget(job)

    async def close(self) -> None:
        """End all processes. Nothing is told of fruit that are not decided."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._end_all(list(self._jobs))
        self._of_fruit.clear()
        self._workers.clear()

    def _ahead_s(self, worker: Worker) -> float:
        """Expected work on the fruit that a process was given, s, of which many views may not have come yet."""
        return sum(job.pace.rest_s(job.done_s) for job in self._jobs[worker].values())

    def _load_of(self, worker: Worker) -> tuple[float, int, int]:
        """The most is last. Fruit and views count where times say nothing."""
        return self._ahead_s(worker), len(self._jobs[worker]), worker.waiting

    def _answered(self, worker: Worker, request: Request, answer: Answer, took_s: float) -> None:
        job = self._jobs[worker].get(request.fruit) if worker in self._jobs else None
        if job is None or isinstance(request, DropFruit):
            return
        job.done_s += took_s
        if isinstance(request, GradeView):
            result = failed_view(answer) if isinstance(answer, Failed) else answer
            assert isinstance(result, ViewResult)
            key = (request.work.camera, request.work.view)
            if key not in job.told:
                job.told.add(key)
                job.tell_view(result)
            return
        self._forget(job)
        job.pace.note(job.done_s, job.turn_s)
        if isinstance(answer, Failed):
            self._log.warn("fruit_not_decided", trace=answer.trace)
            job.tell_verdict(None, Recirculated.FAILED)
        else:
            assert answer is None or isinstance(answer, Verdict)
            job.tell_verdict(answer, Recirculated.NO_FRUIT if answer is None else None)

    def _lost(self, worker: Worker, in_hand: Request | None, reason: str) -> None:
        """A process is gone, maybe with a request in hand: its fruit begin again elsewhere, or here when it is back."""
        self.restarts += 1
        self._log.warn("line_worker_lost", reason, fruit_in_hand=len(self._jobs[worker]))
        jobs, self._jobs[worker] = self._jobs[worker], {}
        able = [other for other in self._workers if other.alive] or [worker]
        for job in jobs.values():
            job.losses += in_hand is not None and job.fruit == in_hand.fruit
            if job.losses >= MOST_LOSSES:
                del self._of_fruit[job.fruit]
                job.tell_verdict(None, Recirculated.WORKER_LOST)
                continue
            job.worker, job.done_s = min(able, key=self._load_of), 0.0
            self._jobs[job.worker][job.fruit] = job
            for work in job.works:
                job.worker.give(GradeView(job.fruit, work))
            if job.finishing:
                job.worker.give(DecideFruit(job.fruit, job.options))
        self._do(self._start_again(worker))

    async def _start_again(self, worker: Worker) -> None:
        """Until it can grade; one that retires and has nothing to do is ended instead."""
        await worker.end()
        pause_s = FIRST_PAUSE_S
        while not self._end_if_done(worker) and (problem := await worker.start()) is not None:
            self._log.warn("line_worker_not_started", problem, pause_s=pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _forget(self, job: _Job) -> None:
        del self._of_fruit[job.fruit]
        del self._jobs[job.worker][job.fruit]
        self._end_if_done(job.worker)

    def _end_if_done(self, worker: Worker) -> bool:
        """Whether this process retires and its last fruit is decided."""
        if not worker.retiring or self._jobs.get(worker):
            return False
        if self._jobs.pop(worker, None) is not None:
            self._do(worker.end())
        return True

    async def _end_all(self, workers: list[Worker]) -> None:
        for worker in workers:
            self._jobs.pop(worker, None)
        await asyncio.gather(*(worker.end() for worker in workers))

    def _do(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
