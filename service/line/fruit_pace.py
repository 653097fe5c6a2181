"""What the fruit of a line take of a grading process, and whether one more would be decided soon enough. Pure."""

from __future__ import annotations

MEAN_OF = 32
"""Fruit in the running means: a busy line has forgotten older ones after seconds. Of fewer it is the plain mean."""


class FruitPace:
    """Running means over the fruit of one line that were decided; times in s, 0 before the first.

    work_s: a grading process was busy with a fruit, its views and its decision. turn_s: from its first view until none
    was waited for.
    """

    def __init__(self) -> None:
        self.work_s = 0.0
        self.turn_s = 0.0
        self._fruit = 0

    def note(self, work_s: float, turn_s: float) -> None:
        """A fruit is decided."""
        self._fruit = min(self._fruit + 1, MEAN_OF)
        self.work_s += (work_s - self.work_s) / self._fruit
        self.turn_s += (turn_s - self.turn_s) / self._fruit

    def rest_s(self, done_s: float) -> float:
        """Work that is still expected for a fruit, s, when so much is done; 0 while nothing is known."""
        return max(0.0, self.work_s - done_s)

    def is_soon(self, ahead_s: float, longest_wait_s: float) -> bool:
        """Whether one more fruit would be decided soon enough by a process that others still want for `ahead_s`.

        While its views come the process has some time left for the others; what goes beyond that the fruit has to
        wait. It may wait for `longest_wait_s`, or for one fruit like itself where that is longer. True while nothing is
        known.

        >>> pace = FruitPace()
        >>> pace.note(work_s=0.125, turn_s=0.25)
        >>> pace.is_soon(0.25, longest_wait_s=0.0625), pace.is_soon(0.3, longest_wait_s=0.0625)
        (True, False)
        """
        if not self._fruit:
            return True
        wait_s = ahead_s - max(0.0, self.turn_s - self.work_s)
        return wait_s <= max(longest_wait_s, self.work_s)
