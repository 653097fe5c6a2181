"""Opens the SQLite database: write-ahead log, durable commits, migrated to the newest schema."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event, inspect
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import ConnectionPoolEntry

from service.errors import SchemaError, StorageError

BUSY_TIMEOUT_MS = 10_000


def open_database(file: Path) -> Engine:
    """Open (or make) the database in `file` and bring it to the newest schema.

    Raises:
        SchemaError: the file belongs to another program or a newer version; it is left as it was.
        StorageError: the file cannot be opened or is no database.
    """
    engine = create_engine(URL.create("sqlite", database=str(file)))
    event.listen(engine, "connect", _prepare_connection)
    try:
        _migrate(engine, file)
    except DatabaseError as error:
        engine.dispose()
        raise StorageError(f"{file}: cannot be used as database: {error.orig}") from error
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


def _prepare_connection(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # an answered grading survives a power cut
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.close()


def _migrate(engine: Engine, file: Path) -> None:
    config = migration_config()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    with engine.begin() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
        if found is not None and found not in known:
            raise SchemaError(
                f"{file}: expected a schema of {sorted(known)}, got {found!r}: made by a newer version"
            )
        if found is None and inspect(connection).get_table_names():
            raise SchemaError(f"{file}: holds tables of another program; choose another data folder")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
