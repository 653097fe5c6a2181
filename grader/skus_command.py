"""`grader skus list | show | check | diff | log | publish | rollback`: SKU tables and published versions of rules."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from grader.difference import Difference
from grader.errors import GraderError
from grader.sku_diff import diff_sku_tables
from grader.sku_faults import find_sku_faults
from grader.sku_file import load_sku_table
from grader.sku_table import SKU_TABLES_FOLDER
from grader.standard import load_standard
from grader.versions import (
    RuleKind,
    in_force,
    publish_sku_table,
    publish_standard,
    read_changes,
    roll_back,
)

app = typer.Typer(no_args_is_help=True)

WRONG_USE = 2
HAS_FAULTS = 1
FILE_WIDTH = 180

Result = TypeVar("Result")


class Language(StrEnum):
    """`--language`."""

    EN = "en"
    ZH = "zh"


AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
In = Annotated[Language, typer.Option(help="Language of the words.")]
Versions = Annotated[Path, typer.Option(envvar="GRADER_VERSIONS", help="Folder of the published versions.")]
Kind = Annotated[RuleKind, typer.Option(help="What is published.")]
Who = Annotated[str, typer.Option(help="Who does it; it is kept in the log.")]
Why = Annotated[str, typer.Option(help="Why; it is kept in the log.")]


@app.command(name="list")
def list_command() -> None:
    """SKU tables that come with the grader."""
    for path in sorted(SKU_TABLES_FOLDER.glob("*.toml")):
        sys.stdout.write(f"{path.stem}\n")


@app.command()
def show(table: Annotated[str, typer.Argument(help="Name or file of a SKU table.")]) -> None:
    """Every row of a table, in the order in which they are tried."""
    loaded = tried(lambda: load_sku_table(table))
    console = Console() if sys.stdout.isatty() else Console(width=FILE_WIDTH)
    console.print(f"{loaded.table_id}  sha256 {loaded.sha256}", markup=False, highlight=False)
    rows = Table("row", "crops", "varieties", "classes", "sizes", "colours", "SKU", "outlet", "carton")
    for number, rule in enumerate(loaded.rules, start=1):
        sets = (rule.crops, rule.varieties, rule.classes, rule.sizes, rule.colours)
        cells = [", ".join(sorted(one)) or "any" for one in sets]
        rows.add_row(str(number), *cells, rule.code, rule.outlet, rule.pack or "-")
    console.print(rows)
    for pack in loaded.packs:
        full = f"{pack.count} fruit" if pack.count is not None else f"{pack.net_weight_g:g} g"
        console.print(
            f"{pack.key}: {pack.names.en} / {pack.names.zh}, {full}, {pack.arrangement}", markup=False
        )


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="SKU tables (.toml).")], as_json: AsJson = False
) -> None:
    """All that keeps a table from being published. Exit 0: good; 1: faults, each with file and line."""
    found = {str(path): tried(partial(find_sku_faults, path)) for path in files}
    if as_json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
    else:
        for name, faults in found.items():
            sys.stdout.write("".join(f"{line}\n" for line in faults) or f"{name}: good\n")
    if any(found.values()):
        raise typer.Exit(HAS_FAULTS)


@app.command()
def diff(
    old: Annotated[str, typer.Argument(help="Name or file of a SKU table.")],
    new: Annotated[str, typer.Argument(help="The newer one.")],
    language: In = Language.EN,
    as_json: AsJson = False,
) -> None:
    """What changes from one table to another. Exit 0: nothing; 1: something."""
    print_differences(
        tried(lambda: diff_sku_tables(load_sku_table(old), load_sku_table(new))), language, as_json
    )


@app.command()
def log(
    name: Annotated[str, typer.Argument(help="Id of a SKU table or standard.")],
    versions: Versions,
    kind: Kind = RuleKind.SKU_TABLE,
) -> None:
    """What was in force when, and why; newest first."""
    for change in reversed(tried(lambda: read_changes(versions, kind, name))):
        line = f"{change.number}  {change.at:%Y-%m-%d %H:%M}  {change.action}  {change.sha256[:12]}"
        sys.stdout.write(f"{line}  {change.who}: {change.reason}\n")


@app.command()
def publish(
    draft: Annotated[Path, typer.Argument(help="The checked file (.toml).")],
    versions: Versions,
    who: Who,
    reason: Why,
    replaces: Annotated[
        str | None, typer.Option(help="Hash of the version it was made from; default: the one in force now.")
    ] = None,
    kind: Kind = RuleKind.SKU_TABLE,
) -> None:
    """Put a file in force. Exit 1: refused, with every fault or with who was quicker."""

    def put() -> str:
        is_table = kind is RuleKind.SKU_TABLE
        name = load_sku_table(draft).table_id if is_table else load_standard(draft).standard_id
        newest = in_force(versions, kind, name)
        base = replaces or (None if newest is None else newest.sha256)
        if is_table:
            return publish_sku_table(draft, versions, who=who, reason=reason, replaces=base).sha256
        return publish_standard(draft, versions, who=who, reason=reason, replaces=base).sha256

    sys.stdout.write(tried(put, code=HAS_FAULTS) + "\n")


@app.command()
def rollback(
    name: Annotated[str, typer.Argument(help="Id of a SKU table or standard.")],
    versions: Versions,
    who: Who,
    reason: Why,
    to: Annotated[str | None, typer.Option(help="Hash of the version; default: the one before.")] = None,
    kind: Kind = RuleKind.SKU_TABLE,
) -> None:
    """Put an older version in force again. Exit 1 when there is none."""

    def put() -> str:
        newest = in_force(versions, kind, name)
        base = None if newest is None else newest.sha256
        return roll_back(versions, kind, name, who=who, reason=reason, replaces=base, to=to).sha256

    sys.stdout.write(tried(put, code=HAS_FAULTS) + "\n")


def print_differences(found: Sequence[Difference], language: str, as_json: bool) -> None:
    """One line each on stdout. Exits with 1 where there is one."""
    if as_json:
        rows = [
            {"kind": one.kind.value, "where": one.where, "en": one.text.en, "zh": one.text.zh}
            for one in found
        ]
        sys.stdout.write(json.dumps(rows, ensure_ascii=False) + "\n")
    else:
        same = {"en": "no difference", "zh": "没有差异"}[language]
        lines = [one.text.zh if language == "zh" else one.text.en for one in found]
        sys.stdout.write("\n".join(lines or [same]) + "\n")
    if found:
        raise typer.Exit(HAS_FAULTS)


def tried(work: Callable[[], Result], *, code: int = WRONG_USE) -> Result:
    """The result, or the message on stderr and this exit code."""
    try:
        return work()
    except (GraderError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        raise typer.Exit(code) from error
