"""Everything that watches the lines of a service: feeds, previews, and the looks at camera pictures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from grader.rules import Standard
from service.line.lines import Lines
from service.line.live.camera_watch import look_at
from service.line.live.feed import Feed
from service.line.live.preview_process import LoadForPreviews
from service.line.live.previews import Previews

LOOK_EVERY_S = 0.5


class LiveLines:
    """The watching side of `Lines`. niceness: of the process that draws previews."""

    def __init__(
        self,
        lines: Lines,
        standards: Callable[[], Sequence[Standard]],
        load: LoadForPreviews,
        *,
        niceness: int,
    ) -> None:
        self._lines, self._standards = lines, standards
        self._feeds: dict[str, Feed] = {}
        self.previews = Previews(load, lambda: lines.workers.model, niceness=niceness)
        self._looking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look at camera pictures. To be called on the event loop."""
        self._looking = asyncio.create_task(self._look())

    def feed(self, name: str) -> Feed:
        """The feed of a line that is open. Raises NotFoundError."""
        line = self._lines.known(name)
        if name not in self._feeds:
            self._feeds[name] = Feed(
                line,
                self._lines.workers,
                self._standards,
                own_cameras=partial(self._lines.camera_states, name),
            )
        return self._feeds[name]

    def end_streams(self) -> None:
        """Let every event stream end: a server that stops waits for answers that are under way."""
        for feed in self._feeds.values():
            feed.end_streams()

    async def close(self) -> None:
        """End everything."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        for feed in self._feeds.values():
            await feed.close()
        await self.previews.close()

    async def _look(self) -> None:
        """One picture of each camera now and then, in a thread: decoding lets the event loop run."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            for line in self._lines.all():
                for name, picture in line.watch.cameras.take_samples().items():
                    if (look := await asyncio.to_thread(look_at, picture)) is not None:
                        line.watch.cameras.looked(name, look)
