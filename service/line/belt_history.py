"""Where the belt was at a moment of the last seconds: ticks in, a count for the time of an exposure out. Pure."""

from __future__ import annotations

from collections import deque
from enum import StrEnum
from itertools import pairwise

MOST_TICKS = 512
LONGEST_GAP_S = 0.5
"""Between ticks farther apart than this the belt may have been anywhere."""


class Unplaced(StrEnum):
    """Why there is no count for a time. NOT_YET: the tick after it has not come. NEVER: nor will it help."""

    NOT_YET = "not_yet"
    NEVER = "never"


class BeltHistory:
    """The last ticks of one encoder. Times are monotonic, in s; positions are counts that do not wrap."""

    def __init__(self) -> None:
        self._ticks: deque[tuple[float, int]] = deque(maxlen=MOST_TICKS)

    def note(self, position: int, now_s: float) -> None:
        """A tick. One that comes at the same time as the one before takes its place."""
        if self._ticks and now_s <= self._ticks[-1][0]:
            self._ticks[-1] = (self._ticks[-1][0], position)
        else:
            self._ticks.append((now_s, position))

    def clear(self) -> None:
        """The counter was reset: times before now mean nothing any more."""
        self._ticks.clear()

    def at(self, time_s: float) -> int | Unplaced:
        """The count at a time, on the straight line between the ticks before and after it.

        >>> belt = BeltHistory()
        >>> belt.note(1000, 5.0)
        >>> belt.note(1100, 5.25)
        >>> belt.at(5.125)
        1050
        """
        if not self._ticks or time_s < self._ticks[0][0]:
            return Unplaced.NEVER
        if time_s > self._ticks[-1][0]:
            return Unplaced.NOT_YET
        if time_s == self._ticks[-1][0]:
            return self._ticks[-1][1]
        for later, earlier in pairwise(reversed(self._ticks)):
            if earlier[0] <= time_s:
                gap_s = later[0] - earlier[0]
                if gap_s > LONGEST_GAP_S:
                    return Unplaced.NEVER
                return earlier[1] + round((time_s - earlier[0]) / gap_s * (later[1] - earlier[1]))
        return Unplaced.NEVER
