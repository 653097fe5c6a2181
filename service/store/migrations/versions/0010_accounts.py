"""Accounts, their sessions, one-time links, API keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("account_id", sa.Integer, nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("name_key", sa.String(160), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("password_hash", sa.Text, nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("account_id", name="pk_account"),
        sa.UniqueConstraint("name_key", name="uq_account_name_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "account_session",
        sa.Column("session_id", sa.Integer, nullable=False),
        sa.Column("account_id", sa.Integer, nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address", sa.String(80), nullable=False),
        sa.Column("browser", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("session_id", name="pk_account_session"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.account_id"], name="fk_account_session_account_id_account"
        ),
        sa.UniqueConstraint("token_hash", name="uq_account_session_token_hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_account_session_account_id", "account_session", ["account_id"])
    op.create_table(
        "account_link",
        sa.Column("link_id", sa.Integer, nullable=False),
        sa.Column("account_id", sa.Integer, nullable=True),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("link_id", name="pk_account_link"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.account_id"], name="fk_account_link_account_id_account"
        ),
        sa.UniqueConstraint("token_hash", name="uq_account_link_token_hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_account_link_account_id", "account_link", ["account_id"])
    op.create_table(
        "api_key",
        sa.Column("key_id", sa.Integer, nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("prefix", sa.String(20), nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(80), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key_id", name="pk_api_key"),
        sa.UniqueConstraint("prefix", name="uq_api_key_prefix"),
        sa.UniqueConstraint("key_hash", name="uq_api_key_key_hash"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    for table in ("api_key", "account_link", "account_session", "account"):
        op.drop_table(table)
