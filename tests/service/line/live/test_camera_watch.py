from __future__ import annotations

import cv2
import numpy as np
import pytest

from service.line.live.camera_watch import (
    BEFORE,
    MIN_BEFORE,
    MOST_CAMERAS,
    PASSING_S,
    RECENT,
    SAMPLE_EVERY_S,
    SILENT_S,
    CameraWatch,
    FrameFlow,
    Look,
    look_at,
)


def picture(level: int, *, blur_px: float = 0.0) -> bytes:
    rgb = np.full((480, 640, 3), level, np.uint8)
    cv2.rectangle(rgb, (200, 100), (440, 380), (level // 4, level // 4, level // 4), -1)
    if blur_px:
        rgb = cv2.GaussianBlur(rgb, (0, 0), blur_px)
    return cv2.imencode(".jpg", rgb)[1].tobytes()


def test_a_look_sees_light_and_blur() -> None:
    sharp, dark, blurred = look_at(picture(200)), look_at(picture(100)), look_at(picture(200, blur_px=6))
    assert sharp is not None
    assert dark is not None
    assert blurred is not None
    assert dark.brightness == pytest.approx(sharp.brightness / 2, rel=0.02)
    assert sharp.edge_px < 5 < blurred.edge_px


def test_a_look_at_no_picture_is_none() -> None:
    assert look_at(b"\xff\xd8\xff no picture \xff\xd9") is None


def test_states_of_a_camera() -> None:
    watch = CameraWatch(("top", "side"))
    watch.frame("top", None, 10.0)

    def states(now_s: float, *, passing: bool) -> list[FrameFlow]:
        return [report.state for report in watch.reports(now_s, passing=passing)]

    assert states(10.0 + SILENT_S, passing=False) == ["sending", "never"]
    assert states(10.0 + SILENT_S, passing=True) == ["sending", "silent"]
    assert states(10.1 + SILENT_S, passing=True) == ["silent", "silent"]
    assert states(10.1 + SILENT_S, passing=False) == ["idle", "never"]
    watch.frame("side", None, 20.0)
    assert states(20.0 + PASSING_S, passing=False) == ["silent", "sending"]  # one sends, the other does not
    assert states(20.1 + PASSING_S, passing=False) == ["idle", "sending"]  # the belt has stopped
    top = watch.reports(12.0, passing=True)[0]
    assert (top.name, top.frames, top.age_s, top.brightness) == ("top", 1, 2.0, None)


def test_cameras_of_a_line_without_names_are_added_up_to_a_bound() -> None:
    watch = CameraWatch(())
    for index in range(MOST_CAMERAS + 5):
        watch.frame(f"c{index}", None, 1.0)
    assert len(watch.reports(1.0, passing=True)) == MOST_CAMERAS
    named = CameraWatch(("top",))
    named.frame("other", None, 1.0)
    assert [report.name for report in named.reports(1.0, passing=False)] == ["top"]


def test_pictures_are_looked_at_now_and_then_only() -> None:
    watch = CameraWatch(("top",))
    watch.frame("top", b"first", 0.0)
    watch.frame("top", b"second", SAMPLE_EVERY_S - 0.1)
    assert watch.take_samples() == {"top": b"first"}
    assert watch.take_samples() == {}
    watch.frame("top", None, SAMPLE_EVERY_S)
    watch.frame("top", b"third", SAMPLE_EVERY_S)
    assert watch.take_samples() == {"top": b"third"}


def test_a_lamp_that_fades_is_told_of() -> None:
    watch = CameraWatch(("top",))
    for index in range(MIN_BEFORE):
        watch.looked("top", Look(100.0 + index % 7, 3.0 + index % 3 / 10))
    report = watch.reports(0.0, passing=False)[0]
    assert report.brightness_drift is None
    for index in range(BEFORE):
        watch.looked("top", Look(100.0 + index % 7, 3.0 + index % 3 / 10))
    for index in range(RECENT):
        watch.looked("top", Look(80.0 + index % 7, 3.0 + index % 3 / 10))
    report = watch.reports(0.0, passing=False)[0]
    assert report.brightness == pytest.approx(83.0, abs=0.5)
    assert report.brightness_drift is not None
    assert report.brightness_drift.found
    assert report.edge_drift is not None
    assert not report.edge_drift.found
