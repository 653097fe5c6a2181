"""Events and pictures over real sockets from a real server."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from service.line.live.broadcast import MOST_WAITING, MOST_WATCHERS
from tests.service.line.live.live_line import PATIENCE_S, live_app, sending
from tests.service.running import error_code, listening

EVENTS = "/api/v1/lines/yard/events"
PREVIEW = "/api/v1/lines/yard/lanes/1/preview.jpg"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with listening(live_app(tmp_path_factory.mktemp("live"))) as where:
        yield where


@contextmanager
def events(address: str, query: str = "", **headers: str) -> Iterator[Iterator[tuple[str, Any]]]:
    """(event, data) as they come."""
    with httpx.stream("GET", f"{address}{EVENTS}{query}", headers=headers, timeout=PATIENCE_S) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        yield _parse(answer.iter_lines())


def _parse(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def test_a_line_that_is_not_there(address: str) -> None:
    assert error_code(httpx.get(f"{address}/api/v1/lines/nowhere/events"), 404) == "not_found"
    assert error_code(httpx.get(f"{address}/api/v1/lines/nowhere/lanes/1/preview.jpg"), 404) == "not_found"
    assert (
        error_code(httpx.get(f"{address}/api/v1/lines/nowhere/lanes/-1/preview.jpg"), 422)
        == "invalid_parameter"
    )


def test_a_fruit_is_told_and_shown(address: str) -> None:
    with sending(address) as line:
        assert error_code(httpx.get(f"{address}{EVENTS}?lang=fr"), 422) == "invalid_parameter"
        assert error_code(httpx.get(address + PREVIEW), 404) == "not_found"
        with events(address, "?lang=zh") as heard:
            name, state = next(heard)
            assert (name, state["line"], state["watchers"]) == ("state", "yard", 1)
            line.send(grade_class="I", diameter_mm=82.0)
            decided = line.decision()
            told = next(data for name, data in heard if name == "decision")
            assert (told["fruit_id"], told["outlet"], told["class"]) == (0, decided.outlet, "I")
            assert told["texts"]["class"] == "一级"
            state = next(
                data for name, data in heard if name == "state" and data["lanes"][1]["counts"]["graded"]
            )
            assert state["lanes"][1]["counts"]["client"] is not None
        picture = httpx.get(address + PREVIEW, timeout=PATIENCE_S)
        while picture.status_code == 503:  # the process that draws is being started
            picture = httpx.get(address + PREVIEW, timeout=PATIENCE_S)
        assert picture.headers["content-type"] == "image/jpeg"
        assert picture.headers["cache-control"] == "no-cache"
        assert picture.headers["x-fruit-number"] == str(told["number"])
        assert picture.content.startswith(b"\xff\xd8")
        again = httpx.get(address + PREVIEW, headers={"If-None-Match": picture.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_a_watcher_that_does_not_read_loses_previews_and_the_line_no_decision(tmp_path: Path) -> None:
    """The sockets hold some 100 kB, the queue MOST_WAITING decisions; the rest is dropped, and all is counted."""
    batches, size = 8, 50
    count = batches * size
    with listening(live_app(tmp_path), send_buffer_bytes=8192) as address, sending(address) as line:
        line.send()
        line.decision()
        with _silent_watcher(address) as slow, events(address) as heard:
            for batch in range(batches):
                for _ in range(size):
                    line.send(lane=1 + batch % 2)
                    line.decision()
                for name, data in heard:  # a watcher that reads misses nothing meanwhile
                    assert name != "dropped"
                    if name == "decision" and data["fruit_id"] == (batch + 1) * size:
                        break
            told, dropped = 0, 0
            for name, data in _parse(_lines(slow)):
                told += name == "decision"
                dropped += data["dropped"] if name == "dropped" else 0
                if name == "decision" and data["fruit_id"] == count:
                    break
            assert told + dropped == count + 1
            assert dropped > 0
            assert told > MOST_WAITING
        lanes = httpx.get(f"{address}/api/v1/lines/yard").json()["lanes"][1:3]
        assert sum(lane["graded"] for lane in lanes) == count + 1
        assert [(lane["undelivered"], lane["problems"]) for lane in lanes] == [(0, [])] * 2


@contextmanager
def _silent_watcher(address: str) -> Iterator[socket.socket]:
    place = urlsplit(address)
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.settimeout(PATIENCE_S)
        slow.connect((place.hostname, place.port))
        slow.sendall(f"GET {EVENTS} HTTP/1.0\r\nHost: {place.netloc}\r\n\r\n".encode())
        assert slow.recv(15).startswith(b"HTTP/1.1 200 OK")
        yield slow


def _lines(slow: socket.socket) -> Iterator[str]:
    with slow.makefile("r", encoding="utf-8", newline="\n") as stream:
        for line in stream:
            yield line.rstrip("\r\n")


def test_places_are_bounded_and_free_again(address: str) -> None:
    with sending(address, "yard"):
        pass  # the line is there now
    place = urlsplit(address)
    sockets = []
    try:
        for _ in range(MOST_WATCHERS):
            one = socket.create_connection((place.hostname, place.port), timeout=PATIENCE_S)
            one.sendall(f"GET {EVENTS} HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode())
            assert one.recv(15).startswith(b"HTTP/1.1 200 OK")
            sockets.append(one)
        refused = httpx.get(address + EVENTS)
        assert error_code(refused, 503) == "busy"
        assert refused.headers["retry-after"] == "5"
    finally:
        for one in sockets:
            one.close()
    give_up = monotonic() + PATIENCE_S
    while True:
        with httpx.stream("GET", address + EVENTS, timeout=PATIENCE_S) as answer:
            if answer.status_code == 200:
                break
        assert monotonic() < give_up


def test_who_comes_back_after_a_restart_is_told_so(address: str) -> None:
    with sending(address), events(address, **{"Last-Event-ID": "other-7"}) as heard:
        assert next(heard) == ("resumed", {"missed": None})


def test_a_service_that_ends_does_not_wait_for_watchers(tmp_path: Path) -> None:
    with listening(live_app(tmp_path)) as address, sending(address):
        stream = httpx.stream("GET", address + EVENTS, timeout=PATIENCE_S)
        answer = stream.__enter__()
        assert answer.status_code == 200
    answer.read()  # it has ended in order
    stream.__exit__(None, None, None)
