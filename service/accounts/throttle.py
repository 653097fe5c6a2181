"""Slows down guessing: wrong passwords for one name from one address. Nobody else waits for it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from math import ceil
from threading import Lock
from time import monotonic

from service.errors import TooManyTriesError

FREE_TRIES = 5
"""Wrong passwords in a row without a pause: people mistype."""
FIRST_PAUSE_S = 4.0
"""After the sixth; doubled with each further one."""
LONGEST_PAUSE_S = 300.0
"""Some 300 guesses a day from one address at most."""
FORGET_S = 3600.0
"""A name and address without any try for so long begin anew."""
MOST_KNOWN = 10_000
"""Names and addresses; the one that was quiet longest gives way."""


def pause_after(wrong: int) -> float:
    """Seconds until the next try after so many wrong ones.

    >>> [pause_after(wrong) for wrong in (5, 6, 7, 50)]
    [0.0, 4.0, 8.0, 300.0]
    """
    if wrong <= FREE_TRIES:
        return 0.0
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(wrong - FREE_TRIES - 1, 30))


class Throttle:
    """Counts wrong passwords by name and address. clock: monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._tries: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()
        self._lock = Lock()

    def begin(self, name: str, address: str) -> None:
        """A password is about to be looked at; it counts as wrong until `succeeded`, so that tries side by side count.

        Raises:
            TooManyTriesError: it is too early; this try does not count.
        """
        key, now = (name, address), self._clock()
        with self._lock:
            wrong, last = self._tries.get(key, (0, now))
            if now - last >= FORGET_S:
                wrong = 0
            left = pause_after(wrong) - (now - last)
            if left > 0:
                seconds = ceil(left)
                raise TooManyTriesError(
                    f"too many wrong passwords for this name from here; wait {seconds} s", seconds
                )
            self._tries[key] = (wrong + 1, now)
            self._tries.move_to_end(key)
            while len(self._tries) > MOST_KNOWN:
                self._tries.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """The password was right: begin anew."""
        with self._lock:
            self._tries.pop((name, address), None)
