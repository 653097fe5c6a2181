"""Cameras of a line against a line without processes: folders that a test fills, and an RTSP server that goes away."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service.line.client import Client
from service.line.line import Line
from service.line.line_config import LineConfig
from service.line.protocol import Decision, EncoderTick, Trigger
from service.line.quiet_log import QuietLog
from service.line.sources.camera_source import CameraSource
from tests.fakes import line_picture
from tests.rtsp_server import rtsp_camera, why_missing
from tests.service.line.inline_crew import InlineCrew
from tests.service.line.lines import PATIENT, small_line

WAIT_S = 40.0
FOLDER = PATIENT.replace(
    PATIENT[PATIENT.index("[[cameras]]") : PATIENT.index("[[outlets]]")],
    """[[cameras]]
name = "top"
views = 3
counts_per_view = 50
size_px = [320, 240]

[cameras.source]
kind = "folder"
address = "in"
lane = 1
silence_s = 0.1
retry_s = 0.01
longest_retry_s = 0.02

""",
).replace("lanes = [1, 2]", 'lanes = [1, 2]\ntriggers = "announced"')


class Rig:
    """A line, its one camera, and a PLC that says when a fruit comes and where the belt is."""

    def __init__(self, config: LineConfig) -> None:
        self.log = QuietLog()
        self.line = Line(config, InlineCrew(), log=self.log)
        self.camera = CameraSource(self.line, config.cameras[0], self.log)
        self.plc = Client("plc")
        self.count = 1000
        self.decisions: list[Decision] = []

    def step(self, counts: int = 0) -> None:
        """The belt goes on; then whoever has something to do does it."""
        self.count += counts
        self.line.receive(self.plc, EncoderTick(encoder=self.count).to_json())
        self.camera.step()
        self.line.advance()
        self.decisions += [one for one in self.plc.take_all() if isinstance(one, Decision)]

    def trigger(self, fruit_id: str, lane: int = 1) -> None:
        self.line.receive(self.plc, Trigger(fruit_id=fruit_id, lane=lane, encoder=self.count).to_json())

    def until(self, true: Callable[[], bool], counts: int = 0) -> None:
        end_s = time.monotonic() + WAIT_S
        while not true():
            assert time.monotonic() < end_s, self.camera.state()
            self.step(counts)
            time.sleep(0.005)

    def seen_to(self, frames: int) -> None:
        """Until so many frames have come and none waits."""
        self.until(lambda: self.camera.state().frames >= frames and self.camera.state().pending == 0)

    def used(self, lane: int = 1) -> int:
        return self.line.lane_counts()[lane].used


@contextmanager
def running(config: LineConfig) -> Iterator[Rig]:
    rig = Rig(config)
    rig.camera.start()
    try:
        yield rig
    finally:
        rig.camera.stop()
        rig.line.stop()
        state = rig.camera.state()
        assert state.frames == state.sent + state.replaced + sum(state.refused.values()) + state.pending
        assert all(not counts.problems() for counts in rig.line.lane_counts().values())


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def test_the_encoder_says_which_fruit_and_view_a_frame_shows(tmp_path: Path, inbox: Path) -> None:
    with running(small_line(tmp_path, FOLDER)) as rig:
        rig.until(lambda: rig.camera.state().connected)
        rig.trigger("a")
        for view in range(3):
            (inbox / f"{view}.jpg").write_bytes(line_picture(grade_class="I", outlet="juice"))
            rig.seen_to(view + 1)
            rig.step(50)
        assert [(one.fruit_id, one.view_count, one.grade_class) for one in rig.decisions] == [("a", 3, "I")]
        rig.trigger("b")
        rig.step(24)  # still nearest to view 0
        (inbox / "3.jpg").write_bytes(line_picture())
        rig.seen_to(4)
        (inbox / "4.jpg").write_bytes(line_picture())  # its view 0 has come, view 1 is too far
        rig.seen_to(5)
        rig.step(500)
        (inbox / "5.jpg").write_bytes(line_picture())  # nobody is there
        rig.seen_to(6)
        state = rig.camera.state()
        assert (state.sent, state.refused, state.replaced) == (4, {"no_fruit_there": 2}, 0)
        assert (rig.used(), rig.line.lane_counts()[1].refused) == (4, {})


def test_without_an_encoder_no_frame_is_anybodys(tmp_path: Path, inbox: Path) -> None:
    quick = FOLDER.replace("max_age_s = 60", "max_age_s = 0.2")
    with running(small_line(tmp_path, quick)) as rig:
        while not rig.camera.state().connected:
            rig.camera.step()
        (inbox / "a.jpg").write_bytes(line_picture())
        end_s = time.monotonic() + WAIT_S
        while not rig.camera.state().refused and time.monotonic() < end_s:
            rig.camera.step()
        assert rig.camera.state().refused == {"no_encoder": 1}
        rig.step()
        (inbox / "b.jpg").write_bytes(line_picture())  # after the last tick: waits for one, in vain
        while rig.camera.state().refused != {"no_encoder": 2} and time.monotonic() < end_s:
            rig.camera.step()
        assert rig.camera.state().refused == {"no_encoder": 2}


def test_half_a_jpeg_is_counted_once_and_its_fruit_is_decided_without_it(tmp_path: Path, inbox: Path) -> None:
    with running(small_line(tmp_path, FOLDER)) as rig:
        rig.until(lambda: rig.camera.state().connected)
        rig.trigger("a")
        for view, data in enumerate((line_picture(), line_picture()[:-2], line_picture())):
            (inbox / f"{view}.jpg").write_bytes(data)
            rig.seen_to(view + 1)
            rig.step(50)
        assert rig.camera.state().refused == {"bad_picture": 1}
        assert (rig.used(), rig.decisions) == (2, [])
        rig.until(lambda: bool(rig.decisions), counts=1000)
        assert [one.view_count for one in rig.decisions] == [2]


def test_names_say_which_fruit(tmp_path: Path, inbox: Path) -> None:
    named = FOLDER.replace('kind = "folder"', 'kind = "folder"\nnames = "{lane}_{fruit_id}_{view}_{encoder}"')
    with running(small_line(tmp_path, named.replace('triggers = "announced"', ""))) as rig:
        rig.until(lambda: rig.camera.state().connected)
        rig.step()
        for name in ("2_cup7_0_1000", "2_cup7_1_1050", "2_cup7_2_1100", "holiday"):
            (inbox / f"{name}.jpg").write_bytes(line_picture())
        rig.seen_to(4)
        state = rig.camera.state()
        assert (state.sent, state.refused) == (3, {"unknown_name": 1})
        counts = rig.line.lane_counts()[2]
        assert (counts.triggers, counts.graded, counts.undelivered) == (1, 1, 1)  # no client has the lane


def test_names_without_an_encoder_take_the_belts(tmp_path: Path, inbox: Path) -> None:
    named = FOLDER.replace('kind = "folder"', 'kind = "folder"\nnames = "{fruit_id}-{view}"')
    with running(small_line(tmp_path, named)) as rig:
        rig.until(lambda: rig.camera.state().connected)
        rig.trigger("cup7")
        (inbox / "cup7-0.jpg").write_bytes(line_picture())
        rig.seen_to(1)
        assert rig.used() == 1


def test_the_folder_comes_back(tmp_path: Path, inbox: Path) -> None:
    with running(small_line(tmp_path, FOLDER)) as rig, capture_logs() as logs:
        rig.until(lambda: rig.camera.state().connected)
        inbox.rmdir()
        rig.until(lambda: not rig.camera.state().connected)
        assert "cannot be read" in str(rig.camera.state().problem)
        inbox.mkdir()
        rig.until(lambda: rig.camera.state().connected)
        assert rig.camera.state().reconnects == 1
    assert [log["event"] for log in logs if str(log["event"]).startswith("camera")] == [
        "camera_connected",
        "camera_gone",
    ]  # the second `camera_connected` within a minute is not said


@pytest.mark.parametrize(
    "codec",
    [
        pytest.param(
            one, marks=pytest.mark.skipif(why_missing(one) is not None, reason=str(why_missing(one)))
        )
        for one in ("mjpeg", "h264")
    ],
)
def test_a_camera_that_is_gone_and_back_with_another_size(tmp_path: Path, codec: str) -> None:
    """Fruit run on all the while; a second stands for the ten of a real outage."""
    with rtsp_camera(codec=codec) as first:
        text = FOLDER.replace(
            'kind = "folder"\naddress = "in"', f'kind = "rtsp"\naddress = "{first.address}"'
        )
        text = text.replace("silence_s = 0.1", "silence_s = 0.5").replace("max_age_s = 60", "max_age_s = 5")
        with running(small_line(tmp_path, text)) as rig:
            rig.until(lambda: rig.camera.state().frames > 5)
            rig.trigger("before")
            rig.until(lambda: rig.used() == 3, counts=1)
            first.vanish()
            rig.until(lambda: not rig.camera.state().connected)
            rig.until(lambda: rig.camera.state().pending == 0)  # its last frame shows the fruit before
            gone = rig.camera.state()
            assert (gone.reconnects, gone.link in ("reconnecting", "gone")) == (0, True)
            rig.trigger("during")
            rig.until(lambda: rig.count > 70_000, counts=1000)
            with rtsp_camera(first.port, codec=codec) as again:
                rig.until(lambda: rig.camera.state().frames > gone.frames + 5)
                back = rig.camera.state()
                assert (back.connected, back.reconnects) == (True, 1)
                rig.trigger("after")
                rig.until(lambda: rig.used() == 6, counts=1)
                again.vanish()
                rig.until(lambda: not rig.camera.state().connected)
            with rtsp_camera(first.port, size=(160, 120), codec=codec):
                rig.until(lambda: rig.camera.state().refused.get("wrong_size", 0) >= 5)
                rig.trigger("small")
                before = rig.camera.state().sent
                rig.until(lambda: len(rig.decisions) == 4, counts=1000)
                assert rig.camera.state().sent == before
            lane = rig.line.lane_counts()[1]
            assert rig.camera.state().reconnects == 2
    assert (lane.triggers, lane.graded + lane.abstained, lane.no_read, lane.used) == (4, 2, 2, 6)
    assert [(one.fruit_id, one.reason) for one in rig.decisions if one.reason == "no_view"] == [
        ("during", "no_view"),
        ("small", "no_view"),
    ]
