"""What a person or a machine is to the service. Stored as these words: they are never renamed."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """Each account has one; every API key is an integrator's."""

    STAFF = "staff"
    QA = "qa"
    ENGINEER = "engineer"
    ADMIN = "admin"
    INTEGRATOR = "integrator"


PEOPLE = (Role.STAFF, Role.QA, Role.ENGINEER, Role.ADMIN)
"""The roles of accounts, the one that may least first."""
