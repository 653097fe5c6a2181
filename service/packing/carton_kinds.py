"""SKU -> kind of carton, as the SKU tables of a lot say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from grader.sku_grid import possible_cases, sku_grid
from grader.sku_table import Pack, SkuTable


@dataclass(frozen=True, slots=True, kw_only=True)
class CartonKind:
    """Where the fruit of a SKU leave the line, and what they are packed in."""

    outlet: str
    pack: Pack


@lru_cache(maxsize=32)
def carton_kinds(table: SkuTable, crop: str, classes: frozenset[str]) -> Mapping[str, CartonKind]:
    """Every SKU that fruit of a crop can have under a table and that is packed, by code. classes: that fruit have."""
    packs = {pack.key: pack for pack in table.packs}
    if not packs:
        return MappingProxyType({})
    crops = tuple(dict.fromkeys((crop, *(name for name, _ in table.crop_codes))))
    named = (*(name for name, _ in table.class_codes), *sorted(classes))
    grid = sku_grid(table, crops=crops, classes=tuple(dict.fromkeys(named)))
    found: dict[str, CartonKind] = {}
    for cell in np.flatnonzero(possible_cases(grid, table) & (grid.rule >= 0)).tolist():
        rule = table.rules[int(grid.rule.flat[cell])]
        if rule.pack is not None:
            found.setdefault(
                table.code(rule, *grid.case(cell)), CartonKind(outlet=rule.outlet, pack=packs[rule.pack])
            )
    return MappingProxyType(found)


def told_apart(
    kinds: Mapping[int, Mapping[str, CartonKind]],
) -> tuple[Mapping[int, Mapping[str, CartonKind]], tuple[Pack, ...]]:
    """Kinds of several judges, so that equal keys mean equal packs, and all those packs.

    A pack whose key another table uses for another carton gets a key with a number.
    """
    packs: dict[str, Pack] = {}

    def own(pack: Pack) -> Pack:
        number, key = 1, pack.key
        while packs.setdefault(key, replace(pack, key=key)) != replace(pack, key=key):
            number += 1
            key = f"{pack.key}/{number}"
        return packs[key]

    apart = {
        judge: {sku: replace(kind, pack=own(kind.pack)) for sku, kind in of_judge.items()}
        for judge, of_judge in kinds.items()
    }
    return apart, tuple(packs.values())
