"""Every case a SKU table tells apart, and the rule that takes each: one array instead of a search per fruit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grader.fruit_columns import Integers
from grader.sku_table import ANY_VARIETY, NO_COLOUR, NO_SIZE, SkuRule, SkuTable

OTHER = "\0"
"""Stands on every axis for what a table does not name."""

AXES = ("crops", "varieties", "classes", "sizes", "colours")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SkuGrid:
    """axes: the crops, varieties (codes), classes, sizes (codes), colours (codes) told apart.

    rule: int64, one axis each in this order: position of the rule that takes the case, -1 where none does (a gap).
    """

    axes: tuple[tuple[str, ...], ...]
    rule: Integers

    def case(self, cell: int) -> tuple[str, str, str, str, str]:
        """Crop, variety, class, size and colour of a cell of the flattened `rule`."""
        places = np.unravel_index(cell, self.rule.shape)
        crop, variety, grade_class, size, colour = (
            names[int(place)] for names, place in zip(self.axes, places, strict=True)
        )
        return crop, variety, grade_class, size, colour


def sku_grid(table: SkuTable, crops: tuple[str, ...] = (), classes: tuple[str, ...] = ()) -> SkuGrid:
    """The grid of a table, with these crops and classes told apart too."""
    named = [
        tuple(dict.fromkeys(value for rule in table.rules for value in sorted(getattr(rule, key))))
        for key in AXES
    ]
    sizes = [band.code for codes in table.size_codes for band in codes.bands]
    colours = [band.code for codes in table.colour_codes for band in codes.bands]
    varieties = [code for code, _ in table.variety_codes]
    axes = (
        tuple(dict.fromkeys((*named[0], *crops, OTHER))),
        tuple(dict.fromkeys((*named[1], *varieties, ANY_VARIETY, table.other_variety, OTHER))),
        tuple(dict.fromkeys((*named[2], *classes, OTHER))),
        tuple(dict.fromkeys((*named[3], *sizes, NO_SIZE, OTHER))),
        tuple(dict.fromkeys((*named[4], *colours, NO_COLOUR, OTHER))),
    )
    rule_of = np.full(tuple(len(names) for names in axes), -1, dtype=np.int64)
    for index in reversed(range(len(table.rules))):
        rule_of[np.ix_(*_taken(table.rules[index], axes))] = index
    return SkuGrid(axes=axes, rule=rule_of)


def possible_cases(grid: SkuGrid, table: SkuTable) -> NDArray[np.bool_]:
    """bool, the shape of `grid.rule`: False where no fruit can be, such as an apple with a size code of melons."""
    possible = np.ones(grid.rule.shape, dtype=np.bool_)
    sizes = {codes.crop: set[str]() for codes in table.size_codes}
    for codes in table.size_codes:
        sizes[codes.crop].update(band.code for band in codes.bands)
    colours = {bands.crop: set[str]() for bands in table.colour_codes}
    for bands in table.colour_codes:
        colours[bands.crop].update(band.code for band in bands.bands)
    for place, crop in enumerate(grid.axes[0]):
        has_size = [size == NO_SIZE or size in sizes.get(crop, ()) for size in grid.axes[3]]
        has_colour = [colour == NO_COLOUR or colour in colours.get(crop, ()) for colour in grid.axes[4]]
        possible[place] = np.array(has_size)[:, None] & np.array(has_colour)[None, :]
    possible[:, grid.axes[1].index(OTHER)] = False  # a variety that is not listed has the table's code for it
    return possible


def _taken(rule: SkuRule, axes: tuple[tuple[str, ...], ...]) -> list[list[int]]:
    """Places on every axis that a rule takes."""
    return [
        [place for place, name in enumerate(names) if not wanted or name in wanted]
        for names, wanted in zip(axes, (getattr(rule, key) for key in AXES), strict=True)
    ]
