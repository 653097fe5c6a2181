"""How the cameras of a line are: when each sent its last frame, how bright and how sharp its pictures are."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from grader.errors import InvalidImageError
from grader.exposure import SHARPNESS_SIDE_PX, edge_width_px
from grader.image_io import decode_image
from service.line.live.drift import Drift, compare_values

SILENT_S, PASSING_S = 5.0, 2.0
"""A camera without a frame for SILENT_S is silent if another one sent, or a fruit was decided, within PASSING_S. Else
it is idle: all of them stop sending when the belt stops or runs empty."""
SAMPLE_EVERY_S = 5.0
"""One picture of each camera is looked at so often: 3 ms of one core for 640 x 480 pixels."""
RECENT, BEFORE = 24, 240
"""Pictures of two minutes, and those of the twenty minutes before."""
MIN_BEFORE = 48
MOST_CAMERAS = 32
"""Where a line names no cameras, clients do; further ones are not watched."""
LEAST_BRIGHTNESS = 6.0
"""8-bit codes: 5 % of a picture of medium brightness."""
LEAST_EDGE_PX = 0.7
"""Edges of pictures in focus are 2-7 px wide (`grader/exposure.py`): a tenth of the widest."""


class FrameFlow(StrEnum):
    """Whether frames of a camera come to the line. never: none since the start. silent: it should send and does not.
    idle: nothing to send.
    """

    SENDING = "sending"
    SILENT = "silent"
    IDLE = "idle"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Look:
    """What one picture looks like. brightness: mean of all channels, 8-bit codes. edge_px: NaN without strong edges."""

    brightness: float
    edge_px: float


def look_at(picture: bytes) -> Look | None:
    """Brightness and sharpness of a picture; None when it cannot be read."""
    try:
        rgb = decode_image(picture, "sample", shrink_to_px=SHARPNESS_SIDE_PX).rgb
    except InvalidImageError:
        return None
    edge_px = edge_width_px(rgb)
    return Look(float(rgb[::4, ::4].mean()), float("nan") if edge_px is None else edge_px)


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraReport:
    """frames: since the start, refused ones too. age_s: of the last one. Drifts: None before there is enough."""

    name: str
    state: FrameFlow
    frames: int
    age_s: float | None
    brightness: float | None
    edge_px: float | None
    brightness_drift: Drift | None
    edge_drift: Drift | None


@dataclass(slots=True)
class _Camera:
    frames: int = 0
    last_s: float | None = None
    sampled_s: float = float("-inf")
    waiting: bytes | None = None
    looks: deque[Look] = field(default_factory=lambda: deque(maxlen=RECENT + BEFORE))


class CameraWatch:
    """The cameras of one line. names: those it is configured with; others are added as they come."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._cameras: dict[str, _Camera] = {name: _Camera() for name in names}
        self._fixed = bool(names)

    def frame(self, name: str, picture: bytes | None, now_s: float) -> None:
        """A frame came. picture: None when it is no picture. Now and then it is kept to be looked at."""
        camera = self._cameras.get(name)
        if camera is None:
            if self._fixed or len(self._cameras) >= MOST_CAMERAS:
                return
            camera = self._cameras[name] = _Camera()
        camera.frames += 1
        camera.last_s = now_s
        if picture is not None and now_s - camera.sampled_s >= SAMPLE_EVERY_S:
            camera.sampled_s, camera.waiting = now_s, picture

    def take_samples(self) -> dict[str, bytes]:
        """Pictures to look at, by camera; each is given once."""
        samples = {
            name: camera.waiting for name, camera in self._cameras.items() if camera.waiting is not None
        }
        for name in samples:
            self._cameras[name].waiting = None
        return samples

    def looked(self, name: str, look: Look) -> None:
        """What `look_at` saw in a sample."""
        self._cameras[name].looks.append(look)

    def reports(self, now_s: float, *, passing: bool) -> tuple[CameraReport, ...]:
        """Every camera. passing: a fruit was decided within PASSING_S, so frames should come."""
        expected = passing or any(
            camera.last_s is not None and now_s - camera.last_s <= PASSING_S
            for camera in self._cameras.values()
        )
        return tuple(_report(name, camera, now_s, expected) for name, camera in self._cameras.items())


def _report(name: str, camera: _Camera, now_s: float, expected: bool) -> CameraReport:
    age_s = None if camera.last_s is None else now_s - camera.last_s
    if age_s is not None and age_s <= SILENT_S:
        state = FrameFlow.SENDING
    elif expected:
        state = FrameFlow.SILENT
    else:
        state = FrameFlow.NEVER if age_s is None else FrameFlow.IDLE
    values = np.array([(look.brightness, look.edge_px) for look in camera.looks], np.float32).reshape(-1, 2)
    drifts: list[Drift | None] = [None, None]
    if len(values) >= MIN_BEFORE + RECENT:
        drifts = [
            compare_values(values[:-RECENT, column], values[-RECENT:, column], least=least)
            for column, least in enumerate((LEAST_BRIGHTNESS, LEAST_EDGE_PX))
        ]
    return CameraReport(
        name=name,
        state=state,
        frames=camera.frames,
        age_s=age_s,
        brightness=_mean(values[-RECENT:, 0]),
        edge_px=_mean(values[-RECENT:, 1]),
        brightness_drift=drifts[0],
        edge_drift=drifts[1],
    )


def _mean(values: np.ndarray) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else None
