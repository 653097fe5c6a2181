"""Migrations: on an empty database, an existing one, a foreign one, a newer one. On SQLite and on PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL

from service.errors import SchemaError, StorageError
from service.store.database import database_url, migration_config, open_database
from service.store.tables import Table
from tests.postgres_server import PostgresServer


def run(url: URL, *statements: str) -> list[tuple[object, ...]]:
    """Rows of the last statement, without our own code."""
    engine = create_engine(url)
    rows: list[tuple[object, ...]] = []
    with engine.begin() as connection:
        for statement in statements:
            result = connection.execute(text(statement))
            rows = [tuple(row) for row in result] if result.returns_rows else []
    engine.dispose()
    return rows


def revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def test_an_empty_database_gets_the_newest_schema(engine: Engine) -> None:
    assert revision(engine) == ScriptDirectory.from_config(migration_config()).get_current_head()
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Table.metadata) == []


def test_an_existing_database_keeps_its_rows(empty_database: URL) -> None:
    open_database(empty_database).dispose()
    run(empty_database, "INSERT INTO grading VALUES (7, '2026-01-02 03:04:05', 1.5, '{}', '[]')")
    open_database(empty_database).dispose()
    assert run(empty_database, "SELECT grading_id, duration_ms FROM grading") == [(7, 1.5)]


def test_every_migration_can_be_undone_and_done_again(engine: Engine) -> None:
    config = migration_config()
    for step in (command.downgrade, command.upgrade):
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            step(config, "base" if step is command.downgrade else "head")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Table.metadata) == []


def test_two_services_that_start_at_once_both_find_the_newest_schema(empty_database: URL) -> None:
    problems: list[Exception] = []

    def start() -> None:
        try:
            open_database(empty_database).dispose()
        except StorageError as error:
            problems.append(error)

    starts = [Thread(target=start) for _ in range(2)]
    for one in starts:
        one.start()
    for one in starts:
        one.join()
    assert problems == []


def test_commits_are_durable_and_readers_do_not_wait(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "a.sqlite3")
    with engine.connect() as connection:
        values = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert values == ["wal", 2, 1]
    engine.dispose()


def test_a_newer_database_is_refused_and_left_alone(empty_database: URL) -> None:
    open_database(empty_database).dispose()
    run(empty_database, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaError, match=r"'0001', '0002', '0010', '0020'.*'9999'"):
        open_database(empty_database)
    assert run(empty_database, "SELECT version_num FROM alembic_version") == [("9999",)]


def test_a_database_of_another_program_is_refused(empty_database: URL) -> None:
    run(empty_database, "CREATE TABLE customers (name TEXT)")
    with pytest.raises(SchemaError, match="another program"):
        open_database(empty_database)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    file = tmp_path / "noise.sqlite3"
    file.write_bytes(b"no database at all" * 100)
    with pytest.raises(StorageError, match=r"noise\.sqlite3"):
        open_database(file)


def test_a_server_that_is_not_there_is_named_without_its_password(tmp_path: Path) -> None:
    url = database_url("postgresql+psycopg://user:secret@127.0.0.1:1/grader", tmp_path)
    with pytest.raises(StorageError, match=r"user:\*\*\*@127\.0\.0\.1:1/grader: cannot be used") as refused:
        open_database(url)
    assert "secret" not in str(refused.value)


def test_the_url_of_the_setting(tmp_path: Path) -> None:
    assert database_url(None, tmp_path) == database_url("", tmp_path)
    assert database_url(None, tmp_path).database == str(tmp_path / "grader.sqlite3")
    assert database_url("sqlite:////data/a.db", tmp_path).database == "/data/a.db"
    assert database_url("postgresql://h/n", tmp_path).drivername == "postgresql+psycopg"


@pytest.mark.parametrize(
    ("given", "got"),
    [
        ("grader.sqlite3", "got what is no URL"),
        ("mysql://user:secret@host/name", "got one of 'mysql'"),
        ("postgresql+psycopg2://user:secret@host/name", "got one of 'postgresql"),
        ("postgresql+psycopg://user:secret@host", "without the name of a database"),
        ("sqlite://", "without the name of a database"),
        ("sqlite:///:memory:", "without the name of a database"),
        ("postgresql+psycopg://user:secret@host:port/name", "got what is no URL"),
    ],
)
def test_other_urls_are_refused_without_their_password(tmp_path: Path, given: str, got: str) -> None:
    with pytest.raises(StorageError, match=r"database_url: expected sqlite:///FILE or postgresql") as refused:
        database_url(given, tmp_path)
    assert got in str(refused.value)
    assert "secret" not in str(refused.value)


def test_the_driver_of_postgresql_is_not_loaded_by_default() -> None:
    code = "import sys, service.app; print('psycopg' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_times_of_a_server_elsewhere_are_utc(postgres: PostgresServer) -> None:
    with postgres.new_database() as given:
        url = database_url(given, Path())
        run(url, f"ALTER DATABASE {url.database} SET timezone TO 'Asia/Shanghai'")
        engine = open_database(url)
        with engine.connect() as connection:
            assert connection.execute(text("SHOW timezone")).scalar() == "UTC"
        engine.dispose()
