"""Accounts at work: sign in and out, one-time links, API keys. The one place that decides whether a secret is good."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic

import structlog

from service.accounts.caller import Caller
from service.accounts.names import check_name, name_key
from service.accounts.passwords import Passwords, check_new_password
from service.accounts.roles import PEOPLE, Role
from service.accounts.secret import new_key, new_secret, secret_hash
from service.accounts.throttle import Throttle
from service.errors import AccountError, NotFoundError
from service.store.account_store import AccountStore, StoredAccount, StoredKey, StoredLink, StoredSession

LINK_LIFE = timedelta(hours=24)
"""How long a one-time link can be used."""
SEEN_EVERY = timedelta(seconds=60)
"""The use of a session or key is written at most so often: reading a page must not wait for the disk."""
MOST_KEYS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLife:
    """idle: without any request a session ends after it; longest: it ends in any case. Both from `[start, end)`."""

    idle: timedelta
    longest: timedelta

    def is_over(self, session: StoredSession, now: datetime) -> bool:
        """Whether it ended, at the very moment it does and after."""
        return now >= session.seen_at + self.idle or now >= session.started_at + self.longest


def link_is_open(link: StoredLink, now: datetime) -> bool:
    """Not used, and not `LINK_LIFE` old yet; the account it is for, if any, is not disabled."""
    disabled = link.account is not None and link.account.disabled_at is not None
    return link.used_at is None and now < link.made_at + LINK_LIFE and not disabled


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key that was just made; the only moment at which `key` is known."""

    key: str
    stored: StoredKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """Where a sign-in comes from; for the list of sessions and for the throttle."""

    address: str
    name: str


class Accounts:
    """now: the time in UTC; clock: monotonic seconds. Everything may raise StorageError."""

    def __init__(
        self,
        store: AccountStore,
        life: SessionLife,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.store = store
        self.life = life
        self._now = now
        self._passwords = Passwords()
        self._throttle = Throttle(clock)

    # people

    def sign_in(self, name: str, password: str, browser: Browser) -> str | None:
        """The token of a new session; None: name or password is wrong, without saying which.

        Raises:
            TooManyTriesError, BusyError: the password was not looked at.
        """
        key = name_key(name)
        self._throttle.begin(key, browser.address)
        account = self.store.account_named(key)
        stored = None if account is None or account.disabled_at is not None else account.password_hash
        if not self._passwords.fits(password, stored) or account is None or stored is None:
            structlog.get_logger().warning("sign_in_refused", name=key, address=browser.address)
            return None
        self._throttle.succeeded(key, browser.address)
        if self._passwords.is_outdated(stored):
            self.store.rehash(account.account_id, self._passwords.hash(check_new_password(password, "")))
        return self._start_session(account, browser)

    def caller_of_session(self, token: str) -> Caller | None:
        """Who is signed in with a token; the session is seen by this. None: nobody (any more)."""
        session = self.store.session(secret_hash(token))
        now = self._now()
        if session is None or self.life.is_over(session, now):
            return None
        if now - session.seen_at >= SEEN_EVERY:
            self.store.see_session(session.session_id, now)
        account = session.account
        return Caller(
            name=account.name,
            role=account.role,
            account_id=account.account_id,
            session_id=session.session_id,
        )

    def sign_out(self, caller: Caller) -> None:
        """End the session of the caller."""
        if caller.account_id is not None and caller.session_id is not None:
            self.end_session(caller.account_id, caller.session_id)

    def sessions_of(self, account_id: int) -> tuple[StoredSession, ...]:
        """Those that are not over, the newest first."""
        now = self._now()
        return tuple(one for one in self.store.sessions_of(account_id) if not self.life.is_over(one, now))

    def end_session(self, account_id: int, session_id: int) -> None:
        """Sign out one browser of an account."""
        self.store.end_session(account_id, session_id)

    def change_password(self, account_id: int, old: str, new: str, browser: Browser) -> str:
        """Every session of the account ends; the token of a new one for this browser.

        Raises:
            AccountError: `password_wrong`, `password_length`, `password_simple`; nothing changed.
            TooManyTriesError, BusyError
        """
        account = self.store.account(account_id)
        plain = check_new_password(new, account.name)
        key = name_key(account.name)
        self._throttle.begin(key, browser.address)
        if not self._passwords.fits(old, account.password_hash):
            raise AccountError("password_wrong", "old password: expected the one in use, got another")
        self._throttle.succeeded(key, browser.address)
        self.store.set_password(account_id, self._passwords.hash(plain))
        structlog.get_logger().info("password_changed", name=account.name)
        return self._start_session(account, browser)

    # what admins do with accounts

    def add(self, name: str, role: Role) -> tuple[StoredAccount, str]:
        """A new account, and the token of the one-time link at which its owner chooses a password.

        Raises:
            AccountError: `name_form`, `name_taken`, `role`.
        """
        shown = check_name(name)
        account = self.store.add_account(
            name=shown, name_key=name_key(shown), role=_of_people(role), at=self._now()
        )
        structlog.get_logger().info("account_added", name=account.name, role=account.role.value)
        return account, self.reset_link(account.account_id)

    def named(self, name: str) -> StoredAccount:
        """An account by its name. Raises NotFoundError."""
        found = self.store.account_named(name_key(name))
        if found is None:
            known = ", ".join(one.name for one in self.store.accounts()) or "none yet"
            raise NotFoundError(f"no account {name!r}; known are {known}")
        return found

    def reset_link(self, account_id: int) -> str:
        """The token of a new one-time link to choose a password. The old password stays good until then.

        Raises:
            NotFoundError. AccountError: `disabled`.
        """
        account = self.store.account(account_id)
        if account.disabled_at is not None:
            raise AccountError("disabled", f"expected an account that is not disabled, got {account.name!r}")
        return self._new_link(account_id)

    def set_disabled(self, account_id: int, *, disabled: bool) -> None:
        """Disabled: nobody signs in with it, its sessions and links end.

        Raises:
            NotFoundError. AccountError: `last_admin`.
        """
        self.store.set_disabled(account_id, self._now() if disabled else None)
        structlog.get_logger().info(
            "account_disabled" if disabled else "account_enabled", account_id=account_id
        )

    def set_role(self, account_id: int, role: Role) -> None:
        """Another role, from the next request on. Raises NotFoundError, AccountError (`last_admin`, `role`)."""
        self.store.set_role(account_id, _of_people(role))
        structlog.get_logger().info("role_changed", account_id=account_id, role=role.value)

    # one-time links

    def first_admin_link(self) -> str | None:
        """The token of a new link for the first admin; older ones end. None: an admin is there."""
        return None if self.store.admins() else self._new_link(None)

    def link(self, token: str) -> StoredLink | None:
        """What a token is for; None: nothing (any more). A link for the first admin ends when there is an admin."""
        link = self.store.link(secret_hash(token))
        if link is None or not link_is_open(link, self._now()):
            return None
        return None if link.account is None and self.store.admins() else link

    def use_link(self, token: str, name: str, password: str, browser: Browser) -> str | None:
        """Choose a password (the first admin: also the name) and be signed in: the token of the session.

        None: the link is used, too old, or no link at all.

        Raises:
            AccountError: name or password cannot be used; the link stays open.
        """
        link = self.link(token)
        if link is None:
            return None
        shown = check_name(name) if link.account is None else link.account.name
        hashed = self._passwords.hash(check_new_password(password, shown))
        now = self._now()
        account = link.account
        if account is None:
            account = self.store.use_first_link(
                link.link_id, name=shown, name_key=name_key(shown), password_hash=hashed, at=now
            )
        elif not self.store.use_link(link.link_id, hashed, now):
            account = None
        if account is None:
            return None
        structlog.get_logger().info("password_chosen", name=account.name)
        return self._start_session(account, browser)

    # machines

    def add_key(self, name: str, made_by: str) -> NewKey:
        """A new API key. Raises AccountError: `name_form`, `too_many_keys`."""
        shown = check_name(name)
        if len(self.store.keys()) >= MOST_KEYS:
            raise AccountError("too_many_keys", f"expected at most {MOST_KEYS} API keys, got one more")
        key, prefix = new_key()
        stored = self.store.add_key(
            name=shown, prefix=prefix, key_hash=secret_hash(key), made_by=made_by, at=self._now()
        )
        structlog.get_logger().info("key_added", name=shown, prefix=prefix)
        return NewKey(key=key, stored=stored)

    def caller_of_key(self, key: str) -> Caller | None:
        """The machine with an API key; the key is seen by this. None: no such key (any more)."""
        stored = self.store.key(secret_hash(key))
        if stored is None:
            return None
        now = self._now()
        if stored.used_at is None or now - stored.used_at >= SEEN_EVERY:
            self.store.see_key(stored.key_id, now)
        return Caller(name=stored.name, role=Role.INTEGRATOR, key_id=stored.key_id)

    def revoke_key(self, key_id: int) -> None:
        """It opens nothing from now on, and what it holds open ends within a second. Raises NotFoundError."""
        self.store.revoke_key(key_id, self._now())
        structlog.get_logger().info("key_revoked", key_id=key_id)

    # both

    def gone(self, callers: Iterable[Caller]) -> frozenset[Caller]:
        """Those of these who may not call any more: signed out, disabled, another role, revoked."""
        every, now = frozenset(callers), self._now()
        wanted = [one.session_id for one in every if one.session_id is not None]
        sessions = {
            one.session_id: one.account.role
            for one in (self.store.live_sessions(wanted) if wanted else ())
            if now < one.started_at + self.life.longest
        }
        asked = [one.key_id for one in every if one.key_id is not None]
        keys = self.store.live_keys(asked) if asked else frozenset()
        return frozenset(
            one
            for one in every
            if (
                one.key_id not in keys
                if one.session_id is None
                else sessions.get(one.session_id) is not one.role
            )
        )

    def _start_session(self, account: StoredAccount, browser: Browser) -> str:
        """Always a new token: one that somebody else may know is never signed in."""
        now = self._now()
        self.store.drop_old_sessions(seen_before=now - self.life.idle, started_before=now - self.life.longest)
        token = new_secret()
        self.store.add_session(
            account.account_id,
            secret_hash(token),
            at=now,
            address=browser.address[:80],
            browser=browser.name[:200],
        )
        structlog.get_logger().info("signed_in", name=account.name, address=browser.address)
        return token

    def _new_link(self, account_id: int | None) -> str:
        token = new_secret()
        self.store.add_link(account_id, secret_hash(token), self._now())
        return token


def _of_people(role: Role) -> Role:
    if role not in PEOPLE:
        raise AccountError("role", f"role: expected one of {', '.join(PEOPLE)}, got {role.value!r}")
    return role
