"""Who sends a request, as the routes see it."""

from __future__ import annotations

from dataclasses import dataclass

from service.accounts.roles import Role

NOBODY_SIGNED_IN = "this computer"
"""Who did it where the service is open without a sign-in: only from the computer that it runs on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A person who is signed in (`account_id` and `session_id`), or a machine with an API key (`key_id`)."""

    name: str
    role: Role
    account_id: int | None = None
    session_id: int | None = None
    key_id: int | None = None


def name_of(caller: Caller | None) -> str:
    """Who is written down for what is done."""
    return NOBODY_SIGNED_IN if caller is None else caller.name
