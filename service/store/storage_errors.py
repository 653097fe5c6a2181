"""Errors of the database as ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from service.errors import RowRefusedError, StorageError, StorageFullError

_FULL = ("database or disk is full", "No space left on device")


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn database errors into ours. Raises StorageFullError, RowRefusedError, StorageError."""
    try:
        yield
    except DBAPIError as error:
        reason = str(error.orig)
        problem: type[StorageError] = StorageError
        if any(sign in reason for sign in _FULL):
            problem = StorageFullError
        elif isinstance(error, IntegrityError | DataError):
            problem = RowRefusedError
        raise problem(f"the database cannot be used: {reason}") from error
