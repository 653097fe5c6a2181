"""Sign-in, sessions, one-time links and keys, with a clock that is moved by hand."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from service.accounts.accounts import LINK_LIFE, SEEN_EVERY, Accounts
from service.accounts.caller import Caller
from service.accounts.roles import PEOPLE, Role
from service.accounts.secret import secret_hash
from service.errors import AccountError, NotFoundError, TooManyTriesError
from tests.service.accounts.people import (
    ELSEWHERE,
    IDLE,
    LONGEST,
    PASSWORD,
    TABLET,
    TICK,
    Hands,
    add_person,
)


def signed_in(accounts: Accounts, name: str = "wang") -> str:
    token = accounts.sign_in(name, PASSWORD, TABLET)
    assert token is not None
    return token


def test_a_person_signs_in_and_out(accounts: Accounts) -> None:
    number = add_person(accounts, "Wang", Role.STAFF)
    token = signed_in(accounts, " WANG ")
    caller = accounts.caller_of_session(token)
    assert caller is not None
    assert (caller.name, caller.role, caller.account_id, caller.key_id) == ("Wang", Role.STAFF, number, None)
    accounts.sign_out(caller)
    assert accounts.caller_of_session(token) is None


@pytest.mark.parametrize(
    ("name", "password"),
    [("wang", "wrong password"), ("nobody", PASSWORD), ("wang", ""), ("", ""), ("wang", PASSWORD * 100)],
)
def test_a_wrong_name_or_password_gives_nothing(accounts: Accounts, name: str, password: str) -> None:
    add_person(accounts, "wang", Role.STAFF)
    assert accounts.sign_in(name, password, ELSEWHERE) is None


def test_nobody_signs_in_before_a_password_was_chosen(accounts: Accounts) -> None:
    accounts.add("wang", Role.STAFF)
    assert accounts.sign_in("wang", "", TABLET) is None


def test_the_database_holds_no_secret(accounts: Accounts) -> None:
    add_person(accounts, "wang", Role.STAFF)
    token = signed_in(accounts)
    key = accounts.add_key("line", "wang").key
    _, link = accounts.add("li", Role.STAFF)
    with accounts.store._engine.connect() as connection:
        rows = [
            str(row)
            for table in ("account", "account_session", "account_link", "api_key")
            for row in connection.execute(text(f"SELECT * FROM {table}"))
        ]
    held = " ".join(rows)
    assert len(rows) == 2 + 1 + 1 + 1
    assert not [secret for secret in (PASSWORD, token, key, link) if secret in held]
    assert secret_hash(token) in held


@pytest.mark.parametrize(
    ("quiet", "is_in"),
    [(IDLE - TICK, True), (IDLE, False), (IDLE + TICK, False)],
    ids=["before", "at", "after"],
)
def test_an_idle_session_ends(accounts: Accounts, hands: Hands, quiet: timedelta, is_in: bool) -> None:
    add_person(accounts, "wang", Role.STAFF)
    token = signed_in(accounts)
    hands.pass_by(quiet)
    assert (accounts.caller_of_session(token) is not None) is is_in


@pytest.mark.parametrize(
    ("left", "is_in"), [(-TICK, True), (timedelta(0), False), (TICK, False)], ids=["before", "at", "after"]
)
def test_a_busy_session_ends_too(accounts: Accounts, hands: Hands, left: timedelta, is_in: bool) -> None:
    add_person(accounts, "wang", Role.STAFF)
    token = signed_in(accounts)
    for _ in range(23):
        hands.pass_by(LONGEST / 24)
        assert accounts.caller_of_session(token) is not None
    hands.pass_by(LONGEST / 24 + left)
    caller = accounts.caller_of_session(token)
    assert (caller is not None) is is_in


def test_the_use_of_a_session_is_written_once_a_minute(accounts: Accounts, hands: Hands) -> None:
    number = add_person(accounts, "wang", Role.STAFF)
    token = signed_in(accounts)
    started = hands.now
    for passed, written in ((SEEN_EVERY - TICK, timedelta(0)), (TICK, SEEN_EVERY)):
        hands.pass_by(passed)
        accounts.caller_of_session(token)
        assert accounts.sessions_of(number)[0].seen_at == started + written


def test_sessions_that_are_over_are_forgotten(accounts: Accounts, hands: Hands) -> None:
    number = add_person(accounts, "wang", Role.STAFF)
    hands.pass_by(IDLE)
    assert accounts.sessions_of(number) == ()
    signed_in(accounts)
    assert len(accounts.store.sessions_of(number)) == 1


def test_a_new_password_ends_every_session_and_link(accounts: Accounts) -> None:
    number = add_person(accounts, "wang", Role.STAFF)
    old, other, link = signed_in(accounts), signed_in(accounts), accounts.reset_link(number)
    token = accounts.change_password(number, PASSWORD, "red apples roll", TABLET)
    assert [accounts.caller_of_session(one) for one in (old, other)] == [None, None]
    assert accounts.caller_of_session(token) is not None
    assert accounts.link(link) is None
    assert accounts.sign_in("wang", PASSWORD, TABLET) is None
    assert accounts.sign_in("wang", "red apples roll", TABLET) is not None


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("wrong", "red apples roll", "password_wrong"),
        (PASSWORD, "short pas", "password_length"),
        (PASSWORD, "x" * 201, "password_length"),
        (PASSWORD, "abababababab", "password_simple"),
    ],
)
def test_a_refused_new_password_changes_nothing(accounts: Accounts, old: str, new: str, problem: str) -> None:
    number = add_person(accounts, "wang", Role.STAFF)
    token = signed_in(accounts)
    with pytest.raises(AccountError) as refused:
        accounts.change_password(number, old, new, TABLET)
    assert refused.value.problem == problem
    assert accounts.caller_of_session(token) is not None
    assert accounts.sign_in("wang", PASSWORD, TABLET) is not None


def test_guessing_the_old_password_is_slowed_down_too(accounts: Accounts) -> None:
    number = add_person(accounts, "wang", Role.STAFF)
    for _ in range(6):
        with pytest.raises(AccountError):
            accounts.change_password(number, "wrong", "red apples roll", TABLET)
    with pytest.raises(TooManyTriesError):
        accounts.change_password(number, PASSWORD, "red apples roll", TABLET)


def test_a_disabled_user_is_out_at_once_and_may_come_back(accounts: Accounts) -> None:
    number = add_person(accounts, "wang", Role.STAFF)
    token, link = signed_in(accounts), accounts.reset_link(number)
    accounts.set_disabled(number, disabled=True)
    assert accounts.caller_of_session(token) is None
    assert accounts.sign_in("wang", PASSWORD, TABLET) is None
    assert accounts.link(link) is None
    with pytest.raises(AccountError, match="not disabled, got 'wang'"):
        accounts.reset_link(number)
    accounts.set_disabled(number, disabled=False)
    assert accounts.caller_of_session(token) is None
    assert accounts.sign_in("wang", PASSWORD, TABLET) is not None


def test_the_last_admin_stays(accounts: Accounts) -> None:
    first = add_person(accounts, "wang", Role.ADMIN)
    accounts.add("li", Role.ADMIN)  # has no password yet, so cannot help
    for change in (
        lambda: accounts.set_disabled(first, disabled=True),
        lambda: accounts.set_role(first, Role.QA),
    ):
        with pytest.raises(AccountError) as refused:
            change()
        assert refused.value.problem == "last_admin"
    second = add_person(accounts, "zhao", Role.ADMIN)
    accounts.set_role(first, Role.QA)
    assert [one.role for one in accounts.store.accounts()] == [Role.ADMIN, Role.QA, Role.ADMIN]
    with pytest.raises(AccountError):
        accounts.set_disabled(second, disabled=True)


def test_another_role_counts_from_the_next_request(accounts: Accounts) -> None:
    number = add_person(accounts, "wang", Role.STAFF)
    token = signed_in(accounts)
    accounts.set_role(number, Role.QA)
    caller = accounts.caller_of_session(token)
    assert caller is not None
    assert caller.role is Role.QA


@pytest.mark.parametrize("name", ["", "   ", "x" * 41, "a<b", "a\u202eb", "a/b", "a\x00b"])
def test_odd_names_are_refused(accounts: Accounts, name: str) -> None:
    with pytest.raises(AccountError, match="name: expected 1 to 40") as refused:
        accounts.add(name, Role.STAFF)
    assert refused.value.problem == "name_form"
    assert accounts.store.accounts() == ()


@pytest.mark.parametrize("name", ["王伟", "O.Neil-2", "x" * 40, "wang@yard"])
def test_names_of_any_script(accounts: Accounts, name: str) -> None:
    assert accounts.add(name, Role.STAFF)[0].name == name


def test_a_name_is_taken_in_any_case(accounts: Accounts) -> None:
    accounts.add("Wang Wei", Role.STAFF)
    with pytest.raises(AccountError, match="got 'wang wei', which is taken") as refused:
        accounts.add("ｗａｎｇ  wei", Role.QA)
    assert refused.value.problem == "name_taken"


def test_people_are_no_integrators(accounts: Accounts) -> None:
    with pytest.raises(AccountError, match="expected one of staff, qa, engineer, admin, got 'integrator'"):
        accounts.add("wang", Role.INTEGRATOR)
    number = add_person(accounts, "wang", Role.STAFF)
    with pytest.raises(AccountError, match="got 'integrator'"):
        accounts.set_role(number, Role.INTEGRATOR)


def test_accounts_that_are_not_there_are_named(accounts: Accounts) -> None:
    accounts.add("wang", PEOPLE[0])
    with pytest.raises(NotFoundError, match="no account 'li'; known are wang"):
        accounts.named("li")
    for wrong in (
        lambda: accounts.reset_link(99),
        lambda: accounts.set_disabled(99, disabled=True),
        lambda: accounts.revoke_key(99),
    ):
        with pytest.raises(NotFoundError, match="99"):
            wrong()


# one-time links


def test_the_first_admin_comes_by_link_once(accounts: Accounts) -> None:
    link = accounts.first_admin_link()
    assert link is not None
    token = accounts.use_link(link, "王伟", PASSWORD, TABLET)
    assert token is not None
    caller = accounts.caller_of_session(token)
    assert caller is not None
    assert (caller.name, caller.role) == ("王伟", Role.ADMIN)
    assert accounts.use_link(link, "thief", PASSWORD, TABLET) is None
    assert accounts.first_admin_link() is None
    assert len(accounts.store.accounts()) == 1


def test_a_replayed_link_of_a_user_changes_nothing(accounts: Accounts) -> None:
    _, link = accounts.add("wang", Role.STAFF)
    assert accounts.use_link(link, "", PASSWORD, TABLET) is not None
    assert accounts.use_link(link, "", "thief thief 99", ELSEWHERE) is None
    assert accounts.sign_in("wang", PASSWORD, TABLET) is not None


def test_of_many_who_use_a_link_at_once_one_wins(accounts: Accounts) -> None:
    link = accounts.first_admin_link()
    assert link is not None
    with ThreadPoolExecutor(4) as pool:
        tokens = list(pool.map(lambda name: accounts.use_link(link, name, PASSWORD, TABLET), "abcd"))
    assert len([token for token in tokens if token]) == 1
    assert len(accounts.store.accounts()) == 1


@pytest.mark.parametrize(
    ("age", "is_open"),
    [(LINK_LIFE - TICK, True), (LINK_LIFE, False), (LINK_LIFE + TICK, False)],
    ids=["before", "at", "after"],
)
def test_a_link_ends_after_a_day(accounts: Accounts, hands: Hands, age: timedelta, is_open: bool) -> None:
    link = accounts.first_admin_link()
    assert link is not None
    hands.pass_by(age)
    assert (accounts.use_link(link, "wang", PASSWORD, TABLET) is not None) is is_open


def test_a_new_link_ends_the_older_one(accounts: Accounts) -> None:
    first, second = accounts.first_admin_link(), accounts.first_admin_link()
    account, of_user = accounts.add("wang", Role.STAFF)
    again = accounts.reset_link(account.account_id)
    assert [accounts.link(str(link)) is not None for link in (first, second, of_user, again)] == [
        False,
        True,
        False,
        True,
    ]


def test_the_first_link_ends_when_an_admin_comes_another_way(accounts: Accounts) -> None:
    link = accounts.first_admin_link()
    add_person(accounts, "wang", Role.ADMIN)
    assert accounts.link(str(link)) is None


def test_a_link_stays_open_after_a_name_or_password_that_cannot_be_used(accounts: Accounts) -> None:
    accounts.add("li", Role.STAFF)
    link = str(accounts.first_admin_link())
    for name, password, problem in (
        ("", PASSWORD, "name_form"),
        ("wang", "short", "password_length"),
        ("wang wang wang", "Wang Wang Wang", "password_simple"),
        ("LI", PASSWORD, "name_taken"),
    ):
        with pytest.raises(AccountError) as refused:
            accounts.use_link(link, name, password, TABLET)
        assert refused.value.problem == problem
    assert accounts.use_link(link, "wang", PASSWORD, TABLET) is not None


@pytest.mark.parametrize("token", ["", "nonsense", "x" * 500])
def test_no_link_at_all(accounts: Accounts, token: str) -> None:
    assert accounts.use_link(token, "wang", PASSWORD, TABLET) is None


# machines


def test_a_key_opens_until_it_is_revoked(accounts: Accounts, hands: Hands) -> None:
    made = accounts.add_key("north line", "wang")
    assert made.key.startswith(made.stored.prefix + "_")
    assert accounts.store.keys()[0].used_at is None
    caller = accounts.caller_of_key(made.key)
    assert caller == Caller(name="north line", role=Role.INTEGRATOR, key_id=made.stored.key_id)
    assert accounts.store.keys()[0].used_at == hands.now
    assert accounts.caller_of_key(made.key[:-1]) is None
    assert accounts.caller_of_key(made.stored.prefix) is None
    hands.pass_by(SEEN_EVERY)
    accounts.revoke_key(made.stored.key_id)
    revoked_at = hands.now
    assert accounts.caller_of_key(made.key) is None
    hands.pass_by(SEEN_EVERY)
    accounts.revoke_key(made.stored.key_id)
    assert accounts.store.keys()[0].revoked_at == revoked_at


def test_who_is_gone(accounts: Accounts, hands: Hands) -> None:
    number = add_person(accounts, "wang", Role.STAFF)
    callers = [accounts.caller_of_session(signed_in(accounts)) for _ in range(2)]
    callers += [accounts.caller_of_key(accounts.add_key(name, "wang").key) for name in ("a", "b")]
    known = [caller for caller in callers if caller is not None]
    assert len(known) == 4
    assert accounts.gone(known) == frozenset()
    accounts.sign_out(known[0])
    accounts.revoke_key(known[2].key_id or 0)
    assert accounts.gone(known) == {known[0], known[2]}
    accounts.set_role(number, Role.QA)
    assert accounts.gone(known) == {known[0], known[1], known[2]}
    accounts.set_role(number, Role.STAFF)
    hands.pass_by(LONGEST - TICK)
    assert known[1] not in accounts.gone(known)
    hands.pass_by(TICK)
    assert known[1] in accounts.gone(known)
