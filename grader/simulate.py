"""What would change: the same stored fruit under two standards and two SKU tables, side by side.

`regrade` is one side; `compare` sets two of them against each other. Nothing is measured again and nothing is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grader.fruit_columns import Booleans, Doubles, FruitColumns, Integers
from grader.grade_columns import GradeColumns, decide_grades_under
from grader.rules import Standard
from grader.sku_columns import SkuColumns, assign_skus
from grader.sku_table import SkuTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A line of a packout. fraction: 0-1 of all fruit.

    weight_g: of the `weighed` fruit, those with a known weight.
    """

    name: str
    count: int
    fraction: float
    weight_g: float
    weighed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Packout:
    """How many fruit go where. Classes best first, sizes smallest first, SKUs and outlets by name.

    Every list sums to `count`. review: fruit that a person should look at.
    """

    standard_id: str
    standard_sha256: str
    table_id: str
    table_sha256: str
    count: int
    review: int
    by_class: tuple[Share, ...]
    by_size: tuple[Share, ...]
    by_sku: tuple[Share, ...]
    by_outlet: tuple[Share, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Regraded:
    """Many fruit under one standard and one SKU table."""

    grades: GradeColumns
    skus: SkuColumns
    packout: Packout


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """So many fruit go from one class and SKU to another; first_row: one of them."""

    class_before: str
    class_after: str
    sku_before: str
    sku_after: str
    outlet_before: str
    outlet_after: str
    count: int
    first_row: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Simulation:
    """before and after, and what moves. changed: int64 (k,), rows whose class, SKU, outlet or pack differs, ascending.

    moves: largest first; their counts sum to k.
    """

    before: Regraded
    after: Regraded
    changed: Integers
    moves: tuple[Move, ...]


def simulate(
    columns: FruitColumns,
    standard_before: Standard,
    table_before: SkuTable,
    standard_after: Standard,
    table_after: SkuTable,
    *,
    allow_draft: bool = False,
) -> Simulation:
    """The same fruit under both; a rule that the standards share is judged once.

    Raises:
        StandardError: as `decide_grade`.
    """
    same = standard_before == standard_after
    standards = (standard_before,) if same else (standard_before, standard_after)
    grades = decide_grades_under(columns, standards, allow_draft=allow_draft)
    return compare(
        _packed(columns, standard_before, grades[0], table_before),
        _packed(columns, standard_after, grades[-1], table_after),
    )


def regrade(
    columns: FruitColumns, standard: Standard, table: SkuTable, *, allow_draft: bool = False
) -> Regraded:
    """Classes, SKUs and packout of many fruit.

    Raises:
        StandardError: as `decide_grade`.
    """
    (grades,) = decide_grades_under(columns, (standard,), allow_draft=allow_draft)
    return _packed(columns, standard, grades, table)


def compare(before: Regraded, after: Regraded) -> Simulation:
    """Which fruit change, from what to what. Both sides are of the same fruit in the same order.

    Raises:
        ValueError: they are not of equally many fruit.
    """
    if before.packout.count != after.packout.count:
        raise ValueError(f"expected {before.packout.count} fruit on both sides, got {after.packout.count}")
    old, new = _joined(before), _joined(after)
    different = (
        _differs(old.names, new.names)[old.cells, new.cells] if len(old.cells) else np.zeros(0, dtype=bool)
    )
    changed = np.flatnonzero(different)
    pair = old.cells[changed] * len(new.names) + new.cells[changed]
    pairs, first, counts = np.unique(pair, return_index=True, return_counts=True)
    moves = []
    for place in np.argsort(-counts, kind="stable").tolist():
        was, now = divmod(int(pairs[place]), len(new.names))
        moves.append(
            Move(
                class_before=old.names[was][0],
                class_after=new.names[now][0],
                sku_before=old.names[was][1],
                sku_after=new.names[now][1],
                outlet_before=old.names[was][2],
                outlet_after=new.names[now][2],
                count=int(counts[place]),
                first_row=int(changed[first[place]]),
            )
        )
    return Simulation(before=before, after=after, changed=changed, moves=tuple(moves))


_Name = tuple[str, str, str, str | None]


@dataclass(frozen=True, slots=True, eq=False)
class _Joined:
    """cells: int64 (n,), class and SKU of every fruit as one number; names: class, SKU, outlet and pack of each."""

    cells: Integers
    names: tuple[_Name, ...]


def _joined(side: Regraded) -> _Joined:
    kinds = side.skus.kinds
    names = tuple(
        (grade_class, kind.code, kind.outlet, kind.pack)
        for grade_class in side.grades.class_names
        for kind in kinds
    )
    return _Joined(side.grades.class_index * len(kinds) + side.skus.sku_index, names)


def _differs(old: tuple[_Name, ...], new: tuple[_Name, ...]) -> Booleans:
    """bool (names before, names after): they differ."""
    number = {name: place for place, name in enumerate(dict.fromkeys((*old, *new)))}
    olds = np.array([number[name] for name in old], dtype=np.int64)
    news = np.array([number[name] for name in new], dtype=np.int64)
    return np.asarray(olds[:, None] != news[None, :])


def _packed(columns: FruitColumns, standard: Standard, grades: GradeColumns, table: SkuTable) -> Regraded:
    skus = assign_skus(columns, grades, table)
    weight = columns.weight_g[:, 0]
    outlets = tuple(dict.fromkeys(kind.outlet for kind in skus.kinds))
    outlet_of = np.array([outlets.index(kind.outlet) for kind in skus.kinds], dtype=np.int64)
    codes = tuple(dict.fromkeys(kind.code for kind in skus.kinds))
    code_of = np.array([codes.index(kind.code) for kind in skus.kinds], dtype=np.int64)
    packout = Packout(
        standard_id=standard.standard_id,
        standard_sha256=standard.sha256,
        table_id=table.table_id,
        table_sha256=table.sha256,
        count=len(columns),
        review=int(np.count_nonzero(grades.review)),
        by_class=_shares(grades.class_names, grades.class_index, weight),
        by_size=_present(_shares(skus.size_names, skus.size_index, weight)),
        by_sku=_sorted(_shares(codes, code_of[skus.sku_index], weight)),
        by_outlet=_sorted(_shares(outlets, outlet_of[skus.sku_index], weight)),
    )
    return Regraded(grades=grades, skus=skus, packout=packout)


def _shares(names: Sequence[str], index: Integers, weight_g: Doubles) -> tuple[Share, ...]:
    """One line for each name, in this order."""
    known = ~np.isnan(weight_g)
    counts = np.bincount(index, minlength=len(names))
    weighed = np.bincount(index[known], minlength=len(names))
    grams = np.bincount(index[known], weights=weight_g[known], minlength=len(names))
    total = max(len(index), 1)
    return tuple(
        Share(
            name=name,
            count=int(counts[place]),
            fraction=int(counts[place]) / total,
            weight_g=float(grams[place]),
            weighed=int(weighed[place]),
        )
        for place, name in enumerate(names)
    )


def _present(shares: tuple[Share, ...]) -> tuple[Share, ...]:
    return tuple(share for share in shares if share.count)


def _sorted(shares: tuple[Share, ...]) -> tuple[Share, ...]:
    return tuple(sorted(_present(shares), key=lambda share: share.name))
