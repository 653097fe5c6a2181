"""What a SKU table must not have when it is published: more than what keeps it from loading.

A table loads when every fruit gets exactly one SKU. It is published when that SKU was meant: no name that no fruit has,
no hole between bands, no number in another unit, no code that stands for two things.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise
from math import isinf
from pathlib import Path

import numpy as np

from grader.rules import Standard
from grader.size_codes import SizeBand
from grader.sku_file import read_sku_table
from grader.sku_grid import SkuGrid, possible_cases, sku_grid
from grader.sku_table import SkuTable
from grader.standard import list_standards
from grader.toml_file import TomlTable
from grader.types import REJECT, UNGRADED
from grader.unit_doubt import diameter_range, unit_doubt


def find_sku_faults(
    path: Path, standards: Sequence[Standard] | None = None, outlets: Collection[str] | None = None
) -> tuple[str, ...]:
    """Every fault of a SKU file as "file:line: key: what is wrong", in the order of the file; none: publish it.

    standards: whose crops and classes count as known; None: those that come with the grader. outlets: those that the
    line has; None: not asked.
    """
    table, top, rows = read_sku_table(path)
    if not top.problems:
        known = list_standards() if standards is None else tuple(standards)
        _check_names(table, top, rows, known, outlets)
        _check_bands(table, top, known)
        if not top.problems:
            _check_rules(table, rows, known)
    return tuple(sorted(top.problems, key=_line))


def _line(problem: str) -> int:
    number = problem.split(":")[1] if problem.count(":") > 1 else ""
    return int(number) if number.isdecimal() else 0


def _check_names(
    table: SkuTable,
    top: TomlTable,
    rows: Sequence[TomlTable],
    standards: Sequence[Standard],
    outlets: Collection[str] | None,
) -> None:
    crops = {standard.crop for standard in standards}
    classes = _classes(standards)
    if not table.outlets:
        top.problem("outlets: expected at least one, got none: every outlet must be listed", "outlets")
    if outlets is not None and (stray := sorted(set(table.outlets) - set(outlets))):
        top.problem(f"outlets: {_unknown('the line', 'outlet', stray, outlets)}", "outlets")
    for key, given, known in (
        ("crop_codes", frozenset(name for name, _ in table.crop_codes), crops),
        ("class_codes", frozenset(name for name, _ in table.class_codes), classes),
    ):
        if stray := sorted(given - known):
            kind = "class" if key == "class_codes" else "crop"
            top.problem(f"{key}: {_unknown('the standards', kind, stray, known)}", key)
    for bands, row in zip(table.colour_codes, top.tables("colours", required=False), strict=True):
        if bands.crop not in crops:
            row.problem(f"crop: {_unknown('the standards', 'crop', {bands.crop}, crops)}", "crop")
    for rule, row in zip(table.rules, rows, strict=True):
        if stray := sorted(rule.crops - crops):
            row.problem(f"crops: {_unknown('the standards', 'crop', stray, crops)}", "crops")
        its = _classes([one for one in standards if not rule.crops or one.crop in rule.crops])
        if not rule.crops - crops and (stray := sorted(rule.classes - its)):
            row.problem(f"classes: {_unknown('the standards', 'class', stray, its)}", "classes")


def _classes(standards: Sequence[Standard]) -> set[str]:
    return {REJECT, UNGRADED, *(class_id for one in standards for class_id in one.class_ids)}


def _unknown(who: str, kind: str, stray: Collection[str], known: Collection[str]) -> str:
    return f"expected {kind} known to {who}, got {', '.join(stray)}; known are {', '.join(sorted(known))}"


def _check_bands(table: SkuTable, top: TomlTable, standards: Sequence[Standard]) -> None:
    for codes in table.size_codes:
        for fault in band_gaps(codes.bands, codes.measure.unit):
            top.problem(f"size_codes: {codes.sizes_id}: {fault}", "size_codes")
        if (fruit := diameter_range(codes.crop, standards)) is None:
            continue
        for band in codes.bands:
            for value in (band.low, band.high):
                if (doubt := unit_doubt(codes.measure, value, fruit)) is not None:
                    top.problem(f"size_codes: {codes.sizes_id}, {band.code}: {doubt}", "size_codes")
    for bands, row in zip(table.colour_codes, top.tables("colours", required=False), strict=True):
        for fault in band_gaps(bands.bands, ""):
            row.problem(f"codes: {bands.measure}: {fault}", "codes")
        if bands.bands and not isinf(bands.bands[-1].high):
            last = bands.bands[-1]
            row.problem(
                f"codes: expected the last band {last.code} without `to`, got {last.high:g}: "
                "a fruit coloured all over would have no code",
                "codes",
            )


def band_gaps(bands: Sequence[SizeBand], unit: str) -> list[str]:
    """The holes between neighbouring bands, in words."""
    return [
        f"gap: {low.code} ends at {low.high:g} {unit}".rstrip()
        + f", {high.code} begins at {high.low:g} {unit}".rstrip()
        + ": fruit between have no code"
        for low, high in pairwise(bands)
        if low.high < high.low
    ]


def _check_rules(table: SkuTable, rows: Sequence[TomlTable], standards: Sequence[Standard]) -> None:
    """Unreachable by any fruit there can be, and codes that stand for two things."""
    grid = sku_grid(table, crops=tuple(sorted({standard.crop for standard in standards})))
    possible = possible_cases(grid, table) & _possible_classes(grid, standards)
    reached = set(grid.rule[possible].tolist())
    for index, (rule, row) in enumerate(zip(table.rules[:-1], rows[:-1], strict=True)):
        if index not in reached:
            row.problem(
                f"unreachable: no fruit ever comes to rule {index + 1} ({rule.code}): its crops, classes, sizes and "
                "colours do not occur together, or earlier rules take them all"
            )
    first: dict[str, int] = {}
    told: set[tuple[int, int]] = set()
    for cell in np.flatnonzero(possible.ravel()).tolist():
        index = int(grid.rule.flat[cell])
        code = table.code(table.rules[index], *grid.case(cell))
        one, two = sorted((first.setdefault(code, index), index))
        earlier, later = table.rules[one], table.rules[two]
        if (earlier.outlet, earlier.pack) == (later.outlet, later.pack) or (one, two) in told:
            continue
        told.add((one, two))
        rows[two].problem(
            f"code: duplicate: rules {one + 1} and {two + 1} both give {code}, once to outlet {earlier.outlet}, "
            f"pack {earlier.pack or 'none'}, once to outlet {later.outlet}, pack {later.pack or 'none'}",
            "code",
        )


def _possible_classes(grid: SkuGrid, standards: Sequence[Standard]) -> np.ndarray:
    """bool, broadcasts to the grid: the crop has a standard with this class."""
    possible = np.zeros((len(grid.axes[0]), 1, len(grid.axes[2]), 1, 1), dtype=np.bool_)
    for place, crop in enumerate(grid.axes[0]):
        its = _classes([one for one in standards if one.crop == crop])
        possible[place, 0, :, 0, 0] = [name in its for name in grid.axes[2]]
    return possible
