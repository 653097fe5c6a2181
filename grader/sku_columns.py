"""`assign_sku` for millions of fruit at once: look the rule of every fruit up in the grid of the table.

It gives the same code, outlet and pack as `assign_sku`, fruit by fruit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grader.fruit_columns import Booleans, Doubles, FruitColumns, Integers
from grader.grade_columns import GradeColumns
from grader.rules import Measure
from grader.size_codes import SizeBand
from grader.sku_grid import SkuGrid, sku_grid
from grader.sku_table import NO_COLOUR, NO_SIZE, SkuTable

OTHER_CROP = "other"
"""Crop of a fruit that is not of the columns' crop, where they do not say of which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuKind:
    """A SKU that some fruit have: its code, where they leave the line and how they are packed (None: not packed)."""

    code: str
    outlet: str
    pack: str | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SkuColumns:
    """SKUs of n fruit. sku_index: int64 (n,), position in `kinds`. size_index: int64 (n,), position in `size_names`.

    size_names: the size codes of the table, `NS` for fruit without one among them.
    """

    table_id: str
    table_sha256: str
    kinds: tuple[SkuKind, ...]
    sku_index: Integers
    size_names: tuple[str, ...]
    size_index: Integers


def assign_skus(columns: FruitColumns, grades: GradeColumns, table: SkuTable) -> SkuColumns:
    """The one SKU of every fruit; rows of both columns are the same fruit."""
    if len(columns) != len(grades.class_index):
        raise ValueError(f"expected a class for each of {len(columns)} fruit, got {len(grades.class_index)}")
    crops, crop_index = _crops(columns)
    grid = sku_grid(table, crops=crops, classes=grades.class_names)
    names, varieties, classes, sizes, colours = (
        {name: i for i, name in enumerate(axis)} for axis in grid.axes
    )
    crop_at = np.array([names[crop] for crop in crops], dtype=np.int64)[crop_index]
    by_variety = [varieties[table.variety_code(variety)] for variety in (*columns.varieties, None)]
    class_at = np.array([classes[name] for name in grades.class_names], dtype=np.int64)[grades.class_index]
    size_at = np.full(len(columns), sizes[NO_SIZE], dtype=np.int64)
    colour_at = np.full(len(columns), colours[NO_COLOUR], dtype=np.int64)
    for place, crop in enumerate(crops):
        rows = crop_index == place
        for codes in reversed([codes for codes in table.size_codes if codes.crop == crop]):
            _put_codes(size_at, rows, _sizes(columns, codes.measure), codes.bands, sizes)
        for bands in reversed([bands for bands in table.colour_codes if bands.crop == crop]):
            _put_codes(colour_at, rows, _colours(columns, bands.measure), bands.bands, colours)
    cell = np.ravel_multi_index(
        (crop_at, np.array(by_variety)[columns.variety_index], class_at, size_at, colour_at), grid.rule.shape
    )
    kinds, kind_of_cell = _kinds(grid, np.flatnonzero(np.bincount(cell, minlength=grid.rule.size)), table)
    return SkuColumns(
        table_id=table.table_id,
        table_sha256=table.sha256,
        kinds=kinds,
        sku_index=kind_of_cell[cell],
        size_names=grid.axes[3],
        size_index=size_at,
    )


def _crops(columns: FruitColumns) -> tuple[tuple[str, ...], Integers]:
    if columns.crop_index is not None:
        return columns.crops, columns.crop_index
    return (columns.crop, OTHER_CROP), np.where(columns.is_crop, 0, 1).astype(np.int64)


def _sizes(columns: FruitColumns, measure: Measure) -> Doubles:
    by_measure = {
        Measure.EQUATORIAL_DIAMETER_MM: columns.diameter_mm,
        Measure.RING_DIAMETER_MM: columns.ring_mm,
        Measure.LENGTH_MM: columns.length_mm,
        Measure.WEIGHT_G: columns.weight_g,
    }
    return by_measure[measure][:, 0]


def _colours(columns: FruitColumns, measure: Measure) -> Doubles:
    if measure is Measure.NET_COVER_FRACTION:
        return columns.net_cover
    if measure is Measure.RED_FRACTION:
        return np.minimum(columns.blush + columns.light_red, 1.0)
    return columns.blush


def _put_codes(
    at: Integers, rows: Booleans, values: Doubles, bands: Sequence[SizeBand], place_of: dict[str, int]
) -> None:
    """Write the place of its band for each of `rows` that has one; NaN has none."""
    if not bands:
        return
    band = np.searchsorted([one.low for one in bands], values, side="right") - 1
    inside = rows & (band >= 0) & (values < np.array([one.high for one in bands])[band])
    at[inside] = np.array([place_of[one.code] for one in bands])[band[inside]]


def _kinds(grid: SkuGrid, cells: Integers, table: SkuTable) -> tuple[tuple[SkuKind, ...], Integers]:
    """The different SKUs of these cells, and for every cell of the grid the position of its SKU (-1: not asked for)."""
    kinds: dict[SkuKind, int] = {}
    kind_of_cell = np.full(grid.rule.size, -1, dtype=np.int64)
    for cell in cells.tolist():
        rule = table.rules[int(grid.rule.flat[cell])]
        kind = SkuKind(code=table.code(rule, *grid.case(cell)), outlet=rule.outlet, pack=rule.pack)
        kind_of_cell[cell] = kinds.setdefault(kind, len(kinds))
    return tuple(kinds), kind_of_cell
