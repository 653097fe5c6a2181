"""`grader users` and `grader keys`: accounts and API keys from the command line, also while the service runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from service.accounts.roles import PEOPLE, Role

if TYPE_CHECKING:
    from datetime import datetime

    from service.accounts.accounts import Accounts
    from service.settings import ServiceSettings

FAILED = 1
WRONG_USE = 2

users = typer.Typer(help="People who may sign in to the service.", no_args_is_help=True)
keys = typer.Typer(help="API keys of machines: line integrators.", no_args_is_help=True)

DataDir = Annotated[
    Path | None, typer.Option(help="Folder of records and pictures. [default: as for `grader serve`]")
]
Address = Annotated[
    str | None,
    typer.Option("--url", help="Where people find the service. [default: host and port of the settings]"),
]
Name = Annotated[str, typer.Argument(help="Name of the user.")]


@users.command("add")
def add_user(
    name: Name,
    role: Annotated[str, typer.Option(help=f"One of {', '.join(PEOPLE)}.")] = Role.STAFF.value,
    data_dir: DataDir = None,
    url: Address = None,
) -> None:
    """Add a user and print the link at which they choose their password (24 hours, once)."""
    if role not in PEOPLE:
        typer.echo(f"--role: expected one of {', '.join(PEOPLE)}, got {role!r}", err=True)
        raise typer.Exit(WRONG_USE)
    with _opened(data_dir) as (accounts, settings):
        account, token = accounts.add(name, Role(role))
        typer.echo(f"{account.name} ({account.role.value}) chooses a password here, once, within 24 hours:")
        typer.echo(_link(settings, url, token))


@users.command("list")
def list_users(data_dir: DataDir = None) -> None:
    """Everybody who may sign in, or might."""
    with _opened(data_dir) as (accounts, _):
        rows = [
            (one.name, one.role.value, _state(one.disabled_at, one.password_hash), _day(one.made_at))
            for one in accounts.store.accounts()
        ]
    _print(("name", "role", "state", "added"), rows)


@users.command("disable")
def disable_user(name: Name, data_dir: DataDir = None) -> None:
    """End every session of a user, who cannot sign in any more. The name stays in the records."""
    with _opened(data_dir) as (accounts, _):
        account = accounts.named(name)
        accounts.set_disabled(account.account_id, disabled=True)
        typer.echo(f"{account.name} is disabled")


@users.command("enable")
def enable_user(name: Name, data_dir: DataDir = None) -> None:
    """Let a disabled user sign in again."""
    with _opened(data_dir) as (accounts, _):
        account = accounts.named(name)
        accounts.set_disabled(account.account_id, disabled=False)
        typer.echo(f"{account.name} may sign in again")


@users.command("reset-link")
def reset_link(name: Name, data_dir: DataDir = None, url: Address = None) -> None:
    """Print a new link at which a user chooses a password (24 hours, once); the old password is good until then."""
    with _opened(data_dir) as (accounts, settings):
        account = accounts.named(name)
        token = accounts.reset_link(account.account_id)
        typer.echo(f"{account.name} chooses a password here, once, within 24 hours:")
        typer.echo(_link(settings, url, token))


@keys.command("add")
def add_key(
    name: Annotated[str, typer.Argument(help="What the key is for, such as the name of the line.")],
    data_dir: DataDir = None,
) -> None:
    """Make an API key and print it: the only time that it is shown."""
    with _opened(data_dir) as (accounts, _):
        made = accounts.add_key(name, "command line")
        typer.echo(f"key {made.stored.prefix} for {made.stored.name}; it is not shown again:", err=True)
        typer.echo(made.key)


@keys.command("list")
def list_keys(data_dir: DataDir = None) -> None:
    """Every API key by its prefix."""
    with _opened(data_dir) as (accounts, _):
        rows = [
            (
                one.prefix,
                one.name,
                "in use" if one.revoked_at is None else f"revoked {_day(one.revoked_at)}",
                _day(one.made_at),
                "never" if one.used_at is None else _day(one.used_at),
            )
            for one in accounts.store.keys()
        ]
    _print(("prefix", "name", "state", "added", "last used"), rows)


@keys.command("revoke")
def revoke_key(
    prefix: Annotated[
        str, typer.Argument(help="Visible beginning of the key, as `grader keys list` shows it.")
    ],
    data_dir: DataDir = None,
) -> None:
    """Make a key useless; lines that it holds open are closed within a second."""
    with _opened(data_dir) as (accounts, _):
        found = [one for one in accounts.store.keys() if one.prefix == prefix]
        if not found:
            known = ", ".join(one.prefix for one in accounts.store.keys()) or "none yet"
            typer.echo(f"error: no API key {prefix!r}; known are {known}", err=True)
            raise typer.Exit(FAILED)
        accounts.revoke_key(found[0].key_id)
        typer.echo(f"{prefix} ({found[0].name}) is revoked")


@contextmanager
def _opened(data_dir: Path | None) -> Iterator[tuple[Accounts, ServiceSettings]]:
    """The accounts of a data folder; every error of the service is one line and exit code 1."""
    # Imported here, so that `grader grade` does not wait for a web server and a database.
    import structlog
    from pydantic import ValidationError

    from service.accounts.opening import open_accounts, open_archive
    from service.errors import ServiceError
    from service.settings import read_settings

    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())  # what happened is said on stdout
    try:
        settings = read_settings({} if data_dir is None else {"data_dir": data_dir})
        archive = open_archive(settings)
        try:
            yield open_accounts(archive, settings), settings
        finally:
            archive.close()
    except ValidationError as error:
        for problem in error.errors():
            typer.echo(f"setting {problem['loc'][0]}: {problem['msg']}, got {problem['input']!r}", err=True)
        raise typer.Exit(WRONG_USE) from error
    except ServiceError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(FAILED) from error


def _link(settings: ServiceSettings, url: str | None, token: str) -> str:
    from service.server import page_address

    base = url or page_address(settings.host, settings.port)
    return f"{base.rstrip('/')}/link?token={token}"


def _state(disabled_at: datetime | None, password_hash: str | None) -> str:
    if disabled_at is not None:
        return f"disabled {_day(disabled_at)}"
    return "no password yet" if password_hash is None else "may sign in"


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _print(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    table = Table(*heads, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    Console(soft_wrap=True).print(table)
