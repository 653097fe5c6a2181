"""The grading verbs of the command `grader`: grade, bench, calibrate, standards, skus, models.

`service/cli.py` adds the verbs of the service and is the entry point, so that the library never imports it.
"""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from grader.bench import bench as run_bench
from grader.calibrate_command import calibrate
from grader.errors import GraderError, InvalidImageError, OutputError
from grader.grade_command import CSV_COLUMNS, Outcome, Output, csv_line, csv_row, grade_inputs
from grader.input_files import list_inputs
from grader.model_card import load_card
from grader.onnx_model import OnnxModel
from grader.pipeline import DEFAULT_SKU_TABLE, GradeOptions, Grader
from grader.production import SHIPPED_MODELS, production_model, read_log, rollback
from grader.skus_command import app as skus_app
from grader.standards_command import app as standards_app
from grader.turn import Rollers
from grader.types import Crop

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Grade apples and melons from pictures.")
app.add_typer(standards_app, name="standards", help="The grading standards: list, show, check, diff.")
app.add_typer(skus_app, name="skus", help="SKU tables and versions: show, check, diff, publish, rollback.")
models_app = typer.Typer(no_args_is_help=True)
app.add_typer(models_app, name="models", help="The networks: list, verify, log, rollback.")
app.command(name="calibrate")(calibrate)

AUTO = "auto"
WRONG_USE = 2
SOME_UNREAD = 1


class Format(StrEnum):
    """`--format`."""

    TABLE = "table"
    JSONL = "jsonl"
    CSV = "csv"


@app.command()
def grade(
    paths: Annotated[
        list[Path],  # not checked by typer: one unreadable path must not stop the others
        typer.Argument(help="Pictures, folders (searched recursively), videos.", readable=False),
    ],
    crop: Annotated[
        str, typer.Option(help="What runs on the line: auto (apple or melon), or the crop of a standard.")
    ] = AUTO,
    variety: Annotated[str | None, typer.Option(help="Variety, such as fuji; sets the colour rule.")] = None,
    standard: Annotated[str | None, typer.Option(help="Id or file of a grading standard.")] = None,
    calibration: Annotated[Path | None, typer.Option(help="Calibration file of the camera.")] = None,
    mm_per_px: Annotated[
        float | None,
        typer.Option(help="Scale in the plane of the fruit's outline, instead of a calibration."),
    ] = None,
    sku_table: Annotated[str, typer.Option(help="Name or file of a SKU table.")] = DEFAULT_SKU_TABLE,
    one_fruit: Annotated[
        bool, typer.Option("--one-fruit", help="All pictures are views of one fruit.")
    ] = False,
    rotation_per_view: Annotated[
        float | None, typer.Option(help="Degrees that a fruit turns from view to view (driven cups).")
    ] = None,
    roller_travel_mm: Annotated[
        float | None, typer.Option(help="Or how far the rollers' skin goes past it from view to view, mm.")
    ] = None,
    roller_axis: Annotated[
        float | None,
        typer.Option(
            help="Direction of the axis it turns about in the picture, degrees: 0 right, 90 down. "
            "Looking along it the fruit turns clockwise."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for fruits.jsonl, masks and overlays.")] = None,
    masks: Annotated[bool, typer.Option("--masks", help="Write index masks to OUT/masks.")] = False,
    overlays: Annotated[
        bool, typer.Option("--overlays", help="Write annotated pictures to OUT/overlays.")
    ] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Processes; one per core is best.")] = 1,
    format: Annotated[
        Format | None, typer.Option(help="On stdout; default: table on a terminal, else jsonl.")
    ] = None,
    allow_draft: Annotated[bool, typer.Option("--allow-draft", help="Let a draft standard decide.")] = False,
    language: Annotated[str, typer.Option(help="Language of the overlays: en or zh.")] = "en",
    model: Annotated[
        Path | None, typer.Option(help="Folder of a model; default: the one in production.")
    ] = None,
) -> None:
    """Find, measure, class and assign every fruit in the pictures.

    Exit 0: all read and judged. 1: some inputs could not be read (each is named), the others are done. 2: wrong use.
    """
    if (masks or overlays) and out is None:
        _stop("--masks and --overlays need --out DIR", WRONG_USE)
    if language not in ("en", "zh"):
        _stop(f"--language: expected en or zh, got {language!r}", WRONG_USE)
    try:
        options = GradeOptions(
            crop=None if crop == AUTO else Crop(crop),
            variety=variety,
            standard=standard,
            calibration=calibration,
            mm_per_px=mm_per_px,
            sku_table=sku_table,
            one_fruit=one_fruit,
            allow_draft=allow_draft,
            rollers=_rollers(one_fruit, rotation_per_view, roller_travel_mm, roller_axis),
        )
        Grader.load(model).check(options)
    except (GraderError, ValueError) as exc:
        _stop(str(exc), WRONG_USE)
    chosen = format or (Format.TABLE if sys.stdout.isatty() else Format.JSONL)
    fruits: list[dict[str, Any]] = []

    def show(outcome: Outcome) -> None:
        for error in outcome.errors:
            _say(f"error: {error}")
        for frame in outcome.frames:
            notes = frame["notes"]
            if isinstance(notes, list) and notes and not frame["fruits"]:
                _say(f"{frame['frame']}: no fruit judged ({', '.join(map(str, notes))})")
        for fruit in outcome.fruits:
            if chosen is Format.TABLE:
                fruits.append(fruit)
            elif chosen is Format.CSV:
                _print_result(csv_line(csv_row(fruit)))
            else:
                _print_result(json.dumps(fruit, ensure_ascii=False))

    output = Output(folder=out, masks=masks, overlays=overlays, language=language)
    try:
        if chosen is Format.CSV:
            _print_result(csv_line(CSV_COLUMNS))
        errors = grade_inputs(
            list_inputs(paths),
            options,
            output,
            jobs=jobs,
            model_dir=model,
            show=show,
            console_file=sys.stderr,
        )
    except OutputError as exc:
        _stop(str(exc), SOME_UNREAD)
    except GraderError as exc:
        _stop(str(exc), WRONG_USE)
    if chosen is Format.TABLE:
        console = Console()
        console.print(_table(fruits, console.width))
    if errors:
        _stop(f"{len(errors)} input(s) could not be read; the others are done", SOME_UNREAD)


@app.command()
def bench(
    pictures: Annotated[
        list[Path] | None, typer.Argument(help="Pictures to time; default: the shipped 640x480 sample.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.1, help="Time spent on each part.")] = 8.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    model: Annotated[
        Path | None, typer.Option(help="Folder of a model; default: the one in production.")
    ] = None,
) -> None:
    """Time per stage, views per second with 1 and 2 processes, and the ratio to decode plus network alone."""
    files = list(pictures or [])
    if not files:
        files = sorted((SHIPPED_MODELS.parent / "sample_images").glob("bench_*.jpg"))
    if not files:
        _stop("no picture to time: give one, for example a 640x480 JPEG of one fruit", WRONG_USE)
    try:
        result = run_bench(files, seconds=seconds, model_dir=model)
    except InvalidImageError as exc:
        _stop(str(exc), SOME_UNREAD)
    except (GraderError, OSError) as exc:
        _stop(str(exc), WRONG_USE)
    if as_json:
        print(json.dumps(result.to_json()))  # noqa: T201
        return
    table = Table(title=f"{result.pictures} picture(s), {result.fruit_per_picture:g} fruit each, one core")
    table.add_column("stage")
    table.add_column("ms", justify="right")
    for name, spent in result.stage_ms.items():
        table.add_row(name, f"{spent:.2f}")
    table.add_section()
    table.add_row("whole picture", f"{result.picture_ms:.2f}")
    table.add_row("floor (decode + network)", f"{result.floor_ms:.2f}")
    table.add_row("ratio to the floor", f"{result.floor_ratio:.2f}")
    table.add_row("views/s, 1 process", f"{result.views_per_s_1:.1f}")
    table.add_row("views/s, 2 processes", f"{result.views_per_s_2:.1f}")
    Console().print(table)


@models_app.command("list")
def list_models(
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
) -> None:
    """Models that are there, and which one is in production."""
    try:
        in_use = production_model()
    except GraderError as exc:
        _stop(str(exc), WRONG_USE)
    rows = []
    for path in sorted(SHIPPED_MODELS.glob("*/*/card.json")):
        try:
            card = load_card(path.parent)
            rows.append(
                {
                    "model_id": card.model_id,
                    "folder": str(path.parent),
                    "default": path.parent == in_use,
                }
            )
        except GraderError as exc:
            rows.append({"model_id": None, "folder": str(path.parent), "error": str(exc)})
    if as_json:
        print(json.dumps(rows))  # noqa: T201
        return
    table = Table("model", "folder", "default")
    for row in rows:
        table.add_row(
            str(row["model_id"] or row.get("error")), str(row["folder"]), "yes" if row.get("default") else ""
        )
    Console().print(table)


@models_app.command("verify")
def verify_model(folder: Annotated[Path, typer.Argument(help="models/NAME/VERSION")]) -> None:
    """Check card, hash, inputs and outputs of a model. Exit 2 when they do not match."""
    try:
        model = OnnxModel.load(folder)
    except GraderError as exc:
        _stop(str(exc), WRONG_USE)
    print(model.card.model_id)  # noqa: T201


@models_app.command("log")
def show_log(
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
) -> None:
    """What was in production when, and why; newest first."""
    try:
        changes = read_log()
    except GraderError as exc:
        _stop(str(exc), WRONG_USE)
    if as_json:
        print(json.dumps([change.to_json() for change in reversed(changes)], ensure_ascii=False))  # noqa: T201
        return
    if not changes:
        print("no change yet: the model that ships is in production")  # noqa: T201
        return
    table = Table("when (UTC)", "what", "model", "why")
    for change in reversed(changes):
        table.add_row(f"{change.at:%Y-%m-%d %H:%M}", change.action, change.model_id, change.reason)
    Console().print(table)


@models_app.command("rollback")
def roll_back(
    reason: Annotated[str, typer.Option(help="Why; it is kept in the log.")] = "rolled back by hand",
) -> None:
    """Back to the model before. A running service follows within a second. Exit 2 when there is none."""
    try:
        change = rollback(reason)
    except GraderError as exc:
        _stop(str(exc), WRONG_USE)
    print(change.model_id)  # noqa: T201


WIDE_TERMINAL = 130
"""Columns from which the table also shows outlet and reasons."""


def _table(fruits: list[dict[str, Any]], width: int) -> Table:
    wide = width >= WIDE_TERMINAL
    table = Table(row_styles=["", "dim"] if len(fruits) > 12 else None)
    table.add_column("picture", no_wrap=True, overflow="ellipsis", max_width=34)
    for name in ("#", "crop", "size", "blush"):
        table.add_column(name, no_wrap=True, justify="right" if name != "crop" else "left")
    table.add_column("defects")
    table.add_column("class", no_wrap=True)
    table.add_column("SKU", no_wrap=True)
    if wide:
        table.add_column("outlet", no_wrap=True)
        table.add_column("why")
    for fruit in fruits:
        grade_, diameter = fruit["grade"], fruit["size"]["equatorial_diameter_mm"]
        cells = [
            Path(fruit["frame"]).name,
            str(fruit["fruit_index"]),
            fruit["crop"],
            f"{diameter['value']:.1f} mm" if diameter else f"{fruit['size']['diameter_px']:.0f} px",
            f"{100 * fruit['colour']['blush_fraction']:.0f} %",
            _defect_words(fruit["defects"]),
            f"{grade_['class']}{' ?' if grade_['review'] else ''}",
            fruit["sku"]["code"],
        ]
        if wide:
            cells += [fruit["sku"]["outlet"], ", ".join(sorted({r["rule"] for r in grade_["reasons"]}))]
        table.add_row(*cells)
    if any(fruit["grade"]["review"] for fruit in fruits):
        table.caption = "? = a person should look (--format jsonl tells why)"
    return table


def _defect_words(defects: list[dict[str, Any]]) -> str:
    """`rot 3.1 %, scab 0.2 %`: the share of the surface by kind, largest first."""
    shares: dict[str, float] = {}
    for defect in defects:
        shares[defect["kind"]] = shares.get(defect["kind"], 0.0) + defect["area_fraction"]
    ranked = sorted(shares.items(), key=lambda item: -item[1])
    return ", ".join(f"{kind} {100 * share:.1f} %" for kind, share in ranked)


def _print_result(line: str) -> None:
    """One line on stdout. Raises OutputError when it cannot be written; a reader that left early ends the run."""
    try:
        print(line, flush=True)  # noqa: T201
    except BrokenPipeError:
        raise
    except OSError as exc:
        raise OutputError(f"stdout: could not be written: {exc.strerror}") from exc


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)  # noqa: T201


def _rollers(
    one_fruit: bool, rotation_deg: float | None, travel_mm: float | None, axis_deg: float | None
) -> Rollers | None:
    """What turns the fruit, None where nothing is said of it. Raises ValueError where too little or too much is."""
    if rotation_deg is None and travel_mm is None and axis_deg is None:
        return None
    if not one_fruit:
        raise ValueError("--rotation-per-view, --roller-travel-mm and --roller-axis need --one-fruit")
    if axis_deg is None:
        raise ValueError("--rotation-per-view and --roller-travel-mm need --roller-axis")
    if (rotation_deg is None) == (travel_mm is None):
        raise ValueError("--roller-axis: give either --rotation-per-view or --roller-travel-mm with it")
    return Rollers(axis_deg=axis_deg, degrees=rotation_deg, skin_mm=travel_mm)


def _stop(message: str, code: int) -> typer.Exit:
    _say(message)
    raise typer.Exit(code)
