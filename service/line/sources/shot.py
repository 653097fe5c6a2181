"""What every camera source gives, and the seam that each kind implements."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class CaptureFault(StrEnum):
    """What is wrong with a camera, as a word that pages put into their language."""

    DOES_NOT_OPEN = "does_not_open"
    NO_FRAME = "no_frame"
    NOT_DECODED = "not_decoded"
    NO_FOLDER = "no_folder"


class CaptureError(Exception):
    """A camera is not there, or gives no pictures any more. The message says expected, actual and where; it goes to
    logs and pages, so it names no password.
    """

    def __init__(self, fault: CaptureFault, message: str) -> None:
        super().__init__(message)
        self.fault = fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One frame. taken_s: monotonic, s. picture: a whole JPEG or PNG file. size_wh_px: None: not looked at. name: of
    the file, without its ending; empty for cameras.
    """

    taken_s: float
    picture: bytes
    size_wh_px: tuple[int, int] | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Unusable:
    """A frame that came and is no picture. reason: to count it under. problem: for the log."""

    reason: str
    problem: str


class Capture(Protocol):
    """An open source; lives in a thread of its own. Opening one raises CaptureError."""

    @property
    def clock_jumps(self) -> int:
        """Times that the camera's clock was set, since it was opened."""
        ...

    def read(self) -> Shot | Unusable | None:
        """Wait a bounded time for the next frame; None: there is nothing new. Raises CaptureError."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...
