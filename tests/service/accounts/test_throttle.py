from __future__ import annotations

from datetime import timedelta

import pytest

from service.accounts import throttle
from service.accounts.accounts import Accounts
from service.accounts.roles import Role
from service.accounts.throttle import FORGET_S, FREE_TRIES, Throttle, pause_after
from service.errors import TooManyTriesError
from tests.service.accounts.people import ELSEWHERE, PASSWORD, TABLET, Hands, add_person


def after(hands: Hands, wrong: int) -> Throttle:
    """A throttle that has seen so many wrong tries, each as early as it may be."""
    slow = Throttle(hands.seconds)
    for number in range(wrong):
        hands.pass_by(timedelta(seconds=pause_after(number)))
        slow.begin("wang", "10.0.0.5")
    return slow


def test_pauses_grow_and_end_at_five_minutes() -> None:
    assert [pause_after(wrong) for wrong in range(4, 14)] == [0, 0, 4, 8, 16, 32, 64, 128, 256, 300]
    assert pause_after(10**9) == 300


@pytest.mark.parametrize("wrong", [FREE_TRIES + 1, FREE_TRIES + 2, FREE_TRIES + 20])
def test_the_next_try_is_looked_at_exactly_when_the_pause_is_over(hands: Hands, wrong: int) -> None:
    slow = after(hands, wrong)
    pause = pause_after(wrong)
    hands.pass_by(timedelta(seconds=pause - 0.5))
    with pytest.raises(TooManyTriesError, match="wait 1 s") as refused:
        slow.begin("wang", "10.0.0.5")
    assert refused.value.retry_after_s == 1
    hands.pass_by(timedelta(seconds=0.5))
    slow.begin("wang", "10.0.0.5")


def test_refused_tries_do_not_lengthen_the_pause(hands: Hands) -> None:
    slow = after(hands, FREE_TRIES + 1)
    for _ in range(100):
        with pytest.raises(TooManyTriesError, match="wait 4 s"):
            slow.begin("wang", "10.0.0.5")
    hands.pass_by(timedelta(seconds=4))
    slow.begin("wang", "10.0.0.5")


def test_other_names_and_addresses_do_not_wait(hands: Hands) -> None:
    slow = after(hands, FREE_TRIES + 5)
    slow.begin("wang", "10.0.0.6")
    slow.begin("li", "10.0.0.5")


def test_a_right_password_or_an_hour_of_rest_begins_anew(hands: Hands) -> None:
    slow = after(hands, FREE_TRIES)
    slow.succeeded("wang", "10.0.0.5")
    for _ in range(FREE_TRIES + 1):
        slow.begin("wang", "10.0.0.5")
    hands.pass_by(timedelta(seconds=FORGET_S))
    for _ in range(FREE_TRIES + 1):
        slow.begin("wang", "10.0.0.5")
    with pytest.raises(TooManyTriesError):
        slow.begin("wang", "10.0.0.5")


def test_it_remembers_a_bounded_number(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "MOST_KNOWN", 3)
    slow = Throttle(hands.seconds)
    for name in "abcde":
        slow.begin(name, "10.0.0.5")
    assert [name for name, _ in slow._tries] == ["c", "d", "e"]


def test_nobody_locks_out_somebody_else(accounts: Accounts) -> None:
    """An attacker on one tablet; the user signs in on another, also with the attack going on."""
    add_person(accounts, "wang", Role.STAFF)
    for _ in range(FREE_TRIES + 1):
        assert accounts.sign_in("WANG", "wrong", TABLET) is None
    with pytest.raises(TooManyTriesError):
        accounts.sign_in("wang", PASSWORD, TABLET)
    assert accounts.sign_in("wang", PASSWORD, ELSEWHERE) is not None


def test_names_that_nobody_has_are_slowed_down_alike(accounts: Accounts) -> None:
    for _ in range(FREE_TRIES + 1):
        assert accounts.sign_in("nobody", "wrong", TABLET) is None
    with pytest.raises(TooManyTriesError):
        accounts.sign_in("nobody", "wrong", TABLET)
