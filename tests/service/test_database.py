"""Migrations: on an empty file, an existing one, a foreign one, a newer one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from service.errors import SchemaError, StorageError
from service.store.database import migration_config, open_database
from service.store.tables import Table


def test_an_empty_file_gets_the_newest_schema(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "new.sqlite3")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert (
            context.get_current_revision()
            == ScriptDirectory.from_config(migration_config()).get_current_head()
        )
        assert compare_metadata(context, Table.metadata) == []
    engine.dispose()


def test_an_existing_file_keeps_its_rows(tmp_path: Path) -> None:
    file = tmp_path / "kept.sqlite3"
    open_database(file).dispose()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("INSERT INTO grading VALUES (7, '2026-01-02 03:04:05', 1.5, '{}', '[]')")
    open_database(file).dispose()
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT grading_id, duration_ms FROM grading").fetchall() == [(7, 1.5)]


def test_every_migration_can_be_undone_and_done_again(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "a.sqlite3")
    config = migration_config()
    for step in (command.downgrade, command.upgrade):
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            step(config, "base" if step is command.downgrade else "head")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Table.metadata) == []
    engine.dispose()


def test_commits_are_durable_and_readers_do_not_wait(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "a.sqlite3")
    with engine.connect() as connection:
        values = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert values == ["wal", 2, 1]
    engine.dispose()


def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "newer.sqlite3"
    open_database(file).dispose()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaError, match=r"newer\.sqlite3.*'0001'.*'9999'"):
        open_database(file)
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("9999",)


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.sqlite3"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE customers (name TEXT)")
    with pytest.raises(SchemaError, match="another program"):
        open_database(file)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    file = tmp_path / "noise.sqlite3"
    file.write_bytes(b"no database at all" * 100)
    with pytest.raises(StorageError, match=r"noise\.sqlite3"):
        open_database(file)
