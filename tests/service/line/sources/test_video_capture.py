"""A real RTSP server, a video file written here, and a USB camera that is not there."""

from __future__ import annotations

import time
from collections import deque
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from grader.image_io import decode_image
from service.line.line_config import Source, SourceKind
from service.line.sources.shot import CaptureError, Shot
from service.line.sources.video_capture import VideoCapture
from tests.rtsp_server import ENCODERS, rtsp_camera, why_missing

needs_rtsp = pytest.mark.skipif(why_missing() is not None, reason=str(why_missing()))
CODECS = [
    pytest.param(
        codec, marks=pytest.mark.skipif(why_missing(codec) is not None, reason=str(why_missing(codec)))
    )
    for codec in ENCODERS
]


def source(kind: SourceKind, address: str, **more: Any) -> Source:
    return Source(kind=kind, address=address, lane=1, within_counts=10, connect_s=10, silence_s=0.5, **more)


def write_video(path: Path, frames: int, *, size: tuple[int, int] = (64, 48)) -> Path:
    """10 frames a second, ever more red."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, size)
    for number in range(frames):
        writer.write(np.full((size[1], size[0], 3), (0, 0, 20 * number), np.uint8))
    writer.release()
    return path


def colour(shot: Shot | None) -> tuple[int, int, int]:
    assert shot is not None
    red, green, blue = decode_image(shot.picture, "shot").rgb[20, 20]
    return int(red), int(green), int(blue)


def test_a_video_plays_at_its_own_speed_and_again(tmp_path: Path) -> None:
    capture = VideoCapture(source("video", str(write_video(tmp_path / "clip.avi", 4))))
    began_s = time.monotonic()
    shots = [capture.read() for _ in range(4)]
    assert time.monotonic() - began_s >= 0.29
    taken = [shot.taken_s for shot in shots if shot is not None]
    assert np.diff(taken) == pytest.approx([0.1] * 3, abs=1e-6)
    assert [colour(shot)[0] for shot in shots] == pytest.approx([0, 20, 40, 60], abs=6)
    assert shots[0] is not None
    assert shots[0].size_wh_px == (64, 48)
    assert capture.read() is None  # the end
    assert colour(capture.read())[0] < 7
    assert capture.clock_jumps == 0
    capture.close()


@pytest.mark.parametrize("codec", CODECS)
def test_an_rtsp_camera_red_as_it_is_and_gone_when_it_is_gone(codec: str) -> None:
    with rtsp_camera(codec=codec) as camera:
        capture = VideoCapture(source("rtsp", camera.address))
        before_s = time.monotonic()
        shots = [capture.read() for _ in range(8)]
        now_s = time.monotonic()
        for shot in shots:
            assert shot is not None
            assert shot.size_wh_px == (320, 240)
            red, green, blue = colour(shot)
            assert red > 220
            assert max(green, blue) < 40
            assert before_s - 5 < shot.taken_s <= now_s
        taken = [shot.taken_s for shot in shots if shot is not None]
        assert taken == sorted(taken)
        camera.vanish()
        with pytest.raises(
            CaptureError, match=r"rtsp://127\.0\.0\.1:\d+: expected a frame, the rtsp gives none"
        ):
            deque((capture.read() for _ in range(200)), maxlen=0)  # what was under way still comes
        capture.close()
        with pytest.raises(CaptureError, match=r"\d: expected a rtsp source, it does not open"):
            VideoCapture(source("rtsp", camera.address))


@needs_rtsp
def test_frames_that_waited_in_a_buffer_are_old() -> None:
    """The network and the driver hold frames for a client that does not read: their age must show."""
    with rtsp_camera() as camera:
        capture = VideoCapture(source("rtsp", camera.address))
        for _ in range(20):
            capture.read()
        time.sleep(2.0)
        shot = capture.read()
        assert shot is not None
        assert time.monotonic() - shot.taken_s > 1.5
        capture.close()


@pytest.mark.parametrize(
    ("kind", "address"),
    [("usb", "/dev/video63"), ("video", "/nowhere/clip.avi"), ("rtsp", "rtsp://127.0.0.1:9")],
)
def test_what_is_not_there(kind: SourceKind, address: str) -> None:
    with pytest.raises(CaptureError, match=f"{address}: expected a {kind} source, it does not open"):
        VideoCapture(source(kind, address, size_wh_px=(640, 480) if kind == "usb" else None))


def test_no_message_names_a_password() -> None:
    hidden = source("rtsp", "rtsp://user:pa@ss@127.0.0.1:9/user=user&password=pass?pass")
    with pytest.raises(
        CaptureError, match=r"^rtsp://127\.0\.0\.1:9: expected a rtsp source, it does not open$"
    ):
        VideoCapture(hidden)
