"""`grader tidy` and `grader review-export`: what of the review is done from a command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

FAILED = 1
DataDir = Annotated[Path | None, typer.Option(help="Folder of records, as for `grader serve`.")]


def tidy(data_dir: DataDir = None) -> None:
    """Delete pictures of fruit whose time is over (GRADER_EVIDENCE_..._DAYS). The service does it once a day."""
    # Imported here, so that `grader grade` does not wait for a database.
    from datetime import UTC, datetime

    from service.accounts.opening import open_archive
    from service.errors import ServiceError
    from service.review.retention import retention_of
    from service.review.tidy import tidy as tidy_evidence
    from service.settings import read_settings

    settings = read_settings({} if data_dir is None else {"data_dir": data_dir})
    try:
        archive = open_archive(settings)
        try:
            report = tidy_evidence(archive.evidence, archive.views, retention_of(settings), datetime.now(UTC))
        finally:
            archive.close()
    except ServiceError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(FAILED) from error
    typer.echo(
        f"{report.pictures} pictures of {report.fruit} fruit given up, {report.files} files deleted "
        f"({report.freed_bytes / 1e6:.1f} MB)"
    )


def review_export(
    out: Annotated[Path, typer.Option(help="Folder to write; new or empty.")],
    lot: Annotated[str | None, typer.Option(help="Code of a lot. [default: all lots]")] = None,
    licence: Annotated[str, typer.Option(help="Licence of the pictures, kept with each.")] = "own",
    source: Annotated[str, typer.Option(help="Where the pictures are from.")] = "review",
    data_dir: DataDir = None,
) -> None:
    """Write answered fruit as a corrected set, which `python -m training import` reads."""
    from grader.errors import GraderError
    from grader.pipeline import Grader
    from service.accounts.opening import open_archive
    from service.errors import ServiceError
    from service.model_folder import model_in_production
    from service.review.export import export_corrections
    from service.settings import read_settings

    settings = read_settings({} if data_dir is None else {"data_dir": data_dir})
    try:
        archive = open_archive(settings)
        try:
            grader = Grader.load(model_in_production(settings))
            report = export_corrections(archive, grader, out, lot=lot, licence=licence, source=source)
        finally:
            archive.close()
    except (GraderError, ServiceError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(FAILED) from error
    typer.echo(f"{report.pictures} pictures of {report.fruit} fruit in {out}")
    for reason, count in report.left_out.items():
        typer.echo(f"left out: {count} {reason}", err=True)
