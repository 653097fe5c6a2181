"""Keeps accounts, sessions, one-time links and API keys. Decides nothing about them but what one transaction must."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from sqlalchemy import Engine, delete, exists, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.accounts.roles import Role
from service.errors import AccountError, NotFoundError
from service.store.account_tables import AccountRow, KeyRow, LinkRow, SessionRow
from service.store.storage_errors import storage_errors


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAccount:
    """A person. password_hash: None until one was chosen."""

    account_id: int
    name: str
    role: Role
    password_hash: str | None
    made_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession:
    """Somebody signed in on one browser."""

    session_id: int
    account: StoredAccount
    started_at: datetime
    seen_at: datetime
    address: str
    browser: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLink:
    """A one-time link; account None: for the first admin."""

    link_id: int
    account: StoredAccount | None
    made_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """An API key without its secret."""

    key_id: int
    name: str
    prefix: str
    made_at: datetime
    made_by: str
    used_at: datetime | None
    revoked_at: datetime | None


class AccountStore:
    """Accounts in a database. Every method raises StorageError when it cannot be used."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writing = Lock()

    def any_account(self) -> bool:
        """Whether there is one, disabled or not."""
        with storage_errors(), Session(self._engine) as session:
            return bool(session.scalar(select(exists().select_from(AccountRow))))

    def admins(self) -> int:
        """How many can sign in: not disabled, with a password."""
        with storage_errors(), Session(self._engine) as session:
            return _admins(session)

    def accounts(self) -> tuple[StoredAccount, ...]:
        """All, by name."""
        with storage_errors(), Session(self._engine) as session:
            return tuple(
                _account(row) for row in session.scalars(select(AccountRow).order_by(AccountRow.name_key))
            )

    def account(self, account_id: int) -> StoredAccount:
        """One by its number. Raises NotFoundError."""
        with storage_errors(), Session(self._engine) as session:
            return _account(_row(session, account_id))

    def account_named(self, name_key: str) -> StoredAccount | None:
        """One by its name as it is compared."""
        with storage_errors(), Session(self._engine) as session:
            row = session.scalar(select(AccountRow).where(AccountRow.name_key == name_key))
            return None if row is None else _account(row)

    def add_account(self, *, name: str, name_key: str, role: Role, at: datetime) -> StoredAccount:
        """A new one without password. Raises AccountError (`name_taken`)."""
        row = AccountRow(name=name, name_key=name_key, role=role.value, made_at=at)
        with (
            self._writing,
            storage_errors(),
            _names_differ(name),
            Session(self._engine) as session,
            session.begin(),
        ):
            session.add(row)
            session.flush()
            return _account(row)

    def set_password(self, account_id: int, password_hash: str) -> None:
        """A new password: its sessions and open links end. Raises NotFoundError."""
        with self._writing, storage_errors(), Session(self._engine) as session, session.begin():
            _row(session, account_id).password_hash = password_hash
            _end_all(session, account_id)

    def rehash(self, account_id: int, password_hash: str) -> None:
        """The same password, hashed anew: nothing ends."""
        with self._writing, storage_errors(), Session(self._engine) as session, session.begin():
            _row(session, account_id).password_hash = password_hash

    def set_role(self, account_id: int, role: Role) -> None:
        """Another role. Raises NotFoundError, AccountError (`last_admin`)."""
        with self._writing, storage_errors(), Session(self._engine) as session, session.begin():
            row = _row(session, account_id)
            _keep_an_admin(session, row, stays=role is Role.ADMIN)
            row.role = role.value

    def set_disabled(self, account_id: int, at: datetime | None) -> None:
        """Disable (its sessions and open links end), or enable again with None. Raises as `set_role`."""
        with self._writing, storage_errors(), Session(self._engine) as session, session.begin():
            row = _row(session, account_id)
            _keep_an_admin(session, row, stays=at is None)
            row.disabled_at = at
            _end_all(session, account_id)

    def add_link(self, account_id: int | None, token_hash: str, at: datetime) -> None:
        """A new one-time link; open ones for the same account (None: the first admin) end."""
        with self._writing, storage_errors(), Session(self._engine) as session, session.begin():
            _end_links(session, account_id)
            session.add(LinkRow(account_id=account_id, token_hash=token_hash, made_at=at))

    def link(self, token_hash: str) -> StoredLink | None:
        """One by the hash of its token."""
        with storage_errors(), Session(self._engine) as session:
            row = session.scalar(select(LinkRow).where(LinkRow.token_hash == token_hash))
            if row is None:
                return None
            account = None if row.account is None else _account(row.account)
            return StoredLink(link_id=row.link_id, account=account, made_at=row.made_at, used_at=row.used_at)

    def use_link(self, link_id: int, password_hash: str, at: datetime) -> bool:
        """Give the account of a link its password; its sessions end. False: it was used before."""
        with self._writing, storage_errors(), Session(self._engine) as session, session.begin():
            if not _use_up(session, link_id, at):
                return False
            account_id = session.scalar(select(LinkRow.account_id).where(LinkRow.link_id == link_id))
            assert account_id is not None
            _row(session, account_id).password_hash = password_hash
            _end_all(session, account_id)
            return True

    def use_first_link(
        self, link_id: int, *, name: str, name_key: str, password_hash: str, at: datetime
    ) -> StoredAccount | None:
        """Make the first admin. None: the link was used before. Raises AccountError (`name_taken`): it stays open."""
        row = AccountRow(
            name=name, name_key=name_key, role=Role.ADMIN.value, password_hash=password_hash, made_at=at
        )
        with (
            self._writing,
            storage_errors(),
            _names_differ(name),
            Session(self._engine) as session,
            session.begin(),
        ):
            if not _use_up(session, link_id, at):
                return None
            session.add(row)
            session.flush()
            return _account(row)

    def add_session(
        self, account_id: int, token_hash: str, *, at: datetime, address: str, browser: str
    ) -> StoredSession:
        """Somebody signed in. Raises NotFoundError."""
        row = SessionRow(token_hash=token_hash, started_at=at, seen_at=at, address=address, browser=browser)
        with self._writing, storage_errors(), Session(self._engine) as session, session.begin():
            row.account = _row(session, account_id)
            session.add(row)
            session.flush()
            return _session(row)

    def session(self, token_hash: str) -> StoredSession | None:
        """One by the hash of its token, of an account that is not disabled."""
        with storage_errors(), Session(self._engine) as session:
            row = session.scalar(
                select(SessionRow)
                .join(SessionRow.account)
                .where(SessionRow.token_hash == token_hash, AccountRow.disabled_at.is_(None))
            )
            return None if row is None else _session(row)

    def sessions_of(self, account_id: int) -> tuple[StoredSession, ...]:
        """Of one account, the newest first."""
        with storage_errors(), Session(self._engine) as session:
            query = select(SessionRow).where(SessionRow.account_id == account_id)
            return tuple(
                _session(row) for row in session.scalars(query.order_by(SessionRow.session_id.desc()))
            )

    def see_session(self, session_id: int, at: datetime) -> None:
        """It was used."""
        with self._writing, storage_errors(), Session(self._engine) as session, session.begin():
            session.execute(update(SessionRow).where(SessionRow.session_id == session_id).values(seen_at=at))

    def end_session(self, account_id: int, session_id: int) -> None:
        """Sign out one browser of an account; nothing happens when it is not there."""
        with self._writing, storage_errors(), Session(self._engine) as session, session.begin():
            session.execute(
                delete(SessionRow).where(
                    SessionRow.session_id == session_id, SessionRow.account_id == account_id
                )
            )

    def drop_old_sessions(self, *, seen_before: datetime, started_before: datetime) -> None:
        """Forget those that are over."""
        over = (SessionRow.seen_at <= seen_before) | (SessionRow.started_at <= started_before)
        with self._writing, storage_errors(), Session(self._engine) as session, session.begin():
            session.execute(delete(SessionRow).where(over))

    def live_sessions(self, session_ids: Collection[int]) -> tuple[StoredSession, ...]:
        """Those of these that were not ended, of accounts that are not disabled."""
        with storage_errors(), Session(self._engine) as session:
            query = select(SessionRow).join(SessionRow.account)
            query = query.where(SessionRow.session_id.in_(session_ids), AccountRow.disabled_at.is_(None))
            return tuple(_session(row) for row in session.scalars(query))

    def add_key(self, *, name: str, prefix: str, key_hash: str, made_by: str, at: datetime) -> StoredKey:
        """A new key."""
        row = KeyRow(name=name, prefix=prefix, key_hash=key_hash, made_by=made_by, made_at=at)
        with self._writing, storage_errors(), Session(self._engine) as session, session.begin():
            session.add(row)
            session.flush()
            return _key(row)

    def keys(self) -> tuple[StoredKey, ...]:
        """All, the newest first, revoked ones too."""
        with storage_errors(), Session(self._engine) as session:
            return tuple(_key(row) for row in session.scalars(select(KeyRow).order_by(KeyRow.key_id.desc())))

    def key(self, key_hash: str) -> StoredKey | None:
        """One that is not revoked, by its hash."""
        with storage_errors(), Session(self._engine) as session:
            row = session.scalar(
                select(KeyRow).where(KeyRow.key_hash == key_hash, KeyRow.revoked_at.is_(None))
            )
            return None if row is None else _key(row)

    def see_key(self, key_id: int, at: datetime) -> None:
        """It was used."""
        with self._writing, storage_errors(), Session(self._engine) as session, session.begin():
            session.execute(update(KeyRow).where(KeyRow.key_id == key_id).values(used_at=at))

    def revoke_key(self, key_id: int, at: datetime) -> None:
        """It opens nothing from now on; revoked again it keeps its time. Raises NotFoundError."""
        with self._writing, storage_errors(), Session(self._engine) as session, session.begin():
            row = session.get(KeyRow, key_id)
            if row is None:
                raise NotFoundError(f"no API key {key_id}")
            row.revoked_at = row.revoked_at or at

    def live_keys(self, key_ids: Collection[int]) -> frozenset[int]:
        """Those of these that are not revoked."""
        with storage_errors(), Session(self._engine) as session:
            query = select(KeyRow.key_id).where(KeyRow.key_id.in_(key_ids), KeyRow.revoked_at.is_(None))
            return frozenset(session.scalars(query))


@contextmanager
def _names_differ(name: str) -> Iterator[None]:
    """A second account of a name is said in our words."""
    try:
        yield
    except IntegrityError as error:
        raise AccountError("name_taken", f"name: expected a new one, got {name!r}, which is taken") from error


def _row(session: Session, account_id: int) -> AccountRow:
    row = session.get(AccountRow, account_id)
    if row is None:
        raise NotFoundError(f"no account {account_id}")
    return row


def _admins(session: Session) -> int:
    can_sign_in = (
        AccountRow.role == Role.ADMIN.value,
        AccountRow.disabled_at.is_(None),
        AccountRow.password_hash.is_not(None),
    )
    return session.scalar(select(func.count()).select_from(AccountRow).where(*can_sign_in)) or 0


def _keep_an_admin(session: Session, row: AccountRow, *, stays: bool) -> None:
    is_one = row.role == Role.ADMIN.value and row.disabled_at is None and row.password_hash is not None
    if is_one and not stays and _admins(session) == 1:
        raise AccountError("last_admin", f"expected another admin to be left, got the last one, {row.name!r}")


def _use_up(session: Session, link_id: int, at: datetime) -> bool:
    unused = (LinkRow.link_id == link_id, LinkRow.used_at.is_(None))
    found = session.execute(update(LinkRow).where(*unused).values(used_at=at).returning(LinkRow.link_id))
    return found.first() is not None


def _end_links(session: Session, account_id: int | None) -> None:
    of_account = LinkRow.account_id.is_(None) if account_id is None else LinkRow.account_id == account_id
    session.execute(delete(LinkRow).where(of_account, LinkRow.used_at.is_(None)))


def _end_all(session: Session, account_id: int) -> None:
    session.execute(delete(SessionRow).where(SessionRow.account_id == account_id))
    _end_links(session, account_id)


def _account(row: AccountRow) -> StoredAccount:
    return StoredAccount(
        account_id=row.account_id,
        name=row.name,
        role=Role(row.role),
        password_hash=row.password_hash,
        made_at=row.made_at,
        disabled_at=row.disabled_at,
    )


def _session(row: SessionRow) -> StoredSession:
    return StoredSession(
        session_id=row.session_id,
        account=_account(row.account),
        started_at=row.started_at,
        seen_at=row.seen_at,
        address=row.address,
        browser=row.browser,
    )


def _key(row: KeyRow) -> StoredKey:
    return StoredKey(
        key_id=row.key_id,
        name=row.name,
        prefix=row.prefix,
        made_at=row.made_at,
        made_by=row.made_by,
        used_at=row.used_at,
        revoked_at=row.revoked_at,
    )
