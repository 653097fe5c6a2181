"""The encoder of a belt: raw counts that wrap -> positions that only grow; tells a reset from a stray reading."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from service.line.line_config import Encoder


class Reading(StrEnum):
    """What came of one raw count."""

    GOOD = "good"
    STRAY = "stray"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Place:
    """position: counts since the counter began, not wrapped, congruent to the raw count; None for a stray reading."""

    reading: Reading
    position: int | None


class EncoderTrack:
    """Follows one encoder. `position`: the farthest the belt is known to be, None before the first reading."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._stray: int | None = None
        self.position: int | None = None

    def near(self, raw: int) -> int | None:
        """The position that a count means, if the belt did not go farther than half a turn of the counter since.
        Nothing is learned from it. None when out of range."""
        if not 0 <= raw < self._encoder.modulus:
            return None
        return raw if self.position is None else self.position + self._step(raw)

    def read(self, raw: int, *, in_order: bool, may_reset: bool = True, idle: bool = False) -> Place:
        """Take in a count. in_order: a tick, which never lies behind the one before; frames may come out of order.

        A count out of range is stray. One that is too far from the belt's position is stray too; when the next
        one agrees with it, and `may_reset`, the counter was reset, and positions begin anew. idle: no fruit depends
        on the position, a far count is believed at once.
        """
        if not 0 <= raw < self._encoder.modulus:
            return Place(Reading.STRAY, None)
        if self.position is None:
            self.position = raw
            return Place(Reading.GOOD, raw)
        step = self._step(raw)
        back = self._encoder.same_cup_counts if in_order else self._encoder.max_jump_counts
        if -back <= step <= self._encoder.max_jump_counts:
            self._stray = None
            position = self.position + step
            self.position = max(self.position, position)
            return Place(Reading.GOOD, position)
        if may_reset and (idle or self._agrees_with_stray(raw)):
            self._stray = None
            self.position = raw
            return Place(Reading.RESET, raw)
        if may_reset:
            self._stray = raw
        return Place(Reading.STRAY, None)

    def _step(self, raw: int) -> int:
        return _signed(raw - (self.position or 0), self._encoder.modulus)

    def _agrees_with_stray(self, raw: int) -> bool:
        if self._stray is None:
            return False
        return abs(_signed(raw - self._stray, self._encoder.modulus)) <= self._encoder.max_jump_counts


def _signed(difference: int, modulus: int) -> int:
    """The difference of two counts, the short way round the wrap: -modulus/2 <= result < modulus/2.

    >>> _signed(3 - 65533, 65536)
    6
    """
    return (difference + modulus // 2) % modulus - modulus // 2
