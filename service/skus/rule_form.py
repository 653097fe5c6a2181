"""The numbers and choices of a rule file as fields of a form, and what was filled in put back into its text.

A field has the name of its place in the file: `rules.3.maximum.I`, `colours.0.codes.1.to`, `rules.2.outlet`. The text
keeps its comments, its order and everything that has no field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, inf, isfinite
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from grader.rules import Limit, Measure, Names, Rule, Standard
from grader.size_codes import SizeBand
from grader.sku_table import SkuTable

_SHARE = "_fraction"
_PLACES = 4
_WHOLE = frozenset({Measure.COUNT, Measure.KIND_COUNT})


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberField:
    """A number that a slider moves. name: its place in the file; several, with `+`, that move together.

    value, low, high, step: as shown, in `unit`. evidence: how sure the number is (`rules.Rule`); empty: not said.
    """

    name: str
    value: float
    low: float
    high: float
    step: float
    unit: str
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRow:
    """A rule of a standard, or its second way to pass. cells: by class, best first; None: no limit for this class."""

    names: Names
    clause: str
    at_least: bool
    second: bool
    measure: str
    cells: tuple[NumberField | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeRow:
    """Where one band ends and the next one begins. place: file of the size table, empty for the SKU table itself."""

    place: str
    below: str
    above: str
    field: NumberField


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceRow:
    """A rule of a SKU table: what it takes in words, and the outlet that may be chosen."""

    name: str
    takes: str
    code: str
    outlet: str
    outlets: tuple[str, ...]


def limit_rows(standard: Standard) -> tuple[LimitRow, ...]:
    """Every limit of a standard, in the order of its file."""
    return tuple(
        _limit_row(rule, limit, number, bool(way), standard)
        for number, rule in enumerate(standard.rules)
        for way, limit in enumerate(rule.tests)
    )


def edge_rows(table: SkuTable) -> tuple[EdgeRow, ...]:
    """The edges between the size bands and between the colour bands of a SKU table."""
    rows: list[EdgeRow] = []
    for codes in table.size_codes:
        unit = codes.measure.unit
        rows += _edges(codes.sizes_id, "codes", codes.bands, unit=unit, scale=1.0, step=1.0)
    for number, colours in enumerate(table.colour_codes):
        rows += _edges("", f"colours.{number}.codes", colours.bands, unit="%", scale=100.0, step=1.0)
    return tuple(rows)


def choice_rows(table: SkuTable) -> tuple[ChoiceRow, ...]:
    """The rules of a SKU table, in order."""
    return tuple(
        ChoiceRow(
            name=f"rules.{number}.outlet",
            takes=" · ".join(
                ", ".join(sorted(part))
                for part in (rule.crops, rule.varieties, rule.classes, rule.sizes, rule.colours)
                if part
            ),
            code=rule.code,
            outlet=rule.outlet,
            outlets=table.outlets,
        )
        for number, rule in enumerate(table.rules)
    )


def fill_in(text: str, values: Mapping[str, str]) -> str:
    """The text of a file with what was filled in. values: by the name of the field; what is no field is left out.

    Numbers of shares are percent in the form and 0-1 in the file. A text that is no TOML comes back as it is: what is
    wrong with it is told where it is checked.
    """
    try:
        file = tomlkit.parse(text)
    except (TOMLKitError, ValueError):
        return text
    for name, value in values.items():
        for place in name.split("+"):
            _set(file, place.split("."), value)
    return tomlkit.dumps(file)


def _limit_row(rule: Rule, limit: Limit, number: int, second: bool, standard: Standard) -> LimitRow:
    place = f"rules.{number}{'.or_else' if second else ''}.{'minimum' if limit.at_least else 'maximum'}"
    scale = 100.0 if limit.measure.value.endswith(_SHARE) else 1.0
    numbers = [bound * scale for bound in limit.limits if isfinite(bound)]
    low, high, step = _range(limit.measure, max(numbers, default=1.0), standard)
    return LimitRow(
        names=rule.names,
        clause=rule.clause,
        at_least=limit.at_least,
        second=second,
        measure=limit.measure.value,
        cells=tuple(
            NumberField(
                name=f"{place}.{class_id}",
                value=round(bound * scale, _PLACES),
                low=low,
                high=high,
                step=step,
                unit="%" if scale == 100.0 else limit.measure.unit,
                evidence=evidence,
            )
            if isfinite(bound)
            else None
            for class_id, bound, evidence in zip(standard.class_ids, limit.limits, rule.evidence, strict=True)
        ),
    )


def _range(measure: Measure, largest: float, standard: Standard) -> tuple[float, float, float]:
    """Lowest and highest position of a slider, and its step, as shown."""
    if measure.value.endswith(_SHARE):
        return 0.0, 100.0, 1.0
    if measure in _WHOLE:
        return 0.0, max(10.0, 2 * largest), 1.0
    if measure in (Measure.EQUATORIAL_DIAMETER_MM, Measure.RING_DIAMETER_MM):
        least, most = standard.diameter_range_mm
        return min(least, largest), max(most, largest), 1.0
    if measure is Measure.WEIGHT_G:
        return 0.0, float(ceil(3 * largest)), 5.0
    if measure is Measure.SHAPE_INDEX:
        return 0.0, 2.0, 0.01
    if measure.value.endswith("_mm"):
        return 0.0, float(ceil(max(10.0, 2 * largest))), 1.0
    return 0.0, float(ceil(max(2.0, 2 * largest))), 0.05


def _edges(
    place: str, path: str, bands: tuple[SizeBand, ...], *, unit: str, scale: float, step: float
) -> list[EdgeRow]:
    if not bands:
        return []
    ends = [band.high for band in bands if band.high < inf]
    highest = 100.0 if scale == 100.0 else float(ceil(1.2 * max([*ends, bands[-1].low])))
    return [
        EdgeRow(
            place=place,
            below=lower.code,
            above=upper.code,
            field=NumberField(
                name=f"{path}.{number}.to+{path}.{number + 1}.from",
                value=round(upper.low * scale, _PLACES),
                low=round(lower.low * scale, _PLACES),
                high=round(upper.high * scale, _PLACES) if upper.high < inf else highest,
                step=step,
                unit=unit,
            ),
        )
        for number, (lower, upper) in enumerate(pairwise(bands))
        if lower.high == upper.low
    ]


def _set(file: Any, path: list[str], value: str) -> None:
    """Put a value in its place; a place that the file does not have is left out."""
    part, rule = file, file
    try:
        for step in path[:-1]:
            part = part[int(step) if step.isdigit() else step]
            rule = part if "measure" in part else rule
        old = part[path[-1]]
    except (KeyError, IndexError, TypeError, ValueError):
        return
    if isinstance(old, str):
        if old != value:
            part[path[-1]] = value
        return
    try:
        number = float(value)
    except ValueError:
        return
    scale = 100.0 if path[0] == "colours" or str(rule.get("measure", "")).endswith(_SHARE) else 1.0
    if not isfinite(number) or number == round(old * scale, _PLACES):
        return
    number = round(number / scale, _PLACES + 2)
    part[path[-1]] = int(number) if number.is_integer() and isinstance(old, int) else number
