"""The whole way: a real server, real WebSockets, real grading processes with a quick grader."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from service.app import create_app
from service.line.protocol import (
    Decision,
    EncoderTick,
    FrameHeader,
    Heartbeat,
    Trigger,
    decode_answer,
    encode_frame,
)
from service.settings import ServiceSettings
from tests.fakes import FakeGrader, FakeLineGrader, line_picture
from tests.service.line.lines import PATIENT, SMALL, write_line
from tests.service.running import RunningService, listening


def frame(view: int, *, fruit_id: str = "a", lane: int = 1, last: bool = False, **orders: object) -> bytes:
    header = FrameHeader(
        fruit_id=fruit_id,
        lane=lane,
        camera="top",
        view=view,
        encoder=1000 + 10 * view,
        captured_at=datetime.now(UTC),
        last_view=last,
    )
    return encode_frame(header, line_picture(**orders))


@pytest.fixture
def plain(tmp_path: Path) -> ServiceSettings:
    return ServiceSettings(
        data_dir=tmp_path / "data",
        samples_dir=tmp_path / "none",
        model_dir=tmp_path / "fake",
        line_workers=1,
        min_free_mb=1,
    )


@pytest.fixture
def address(plain: ServiceSettings) -> Iterator[str]:
    with listening(create_app(plain, grader=FakeGrader(), load_for_lines=FakeLineGrader.load)) as where:
        yield where


def dial(address: str, line: str = "yard", **more: Any) -> ClientConnection:
    return connect(f"{address.replace('http', 'ws')}/api/v1/lines/{line}/frames", open_timeout=120, **more)


def next_decision(socket: ClientConnection) -> Decision:
    answer = decode_answer(str(socket.recv(timeout=60)))
    assert isinstance(answer, Decision), answer
    return answer


def test_frames_go_in_and_decisions_come_out(address: str) -> None:
    assert httpx.get(f"{address}/api/v1/lines").json() == {"lines": []}
    assert httpx.get(f"{address}/api/v1/lines/yard").status_code == 404
    with dial(address) as socket:
        socket.send(Heartbeat(number=3).to_json())
        assert json.loads(socket.recv(timeout=60)) == {"type": "heartbeat", "number": 3}
        for view in range(3):
            socket.send(frame(view, last=view == 2, grade_class="I", outlet="pack_first"))
        raw = json.loads(socket.recv(timeout=60))
        assert {
            key: raw[key] for key in ("fruit_id", "outlet", "sku", "class", "eject_at_encoder", "late")
        } == {
            "fruit_id": "a",
            "outlet": "pack_first",
            "sku": "APL-ANY-I",
            "class": "I",
            "eject_at_encoder": 121_000,
            "late": False,
        }
        assert (raw["view_count"], raw["model_id"]) == (3, "fake")

        with dial(address) as second:  # the same lane
            second.send(frame(0, fruit_id="b"))
            assert json.loads(second.recv(timeout=60))["error"]["code"] == "lane_taken"
            second.send(frame(0, fruit_id="b", lane=2, last=True))
            assert next_decision(second).fruit_id == "b"

        socket.send(b"\x7f\xff\xff\xff{}")
        assert json.loads(socket.recv(timeout=60))["error"]["code"] == "bad_message"
        socket.send(EncoderTick(encoder=2000).to_json())
        socket.send(frame(0, fruit_id="c", last=True))
        assert next_decision(socket).fruit_id == "c"

        state = httpx.get(f"{address}/api/v1/lines/yard").json()
        assert (state["encoder"], state["bad_messages"], state["ready_workers"]) == (2000, 1, 1)
        first, other = state["lanes"][1], state["lanes"][2]
        assert (first["triggers"], first["graded"], first["refused"]) == (2, 2, {"lane_taken": 1})
        assert (other["triggers"], other["graded"], other["problems"]) == (1, 1, [])
        metrics = httpx.get(f"{address}/metrics").text
        assert 'grader_line_triggers_total{lane="1",line="yard"} 2.0' in metrics
        assert 'grader_line_wrong_sums{lane="1",line="yard"} 0.0' in metrics
    with pytest.raises(InvalidStatus) as refused:
        dial(address, origin="http://evil.test")  # type: ignore[arg-type]
    assert refused.value.response.status_code == 403
    assert b"foreign_origin" in refused.value.response.body


OWN_CAMERA = """[[cameras]]
name = "top"
views = 1

[cameras.source]
kind = "folder"
address = "inbox"
lane = 1

"""


def test_a_camera_that_the_service_opened(tmp_path: Path, plain: ServiceSettings) -> None:
    (tmp_path / "lines" / "inbox").mkdir(parents=True)
    text = PATIENT.replace(PATIENT[PATIENT.index("[[cameras]]") : PATIENT.index("[[outlets]]")], OWN_CAMERA)
    write_line(tmp_path / "lines", text.replace("lanes = [1, 2]", 'lanes = [1, 2]\ntriggers = "announced"'))
    settings = plain.model_copy(update={"lines_dir": tmp_path / "lines"})
    app = create_app(settings, grader=FakeGrader(), load_for_lines=FakeLineGrader.load)
    with listening(app) as address, dial(address, "small") as socket:
        socket.send(EncoderTick(encoder=1000).to_json())
        socket.send(Trigger(fruit_id="a", lane=1, encoder=1000).to_json())
        while not httpx.get(f"{address}/api/v1/lines/small").json()["lanes"][0]["open"]:
            pass  # a picture taken before the first tick shows no fruit
        (tmp_path / "lines" / "inbox" / "1.jpg").write_bytes(line_picture(outlet="juice"))
        decision = None
        while decision is None:
            socket.send(EncoderTick(encoder=1000).to_json())
            with suppress(TimeoutError):
                decision = decode_answer(str(socket.recv(timeout=0.02)))
        assert isinstance(decision, Decision)
        assert (decision.fruit_id, decision.outlet, decision.view_count) == ("a", "juice", 1)
        state = httpx.get(f"{address}/api/v1/lines/small").json()["own_cameras"]
        assert [(one["camera"], one["kind"], one["link"], one["sent"]) for one in state] == [
            ("top", "folder", "open", 1)
        ]
        metrics = httpx.get(f"{address}/metrics").text
        assert 'grader_line_camera_frames_total{camera="top",line="small",outcome="sent"} 1.0' in metrics
        assert 'grader_line_camera_connected{camera="top",line="small"} 1.0' in metrics


def test_a_message_too_large_for_any_picture_ends_the_connection_and_nothing_else(address: str) -> None:
    with dial(address) as socket:
        with pytest.raises(ConnectionClosed):  # noqa: PT012
            socket.send(b"x" * 20_000_000)
            socket.recv(timeout=60)
    with dial(address) as socket:
        socket.send(frame(0, last=True))
        assert next_decision(socket).fruit_id == "a"


def test_only_lines_that_are_configured(tmp_path: Path, plain: ServiceSettings) -> None:
    write_line(tmp_path, SMALL)
    settings = plain.model_copy(update={"lines_dir": tmp_path, "model_dir": tmp_path / "faulty"})
    app = create_app(settings, grader=FakeGrader(), load_for_lines=FakeLineGrader.load)
    with RunningService(app) as service:
        lines = service.get("/api/v1/lines").json()["lines"]
        assert [(line["line"], line["cameras"], line["model"]) for line in lines] == [
            ("small", ["top", "side"], None)
        ]
        assert [lane["lane"] for lane in lines[0]["lanes"]] == [1, 2]
        assert lines[0]["outlets"] == {"pack_first": 1000, "juice": 1200, "again": 1500}
    with listening(app) as address:
        for line, status, code in (("yard", 404, "not_found"), ("small", 503, "model_not_ready")):
            with pytest.raises(InvalidStatus) as refused:
                dial(address, line)
            assert refused.value.response.status_code == status
            assert json.loads(refused.value.response.body)["error"]["code"] == code
