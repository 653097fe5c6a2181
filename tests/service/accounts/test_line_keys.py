"""Keys and sign-ins on connections that stay open: a real server, real WebSockets, a real event stream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import httpx
import pytest
from fastapi import FastAPI
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from service.accounts.accounts import Accounts
from service.accounts.forms import SESSION_COOKIE
from service.accounts.gate import GONE
from service.accounts.roles import Role
from service.app import create_app
from service.errors import LineConnectionError
from service.line.protocol import Heartbeat
from service.line.replay import read_belt
from service.line.stream_client import LineClient
from service.settings import ServiceSettings
from tests.fakes import FakeGrader, FakeLineGrader
from tests.service.accounts.people import PASSWORD, TABLET, add_person
from tests.service.running import listening


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    settings = ServiceSettings(
        data_dir=tmp_path / "data",
        samples_dir=tmp_path / "none",
        model_dir=tmp_path / "fake",
        line_workers=1,
        min_free_mb=1,
    )
    return create_app(settings, grader=FakeGrader(), load_for_lines=FakeLineGrader.load)


@pytest.fixture
def address(app: FastAPI) -> Iterator[str]:
    with listening(app) as where:
        add_person(app.state.services.accounts, "wang", Role.ENGINEER)
        yield where


@pytest.fixture
def accounts(app: FastAPI, address: str) -> Accounts:
    found: Accounts = app.state.services.accounts
    return found


def dial(address: str, query: str = "", **headers: str) -> ClientConnection:
    where = f"{address.replace('http', 'ws')}/api/v1/lines/yard/frames{query}"
    return connect(where, additional_headers=headers, open_timeout=60)


def beat(socket: ClientConnection) -> None:
    """The line answers."""
    socket.send(Heartbeat(number=5).to_json())
    assert json.loads(socket.recv(timeout=30))["number"] == 5


@pytest.mark.parametrize("query", ["", "?key=nonsense", "?key="])
def test_a_line_without_a_key_is_refused(address: str, query: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        dial(address, query)
    assert refused.value.response.status_code == 401
    assert json.loads(refused.value.response.body)["error"]["code"] == "not_signed_in"


def test_staff_may_watch_a_line_and_not_feed_it(address: str, accounts: Accounts) -> None:
    add_person(accounts, "li", Role.STAFF)
    token = accounts.sign_in("li", PASSWORD, TABLET)
    with pytest.raises(InvalidStatus) as refused:
        dial(address, Cookie=f"{SESSION_COOKIE}={token}", Origin=address)
    assert refused.value.response.status_code == 403


def test_a_page_of_another_place_cannot_use_the_cookie_for_a_line(address: str, accounts: Accounts) -> None:
    cookie = f"{SESSION_COOKIE}={accounts.sign_in('wang', PASSWORD, TABLET)}"
    with pytest.raises(InvalidStatus) as refused:
        dial(address, Cookie=cookie, Origin="https://evil.example")
    assert refused.value.response.status_code == 403
    with dial(address, Cookie=cookie, Origin=address) as socket:
        beat(socket)


@pytest.mark.parametrize("by_query", [True, False])
def test_a_revoked_key_closes_its_line_within_a_second_and_no_other(
    address: str, accounts: Accounts, by_query: bool
) -> None:
    revoked, kept = accounts.add_key("north", "test"), accounts.add_key("south", "test")
    query = f"?key={revoked.key}" if by_query else ""
    headers = {} if by_query else {"Authorization": f"Bearer {revoked.key}"}
    with dial(address, query, **headers) as north, dial(address, f"?key={kept.key}") as south:
        beat(north)
        beat(south)
        accounts.revoke_key(revoked.stored.key_id)
        began = monotonic()
        with pytest.raises(ConnectionClosed) as closed:
            north.recv(timeout=30)
        seconds = monotonic() - began
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == GONE
        assert "not valid any more" in closed.value.rcvd.reason
        beat(south)
        with pytest.raises(InvalidStatus):
            dial(address, f"?key={revoked.key}")
    assert seconds < 5  # half a second and what a busy computer adds


def test_signing_out_ends_the_event_stream(address: str, accounts: Accounts) -> None:
    token = str(accounts.sign_in("wang", PASSWORD, TABLET))
    key = accounts.add_key("north", "test").key
    cookies = {SESSION_COOKIE: token}
    with dial(address, f"?key={key}") as socket:
        beat(socket)
        with httpx.stream(
            "GET", f"{address}/api/v1/lines/yard/events", cookies=cookies, timeout=30
        ) as stream:
            lines = stream.iter_lines()
            assert next(lines).startswith("retry:")
            caller = accounts.caller_of_session(token)
            assert caller is not None
            accounts.sign_out(caller)
            for _ in lines:  # comes to an orderly end
                pass
        refused = httpx.get(f"{address}/api/v1/lines/yard/events", cookies=cookies)
    assert refused.status_code == 401


def test_the_client_brings_its_key(address: str, accounts: Accounts) -> None:
    key = accounts.add_key("gateway", "test").key
    where = f"{address.replace('http', 'ws')}/api/v1/lines/yard/frames"

    async def talk(given: str | None) -> bool:
        async with LineClient(where, key=given) as line:
            return line.state.connected

    assert asyncio.run(talk(key))
    assert read_belt(address, "yard", views=2, key=key).cameras
    for wrong in (None, "nonsense"):
        with pytest.raises(LineConnectionError, match="status 401"):
            asyncio.run(talk(wrong))
        with pytest.raises(LineConnectionError, match="status 401"):
            read_belt(address, "yard", views=2, key=wrong)
