"""What a user can mend is one line on stderr, not a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from grader.errors import GraderError


@contextmanager
def errors_in_one_line() -> Iterator[None]:
    """GraderError and OSError end the command with exit code 2 and their message."""
    try:
        yield
    except (GraderError, OSError) as exc:
        typer.echo(str(exc), err=True)
        raise typer.Exit(2) from exc
