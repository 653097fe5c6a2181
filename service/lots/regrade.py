"""Decides the stored fruit of a lot again, under another standard and SKU table; no picture is looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType

import numpy as np

from grader.fruit_columns import FruitColumns
from grader.grade_columns import GradeColumns
from grader.packed_fruit import unpack_columns
from grader.rules import Standard
from grader.simulate import regrade
from grader.sku_table import NO_SIZE, SkuTable
from grader.trust import Trust
from grader.trust_columns import trusted_grades
from service.store.bulk_decisions import DecisionKind
from service.store.regrade_store import MeasuredRows, NewDecisions, RegradeStore, Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """So many fruit go from one class and SKU to another."""

    class_before: str
    class_after: str
    sku_before: str
    sku_after: str
    fruit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RegradeReport:
    """What was, or would be, decided. fruit: decided again; changed: those whose class or SKU differs; kept: those that
    a person corrected, they stay; review: those to be looked at. moves: the largest first, their sum is `changed`.
    """

    lot_id: int
    standard_id: str
    standard_sha256: str
    sku_table_id: str
    sku_table_sha256: str
    applied: bool
    fruit: int
    changed: int
    kept: int
    review: int
    classes_before: dict[str, int]
    classes_after: dict[str, int]
    moves: tuple[Move, ...]


def regrade_lot(
    store: RegradeStore,
    lot_id: int,
    standard: Standard,
    table: SkuTable,
    *,
    apply: bool,
    trusts: Mapping[str, Trust] = MappingProxyType({}),
) -> RegradeReport:
    """Decide a lot again. apply: add the decisions to the store, all of them or none.

    trusts: by model id, what is known of the decisions on fruit that it measured; without it the confidence is that of
    the rules.

    Raises:
        StandardError: the standard may not decide, or does not know a variety. StorageError
    """
    pairs: Counter[tuple[tuple[str, str], DecisionKind]] = Counter()

    def decide(rows: MeasuredRows) -> NewDecisions:
        decided = decide_rows(rows, standard, table, trusts)
        pairs.update(_count_pairs(rows, decided))
        return decided

    rules = Rules(
        standard_id=standard.standard_id,
        standard_sha256=standard.sha256,
        sku_table_id=table.table_id,
        sku_table_sha256=table.sha256,
    )
    kept = store.decide_again(lot_id, decide, rules if apply else None, at=datetime.now(UTC))
    moves: Counter[tuple[str, str, str, str]] = Counter()
    for ((was, old), (now, new, _, _)), fruit in pairs.items():
        moves[was, now, old, new] += fruit
    review = sum(fruit for (_, (_, _, _, to_review)), fruit in pairs.items() if to_review)
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    for (was, now, _, _), fruit in moves.items():
        before[was] += fruit
        after[now] += fruit
    changes = [
        Move(class_before=was, class_after=now, sku_before=old, sku_after=new, fruit=fruit)
        for (was, now, old, new), fruit in sorted(moves.items(), key=lambda item: (-item[1], item[0]))
        if (was, old) != (now, new)
    ]
    return RegradeReport(
        lot_id=lot_id,
        standard_id=rules.standard_id,
        standard_sha256=rules.standard_sha256,
        sku_table_id=rules.sku_table_id,
        sku_table_sha256=rules.sku_table_sha256,
        applied=apply,
        fruit=sum(moves.values()),
        changed=sum(move.fruit for move in changes),
        kept=kept,
        review=review,
        classes_before=dict(before.most_common()),
        classes_after=dict(after.most_common()),
        moves=tuple(changes),
    )


def decide_rows(
    rows: MeasuredRows, standard: Standard, table: SkuTable, trusts: Mapping[str, Trust]
) -> NewDecisions:
    """Decisions on stored fruit, trusted as `regrade_lot` says.

    Raises:
        StandardError: as `decide_grade`.
    """
    columns = unpack_columns(rows.crops, rows.varieties, rows.flags, rows.fruit, rows.defects, standard.crop)
    again = regrade(columns, standard, table)
    grades, skus = _trusted(again.grades, columns, rows.models, trusts), again.skus
    sizes = [None if name == NO_SIZE else name for name in skus.size_names]
    shape = (len(grades.class_names), len(skus.kinds), len(sizes), 2)
    codes = np.ravel_multi_index(
        (grades.class_index, skus.sku_index, skus.size_index, grades.review.astype(np.int64)), shape
    )
    found, kind_index = np.unique(codes, return_inverse=True)
    return NewDecisions(
        kinds=[
            (grades.class_names[grade_class], skus.kinds[sku].code, sizes[size], bool(review))
            for grade_class, sku, size, review in zip(*np.unravel_index(found, shape), strict=True)
        ],
        kind_index=kind_index.tolist(),
        confidences=grades.confidence.tolist(),
    )


def _trusted(
    grades: GradeColumns, columns: FruitColumns, models: Sequence[str], trusts: Mapping[str, Trust]
) -> GradeColumns:
    for model_id in trusts.keys() & set(models):
        its = np.array([one == model_id for one in models])
        trusted = trusted_grades(grades, columns.surface_seen, trusts[model_id])
        grades = replace(
            grades,
            confidence=np.where(its, trusted.confidence, grades.confidence),
            review=np.where(its, trusted.review, grades.review),
        )
    return grades


def _count_pairs(rows: MeasuredRows, decided: NewDecisions) -> Counter[tuple[tuple[str, str], DecisionKind]]:
    """How many fruit go from which class and SKU to which decision."""
    known: dict[tuple[str, str], int] = {}
    was = [known.setdefault(one, len(known)) for one in zip(rows.classes, rows.skus, strict=True)]
    codes = np.array(was, dtype=np.int64) * len(decided.kinds) + np.array(decided.kind_index, dtype=np.int64)
    before = list(known)
    return Counter(
        {
            (before[code // len(decided.kinds)], decided.kinds[code % len(decided.kinds)]): count
            for code, count in zip(
                *(part.tolist() for part in np.unique(codes, return_counts=True)), strict=True
            )
        }
    )
