"""The databases that tests of the store run on: the same cases on each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from service.store.database import database_url, open_database
from tests.postgres_server import PostgresServer, installed, running_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A running PostgreSQL server; the test is skipped where Debian's package `postgresql` is not installed."""
    programs = installed()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian's package postgresql)")
    with running_server(programs) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[URL]:
    """An empty database, once of each kind."""
    if request.param == "sqlite":
        yield database_url(None, tmp_path)
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.new_database() as url:
        yield database_url(url, tmp_path)


@pytest.fixture
def engine(empty_database: URL) -> Iterator[Engine]:
    """A database with the newest schema, once of each kind."""
    engine = open_database(empty_database)
    yield engine
    engine.dispose()
