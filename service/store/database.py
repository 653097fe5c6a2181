"""Opens the database, SQLite or PostgreSQL: durable commits, migrated to the newest schema."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DatabaseError
from sqlalchemy.pool import ConnectionPoolEntry

from service.errors import SchemaError, StorageError

BUSY_TIMEOUT_MS = 10_000
CONNECT_TIMEOUT_S = 10
_POSTGRES = "postgresql+psycopg"
_MIGRATION_LOCK = 7_240_041
"""Key of PostgreSQL's advisory lock: of two services that start at the same time one migrates. Any number does."""


def database_url(given: str | None, data_dir: Path) -> URL:
    """The URL of the setting; None or empty: the file `grader.sqlite3` of the data folder.

    Raises:
        StorageError: it is no URL of a SQLite file or of PostgreSQL. The message does not repeat it: it may hold a
            password.
    """
    if not given:
        return URL.create("sqlite", database=str(data_dir / "grader.sqlite3"))
    wanted = "expected sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME"
    try:
        url = make_url(given)
    except (ArgumentError, ValueError) as error:
        raise StorageError(f"database_url: {wanted}, got what is no URL") from error
    if url.drivername == "postgresql":
        url = url.set(drivername=_POSTGRES)
    if url.drivername not in ("sqlite", _POSTGRES):
        raise StorageError(f"database_url: {wanted}, got one of {url.drivername!r}")
    if url.database in (None, "", ":memory:"):
        raise StorageError(f"database_url: {wanted}, got one without the name of a database")
    return url


def open_database(where: Path | URL) -> Engine:
    """Open the database at a URL of `database_url`, or in a SQLite file (made when missing), with the newest schema.

    Raises:
        SchemaError: it belongs to another program or a newer version; it is left as it was.
        StorageError: it cannot be opened or is no database, or the driver for it is not installed.
    """
    url = URL.create("sqlite", database=str(where)) if isinstance(where, Path) else where
    name = url.database or "" if url.drivername == "sqlite" else url.render_as_string(hide_password=True)
    engine = _make_engine(url)
    try:
        _migrate(engine, name)
    except DatabaseError as error:
        engine.dispose()
        raise StorageError(f"{name}: cannot be used as database: {error.orig}") from error
    except SchemaError:
        engine.dispose()
        raise
    return engine


def migration_config() -> Config:
    """Alembic's configuration, without any file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _make_engine(url: URL) -> Engine:
    if url.drivername == "sqlite":
        engine = create_engine(url)
        event.listen(engine, "connect", _prepare_sqlite)
        return engine
    try:
        return create_engine(
            url,
            pool_pre_ping=True,
            connect_args={"connect_timeout": CONNECT_TIMEOUT_S, "options": "-c timezone=UTC"},
        )
    except ImportError as error:
        raise StorageError(
            "database_url: PostgreSQL needs the driver psycopg 3: pip install 'produce-grader[postgres]'"
        ) from error


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # an answered grading survives a power cut
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.close()


def _migrate(engine: Engine, name: str) -> None:
    """All of it or nothing, and by one service at a time."""
    config = migration_config()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    with engine.begin() as connection:
        _lock(connection)
        found = MigrationContext.configure(connection).get_current_revision()
        if found is not None and found not in known:
            raise SchemaError(
                f"{name}: expected a schema of {sorted(known)}, got {found!r}: made by a newer version"
            )
        if found is None and inspect(connection).get_table_names():
            raise SchemaError(f"{name}: holds tables of another program; choose another place for the data")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
