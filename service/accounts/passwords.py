"""Passwords: what is accepted, and how they are kept (argon2id)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, Semaphore

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from service.accounts.secret import new_secret
from service.errors import AccountError, BusyError

SHORTEST = 10
"""Characters. NIST SP 800-63B asks for 8 at least."""
LONGEST = 200
"""More is refused before any work is done."""
TIME_COST = 3
MEMORY_KIB = 65_536
LANES = 4
"""argon2id with 3 passes over 64 MiB in 4 lanes: the second recommended option of RFC 9106, section 4."""
MOST_WAITING = 8
"""One password is hashed at a time, so that sign-ins take one core and 64 MiB at most; so many may wait."""


def check_new_password(password: str, name: str) -> str:
    """The password as it is hashed (Unicode NFKC). Raises AccountError."""
    plain = unicodedata.normalize("NFKC", password)
    if not SHORTEST <= len(plain) <= LONGEST:
        raise AccountError(
            "password_length",
            f"password: expected {SHORTEST} to {LONGEST} characters, got {len(plain)}",
        )
    if len(set(plain)) < 4 or plain.casefold() == name.casefold():
        raise AccountError(
            "password_simple",
            "password: expected at least four different characters and not the name, got a simpler one",
        )
    return plain


class Passwords:
    """Hashes and checks, one at a time."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(
            time_cost=TIME_COST, memory_cost=MEMORY_KIB, parallelism=LANES, type=Type.ID
        )
        self._one = Lock()
        self._places = Semaphore(MOST_WAITING)
        self._of_nobody = self._hasher.hash(new_secret())

    def hash(self, password: str) -> str:
        """The argon2 string of a password of `check_new_password`. Raises BusyError."""
        with self._turn():
            return self._hasher.hash(password)

    def fits(self, password: str, stored: str | None) -> bool:
        """Whether it is the password. Takes as long when there is none (`stored` is None). Raises BusyError."""
        plain = unicodedata.normalize("NFKC", password[: 2 * LONGEST])
        with self._turn():
            try:
                self._hasher.verify(stored or self._of_nobody, plain)
            except (VerificationError, InvalidHashError):
                return False
        return stored is not None and len(password) <= LONGEST

    def is_outdated(self, stored: str) -> bool:
        """It was hashed with other costs than those above."""
        return self._hasher.check_needs_rehash(stored)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise BusyError(f"{MOST_WAITING} sign-ins are waiting; come back later", retry_after_s=1)
        try:
            with self._one:
                yield
        finally:
            self._places.release()
