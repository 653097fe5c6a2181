"""Pictures of the last fruit: at most one a second for each lane, drawn once for all who watch, and only when asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import monotonic

from service.errors import NotFoundError, PreviewError
from service.line.line import Line
from service.line.line_grader import ViewWork
from service.line.live.line_watch import Shot
from service.line.live.preview_process import LoadForPreviews, PreviewOrder, PreviewProcess

PREVIEW_EVERY_S = 1.0
WAIT_S = 5.0
"""Nobody waits longer for an answer; the drawing goes on, for the next who asks."""
IDLE_S = 30.0
"""Without an order for so long the process ends, and its memory is free again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A JPEG of a fruit. number: of the fruit, as in its decision event. tag: of these bytes."""

    number: int
    jpeg: bytes
    tag: str


@dataclass(slots=True)
class _Place:
    begun_s: float = float("-inf")
    drawn: Preview | None = None
    drawing: asyncio.Task[Preview] | None = None


class Previews:
    """Of all lines. in_use: folder of the model that grades now, None while there is none."""

    def __init__(
        self,
        load: LoadForPreviews,
        in_use: Callable[[], Path | None],
        *,
        niceness: int,
        clock: Callable[[], float] = monotonic,
        wait_s: float = WAIT_S,
    ) -> None:
        self._process = PreviewProcess(load, niceness=niceness)
        self._in_use, self._clock, self._wait_s = in_use, clock, wait_s
        self._places: dict[tuple[str, int], _Place] = {}
        self._ending: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def process_id(self) -> int | None:
        """Of the process that draws, None while there is none."""
        return self._process.process_id

    async def last(self, line: Line, lane: int) -> Preview:
        """The newest picture of a lane: drawn now, or the one drawn within the last PREVIEW_EVERY_S.

        Raises:
            NotFoundError: no fruit was seen in this lane yet, or there is no such lane.
            PreviewError: it cannot be drawn.
        """
        shot = line.watch.shots.get(lane)
        if shot is None:
            raise NotFoundError(f"line {line.config.line_id}, lane {lane}: no fruit was seen yet")
        place = self._places.setdefault((line.config.line_id, lane), _Place())
        if place.drawing is None:
            known = place.drawn
            early = self._clock() - place.begun_s < PREVIEW_EVERY_S
            if known is not None and (early or known.number == shot.number):
                return known
            if early:
                raise PreviewError(
                    f"the last picture could not be drawn; tried again after {PREVIEW_EVERY_S:.0f} s"
                )
            place.begun_s = self._clock()
            place.drawing = asyncio.create_task(self._draw(place, shot))
            place.drawing.add_done_callback(_seen_to)
        done, _ = await asyncio.wait([place.drawing], timeout=self._wait_s)
        if not done:
            raise PreviewError(f"not drawn in {self._wait_s:g} s: grading goes first")
        return done.pop().result()

    async def mark(self, model: Path, work: ViewWork, grade_class: str | None) -> bytes:
        """A JPEG of one view with outlines, see `mark_view`. Raises PreviewError."""
        self._keep()
        try:
            return await self._process.draw(
                PreviewOrder(model=model, works=(work,), grade_class=grade_class, whole=True)
            )
        finally:
            self._keep()
            self._ending = asyncio.get_running_loop().call_later(IDLE_S, self._end)

    async def close(self) -> None:
        """End the process; what is being drawn is given up."""
        await self._process.close()
        drawing = [place.drawing for place in self._places.values() if place.drawing is not None]
        await asyncio.gather(*drawing, *self._tasks, return_exceptions=True)
        self._keep()

    async def _draw(self, place: _Place, shot: Shot) -> Preview:
        self._keep()
        try:
            model = self._in_use()
            if model is None:
                raise PreviewError("no model is in use")
            order = PreviewOrder(model=model, works=shot.works, grade_class=shot.grade_class)
            jpeg = await self._process.draw(order)
            place.drawn = Preview(number=shot.number, jpeg=jpeg, tag=sha256(jpeg).hexdigest()[:16])
            return place.drawn
        finally:
            place.drawing = None
            self._keep()
            self._ending = asyncio.get_running_loop().call_later(IDLE_S, self._end)

    def _keep(self) -> None:
        """Do not end the process for now."""
        if self._ending is not None:
            self._ending.cancel()

    def _end(self) -> None:
        task = asyncio.create_task(self._process.end())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _seen_to(drawing: asyncio.Task[Preview]) -> None:
    """A fault that nobody waits for any more has been told to those who asked before."""
    if not drawing.cancelled():
        drawing.exception()
