"""A log that says a thing once, then how often it came again: a fault at 40 fruit per second must not fill the disk."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

import structlog

EVERY_S = 60.0
MOST_KEYS = 1000


class QuietLog:
    """Warns of each event at most once every `every_s` for each place; then with the number left unsaid."""

    def __init__(self, *, every_s: float = EVERY_S, clock: Callable[[], float] = monotonic) -> None:
        self._every_s = every_s
        self._clock = clock
        self._said: dict[tuple[object, ...], tuple[float, int]] = {}

    def warn(self, event: str, *place: object, **details: object) -> None:
        """Say that `event` happened at `place` (line, lane, reason ...). details: of this time only."""
        key, now = (event, *place), self._clock()
        said = self._said.get(key)
        if said is not None and now - said[0] < self._every_s:
            self._said[key] = (said[0], said[1] + 1)
            return
        if said is None and len(self._said) >= MOST_KEYS:
            self._said.clear()
        self._said[key] = (now, 0)
        unsaid = {} if said is None or not said[1] else {"repeated": said[1]}
        where = " ".join(str(part) for part in place)
        structlog.get_logger().warning(event, place=where, **details, **unsaid)
