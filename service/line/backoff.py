"""How long to wait before the next try: twice as long after each that failed, up to a bound. Pure."""

from __future__ import annotations


class Backoff:
    """first_s: before the second try; longest_s: the bound. Both in s, 0 < first_s <= longest_s.

    Raises ValueError for other numbers.

    >>> pauses = Backoff(0.5, 3.0)
    >>> [pauses.next_s() for _ in range(4)]
    [0.5, 1.0, 2.0, 3.0]
    """

    def __init__(self, first_s: float, longest_s: float) -> None:
        if not 0 < first_s <= longest_s:
            raise ValueError(f"expected 0 < first_s <= longest_s, got {first_s} and {longest_s}")
        self._first_s, self._longest_s = first_s, longest_s
        self._next_s = first_s

    def next_s(self) -> float:
        """The pause after a try that failed."""
        pause_s = self._next_s
        self._next_s = min(2 * pause_s, self._longest_s)
        return pause_s

    def reset(self) -> None:
        """A try has worked: the next pause is the first again."""
        self._next_s = self._first_s
