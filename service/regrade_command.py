"""`grader regrade`: decide the stored fruit of a lot again, under another standard and SKU table."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer

from grader.pipeline import DEFAULT_SKU_TABLE

if TYPE_CHECKING:
    from service.lots.regrade import RegradeReport

FAILED = 1


def regrade(
    lot: Annotated[str, typer.Option(help="Code of the lot.")],
    standard: Annotated[
        str | None, typer.Option(help="Id or file of a standard. [default: that of the lot's crop]")
    ] = None,
    sku_table: Annotated[str, typer.Option(help="Name or file of a SKU table.")] = DEFAULT_SKU_TABLE,
    apply: Annotated[
        bool, typer.Option("--apply", help="Add the decisions; without it only say what would change.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The whole report as one JSON object.")] = False,
    data_dir: Annotated[Path | None, typer.Option(help="Folder of records, as for `grader serve`.")] = None,
) -> None:
    """Decide the stored fruit of a lot again; no picture is looked at, no measurement is changed.

    The database is that of `grader serve` (GRADER_DATA_DIR, GRADER_DATABASE_URL). Fruit that a person corrected stay.
    """
    # Imported here, so that `grader grade` does not wait for a database.
    from grader.errors import GraderError
    from service.accounts.opening import open_archive
    from service.errors import ServiceError
    from service.lots.regrade import regrade_lot
    from service.model_cards import installed_trusts
    from service.rule_follower import VERSIONS_FOLDER, RuleFollower
    from service.settings import read_settings

    try:
        settings = read_settings({} if data_dir is None else {"data_dir": data_dir})
        archive = open_archive(settings)
        try:
            rules = RuleFollower(settings.data_dir / VERSIONS_FOLDER)
            found = archive.lots.lot_named(lot)
            used = rules.default_standard(found.crop) if standard is None else rules.standard(standard)
            table = rules.sku_table(sku_table)
            began_s = perf_counter()
            trusts = installed_trusts(settings.model_dir)
            report = regrade_lot(archive.regrades, found.lot_id, used, table, apply=apply, trusts=trusts)
        finally:
            archive.close()
    except (GraderError, ServiceError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(FAILED) from error
    if as_json:
        typer.echo(json.dumps(asdict(report), ensure_ascii=False))
    else:
        typer.echo("\n".join(report_lines(report)))
    typer.echo(f"{report.fruit} fruit in {perf_counter() - began_s:.1f} s", err=True)


def report_lines(report: RegradeReport) -> list[str]:
    """The report as a small table: classes before and after, then the largest moves."""
    done = "decided again" if report.applied else "would be decided again (--apply does it)"
    lines = [
        f"{report.fruit} fruit {done} by {report.standard_id} and {report.sku_table_id}: {report.changed} change, "
        f"{report.review} to be looked at, {report.kept} corrected by a person stay"
    ]
    names = dict.fromkeys([*report.classes_before, *report.classes_after])
    lines += [
        f"{name:<12} {report.classes_before.get(name, 0):>9} -> {report.classes_after.get(name, 0):>9}"
        for name in names
    ]
    return lines + [
        f"{move.fruit:>9}  {move.class_before} {move.sku_before} -> {move.class_after} {move.sku_after}"
        for move in report.moves[:20]
    ]
