"""Who has which fruit on the screen, so that two people get different ones. In memory: a conflict is found anyway."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from time import monotonic

LEASE_S = 120.0


class Leases:
    """Fruit that are handed out. clock: monotonic, s.

    >>> leases = Leases(clock=lambda: 0.0)
    >>> leases.take(7, "left"), leases.take(7, "left"), leases.take(7, "right")
    (True, True, False)
    """

    def __init__(self, *, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._taken: dict[int, tuple[str, float]] = {}
        self._lock = Lock()

    def take(self, fruit: int, station: str) -> bool:
        """Whether `station` may have it; for LEASE_S from now on nobody else may."""
        now_s = self._clock()
        with self._lock:
            owner, until_s = self._taken.get(fruit, (station, 0.0))
            if owner != station and until_s > now_s:
                return False
            self._taken = {one: held for one, held in self._taken.items() if held[1] > now_s}
            self._taken[fruit] = (station, now_s + LEASE_S)
            return True

    def leave(self, fruit: int) -> None:
        """It was answered."""
        with self._lock:
            self._taken.pop(fruit, None)
