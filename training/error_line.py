"""What a user can mend is said on stderr with exit 2, never as a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from grader.errors import GraderError


@contextmanager
def errors_in_one_line() -> Iterator[None]:
    """A fault of input or set-up is its message on stderr and exit 2; most are one line."""
    try:
        yield
    except (GraderError, OSError) as exc:
        typer.echo(str(exc), err=True)
        raise typer.Exit(2) from exc
