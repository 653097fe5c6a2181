"""The report of an evaluation: one HTML file that needs nothing else, and the same as JSON beside it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from grader.image_io import encode_jpeg, write_bytes
from grader.model_card import ModelCard
from grader.types import DefectKind, UInt8Array
from training.blemishes import SIZE_CLASSES_MM2
from training.class_answers import ConfidenceBin, confusion, reliability
from training.evaluation import Evaluation
from training.goals import GOALS
from training.report_rows import Row, row_of
from training.report_words import PLACES, VIEWS, Words, term, why
from training.risk_coverage import RiskCoverage, risk_coverage
from training.statistics import Figure

PICTURE_QUALITY = 82
IN_TABLES = (
    "sim_confusion_",
    *(f"sim_defects_found_{kind}" for kind in DefectKind),
    *(f"sim_called_defects_right_{kind}" for kind in DefectKind),
    *(f"sim_false_defects_{crop}_{place}" for crop in ("apple", "melon") for place in PLACES),
    *(f"sim_false_defects_{place}" for place in PLACES),
)
"""Beginnings of the names of figures that are shown as tables, not as bars."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Classes:
    """What is drawn of the classes for one number of views."""

    title: Words
    n: int
    bins: tuple[ConfidenceBin, ...]
    curve: RiskCoverage
    confusion: dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A worst case: pictures as data addresses; truth None where it is not a place."""

    name: str
    line: Words
    picture: str
    truth: str | None
    called: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """The worst cases of one figure. changed_light: the pictures are before and after, not truth and answer."""

    group: str
    row: Row
    cards: tuple[Card, ...]
    changed_light: bool


def write_report(path: Path, evaluation: Evaluation, card: ModelCard) -> None:
    """Write `path` (.html) and the JSON of the evaluation beside it, each whole or not at all. Raises OutputError."""
    page = report_page(evaluation, card, datetime.now(UTC))
    write_bytes(path.with_suffix(".json"), (json.dumps(evaluation.to_json(), indent=1) + "\n").encode())
    write_bytes(path, page.encode())


def report_page(evaluation: Evaluation, card: ModelCard, made_at: datetime) -> str:
    """The whole page. made_at: UTC, said at its head."""
    environment = Environment(
        loader=PackageLoader("training", "templates"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    rows = {
        group: [row_of(figure) for figure in figures if not figure.name.startswith(IN_TABLES)]
        for group, figures in evaluation.figures.items()
    }
    figures = {figure.name: figure for group in evaluation.figures.values() for figure in group}
    return environment.get_template("report.html").render(
        card=card,
        suite=evaluation.suite,
        made_at=made_at,
        goals=[row for of_group in rows.values() for row in of_group if row.key in GOALS],
        rows=rows,
        every={group: [row_of(figure) for figure in of] for group, of in evaluation.figures.items()},
        classes=[_classes(evaluation, end) for end in evaluation.answers],
        sizes=[term(name) for name in SIZE_CLASSES_MM2],
        found=list(_found(evaluation, figures)),
        places=list(_places(figures)),
        galleries=[_gallery(name, evaluation, figures) for name in evaluation.worst],
        term=term,
    )


def _classes(evaluation: Evaluation, end: str) -> Classes:
    answers = evaluation.answers[end]
    return Classes(
        title=VIEWS[end],
        n=len(answers),
        bins=reliability(answers),
        curve=risk_coverage(answers),
        confusion=confusion(answers, evaluation.classes),
    )


def _found(
    evaluation: Evaluation, figures: dict[str, Figure]
) -> Iterator[tuple[Words, list[tuple[int, int]], Row | None]]:
    """By kind: its name, (found, all) by size, and how often a call of this kind is right where that was measured."""
    for kind, by_size in evaluation.found.items():
        called = figures.get(f"sim_called_defects_right_{kind}")
        if called is not None and (called.n or any(n for _, n in by_size.values())):
            yield term(kind), list(by_size.values()), row_of(called)


def _places(figures: dict[str, Figure]) -> Iterator[tuple[Words, list[Row | None]]]:
    """By place: its name and the false defects on an apple and on a melon; a last line for all places."""
    for place, name in [*PLACES.items(), ("", ("everywhere", "合计"))]:
        keys = [f"sim_false_defects_{crop}{f'_{place}' if place else ''}" for crop in ("apple", "melon")]
        rows = [row_of(figures[key]) if key in figures else None for key in keys]
        if any(rows):
            yield name, rows


def _gallery(name: str, evaluation: Evaluation, figures: dict[str, Figure]) -> Gallery:
    cards = tuple(
        Card(
            name=case.name,
            line=why(name, case.facts),
            picture=_data_address(case.shown.picture),
            truth=None if case.shown.truth is None else _data_address(case.shown.truth),
            called=_data_address(case.shown.called),
        )
        for case in evaluation.worst[name]
    )
    group = next(group for group, known in evaluation.figures.items() if figures[name] in known)
    return Gallery(
        group=group, row=row_of(figures[name]), cards=cards, changed_light=name == "sim_class_flips"
    )


def _data_address(rgb: UInt8Array) -> str:
    """The picture as a JPEG inside an address, so that the page needs no other file."""
    return f"data:image/jpeg;base64,{base64.b64encode(encode_jpeg(rgb, quality=PICTURE_QUALITY)).decode()}"
