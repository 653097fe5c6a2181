"""The verb quantise: an 8-bit variant of a model, kept only where it is sooner and loses nothing."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Annotated

import cv2
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from grader.onnx_model import OnnxModel
from grader.pipeline import Grader
from training.change_table import change_table
from training.error_line import errors_in_one_line
from training.look_time import LookTime


def quantise(
    model: Annotated[Path, typer.Argument(help="models/NAME/VERSION")],
    out: Annotated[Path, typer.Option(help="Folder of the variant; it is only there when it is kept.")],
    data: Annotated[Path, typer.Option(help="Photographs.")] = Path("../shared/data"),
    calibrate: Annotated[
        int,
        typer.Option(min=2, help="Pictures by which it is scaled, half of them photographs for training."),
    ] = 84,
    count: Annotated[int, typer.Option(min=1, help="Simulated fruit for judging.")] = 200,
    rounds: Annotated[int, typer.Option(min=1, help="Looks of each that are timed.")] = 40,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Make the 8-bit variant of a model and measure both. Exit 1, and no folder, when it is no sooner or loses."""
    from training import quantise as making
    from training.compare import compare, masked_photographs, simulated_pictures
    from training.look_time import time_looks
    from training.quantise_gate import refusal
    from training.whole_folder import whole_folder

    console = Console(stderr=True)
    cv2.setNumThreads(1)
    if out.exists():
        raise typer.BadParameter(f"--out: expected a new folder, {out} exists")
    with errors_in_one_line(), whole_folder(out, "card.json") as part:
        first = OnnxModel.load(model)
        pictures = making.calibration_pictures(data, calibrate, first.card.input.fruit_side_px)
        judged = list(masked_photographs(data))
        card = making.quantise(model, part, pictures)
        second = OnnxModel.load(part)
        before, after = time_looks((first, second), rounds)
        shown = track(
            chain(judged, simulated_pictures(count)),
            "pictures",
            total=len(judged) + count,
            console=console,
        )
        changes = compare(Grader(first), Grader(second), iter(shown))
        why = refusal(before, after, changes)
        if as_json:
            told = {
                "model_id": card.model_id,
                "made_of": first.card.model_id,
                "ms": {"before": asdict(before), "after": asdict(after)},
                "changes": {change.name: change.to_json() for change in changes},
                "kept": why is None,
                "why_not": why,
            }
            typer.echo(json.dumps(told))
        else:
            Console().print(_time_table(before, after))
            Console().print(change_table(changes))
        if why is not None:
            typer.echo(f"not kept: {why}", err=True)
            raise typer.Exit(1)
    if not as_json:
        typer.echo(card.model_id)


def _time_table(before: LookTime, after: LookTime) -> Table:
    table = Table("processor time, ms", "float32", "8 bits")
    table.add_row("first look", f"{before.find_ms:.1f}", f"{after.find_ms:.1f}")
    table.add_row("second look", f"{before.fruit_ms:.1f}", f"{after.fruit_ms:.1f}")
    table.add_row("both", f"{before.both_ms:.1f}", f"{after.both_ms:.1f}")
    return table
