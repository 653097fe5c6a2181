"""When a frame was taken: from when it arrived and the camera's own time stamp. Pure.

A frame that waited in a buffer (network, camera, driver) arrives late, but its stamp keeps the camera's rhythm: what
it is behind the freshest frame so far is its age. No clock of the camera is trusted, only its differences.
"""

from __future__ import annotations

DRIFT = 2e-4
"""A camera's clock may go slow by so much (200 parts in a million; quartz is within 100): it must not look like age."""
JUMP_S = 1.0
"""A stamp that is ahead of its rhythm by more is a clock that was set."""


class CaptureClock:
    """One connection of one camera. jumps: times that its clock was set."""

    def __init__(self) -> None:
        self._least_s = 0.0
        self._stamp_s: float | None = None
        self._arrived_s = 0.0
        self._taken_s = float("-inf")
        self.jumps = 0

    def taken_s(self, arrived_s: float, stamp_s: float) -> float:
        """Monotonic time at which a frame was taken: at most arrived_s, never before the frame before it.

        arrived_s: monotonic. stamp_s: of the camera, from any beginning.
        """
        behind_s = arrived_s - stamp_s
        if self._stamp_s is None:
            self._least_s = behind_s
        elif stamp_s <= self._stamp_s:
            self.jumps += 1
            self._least_s = behind_s
        else:
            self.jumps += behind_s < self._least_s - JUMP_S
            self._least_s = min(self._least_s + DRIFT * (arrived_s - self._arrived_s), behind_s)
        self._stamp_s, self._arrived_s = stamp_s, arrived_s
        self._taken_s = max(self._taken_s, min(arrived_s, stamp_s + self._least_s))
        return self._taken_s
