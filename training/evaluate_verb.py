"""The verb `evaluate`: measure a model, say every figure, write a page that people can read."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import cv2
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from grader.turning_grader import TurningGrader
from training.error_line import errors_in_one_line

if TYPE_CHECKING:
    from training.evaluation import Evaluation, Evaluator

WORST_CASES = 6
"""Pictures shown in a report for each figure."""


def evaluate(
    model: Annotated[
        Path | None, typer.Option(help="Folder of a model; default: the one in production.")
    ] = None,
    suite: Annotated[
        str,
        typer.Option(
            help="release: what a release is judged by; dev: what the next one is worked on with; "
            "line: what a line makes of turning fruit."
        ),
    ] = "release",
    data: Annotated[Path, typer.Option(help="Photographs.")] = Path("../shared/data"),
    photographs: Annotated[bool, typer.Option(help="Measure on real photographs.")] = True,
    simulated: Annotated[bool, typer.Option(help="Measure on the simulator.")] = True,
    count: Annotated[int, typer.Option(min=1, help="Simulated fruit per figure.")] = 200,
    also: Annotated[
        list[Path] | None, typer.Option(help="Set written by `import` and `split`; may be repeated.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Page for people (FILE.html), the same as JSON beside it.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Every figure of a suite, with count and 95 % interval; real and simulated apart."""
    from training.evaluation import SUITES, Evaluator
    from training.kept_pictures import KeptPictures

    if suite not in SUITES:
        raise typer.BadParameter(f"--suite: expected one of {', '.join(SUITES)}, got {suite!r}")
    if report is not None and report.suffix != ".html":
        raise typer.BadParameter(f"--report: expected a name that ends in .html, got {report.name!r}")
    cv2.setNumThreads(1)
    with errors_in_one_line():
        if report is not None:
            _check_place(report)
        grader = TurningGrader.load(model)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("pictures"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=Console(stderr=True)) as progress:
            evaluator = Evaluator(
                grader,
                suite,
                data=data if photographs else None,
                count=count if simulated else 0,
                also=[KeptPictures(folder) for folder in also or ()],
                worst_limit=0 if report is None else WORST_CASES,
                graded=lambda frames: progress.advance(progress.task_ids[-1], frames),
            )
            _run(evaluator, progress)
        evaluation = evaluator.result(grader.model.card.model_id)
    if as_json:
        typer.echo(json.dumps(evaluation.to_json()))
    else:
        _print(evaluation)
    if report is not None:
        from training.report import write_report

        with errors_in_one_line():
            write_report(report, evaluation, grader.model.card)


def _check_place(report: Path) -> None:
    """Raises OSError where nothing can be written: better now than after measuring for twenty minutes."""
    report.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=report.parent):
        pass


def _run(evaluator: Evaluator, progress: Progress) -> None:
    """Every step under a bar of its own; each figure is said as soon as it is measured: the whole takes minutes."""
    for number, step in enumerate(evaluator.steps, 1):
        task = progress.add_task(f"{number}/{len(evaluator.steps)} {step.name}", total=step.pictures)
        for figure in evaluator.run(step):
            progress.console.print(f"{figure.name} {figure.value:.4f} (n {figure.n})", highlight=False)
        done = progress.tasks[-1].completed
        progress.update(task, total=done, completed=done)


def _print(evaluation: Evaluation) -> None:
    for name, figures in evaluation.figures.items():
        table = Table(Column("figure", overflow="fold"), "value", "95 % interval", "n", "unit", title=name)
        for figure in figures:
            table.add_row(
                figure.name,
                f"{figure.value:.4f}",
                f"{figure.low:.4f} - {figure.high:.4f}",
                str(figure.n),
                figure.unit,
            )
        Console().print(table)
