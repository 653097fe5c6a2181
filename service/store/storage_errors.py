"""Errors of the database as ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from service.errors import StorageError, StorageFullError

_FULL = ("database or disk is full", "No space left on device")


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn database errors into ours. Raises StorageFullError, StorageError."""
    try:
        yield
    except DBAPIError as error:
        reason = str(error.orig)
        problem = StorageFullError if any(sign in reason for sign in _FULL) else StorageError
        raise problem(f"the database cannot be used: {reason}") from error
