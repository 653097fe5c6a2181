"""Views with outlines of the fruit and its defects, drawn when somebody asks, by the process of the previews."""

from __future__ import annotations

import asyncio
from pathlib import Path

from grader.pipeline import GradeOptions
from grader.types import Crop
from service.errors import PreviewError
from service.line.line_grader import ViewWork
from service.line.live.previews import Previews

MOST = 64
WAIT_S = 30.0


class MarkedViews:
    """The newest ones are remembered: some ten megabytes. For the event loop."""

    def __init__(self, previews: Previews) -> None:
        self._previews = previews
        self._drawings: dict[tuple[Path, str, str], asyncio.Task[bytes]] = {}

    async def draw(self, model: Path, name: str, data: bytes, crop: str, grade_class: str) -> bytes:
        """A JPEG. name: of the picture. Raises PreviewError: it cannot be drawn, or not in time."""
        key = (model, name, grade_class)
        if key not in self._drawings:
            while len(self._drawings) >= MOST:
                self._drawings.pop(next(iter(self._drawings)))
            options = GradeOptions(crop=Crop(crop) if crop in set(Crop) else None)
            work = ViewWork(camera="", view=0, name=name, data=data, options=options)
            task = asyncio.create_task(self._previews.mark(model, work, grade_class))
            task.add_done_callback(lambda done: self._forget_fault(key, done))
            self._drawings[key] = task
        done, _ = await asyncio.wait([self._drawings[key]], timeout=WAIT_S)
        if not done:
            raise PreviewError(f"not drawn in {WAIT_S:g} s: grading goes first")
        return done.pop().result()

    def _forget_fault(self, key: tuple[Path, str, str], done: asyncio.Task[bytes]) -> None:
        """It is tried again by who asks next."""
        if done.cancelled() or done.exception() is not None:
            self._drawings.pop(key, None)
