"""Alembic's entry: runs the migrations on the connection that `database.py` hands over."""

from __future__ import annotations

from alembic import context

from service.store import (  # noqa: F401  (their tables belong to the metadata)
    account_tables,
    lot_tables,
    packing_tables,
    review_tables,
)
from service.store.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
