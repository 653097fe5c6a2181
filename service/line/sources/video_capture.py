"""RTSP cameras, USB cameras and video files, through OpenCV (decision 0032)."""

from __future__ import annotations

import os
import time

import cv2

from grader.image_io import encode_jpeg
from grader.types import UInt8Array
from service.line.line_config import Source
from service.line.sources.capture_clock import CaptureClock
from service.line.sources.shot import CaptureError, CaptureFault, Shot

JPEG_QUALITY = 95
"""Frames go on as JPEG, like those of clients."""

# Of FFmpeg, read by OpenCV when it opens an address: TCP, so that no half frames come, and a short look at the stream
# first. `nobuffer` would be quicker still, but loses the frames looked at, and with them the key frame. What a person
# sets is left as it is.
os.environ.setdefault(
    "OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp|fpsprobesize;0|analyzeduration;200000"
)
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # an outage is told once, by us
# A USB camera that hangs: OpenCV waits 10 s by itself, in whole seconds, the same for all cameras of the process.
os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "2")


class VideoCapture:
    """One open camera or video file. A file is played at its own speed, and again from its beginning."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._clock = CaptureClock()
        self._capture = _open(source)
        self._begin_s: float | None = None

    @property
    def clock_jumps(self) -> int:
        """Times that the camera's clock was set."""
        return self._clock.jumps

    def read(self) -> Shot | None:
        """The next frame; waits at most `silence_s` (USB: 2 s). Raises CaptureError when none comes."""
        if not self._capture.grab():
            if self._source.kind == "video" and self._begin_s is not None:
                self._capture.release()
                self._capture, self._begin_s = _open(self._source), None
                return None
            raise CaptureError(
                CaptureFault.NO_FRAME,
                f"{self._source.place}: expected a frame, the {self._source.kind} gives none",
            )
        stamp_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        if self._source.kind == "video":
            taken_s = self._wait_for(stamp_s)
        else:
            taken_s = self._clock.taken_s(time.monotonic(), stamp_s)
        done, bgr = self._capture.retrieve()
        if not done or bgr is None:
            raise CaptureError(
                CaptureFault.NOT_DECODED, f"{self._source.place}: expected a frame, it could not be decoded"
            )
        rgb: UInt8Array = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)  # type: ignore[assignment]
        return Shot(
            taken_s=taken_s,
            picture=encode_jpeg(rgb, quality=JPEG_QUALITY),
            size_wh_px=(rgb.shape[1], rgb.shape[0]),
        )

    def close(self) -> None:
        """Let go of the camera."""
        self._capture.release()

    def _wait_for(self, stamp_s: float) -> float:
        now_s = time.monotonic()
        if self._begin_s is None:
            self._begin_s = now_s - stamp_s
        due_s = self._begin_s + stamp_s
        time.sleep(max(0.0, due_s - now_s))
        return due_s


def _open(source: Source) -> cv2.VideoCapture:
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    if source.kind == "usb":
        number = source.address.removeprefix("/dev/video")
        bounds = [cv2.CAP_PROP_BUFFERSIZE, 1]
        if source.size_wh_px is not None:
            width, height = source.size_wh_px
            bounds += [cv2.CAP_PROP_FRAME_WIDTH, width, cv2.CAP_PROP_FRAME_HEIGHT, height]
        capture = cv2.VideoCapture(int(number), cv2.CAP_V4L2, bounds)
    else:
        bounds = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(1000 * source.connect_s)]
        bounds += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(1000 * source.silence_s), cv2.CAP_PROP_N_THREADS, 1]
        capture = cv2.VideoCapture(source.address, cv2.CAP_FFMPEG, bounds)
    if not capture.isOpened():
        capture.release()
        raise CaptureError(
            CaptureFault.DOES_NOT_OPEN,
            f"{source.place}: expected a {source.kind} source, it does not open",
        )
    return capture
