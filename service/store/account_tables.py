"""The tables of accounts. A change here needs a new file in `migrations/versions`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from service.store.tables import Table, UtcDateTime


class AccountRow(Table):
    """A person. `name_key` is the name as it is compared; `password_hash` is empty until one was chosen."""

    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("name_key"), {"sqlite_autoincrement": True})

    account_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    name_key: Mapped[str] = mapped_column(String(160))
    role: Mapped[str] = mapped_column(String(20))
    password_hash: Mapped[str | None] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SessionRow(Table):
    """Somebody who is signed in on one browser; deleted when that ends. `token_hash`: SHA-256 of the cookie."""

    __tablename__ = "account_session"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        Index(None, "account_id"),
        {"sqlite_autoincrement": True},
    )

    session_id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey(AccountRow.account_id))
    token_hash: Mapped[str] = mapped_column(String(64))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    address: Mapped[str] = mapped_column(String(80))
    browser: Mapped[str] = mapped_column(String(200))

    account: Mapped[AccountRow] = relationship()


class LinkRow(Table):
    """A one-time link to choose a password; without account: the one for the first admin."""

    __tablename__ = "account_link"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        Index(None, "account_id"),
        {"sqlite_autoincrement": True},
    )

    link_id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey(AccountRow.account_id))
    token_hash: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    account: Mapped[AccountRow | None] = relationship()


class KeyRow(Table):
    """An API key. `key_hash`: SHA-256 of the whole key; `prefix` is its visible beginning."""

    __tablename__ = "api_key"
    __table_args__ = (
        UniqueConstraint("prefix"),
        UniqueConstraint("key_hash"),
        {"sqlite_autoincrement": True},
    )

    key_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    prefix: Mapped[str] = mapped_column(String(20))
    key_hash: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[str] = mapped_column(String(80))
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
