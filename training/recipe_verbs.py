"""The verbs about the recipe: folds and unseen measure it, what they train is never promoted; mimic is a part of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import cv2
import typer
from rich.console import Console

from grader.types import DefectKind
from training.error_line import errors_in_one_line


def folds(
    config: Annotated[
        Path,
        typer.Argument(help="TOML file of each fold's run; it starts from a network that saw none of them."),
    ],
    data: Annotated[Path, typer.Option(help="Photographs.")] = Path("../shared/data"),
    count: Annotated[int, typer.Option(min=2, help="Folds.")] = 5,
) -> None:
    """Defect pixels and worst defects on every masked and diseased photograph, each judged by a network not shown it.

    A fold that is complete is not done again. Prints one JSON object.
    """
    from training.folds import figures, run_folds
    from training.train_config import load_config

    console = Console(stderr=True)
    cv2.setNumThreads(1)
    with errors_in_one_line():
        answers = run_folds(
            load_config(config), data, count, lambda text: console.print(text, highlight=False)
        )
    typer.echo(json.dumps({figure.name: figure.to_json() for figure in figures(answers)}))


def unseen(
    model: Annotated[Path, typer.Argument(help="models/NAME/VERSION of a run that withheld some kinds.")],
    kind: Annotated[list[DefectKind], typer.Option(help="A kind it was never shown (may be repeated).")],
    data: Annotated[Path, typer.Option(help="Photographs.")] = Path("../shared/data"),
    photographs: Annotated[bool, typer.Option(help="Measure on real photographs too.")] = True,
    count: Annotated[int, typer.Option(min=1, help="Simulated fruit of each sort.")] = 120,
    views: Annotated[int, typer.Option(min=1, help="Of each simulated fruit.")] = 1,
) -> None:
    """How many fruit with a defect never seen are put before a person, beside sound ones and known defects.

    Prints one JSON object.
    """
    from grader.pipeline import Grader
    from training.unseen import figures

    console = Console(stderr=True)
    cv2.setNumThreads(1)
    found = {}
    with errors_in_one_line():
        for figure in figures(Grader.load(model), kind, count, views, data if photographs else None):
            console.print(f"{figure.name} {figure.value:.4f} (n {figure.n})", highlight=False)
            found[figure.name] = figure.to_json()
    typer.echo(json.dumps(found))


def mimic(
    config: Annotated[Path, typer.Argument(help="TOML file of a run of the small network, with start_from.")],
    teacher: Annotated[Path, typer.Argument(help="models/NAME/VERSION whose answers it learns.")],
    lessons: Annotated[int, typer.Option(min=1, help="Pictures the large network answers on.")] = 12_000,
) -> None:
    """Teach the small network of the quick look to answer as the large one does."""
    from training.mimic import mimic as run
    from training.train_config import load_config

    cv2.setNumThreads(1)
    with errors_in_one_line():
        typer.echo(run(load_config(config), teacher, lessons))


def attach_close(
    model: Annotated[Path, typer.Argument(help="models/NAME/VERSION that gets it.")],
    version: Annotated[str, typer.Option(help="Of the new model.")],
    out: Annotated[Path | None, typer.Option(help="Folder; default beside the model.")] = None,
    data: Annotated[Path, typer.Option(help="Photographs.")] = Path("../shared/data"),
    pictures: Annotated[int, typer.Option(min=2, help="By which the 8-bit network is scaled.")] = 84,
) -> None:
    """The same model with a network for the close looks of a line: its own in 8-bit integers, of fewer pixels."""
    from grader.model_card import load_card
    from training import attach_close as attaching
    from training.quantise import calibration_pictures
    from training.whole_folder import whole_folder

    cv2.setNumThreads(1)
    with errors_in_one_line():
        shown = calibration_pictures(data, pictures, load_card(model).input.fruit_side_px)
        with whole_folder(out or model.with_name(version), "card.json") as part:
            card = attaching.attach_close(model, part, version=version, pictures=shown)
    typer.echo(card.model_id)


def attach_quick(
    model: Annotated[Path, typer.Argument(help="models/NAME/VERSION that gets a quick look.")],
    checkpoint: Annotated[Path, typer.Argument(help="last.pt of the small network.")],
    version: Annotated[str, typer.Option(help="Of the new model.")],
    out: Annotated[Path | None, typer.Option(help="Folder; default beside the model.")] = None,
    data: Annotated[Path, typer.Option(help="Photographs.")] = Path("../shared/data"),
    pictures: Annotated[int, typer.Option(min=2, help="By which the 8-bit network is scaled.")] = 84,
) -> None:
    """The same model with a quick look, for lines: it says which views of a turning fruit deserve a close look."""
    from training import attach_quick as attaching
    from training.manifest import load_manifest
    from training.quantise import calibration_pictures
    from training.whole_folder import whole_folder

    cv2.setNumThreads(1)
    folder = out or model.with_name(version)
    with errors_in_one_line():
        licences = {photo.dataset: photo.licence for photo in load_manifest(data)}
        shown = calibration_pictures(data, pictures, attaching.FRUIT_SIDE_PX)
        with whole_folder(folder, "card.json") as part:
            card = attaching.attach_quick(
                model, checkpoint, part, version=version, licence_of_set=licences, pictures=shown
            )
    typer.echo(card.model_id)
