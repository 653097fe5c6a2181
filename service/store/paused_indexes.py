"""Indexes of SQLite that rest while most rows of a table change: a million changes one by one take minutes, to make the
index anew takes a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text

CACHE_KB = 64_000
"""Memory for pages of the database meanwhile; usually SQLite takes 2 MB."""


@contextmanager
def paused_indexes(connection: Connection, table: str, columns: set[str]) -> Iterator[None]:
    """Without the indexes of `table` over any of `columns`, in the transaction that runs: it fails as a whole. On
    another database than SQLite nothing is done."""
    if connection.dialect.name != "sqlite":
        yield
        return
    usual = connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
    connection.exec_driver_sql(f"PRAGMA cache_size = -{CACHE_KB}")
    try:
        statements = _indexes(connection, table, columns)
        for name in statements:
            connection.exec_driver_sql(f'DROP INDEX "{name}"')
        yield
        for statement in statements.values():
            connection.exec_driver_sql(statement)
    finally:
        connection.exec_driver_sql(f"PRAGMA cache_size = {usual}")


def _indexes(connection: Connection, table: str, columns: set[str]) -> dict[str, str]:
    """Names and statements of the indexes that a change of these columns touches. A partial one may depend on any."""
    rows = connection.execute(
        text(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = :table AND sql IS NOT NULL"
        ),
        {"table": table},
    )
    found = {name: sql for name, sql in rows}
    return {
        name: sql
        for name, sql in found.items()
        if " WHERE " in sql.upper()
        or columns & {row[2] for row in connection.exec_driver_sql(f'PRAGMA index_info("{name}")')}
    }
