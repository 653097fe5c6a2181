"""The verbs that prepare pictures for training: import, split, leaks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import cv2
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from grader.types import Crop
from training.detect_format import Format
from training.error_line import errors_in_one_line
from training.split import Width

if TYPE_CHECKING:
    from training.import_set import ImportReport
    from training.split import SplitReport


def import_pictures(
    source: Annotated[Path, typer.Argument(help="Folder of a labelled set, or its annotation file.")],
    dataset: Annotated[str, typer.Option(help="Name of the set in `photograph_shares`.")],
    licence: Annotated[str, typer.Option(help="Licence of the pictures, kept with each.")],
    out: Annotated[Path, typer.Option(help="Folder to write.")],
    kind: Annotated[Format | None, typer.Option("--format", help="Default: found out.")] = None,
    names: Annotated[
        Path | None, typer.Option(help="TOML file: what the set's class names, or mask values, mean.")
    ] = None,
    pictures: Annotated[
        Path | None, typer.Option(help="Folder of the pictures; default: the set's own.")
    ] = None,
    group: Annotated[
        str, typer.Option(help="Which pictures show the same fruit: file, folder, or a regular expression.")
    ] = "file",
    crop: Annotated[Crop | None, typer.Option(help="Of fruit whose class does not say it.")] = None,
    data: Annotated[
        Path, typer.Option(help="Photographs; what models are judged by there is not learned.")
    ] = Path("../shared/data"),
    partly_labelled: Annotated[
        bool, typer.Option("--partly-labelled", help="Some fruit have no label: what has none may be fruit.")
    ] = False,
    join_alike: Annotated[
        bool, typer.Option("--join-alike", help="Put pictures that look the same in one group.")
    ] = False,
    leave_out_frozen: Annotated[
        bool, typer.Option("--leave-out-frozen", help="Leave out what looks like a picture for judging.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace what is in the folder.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Bring labelled pictures into the form that training reads. All faults are listed at once, with exit 2."""
    from training.import_set import ImportWish, import_set

    console = Console(stderr=True)
    cv2.setNumThreads(1)
    with errors_in_one_line():
        listed = (data / "manifest.csv").is_file()
        if not listed:
            console.print(f"no photographs for judging at {data}: only frozen sets are compared")
        wish = ImportWish(
            source=source,
            out=out,
            dataset=dataset,
            licence=licence,
            format=kind,
            names_file=names,
            pictures=pictures,
            group=group,
            crop=crop,
            data=data if listed else None,
            partly_labelled=partly_labelled,
            join_alike=join_alike,
            leave_out_frozen=leave_out_frozen,
            force=force,
        )
        report = import_set(wish, console)
    _warn(report.warnings)
    if as_json:
        typer.echo(json.dumps(report.to_json()))
    else:
        _show_import(report)


def split(
    sets: Annotated[list[Path], typer.Argument(help="Folders written by `import`.")],
    val: Annotated[float, typer.Option(help="Share of the pictures for judging.")] = 0.2,
    folds: Annotated[int, typer.Option(help="Parts of the pictures for training, for cross-validation.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Decides between equal choices.")] = 1,
    by: Annotated[
        Width, typer.Option(help="What stays together: source and lot and fruit, lot and fruit, fruit.")
    ] = ("source"),
    force: Annotated[
        bool, typer.Option("--force", help="Also where models are judged by an earlier split.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Freeze a part of imported sets for judging. Pictures of one fruit, lot or source stay on one side."""
    from training.split import split_sets

    with errors_in_one_line():
        report = split_sets(sets, val=val, folds=folds, seed=seed, by=by, force=force)
    _warn(report.warnings)
    if as_json:
        typer.echo(json.dumps(report.to_json()))
    else:
        _show_split(report)


def leaks(
    data: Annotated[Path, typer.Option(help="Photographs.")] = Path("../shared/data"),
) -> None:
    """Training pictures that look like one a model is judged by. Exit 1 when there are any."""
    from training.leaks import find_twins, hashes_of
    from training.manifest import load_manifest

    cv2.setNumThreads(1)
    with errors_in_one_line():
        photographs = load_manifest(data)
        hashes = [hashes_of(photo) for photo in track(photographs, "pictures", console=Console(stderr=True))]
        twins = find_twins(photographs, hashes)
    for twin in twins:
        typer.echo(f"{twin.train.path} looks like {twin.judged.path} ({twin.bits} of 256 bits differ)")
    typer.echo(f"{len(photographs)} pictures, {len(twins)} pairs", err=True)
    if twins:
        raise typer.Exit(1)


def _warn(warnings: tuple[str, ...]) -> None:
    for warning in warnings:
        typer.echo(f"warning: {warning}", err=True)


def _show_import(report: ImportReport) -> None:
    title = (
        f"{report.dataset} ({report.format}): {report.pictures} pictures in {report.groups} groups, "
        f"{report.fruit} fruit, {report.boxes} boxes, {report.polygons} polygons, {report.masks} masks, "
        f"{100 * report.known_fraction:.1f} % of the pixels known"
    )
    table = Table("class", "means", "labels", "pictures")
    for name, count in report.classes.items():
        table.add_row(name, count.means, str(count.count), str(count.pictures))
    typer.echo(title)
    Console().print(table)


def _show_split(report: SplitReport) -> None:
    shown = ", ".join(f"{count} {side}" for side, count in sorted(report.pictures.items()))
    folds = f", {report.folds} folds" if report.folds else ""
    typer.echo(f"{report.units} groups that stay together: {shown}{folds}")
    table = Table("class", "train", "val")
    for name, (train, val) in report.classes.items():
        table.add_row(name, str(train), str(val))
    Console().print(table)
