"""Accounts for tests: a clock that is moved by hand, a service that asks for a sign-in, a browser without a screen."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import cache

import httpx

from service.accounts.accounts import Accounts, Browser
from service.accounts.forms import SESSION_COOKIE
from service.accounts.passwords import Passwords
from service.accounts.roles import Role
from tests.service.running import RunningService

START = datetime(2026, 10, 1, 6, 0, tzinfo=UTC)
IDLE = timedelta(minutes=60)
LONGEST = timedelta(hours=12)
TICK = timedelta(microseconds=1)
TABLET = Browser(address="10.0.0.5", name="Chrome, Android")
ELSEWHERE = Browser(address="10.0.0.6", name="Firefox, Linux")
PASSWORD = "green apples roll"
ORIGIN = "http://127.0.0.1"


class Hands:
    """A clock: UTC times and monotonic seconds, moved by hand."""

    def __init__(self) -> None:
        self.now = START

    def time(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        return (self.now - START).total_seconds()

    def pass_by(self, time: timedelta) -> None:
        self.now += time


def add_person(accounts: Accounts, name: str, role: Role, password: str = PASSWORD) -> int:
    """An account with a password, as its one-time link would make it."""
    account, _ = accounts.add(name, role)
    accounts.store.set_password(account.account_id, hash_of(password))
    return account.account_id


@cache
def hash_of(password: str) -> str:
    """Hashed once for all tests: it is slow on purpose."""
    return Passwords().hash(password)


class Visitor:
    """A browser without a screen: keeps cookies, sends forms with the token of the page they are on."""

    def __init__(self, service: RunningService) -> None:
        self.service = service
        self.cookies: dict[str, str] = {}

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self._send("GET", path, headers)

    def form(self, page: str, action: str, **fields: str) -> httpx.Response:
        """Fill in the form of a page as its person would."""
        token = re.search(r'name="form_token" value="(\w+)"', self.get(page).text)
        assert token, f"no form on {page}"
        return self.post(action, form_token=token[1], **fields)

    def post(self, action: str, *, headers: dict[str, str] | None = None, **fields: str) -> httpx.Response:
        sent = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"} if headers is None else headers
        return self._send("POST", action, sent, data=fields)

    def sign_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        return self.form("/sign-in", "/sign-in", name=name, password=password, next="/lines")

    @property
    def session(self) -> str | None:
        return self.cookies.get(SESSION_COOKIE)

    def _send(self, method: str, path: str, headers: dict[str, str], **more: object) -> httpx.Response:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        everything = {"Accept": "text/html", "Cookie": cookies, **headers}
        answer = self.service.request(method, path, headers=everything, **more)
        for line in answer.headers.get_list("set-cookie"):
            name, value = line.partition(";")[0].split("=", 1)
            if value.strip('"') and "Max-Age=0" not in line:
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)
        return answer
