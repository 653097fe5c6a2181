"""`grader grade`: pictures in, one line per fruit out; masks and overlays on request.

Work is handed to processes (`--jobs`); results come back in the order of the inputs and are written line by line, so
a run that stops half way leaves every finished fruit on disk.
"""

from __future__ import annotations

import csv
import io
import json
import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from grader.errors import CalibrationError, GraderError, InvalidImageError, OutputError
from grader.image_io import read_image, read_video, write_jpeg, write_png
from grader.input_files import InputFile
from grader.overlay import draw_overlay
from grader.pipeline import GradedFrame, GradeOptions, Grader
from grader.record import record_to_json
from grader.types import FIRST_DEFECT_VALUE, Frame, FruitRecord, SurfaceClass, UInt8Array

ROOM = 4
"""Inputs handed out ahead of the one that is waited for, per process: bounds memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """Where results go. folder None: nothing is written but stdout."""

    folder: Path | None
    masks: bool
    overlays: bool
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one input gave: fruit records as JSON objects, notes per frame, and what went wrong with it."""

    frame_id: str
    fruits: tuple[dict[str, object], ...]
    frames: tuple[dict[str, object], ...]
    errors: tuple[str, ...]


def grade_inputs(
    inputs: Sequence[InputFile],
    options: GradeOptions,
    output: Output,
    *,
    jobs: int,
    model_dir: Path | None,
    show: Callable[[Outcome], None],
    console_file: TextIO,
) -> list[str]:
    """Grade everything, call `show` per input in order, return what could not be read.

    Raises OutputError when a result cannot be written; what was written before stays.
    """
    names = mask_names(inputs)
    errors: list[str] = []
    with _Results(output) as results, _progress(console_file) as progress:
        task = progress.add_task("grading", total=len(inputs))
        for outcome in _outcomes(inputs, names, options, output, jobs, model_dir):
            results.write(outcome)
            show(outcome)
            errors += outcome.errors
            progress.advance(task)
    return errors


def mask_names(inputs: Sequence[InputFile]) -> list[str]:
    """File name of each input's mask, without `.png`: the relative path, `/` as `__`.

    Where two inputs would share a name, the path as given is used, and then a number is added.
    """
    short = [item.relative_path.replace("/", "__") for item in inputs]
    times = Counter(short)
    taken: set[str] = set()
    names = []
    for item, name in zip(inputs, short, strict=True):
        if times[name] > 1:
            name = item.frame_id.strip("/").replace("../", "").replace("/", "__")
        unique, number = name, 2
        while unique in taken:
            unique, number = f"{name}~{number}", number + 1
        taken.add(unique)
        names.append(unique)
    return names


def class_names() -> dict[str, str]:
    """Value of an index mask -> name, as written to `classes.json`."""
    return {str(int(value)): value.name.lower() for value in SurfaceClass}


def _outcomes(
    inputs: Sequence[InputFile],
    names: Sequence[str],
    options: GradeOptions,
    output: Output,
    jobs: int,
    model_dir: Path | None,
) -> Iterator[Outcome]:
    if options.one_fruit:
        yield _grade_one_fruit(Grader.load(model_dir), inputs, names, options, output)
        return
    if jobs == 1 or len(inputs) == 1:
        grader = Grader.load(model_dir)
        for item, name in zip(inputs, names, strict=True):
            yield _grade_input(grader, item, name, options, output)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, _start_worker, (model_dir,)) as pool:
        waiting: list[Future[Outcome]] = []
        for item, name in zip(inputs, names, strict=True):
            waiting.append(pool.submit(_work, item, name, options, output))
            if len(waiting) >= jobs * ROOM:
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()


_worker: list[Grader] = []
"""The grader of a worker process; empty everywhere else."""


def _start_worker(model_dir: Path | None) -> None:
    _worker[:] = [Grader.load(model_dir)]


def _work(item: InputFile, name: str, options: GradeOptions, output: Output) -> Outcome:
    return _grade_input(_worker[0], item, name, options, output)


def _frames(item: InputFile) -> Iterator[Frame]:
    if item.error is not None:
        raise item.error
    if item.kind == "video":
        yield from read_video(item.path, item.frame_id)
    else:
        yield read_image(item.path, item.frame_id)


def _grade_input(
    grader: Grader, item: InputFile, name: str, options: GradeOptions, output: Output
) -> Outcome:
    fruits: list[dict[str, object]] = []
    frames: list[dict[str, object]] = []
    errors: tuple[str, ...] = ()
    try:
        for frame in _frames(item):
            graded = grader.grade_frame(frame, options)
            fruits += [record_to_json(record) for record in graded.records]
            frames.append(
                {"frame": frame.frame_id, "fruits": len(graded.records), "notes": list(graded.notes)}
            )
            _write_pictures(graded, graded.records, _frame_name(name, item, frame), output)
    except InvalidImageError as exc:
        errors = (str(exc),)
    except CalibrationError as exc:
        errors = (f"{item.frame_id}: {exc}",)
    return Outcome(frame_id=item.frame_id, fruits=tuple(fruits), frames=tuple(frames), errors=errors)


def _grade_one_fruit(
    grader: Grader, inputs: Sequence[InputFile], names: Sequence[str], options: GradeOptions, output: Output
) -> Outcome:
    frames: list[Frame] = []
    frame_names: list[str] = []
    numbers: list[int] = []
    errors: list[str] = []
    number = 0  # an unreadable picture is a missing view
    for item, name in zip(inputs, names, strict=True):
        try:
            for frame in _frames(item):
                frames.append(frame)
                frame_names.append(_frame_name(name, item, frame))
                numbers.append(number)
                number += 1
        except InvalidImageError as exc:
            errors.append(str(exc))
            number += 1
    try:
        graded = grader.grade_views(frames, options, numbers)
    except CalibrationError as exc:
        return Outcome(frame_id="", fruits=(), frames=(), errors=(*errors, str(exc)))
    for view, name in zip(graded.frames, frame_names, strict=True):
        _write_pictures(view, view.records, name, output)
    notes = tuple(
        {"frame": view.frame.frame_id, "fruits": len(view.records), "notes": list(view.notes)}
        for view in graded.frames
    )
    fruits = () if graded.record is None else (record_to_json(graded.record),)
    return Outcome(frame_id="", fruits=fruits, frames=notes, errors=tuple(errors))


def _frame_name(name: str, item: InputFile, frame: Frame) -> str:
    return name + frame.frame_id.removeprefix(item.frame_id)


def _write_pictures(graded: GradedFrame, records: Sequence[FruitRecord], name: str, output: Output) -> None:
    if output.folder is None:
        return
    if output.masks:
        write_png(output.folder / "masks" / f"{name}.png", index_mask(graded))
    if output.overlays:
        picture = draw_overlay(graded.frame, records, graded.views, output.language)
        write_jpeg(output.folder / "overlays" / f"{name}.jpg", picture)


def index_mask(graded: GradedFrame) -> UInt8Array:
    """All fruit of a frame as one index mask: uint8 (H, W), `SurfaceClass` values."""
    mask = np.zeros(graded.frame.rgb.shape[:2], np.uint8)
    for view in graded.views:
        x0, y0, x1, y1 = view.box_xyxy_px
        part = mask[y0:y1, x0:x1]
        part[view.mask] = view.surface[view.mask]
    return mask


class _Results:
    """`fruits.jsonl`, `frames.jsonl` and `classes.json` of a run, written as the outcomes come."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._files: list[TextIO] = []

    def __enter__(self) -> _Results:
        folder = self._output.folder
        if folder is None:
            return self
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, wanted in (("masks", self._output.masks), ("overlays", self._output.overlays)):
                if wanted:
                    (folder / name).mkdir(exist_ok=True)
            if self._output.masks:
                (folder / "classes.json").write_text(json.dumps(class_names(), indent=1) + "\n")
            for name in ("fruits.jsonl", "frames.jsonl"):
                self._files.append((folder / name).open("w", encoding="utf-8"))
        except OSError as exc:
            for file in self._files:
                file.close()
            raise OutputError(
                f"{folder}: expected a folder that can be written to, got {exc.strerror}"
            ) from exc
        return self

    def __exit__(self, *_: object) -> None:
        problems = [problem for file in self._files if (problem := _close(file)) is not None]
        if problems:
            raise problems[0]

    def write(self, outcome: Outcome) -> None:
        for file, rows in zip(self._files, (outcome.fruits, outcome.frames), strict=False):
            try:
                file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
                file.flush()
            except OSError as exc:
                raise OutputError(f"{file.name}: could not be written: {exc.strerror}") from exc


def _close(file: TextIO) -> OutputError | None:
    try:
        file.close()
    except OSError as exc:
        return OutputError(f"{file.name}: could not be written: {exc.strerror}")
    return None


def _progress(file: TextIO) -> Progress:
    from rich.console import Console

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(file=file),
        transient=True,
        redirect_stdout=False,  # else results would go to the terminal of stderr, not to the file stdout is
    )


CSV_COLUMNS = (
    "frame",
    "fruit_index",
    "crop",
    "equatorial_diameter_mm",
    "diameter_px",
    "weight_g",
    "blush_fraction",
    "defects",
    "class",
    "confidence",
    "review",
    "sku",
    "outlet",
    "reasons",
    "quality_flags",
)


def csv_row(fruit: dict[str, object]) -> list[object]:
    """One fruit as the flat columns of `--format csv`; unknown values are empty."""
    size, grade, sku = _part(fruit, "size"), _part(fruit, "grade"), _part(fruit, "sku")
    diameter, weight = size.get("equatorial_diameter_mm"), size.get("weight_g")
    defects = fruit["defects"]
    assert isinstance(defects, list)
    flags = fruit["quality_flags"]
    assert isinstance(flags, list)
    reasons = grade["reasons"]
    assert isinstance(reasons, list)
    return [
        fruit["frame"],
        fruit["fruit_index"],
        fruit["crop"],
        diameter["value"] if isinstance(diameter, dict) else None,
        size["diameter_px"],
        weight["value"] if isinstance(weight, dict) else None,
        _part(fruit, "colour")["blush_fraction"],
        " ".join(f"{defect['kind']}:{defect['area_fraction']}" for defect in defects),
        grade["class"],
        grade["confidence"],
        grade["review"],
        sku["code"],
        sku["outlet"],
        " ".join(str(reason["rule"]) for reason in reasons),
        " ".join(map(str, flags)),
    ]


def csv_line(row: Sequence[object]) -> str:
    """One CSV line (RFC 4180 quoting), without the line end."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(row)
    return buffer.getvalue()


def _part(fruit: dict[str, object], name: str) -> dict[str, object]:
    value = fruit[name]
    if not isinstance(value, dict):
        raise GraderError(f"{name}: expected an object, got {type(value).__name__}")
    return value


assert min(value for value in SurfaceClass if value > SurfaceClass.CALYX) == FIRST_DEFECT_VALUE
