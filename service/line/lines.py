"""All sorting lines of a service, the processes they share, and the clock that moves them on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from time import monotonic

import structlog

from grader.errors import GraderError
from grader.rules_in_force import AS_INSTALLED, RulesInForce
from service.errors import LineConfigError, ModelNotReadyError, NotFoundError, ServiceError
from service.line.day_book import DayBook
from service.line.line import Line, TellDecided
from service.line.line_config import LineConfig
from service.line.line_file import LINE_NAME, PLAIN_LINE, load_line
from service.line.line_metrics import LaneRow
from service.line.line_setup import setup_problems
from service.line.quiet_log import QuietLog
from service.line.sources.camera_source import CameraSource, OwnCameraState
from service.line.worker_process import LoadGrader
from service.line.workers import ANSWER_TIMEOUT_S, Workers
from service.model_follower import POLL_S

STEP_S = 0.05
"""How often deadlines are looked at, beside every tick of the encoder: about as often as a belt ticks."""
CAMERA_STEP_S = 0.01
"""How often instead where the service opened cameras itself: so long a frame may wait."""
MOST_PLAIN_LINES = 4
"""Lines that nobody configured: for trying out only."""


def read_lines(folder: Path | None, rules: RulesInForce = AS_INSTALLED) -> tuple[LineConfig, ...]:
    """Every `*.toml` of a folder. rules: the versions that judge.

    Raises:
        LineConfigError: all faults of all files, and of all that they name.
    """
    if folder is None:
        return ()
    found, problems = [], []
    for path in sorted(folder.glob("*.toml")):
        try:
            line = load_line(path)
        except LineConfigError as error:
            problems.append(str(error))
            continue
        found.append(line)
        problems += [f"{path.name}: {problem}" for problem in setup_problems(line, rules)]
    names = [line.line_id for line in found]
    problems += [
        f"{folder}: expected different ids, got {name!r} twice" for name in names if names.count(name) > 1
    ]
    if not found and not problems:
        problems.append(f"{folder}: expected at least one line (*.toml), found none")
    if problems:
        raise LineConfigError("\n".join(dict.fromkeys(problems)))
    return tuple(found)


def own_cameras(line: Line, log: QuietLog) -> tuple[CameraSource, ...]:
    """The cameras of a line that the service opens itself."""
    return tuple(
        CameraSource(line, camera, log) for camera in line.config.cameras if camera.source is not None
    )


class Lines:
    """Open lines by name. in_production: folder of the model to grade with, raises GraderError.

    Without configured lines any name is a line with plain settings, and the processes start with the first client.
    waiting_ms, waiting_views: more work than that is refused, see `Workers`.
    books: folder where the counts of every line are kept by day; None: nowhere. Raises StorageError when it cannot be
    used. tell: is told every decision of every line. sample: a line that is there beside those that nobody configured.
    rules: the versions that judge a fruit that begins now.
    """

    def __init__(
        self,
        configs: tuple[LineConfig, ...],
        load: LoadGrader,
        in_production: Callable[[], Path],
        *,
        workers: int,
        waiting_ms: float,
        waiting_views: int,
        answer_timeout_s: float = ANSWER_TIMEOUT_S,
        books: Path | None = None,
        tell: TellDecided | None = None,
        sample: LineConfig | None = None,
        rules: Callable[[], RulesInForce] = lambda: AS_INSTALLED,
    ) -> None:
        self._configured = bool(configs)
        self._rules = rules
        self._books, self._tell = books, tell
        self._in_production = in_production
        self._log = QuietLog()
        self._numbers: Iterator[int] = count(1)
        self._workers = Workers(
            load,
            count=workers,
            longest_wait_s=waiting_ms / 1e3,
            waiting_limit=waiting_views,
            log=self._log,
            answer_timeout_s=answer_timeout_s,
        )
        self._lines = {
            config.line_id: self._make(config)
            for config in (*configs, *(() if sample is None else (sample,)))
        }
        self._cameras = {name: own_cameras(line, self._log) for name, line in self._lines.items()}
        self._running: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._refused: Path | None = None
        self._problem: str | None = None
        self._settled = asyncio.Event()

    @property
    def workers(self) -> Workers:
        """The grading processes."""
        return self._workers

    def start(self) -> None:
        """Start the processes when lines are configured. To be called on the event loop."""
        if self._configured:
            self._run()

    async def open(self, name: str) -> Line:
        """A line that can grade; waits while the model loads.

        Raises:
            NotFoundError: there is no such line. ModelNotReadyError: no process can grade.
        """
        room = not self._configured and name not in self._lines and len(self._lines) < MOST_PLAIN_LINES
        if room and LINE_NAME.fullmatch(name):
            self._lines[name] = self._make(load_line(PLAIN_LINE, name))
        line = self.known(name)
        self._run()
        await self._settled.wait()
        if self._workers.model is None:
            raise ModelNotReadyError(self._problem or "no model")
        return line

    def refused(self, client: str, error: ServiceError) -> None:
        """A client was not let in. Every reason is logged once a minute, however often it tries."""
        self._log.warn("line_client_refused", type(error).__name__, client=client, problem=str(error))

    def known(self, name: str) -> Line:
        """A line that is open. Raises NotFoundError."""
        if name not in self._lines:
            known = ", ".join(sorted(self._lines)) or "none yet"
            raise NotFoundError(f"no line {name!r}; known are {known}")
        return self._lines[name]

    def all(self) -> tuple[Line, ...]:
        """Every line that is open."""
        return tuple(self._lines.values())

    def lane_rows(self) -> Iterator[LaneRow]:
        """Counts of every lane of every line, for `/metrics`."""
        for name, line in list(self._lines.items()):
            for lane, counts in line.lane_counts().items():
                if counts.triggers or counts.frames:
                    yield name, "other" if lane is None else str(lane), counts

    def camera_states(self, line: str) -> tuple[OwnCameraState, ...]:
        """Of the cameras of a line that the service opened itself."""
        return tuple(camera.state() for camera in self._cameras.get(line, ()))

    def camera_rows(self) -> Iterator[tuple[str, OwnCameraState]]:
        """Line and state of every camera that the service opened itself, for `/metrics`."""
        for name in self._cameras:
            for state in self.camera_states(name):
                yield name, state

    async def close(self) -> None:
        """Every open fruit recirculates; then the processes end."""
        tasks = [*self._tasks, *([] if self._running is None else [self._running])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        cameras = [camera for every in self._cameras.values() for camera in every]
        await asyncio.gather(*(asyncio.to_thread(camera.stop) for camera in cameras))
        for line in self._lines.values():
            line.stop()
        await self._workers.close()

    def _make(self, config: LineConfig) -> Line:
        book = None
        if self._books is not None:
            folder = self._books / config.line_id
            book = DayBook(folder, config.lanes, config.recirculate, log=self._log)
        return Line(
            config,
            self._workers,
            log=self._log,
            numbers=self._numbers,
            book=book,
            tell=self._tell,
            rules=self._rules,
        )

    def _run(self) -> None:
        if self._running is None:
            for cameras in self._cameras.values():
                for camera in cameras:
                    camera.start()
            self._running = asyncio.create_task(self._move_on())

    async def _move_on(self) -> None:
        """Deadlines, and the model in production."""
        followed_s = 0.0
        changing: asyncio.Task[None] | None = None
        step_s = CAMERA_STEP_S if any(self._cameras.values()) else STEP_S
        while True:
            for cameras in self._cameras.values():
                for camera in cameras:
                    camera.step()
            for line in self._lines.values():
                line.advance()
            if monotonic() - followed_s >= POLL_S and (changing is None or changing.done()):
                followed_s = monotonic()
                changing = asyncio.create_task(self._follow_model())
                self._tasks.add(changing)
                changing.add_done_callback(self._tasks.discard)
            await asyncio.sleep(step_s)

    async def _follow_model(self) -> None:
        """Grade with what is in production; what is in use stays when that fails."""
        try:
            wanted = await asyncio.to_thread(self._in_production)
            if wanted not in (self._workers.model, self._refused):
                self._refused = wanted  # not tried again until something else is in production
                await self._workers.use(wanted)
                self._refused = self._problem = None
                structlog.get_logger().info("line_model", model=str(wanted))
        except GraderError as error:
            self._problem = str(error)
            self._log.warn("line_model_not_used", problem=str(error))
        self._settled.set()
