"""The verbs of training: import, split, leaks, train, blend, teach, folds, unseen, mimic, export, parity,
attach-quick, attach-close, quantise, admit, trust, evaluate, compare, promote, readme.

`python -m training.simulator` and `python -m training.weak_cache` make what they read.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import cv2
import typer
from rich.console import Console
from rich.progress import track

from grader import production
from grader.errors import GraderError
from grader.model_card import load_card
from grader.onnx_model import OnnxModel
from grader.pipeline import Grader
from grader.production import SHIPPED_MODELS
from training import data_verbs
from training.change_table import change_table
from training.error_line import errors_in_one_line
from training.evaluate_verb import evaluate
from training.quantise_verb import quantise
from training.recipe_verbs import attach_close, attach_quick, folds, mimic, unseen
from training.teach_verb import teach

if TYPE_CHECKING:
    from training.compare import ClassChange

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
app.command("import")(data_verbs.import_pictures)
app.command()(data_verbs.split)
app.command()(data_verbs.leaks)
app.command()(teach)
app.command()(evaluate)
app.command()(folds)
app.command()(unseen)
app.command()(mimic)
app.command("attach-close")(attach_close)
app.command("attach-quick")(attach_quick)
app.command()(quantise)


@app.command()
def train(
    config: Annotated[Path, typer.Argument(help="TOML file with the fields of TrainConfig.")],
) -> None:
    """Train, or go on where a stopped run was. Everything a run needs is in its config."""
    from training.train import train as run
    from training.train_config import load_config

    with errors_in_one_line():
        typer.echo(run(load_config(config)))


@app.command()
def blend(
    config: Annotated[Path, typer.Argument(help="TOML file of the run whose samples are used.")],
    parts: Annotated[list[str], typer.Argument(help="CHECKPOINT=SHARE, two or more.")],
    out: Annotated[Path, typer.Option(help="Folder for the new checkpoint.")],
    steps: Annotated[
        int, typer.Option(min=0, help="Batches for the statistics of normalisation; 0: their mean too.")
    ] = 120,
) -> None:
    """One network from several checkpoints of the same line of training, which keeps what each does well."""
    from training.blend import blend as run
    from training.train_config import load_config

    shares = []
    for part in parts:
        path, _, share = part.rpartition("=")
        try:
            shares.append((Path(path), float(share)))
        except ValueError as exc:
            raise typer.BadParameter(f"expected CHECKPOINT=SHARE, got {part!r}") from exc
    with errors_in_one_line():
        typer.echo(run(shares, load_config(config), out, steps))


@app.command()
def export(
    checkpoint: Annotated[Path, typer.Argument(help="last.pt of a run.")],
    name: Annotated[str, typer.Option(help="Name of the model.")] = "fruitnet",
    version: Annotated[str, typer.Option(help="Version, such as 1.0.0.")] = "1.0.0",
    out: Annotated[Path | None, typer.Option(help="Folder; default models/NAME/VERSION.")] = None,
    data: Annotated[Path, typer.Option(help="Photographs for the comparison.")] = Path("../shared/data"),
    find_side: Annotated[int, typer.Option(help="Long side of the whole picture for the network, px.")] = 256,
    fruit_side: Annotated[int, typer.Option(help="Side of one fruit's crop for the network, px.")] = 256,
    pictures: Annotated[
        int, typer.Option(min=1, help="Real pictures on which ONNX is compared with torch.")
    ] = 60,
) -> None:
    """Write ONNX and card, and compare ONNX with torch on real pictures. Exit 1 when they differ."""
    from training import export as exporting
    from training.manifest import load_manifest, select_photographs
    from training.produce_network import PRODUCE_PARITY_LIMIT, add_second_opinion, produce_difference
    from training.whole_folder import whole_folder

    folder = out or Path("models") / name / version
    with errors_in_one_line():
        photographs = load_manifest(data)
        sets = exporting.training_sets(checkpoint, {photo.dataset: photo.licence for photo in photographs})
        with whole_folder(folder, "card.json") as part:
            exporting.export(
                checkpoint,
                part,
                name=name,
                version=version,
                sets=sets,
                find_side=find_side,
                fruit_side=fruit_side,
            )
            add_second_opinion(part)
        model = OnnxModel.load(folder)
        real = select_photographs(photographs, split="val")
        chosen = real[:: max(len(real) // pictures, 1)][:pictures]
        real_pictures = exporting.fruit_pictures(chosen, fruit_side)
        result = exporting.parity(checkpoint, model, real_pictures)
        result["produce_difference"] = produce_difference(model, real_pictures)
    typer.echo(json.dumps({"model_id": model.card.model_id, "pictures": len(chosen), **result}))
    if (
        result["max_difference"] > exporting.PARITY_LIMIT
        or result["produce_difference"] > PRODUCE_PARITY_LIMIT
    ):
        raise typer.Exit(1)


@app.command()
def parity(
    checkpoint: Annotated[Path, typer.Argument(help="last.pt that was exported.")],
    model: Annotated[Path, typer.Argument(help="models/NAME/VERSION")],
    fruit: Annotated[int, typer.Option(min=1, help="Simulated apples graded by both.")] = 1000,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
) -> None:
    """Grade fruit with the trained network and with its ONNX. Exit 1 when any class or SKU differs."""
    from training.class_parity import grade_pairs, summed

    with errors_in_one_line():
        load_card(model)
        pairs = grade_pairs(checkpoint, model, fruit, jobs)
        result = summed(track(pairs, "fruit", total=fruit, console=Console(stderr=True)))
    typer.echo(json.dumps(asdict(result)))
    if result.flips:
        raise typer.Exit(1)


@app.command()
def admit(
    network: Annotated[Path, typer.Argument(help="An ONNX segmentation network of any make.")],
    said: Annotated[Path, typer.Argument(help="TOML file: name, version, licence, classes of its channels.")],
    out: Annotated[Path | None, typer.Option(help="Folder; default models/NAME/VERSION.")] = None,
) -> None:
    """Put a foreign network behind a card; `compare` and `promote` treat it as any other from then on."""
    from training.admit import admit as run
    from training.admit import read_foreign

    with errors_in_one_line():
        foreign = read_foreign(said)
        card = run(network, foreign, out or Path("models") / foreign.name / foreign.version)
    typer.echo(card.model_id)


@app.command()
def trust(
    model: Annotated[Path, typer.Argument(help="models/NAME/VERSION, before it is promoted.")],
    single: Annotated[int, typer.Option(min=1, help="Simulated apples graded from one view.")] = 400,
    many: Annotated[int, typer.Option(min=1, help="Others graded from ten views.")] = 80,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
) -> None:
    """Measure what the model's confidences and intervals are worth, and write it on its card."""
    from training.confidence import fit, judge_all, write_trust

    with errors_in_one_line():
        load_card(model)
        fruit = track(
            judge_all(model, single, many, jobs), "fruit", total=single + many, console=Console(stderr=True)
        )
        fitted = fit(fruit)
        write_trust(model, fitted.trust)
    typer.echo(
        json.dumps(
            {
                "fruit": fitted.fruit,
                "calibration_error": round(fitted.calibration_error, 4),
                "class_set_coverage": round(fitted.coverage, 4),
                "class_set_size": round(fitted.set_size, 3),
            }
        )
    )


@app.command()
def compare(
    champion: Annotated[Path, typer.Argument(help="models/NAME/VERSION, the one to beat.")],
    challenger: Annotated[Path, typer.Argument(help="models/NAME/VERSION")],
    data: Annotated[Path, typer.Option(help="Photographs.")] = Path("../shared/data"),
    count: Annotated[int, typer.Option(min=1, help="Simulated fruit.")] = 200,
    also: Annotated[
        list[Path] | None, typer.Option(help="Set written by `import` and `split`; may be repeated.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Overlap with the truth, class by class, on frozen pictures; the interval is that of pairs."""
    with errors_in_one_line():
        changes = _compared(champion, challenger, data, count, also or ())
    if as_json:
        typer.echo(json.dumps({change.name: change.to_json() for change in changes}))
        return
    Console().print(change_table(changes))


@app.command()
def promote(
    challenger: Annotated[Path, typer.Argument(help="models/NAME/VERSION")],
    reason: Annotated[str, typer.Option(help="Why; it is kept in the log.")],
    data: Annotated[Path, typer.Option(help="Photographs.")] = Path("../shared/data"),
    count: Annotated[int, typer.Option(min=1, help="Simulated fruit.")] = 200,
    force: Annotated[bool, typer.Option("--force", help="In spite of what it loses.")] = False,
    models: Annotated[Path, typer.Option(help="Folder of the models and their log.")] = SHIPPED_MODELS,
) -> None:
    """Put a model into production unless it loses over 0.5 points on any class. Exit 1 when it is refused."""
    from training.compare import WORST_LOSS, losses

    if not reason.strip():
        raise typer.BadParameter("--reason: expected why this model is promoted, got nothing")
    with errors_in_one_line():
        champion = production.production_model(models)
        changes = _compared(champion, challenger, data, count)
        lost = losses(changes)
        told = ", ".join(f"{change.name} {100 * change.change:+.1f}" for change in lost)
        if lost and not force:
            Console(stderr=True).print(change_table(changes))
            typer.echo(
                f"refused: expected at most {100 * WORST_LOSS:g} points lost on every class against {champion.name}, "
                f"got {told} (--force promotes all the same)",
                err=True,
            )
            raise typer.Exit(1)
        change = production.promote(challenger, f"{reason} (forced: {told})" if lost else reason, models)
    typer.echo(change.model_id)


def _compared(
    champion: Path, challenger: Path, data: Path, count: int, also: Sequence[Path] = ()
) -> list[ClassChange]:
    from training.compare import compare as run
    from training.compare import masked_photographs, simulated_pictures
    from training.kept_pictures import KeptPictures

    cv2.setNumThreads(1)
    sets = [KeptPictures(folder) for folder in also]
    graders = Grader.load(champion), Grader.load(challenger)
    pictures = list(masked_photographs(data))
    shown = track(
        chain(pictures, *(kept.pictures() for kept in sets), simulated_pictures(count)),
        "pictures",
        total=len(pictures) + sum(kept.count for kept in sets) + count,
        console=Console(stderr=True),
    )
    return run(*graders, iter(shown))


@app.command()
def readme(
    model: Annotated[Path, typer.Argument(help="models/NAME/VERSION")],
    figures: Annotated[Path, typer.Argument(help="What `evaluate --json` printed for this model.")],
) -> None:
    """Write the model's README.md from its card and its measured figures."""
    from training.model_readme import model_readme

    try:
        text = model_readme(load_card(model), json.loads(figures.read_text(encoding="utf-8")))
    except (GraderError, OSError, ValueError) as exc:
        raise typer.BadParameter(str(exc)) from exc
    (model / "README.md").write_text(text, encoding="utf-8")
