from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.accounts.accounts import Accounts, SessionLife
from service.accounts.roles import PEOPLE
from service.app import create_app
from service.settings import ServiceSettings
from service.store.account_store import AccountStore
from service.store.database import open_database
from tests.fakes import FakeGrader
from tests.service.accounts.people import IDLE, LONGEST, Hands, Visitor, add_person
from tests.service.running import RunningService


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def accounts(tmp_path: Path, hands: Hands) -> Iterator[Accounts]:
    engine = open_database(tmp_path / "accounts.sqlite3")
    life = SessionLife(idle=IDLE, longest=LONGEST)
    yield Accounts(AccountStore(engine), life, now=hands.time, clock=hands.seconds)
    engine.dispose()


@pytest.fixture
def guarded(settings: ServiceSettings) -> Iterator[RunningService]:
    """A service with one person of each role, each named as the role."""
    with RunningService(create_app(settings, grader=FakeGrader())) as running:
        for role in PEOPLE:
            add_person(running.services.accounts, role.value, role)
        yield running


@pytest.fixture
def visitor(guarded: RunningService) -> Visitor:
    return Visitor(guarded)
