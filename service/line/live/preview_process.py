"""The process that draws previews: of low priority, begun by the first who asks, ended when nobody asks any more.

A thread of the service would not do: it would hold the interpreter's lock while the grading processes keep it from the
processor, and the line would wait for both.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from traceback import format_exc

import cv2

from grader.errors import GraderError
from service.errors import PreviewError
from service.grading_port import FruitGrader
from service.line.line_grader import ViewWork
from service.line.live.draw_preview import draw_preview, mark_view

LoadForPreviews = Callable[[Path], FruitGrader]
"""Makes the grader of a model folder; a function of a module or a class method. Raises GraderError."""

ANSWER_TIMEOUT_S = 300.0
"""Then it hangs. On a computer that grading uses fully, the model is loaded in the little time that is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewOrder:
    """Draw these views of a fruit. model: folder; grade_class: the decision, None: there was none.

    whole: mark the first view as it is, in its own size, instead of cutting out what shows most.
    """

    model: Path
    works: tuple[ViewWork, ...]
    grade_class: str | None
    whole: bool = False


class PreviewProcess:
    """At most one process, one order at a time. niceness: 0 like grading, 19 what grading leaves over."""

    def __init__(self, load: LoadForPreviews, *, niceness: int) -> None:
        self._load, self._niceness = load, niceness
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="previews")
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None

    @property
    def process_id(self) -> int | None:
        """Of the process, None while there is none."""
        return None if self._process is None else self._process.pid

    async def draw(self, order: PreviewOrder) -> bytes:
        """A JPEG. Raises PreviewError; the next order has a new process then, if this one died."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._ask, order)

    async def end(self) -> None:
        """Nobody wants pictures now. The next order begins a new process."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._kill)

    async def close(self) -> None:
        """For good."""
        process = self._process
        if process is not None:
            process.kill()  # an order that is under way is not waited for
        await self.end()
        self._thread.shutdown()

    def _ask(self, order: PreviewOrder) -> bytes:
        if self._connection is None:
            self._start()
        assert self._connection is not None
        try:
            self._connection.send(order)
            if not self._connection.poll(ANSWER_TIMEOUT_S):
                raise PreviewError(f"no picture in {ANSWER_TIMEOUT_S:.0f} s")
            answer: bytes | PreviewError = self._connection.recv()
        except (EOFError, OSError) as error:
            self._kill()
            raise PreviewError("the process that draws previews died") from error
        except PreviewError:
            self._kill()
            raise
        if isinstance(answer, PreviewError):
            raise answer
        return answer

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=run_previews, args=(theirs, self._load, self._niceness), name="previews", daemon=True
        )
        self._process.start()
        theirs.close()

    def _kill(self) -> None:
        process, connection = self._process, self._connection
        self._process = self._connection = None
        if process is not None and connection is not None:
            process.kill()
            process.join()
            process.close()
            connection.close()


def run_previews(connection: Connection, load: LoadForPreviews, niceness: int) -> None:
    """Draw until the other end of the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(niceness)
    cv2.setNumThreads(1)
    model: Path | None = None
    grader: FruitGrader | None = None
    while True:
        try:
            order: PreviewOrder = connection.recv()
        except (EOFError, ConnectionError):
            return
        try:
            if grader is None or order.model != model:
                grader, model = load(order.model), order.model
            if order.whole:
                answer: bytes | PreviewError = mark_view(order.works[0], order.grade_class, grader)
            else:
                answer = draw_preview(order.works, order.grade_class, grader)
        except PreviewError as error:
            answer = error
        except GraderError as error:
            answer = PreviewError(str(error) or type(error).__name__)
        except Exception:  # noqa: BLE001  # the process lives on; who asked learns why there is no picture
            answer = PreviewError(format_exc())
        connection.send(answer)
