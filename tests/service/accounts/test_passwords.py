from __future__ import annotations

import re
from threading import Barrier, Thread

import pytest
from argon2 import PasswordHasher

from service.accounts.accounts import Accounts
from service.accounts.passwords import LONGEST, MOST_WAITING, SHORTEST, Passwords, check_new_password
from service.accounts.roles import Role
from service.errors import AccountError, BusyError
from tests.service.accounts.people import PASSWORD, TABLET, add_person


def test_the_costs_are_those_of_the_second_option_of_rfc_9106() -> None:
    hashed = Passwords().hash(PASSWORD)
    assert re.match(r"\$argon2id\$v=19\$m=65536,t=3,p=4\$[\w+/]{22}\$[\w+/]{43}$", hashed)
    assert hashed != Passwords().hash(PASSWORD)


def test_only_the_password_fits() -> None:
    passwords = Passwords()
    hashed = passwords.hash(PASSWORD)
    assert passwords.fits(PASSWORD, hashed)
    assert not passwords.fits(PASSWORD + " ", hashed)
    assert not passwords.fits(PASSWORD, None)
    assert not passwords.fits(PASSWORD, "no hash")


def test_the_same_work_is_done_for_a_name_that_nobody_has() -> None:
    """Counted, not timed: one verification with the same costs in either case."""
    passwords = Passwords()
    seen: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:
            seen.append(str(hash).rsplit("$", 2)[0])
            return super().verify(hash, password)

    passwords._hasher = Counting(time_cost=3, memory_cost=65_536, parallelism=4)
    passwords.fits("wrong", passwords.hash(PASSWORD))
    passwords.fits("wrong", None)
    assert seen == ["$argon2id$v=19$m=65536,t=3,p=4"] * 2


@pytest.mark.parametrize(
    ("length", "is_good"), [(SHORTEST - 1, False), (SHORTEST, True), (LONGEST, True), (LONGEST + 1, False)]
)
def test_length(length: int, is_good: bool) -> None:
    password = ("abcdefgh" * 30)[:length]
    if is_good:
        assert check_new_password(password, "wang") == password
        return
    with pytest.raises(AccountError, match=f"expected {SHORTEST} to {LONGEST} characters, got {length}"):
        check_new_password(password, "wang")


@pytest.mark.parametrize("password", ["aaaaaaaaaaaa", "abcabcabcabc", "Wang.Wei.1990"])
def test_simple_passwords_are_refused(password: str) -> None:
    with pytest.raises(AccountError) as refused:
        check_new_password(password, "wang.wei.1990")
    assert refused.value.problem == "password_simple"


def test_the_same_letters_typed_another_way_fit() -> None:
    passwords = Passwords()
    assert passwords.fits("caf\u0065\u0301 apples", passwords.hash(check_new_password("café apples", "x")))


def test_a_hash_of_lower_costs_is_replaced_at_the_next_sign_in(accounts: Accounts) -> None:
    number = add_person(accounts, "wang", Role.STAFF)
    token = accounts.sign_in("wang", PASSWORD, TABLET)
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    accounts.store.rehash(number, weak)
    assert accounts.sign_in("wang", PASSWORD, TABLET) is not None
    assert "m=65536,t=3,p=4" in str(accounts.store.account(number).password_hash)
    assert accounts.caller_of_session(str(token)) is not None


def test_one_at_a_time_and_only_so_many_wait() -> None:
    passwords = Passwords()
    ready = Barrier(MOST_WAITING + 1)
    hashed: list[str] = []

    def hash_one() -> None:
        ready.wait()
        hashed.append(passwords.hash(PASSWORD))

    threads = [Thread(target=hash_one) for _ in range(MOST_WAITING)]
    passwords._one.acquire()
    for thread in threads:
        thread.start()
    ready.wait()
    while passwords._places._value:  # until all of them wait
        pass
    with pytest.raises(BusyError, match="8 sign-ins are waiting"):
        passwords.fits("one too many", None)
    passwords._one.release()
    for thread in threads:
        thread.join()
    assert len(hashed) == MOST_WAITING
    assert passwords.fits(PASSWORD, hashed[0])
