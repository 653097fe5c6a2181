"""Bodies that no route wants: five gigabytes, and what is no picture and no JSON. Every route that takes a body."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from service.accounts.access import ACCESS
from service.app import create_app
from service.settings import ServiceSettings
from tests.fakes import FakeGrader
from tests.service.running import listening

FIVE_GB = 5_000_000_000
CHUNK = b"x" * 65_536
LIMIT = 1_000_000
ON_THE_WAY = 16_000_000
"""What the sockets of a loopback connection hold at most, with room to spare."""
TAKE_BODIES = sorted(route.removeprefix("POST ") for route in ACCESS if route.startswith("POST "))
KINDS = (
    "application/json",
    "image/jpeg",
    "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded",
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("bodies")
    settings = ServiceSettings(data_dir=folder / "data", samples_dir=folder, max_upload_mb=1, min_free_mb=1)
    with listening(create_app(settings, grader=FakeGrader())) as where:
        yield where
        assert not any((folder / "data" / "pictures").iterdir())


def path_of(route: str) -> str:
    """A path that leads to the route."""
    return "/".join("1" if part.startswith("{") else part for part in route.split("/"))


def send_head(address: str, route: str, kind: str, length: str) -> socket.socket:
    where = urlsplit(address)
    assert where.hostname is not None
    open_socket = socket.create_connection((where.hostname, where.port or 80), timeout=60)
    open_socket.sendall(
        f"POST {path_of(route)} HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Type: {kind}\r\n{length}\r\n\r\n".encode()
    )
    return open_socket


def status(open_socket: socket.socket) -> int:
    """Of the answer."""
    return int(open_socket.recv(4096).split()[1])


@pytest.mark.parametrize("route", TAKE_BODIES)
@pytest.mark.parametrize("kind", KINDS)
def test_five_gigabytes_are_refused_by_what_they_say_of_themselves(
    address: str, route: str, kind: str
) -> None:
    with send_head(address, route, kind, f"Content-Length: {FIVE_GB}") as open_socket:
        assert status(open_socket) in (401, 403, 413, 415)


@pytest.mark.parametrize("route", TAKE_BODIES)
def test_five_gigabytes_that_say_nothing_are_cut_off_at_the_limit(address: str, route: str) -> None:
    """The sender gets rid of little more than the limit: so much may be in memory, and no more."""
    kind = "image/jpeg" if route == "/api/v1/grade" else "application/json"
    sent = 0
    with send_head(address, route, kind, "Transfer-Encoding: chunked") as open_socket:
        try:
            while sent < FIVE_GB:
                open_socket.sendall(f"{len(CHUNK):x}\r\n".encode() + CHUNK + b"\r\n")
                sent += len(CHUNK)
        except (BrokenPipeError, ConnectionResetError):
            pass
    assert sent < LIMIT + ON_THE_WAY
    assert httpx.get(f"{address}/healthz").status_code == 200


@pytest.mark.parametrize("route", TAKE_BODIES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_document_is_no_picture_and_no_json(address: str, route: str, kind: str, samples: Path) -> None:
    document = b"%PDF-1.7\n\xff\xfe\x00" + (samples / "expected.json").read_bytes()[:500]
    answer = httpx.post(f"{address}{path_of(route)}", content=document, headers={"Content-Type": kind})
    assert answer.status_code in (303, 400, 401, 403, 404, 415, 422), answer.text
    if route.startswith("/api/"):
        error = answer.json()["error"]
        assert set(error) <= {"code", "message", "detail"}
        assert error["message"]
