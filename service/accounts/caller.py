"""Who sends a request, as the routes see it."""

from __future__ import annotations

from dataclasses import dataclass

from service.accounts.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A person who is signed in (`account_id` and `session_id`), or a machine with an API key (`key_id`)."""

    name: str
    role: Role
    account_id: int | None = None
    session_id: int | None = None
    key_id: int | None = None
