"""Faults over real sockets and with real processes, each with exact counts: the line goes on, every trigger is
accounted for, and the log says what happened once. Faults of the belt are in `test_line.py`, on a clock of their own.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from service.app import create_app
from service.line.protocol import Trigger
from service.services import Services
from service.settings import ServiceSettings
from tests.fakes import FakeGrader, FakeLineGrader
from tests.service.line.gateway import VIEWS, Gateway, frame_of, write_patient_line
from tests.service.running import listening

LINES = ("half", "clock", "doubles", "killed", "hung", "reset", "deaf", "vanished", "fast", "claim", "header")
WAITING_VIEWS = 4
REFUSED = 750
"""Messages of a client that does not read: over 100 kB of answers."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    folder = tmp_path_factory.mktemp("faults")
    (folder / "lines").mkdir()
    for name in LINES:
        write_patient_line(folder / "lines", name)
    write_patient_line(folder / "lines", "unknown", triggers="announced")
    settings = ServiceSettings(
        data_dir=folder / "data",
        samples_dir=folder / "none",
        model_dir=folder / "fake",
        lines_dir=folder / "lines",
        line_workers=1,
        line_waiting_ms=60_000,
        line_waiting_views=WAITING_VIEWS,
        line_answer_timeout_s=3.0,
        min_free_mb=1,
    )
    return create_app(settings, grader=FakeGrader(), load_for_lines=FakeLineGrader.load)


@pytest.fixture(scope="module")
def address(app: FastAPI) -> Iterator[str]:
    with listening(app, send_buffer_bytes=4096) as where:
        yield where


def events(log: list[dict[str, object]]) -> Counter[str]:
    """What was warned of, and how often."""
    return Counter(str(line["event"]) for line in log if line["log_level"] == "warning")


def until(happened: Callable[[], bool]) -> None:
    """Wait for it, half a minute at most."""
    end_s = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < end_s, "it did not happen"
        time.sleep(0.001)


def test_half_a_jpeg(address: str) -> None:
    with capture_logs() as log, Gateway(address, "half") as gateway:
        for number in range(4):
            for view in range(VIEWS):
                whole = gateway.view(number, view)
                gateway.socket.send(whole[:-1] if number in (1, 2) and view == 1 else whole)
            gateway.decision()
        assert [one.view_count for one in gateway.decisions] == [3, 2, 2, 3]
        counts = gateway.counts()
        assert (counts["triggers"], counts["graded"], counts["refused"]) == (4, 4, {"bad_picture": 2})
        assert gateway.notices == ["bad_picture"] * 2
    assert events(log) == {"refused": 1}


def test_the_clock_of_the_camera_jumps(address: str) -> None:
    with capture_logs() as log, Gateway(address, "clock") as gateway:
        for number, age_s in enumerate((0.0, 3600.0, 3600.0, -3600.0)):
            gateway.tick(1000 + 100 * number)
            gateway.send_fruit(number, age_s=age_s)
            gateway.decision()
        counts = gateway.counts()
        assert (counts["triggers"], counts["graded"], counts["refused"]) == (4, 4, {})
    assert events(log) == {"clocks_disagree": 1}


def test_frames_twice_and_out_of_order(address: str) -> None:
    with capture_logs() as log, Gateway(address, "doubles") as gateway:
        for number in range(3):
            for view in (1, 0, 0, 1, 2):
                gateway.socket.send(gateway.view(number, view))
            assert gateway.decision().view_count == 3
        counts = gateway.counts()
        assert (counts["graded"], counts["used"], counts["refused"]) == (3, 9, {"duplicate": 6})
    assert events(log) == {"refused": 1}


def test_a_grading_process_is_killed_in_mid_fruit(address: str, tmp_path: Path) -> None:
    with capture_logs() as log, Gateway(address, "killed") as gateway:
        restarts = gateway.state()["restarts"]
        for number in range(3):
            gateway.socket.send(gateway.view(number, 0))
            gateway.socket.send(gateway.view(number, 1, die_once=str(tmp_path / "died")))
            gateway.socket.send(gateway.view(number, 2))
            assert gateway.decision().view_count == 3
        counts = gateway.counts()
        assert (counts["triggers"], counts["graded"], counts["views"]) == (3, 3, {"fruit": 9})
        assert gateway.state()["restarts"] == restarts + 1
    assert events(log) == {"line_worker_lost": 1}


def test_a_grading_process_that_hangs_is_killed_after_its_time(app: FastAPI, address: str) -> None:
    services: Services = app.state.services
    with capture_logs() as log, Gateway(address, "hung") as gateway:
        restarts = gateway.state()["restarts"]
        gateway.send_fruit(0)
        assert gateway.decision().reason is None
        (process_id,) = services.lines.workers.process_ids
        os.kill(process_id, signal.SIGSTOP)
        gateway.send_fruit(1)
        decision = gateway.decision()
        assert (decision.reason, decision.view_count) == (None, 3)
        assert services.lines.workers.process_ids != (process_id,)
        counts = gateway.counts()
        assert (counts["triggers"], counts["graded"], counts["views"]) == (2, 2, {"fruit": 6})
        assert gateway.state()["restarts"] == restarts + 1
    assert events(log) == {"line_worker_lost": 1}
    assert [line["place"] for line in log if line["event"] == "line_worker_lost"] == ["no answer in 3 s"]


def test_the_encoder_is_reset_with_a_fruit_on_the_belt(address: str) -> None:
    with Gateway(address, "reset") as gateway:
        for view in range(2):
            gateway.socket.send(gateway.view(1, view, encoder=20_000))
        gateway.tick(5)
        gateway.tick(15)
        lost = gateway.decision()
        assert (lost.fruit_id, lost.reason, lost.eject_at_encoder) == (1, "encoder_reset", None)
        gateway.send_fruit(2, encoder=100)
        decided = gateway.decision()
        assert (decided.fruit_id, decided.reason, decided.eject_at_encoder) == (2, None, 6100)
        counts = gateway.counts()
        assert (counts["triggers"], counts["graded"], counts["abstained"]) == (2, 1, 1)
        assert counts["recirculated"] == {"encoder_reset": 1}


def test_a_client_that_never_reads_is_cut_off_and_what_it_misses_is_counted(
    app: FastAPI, address: str
) -> None:
    services: Services = app.state.services
    line = services.lines.known("deaf")
    with capture_logs() as log, Gateway(address, "deaf", lane=2) as other, _bare_client(address) as deaf:
        for sent in range(0, REFUSED, 30):  # the answers to these fill every buffer on the way
            deaf.sendall(_masked(b"?" * 60, text=True) * 30)
            until(lambda goal=sent + 30: line.bad_messages >= goal)  # type: ignore[misc]
        for number in range(3):
            deaf.sendall(b"".join(_masked(frame_of(number, view)) for view in range(VIEWS)))
            other.send_fruit(number)
            assert other.decision().reason is None
        until(lambda: line.owner(1) is None)
        missed, read = other.counts(1), other.counts(2)
    assert (missed["triggers"], missed["graded"], missed["undelivered"]) == (3, 3, 3)
    assert missed["outlets"] == {"again": 3}
    assert (read["graded"], read["undelivered"], read["outlets"]) == (3, 0, {"pack_first": 3})
    assert events(log) == {"bad_message": 1, "decision_undelivered": 1}


@contextmanager
def _bare_client(address: str, line: str = "deaf") -> Iterator[socket.socket]:
    """A connection whose client does nothing by itself."""
    host, port = address.removeprefix("http://").split(":")
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        deaf.connect((host, int(port)))
        deaf.sendall(
            f"GET /api/v1/lines/{line}/frames HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        assert deaf.recv(12) == b"HTTP/1.1 101"
        yield deaf


def _masked(data: bytes, *, text: bool = False) -> bytes:
    """A WebSocket message of a client; the mask is zero."""
    head = bytes((0x81 if text else 0x82,))
    length = bytes((0x80 | len(data),)) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
    return head + length + b"\0\0\0\0" + data


def test_a_client_that_vanishes_loses_its_lanes(app: FastAPI, address: str) -> None:
    """A cable is pulled: nothing is said, no ping is answered, and the next client waits for the lane."""
    services: Services = app.state.services
    line = services.lines.known("vanished")
    with _bare_client(address, "vanished") as gone, Gateway(address, "vanished") as after:
        gone.sendall(_masked(frame_of(0, 0)))
        until(lambda: line.owner(1) is not None)
        after.send_fruit(1)
        after.settle()
        assert after.notices == ["lane_taken"] * VIEWS
        until(lambda: line.owner(1) is None)
        after.send_fruit(1)
        assert after.decision().reason is None
        for view in (1, 2):
            after.socket.send(after.view(0, view))
        assert after.decision().fruit_id == 0  # begun by one client, decided for the other
        counts = after.counts()
    assert (counts["triggers"], counts["graded"], counts["undelivered"]) == (2, 2, 0)
    assert counts["refused"] == {"lane_taken": VIEWS}


def test_a_client_a_hundred_times_too_fast(address: str, tmp_path: Path) -> None:
    """The process waits at a gate: two fruit are taken on with all their views, all others go round again whole."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    with capture_logs() as log, Gateway(address, "fast") as gateway:
        gateway.socket.send(gateway.view(0, 0, wait_at=str(gate)))
        for view in (1, 2):
            gateway.socket.send(gateway.view(0, view))
        for number in range(1, 30):
            gateway.send_fruit(number)
        until(lambda: gateway.counts()["abstained"] == 28)
        assert gateway.state()["waiting_views"] == 5  # two of the first, three of the second: more than 4
        gate.write_bytes(b"go")
        while len(gateway.decisions) < 30:
            gateway.decision()
        graded = {one.fruit_id: one.view_count for one in gateway.decisions if one.reason is None}
        assert graded == {0: 3, 1: 3}
        counts = gateway.counts()
        assert (counts["triggers"], counts["graded"], counts["abstained"]) == (30, 2, 28)
        assert counts["recirculated"] == {"overload": 28}
        assert (counts["late"], counts["undelivered"], counts["open"]) == (0, 0, 0)
        assert counts["refused"] == {"already_decided": 2 * 28}
    assert events(log) == {"fruit_not_graded": 1, "refused": 1}


def test_two_clients_claim_one_lane(address: str) -> None:
    with capture_logs() as log, Gateway(address, "claim") as first, Gateway(address, "claim") as second:
        first.send_fruit(0)
        assert first.decision().reason is None
        second.send_fruit(50)
        second.settle()
        assert (second.notices, second.decisions) == (["lane_taken"] * 3, [])
        first.send_fruit(1)
        assert first.decision().reason is None
        assert (first.counts()["graded"], first.counts()["refused"]) == (2, {"lane_taken": 3})
        first.socket.close()
        until(lambda: first.state()["lanes"][0]["client"] is None)
        second.send_fruit(2)
        assert second.decision().fruit_id == 2
    assert events(log) == {"refused": 1}


def test_a_header_larger_than_allowed(address: str) -> None:
    with capture_logs() as log, Gateway(address, "header") as gateway:
        for _ in range(20):
            gateway.socket.send((5000).to_bytes(4, "big") + b"{" + b" " * 6000)
        gateway.settle()
        gateway.send_fruit(0)
        assert gateway.decision().reason is None
        assert gateway.notices == ["bad_message"] * 20
        assert (gateway.state()["bad_messages"], gateway.counts()["triggers"]) == (20, 1)
    assert events(log) == {"bad_message": 1}


def test_an_unknown_fruit(address: str) -> None:
    with capture_logs() as log, Gateway(address, "unknown") as gateway:
        gateway.socket.send(Trigger(fruit_id=0, lane=1, encoder=1000).to_json())
        gateway.send_fruit(0)
        assert gateway.decision().reason is None
        gateway.send_fruit(1)
        gateway.settle()
        assert gateway.notices == ["unknown_fruit"] * 3
        counts = gateway.counts()
        assert (counts["triggers"], counts["graded"], counts["refused"]) == (1, 1, {"unknown_fruit": 3})
    assert events(log) == {"refused": 1}
