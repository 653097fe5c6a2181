"""The verb teach: a corrected set in, a model in production out."""

from __future__ import annotations

import shutil
from itertools import chain
from pathlib import Path
from typing import Annotated

import cv2
import typer
from rich.console import Console
from rich.progress import track

from grader import production
from grader.errors import OutputError
from grader.production import SHIPPED_MODELS
from training.change_table import change_table
from training.error_line import errors_in_one_line

CHECKPOINTS = Path(__file__).parent / "checkpoints"
"""<name>-<version>/last.pt: what each model in production was exported from."""
TRUST_FRUIT = (160, 48)
"""Fruit by which confidence is measured, from one view and from ten."""


def teach(
    taught: Annotated[Path, typer.Argument(help="Set written by `import` and `split`.")],
    version: Annotated[str, typer.Option(help="Of the new model, such as 1.6.0.")],
    reason: Annotated[str, typer.Option(help="What was taught, and why; it is kept in the log.")],
    checkpoint: Annotated[
        Path | None, typer.Option(help="last.pt of the model in production; default: the one kept of it.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="Run whose old photographs are replayed too; default: none.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Work folder; default runs/teach_VERSION.")] = None,
    data: Annotated[Path, typer.Option(help="Photographs for judging.")] = Path("../shared/data"),
    count: Annotated[int, typer.Option(min=1, help="Simulated fruit for judging.")] = 120,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
    models: Annotated[Path, typer.Option(help="Folder of the models and their log.")] = SHIPPED_MODELS,
) -> None:
    """Teach the model in production a few dozen corrected pictures; promote what came of it if nothing got worse."""
    from training.compare import masked_photographs, simulated_pictures
    from training.confidence import fit, judge_all, write_trust
    from training.teach import Lesson
    from training.teach import teach as run
    from training.train_config import load_config

    if not reason.strip():
        raise typer.BadParameter("--reason: expected what was taught and why, got nothing")
    console = Console(stderr=True)
    cv2.setNumThreads(1)
    with errors_in_one_line():
        before = production.production_model(models)
        name, folder = before.parent.name, models / before.parent.name / version
        if folder.exists():
            raise OutputError(f"{folder}: expected a new version, this one exists")
        old = load_config(config) if config else None
        lesson = Lesson(
            taught=taught,
            model=before,
            checkpoint=checkpoint or CHECKPOINTS / f"{name}-{before.name}" / "last.pt",
            version=version,
            out=out or Path("runs") / f"teach_{version}",
            photographs=tuple(Path(one) for one in old.photographs) if old else (),
            photograph_shares=tuple(old.photograph_shares.items()) if old else (),
            jobs=jobs,
        )
        learned = run(
            lesson,
            known=chain(
                masked_photographs(data) if (data / "manifest.csv").exists() else (),
                simulated_pictures(count),
            ),
            say=lambda text: console.print(text, highlight=False),
        )
        Console().print(change_table(learned.changes))
        fruit = judge_all(learned.model, *TRUST_FRUIT, jobs)
        shown = track(fruit, "measuring confidence", total=sum(TRUST_FRUIT), console=console)
        write_trust(learned.model, fit(shown).trust)
        shutil.copytree(learned.model, folder)
        kept = CHECKPOINTS / f"{name}-{version}"
        kept.mkdir(parents=True, exist_ok=True)
        for file in ("last.pt", "config.json"):
            shutil.copy(learned.checkpoint.parent / file, kept / file)
        change = production.promote(folder, reason, models)
    typer.echo(change.model_id)
