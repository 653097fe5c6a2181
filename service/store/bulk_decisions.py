"""Writes decisions on a whole lot: collected in tables of the connection, then stored by two statements."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import datetime
from types import TracebackType
from typing import Self

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)

from service.store.lot_tables import Correction, FruitDecision, LotFruit, Number
from service.store.paused_indexes import paused_indexes

DecisionKind = tuple[str, str, str | None, bool]
"""Class, SKU, size code, review."""

_OWN = MetaData()
_NEW = Table(
    "new_decision",
    _OWN,
    Column("lot_fruit_id", Number, primary_key=True, autoincrement=False),
    Column("kind", Integer),
    Column("confidence", Float),
    prefixes=["TEMPORARY"],
)
_KIND = Table(
    "new_decision_kind",
    _OWN,
    Column("kind", Integer, primary_key=True, autoincrement=False),
    Column("grade_class", String(40)),
    Column("sku_code", String(80)),
    Column("size_code", String(40)),
    Column("review", Boolean),
    Column("judge_id", Integer),
    prefixes=["TEMPORARY"],
)
_NEWEST = ("grade_class", "sku_code", "size_code", "confidence", "review", "judge_id")


class BulkDecisions:
    """Decisions on fruit, in the transaction of `connection`. A context: what it collects is gone at its end."""

    def __init__(self, connection: Connection, *, at: datetime) -> None:
        self._connection, self._at = connection, at
        self._kinds: dict[tuple[DecisionKind, int], int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None and self._kinds:
            _OWN.drop_all(self._connection, checkfirst=False)

    def add(
        self,
        numbers: Sequence[int],
        kinds: Sequence[DecisionKind],
        kind_index: Sequence[int],
        judge_ids: Sequence[int],
        confidences: Sequence[float],
    ) -> None:
        """One decision for each `lot_fruit_id` of `numbers`: kinds[kind_index], by its judge. Nothing is stored yet."""
        if not self._kinds:
            _OWN.create_all(self._connection, checkfirst=False)
        judges = dict.fromkeys(judge_ids)
        places = {
            (index, judge): self._kinds.setdefault((kind, judge), len(self._kinds))
            for index, kind in enumerate(kinds)
            for judge in judges
        }
        mark = "?" if self._connection.dialect.name == "sqlite" else "%s"
        self._connection.exec_driver_sql(
            f"INSERT INTO {_NEW.name} (lot_fruit_id, kind, confidence) VALUES ({mark}, {mark}, {mark})",
            list(
                zip(
                    numbers,
                    map(places.__getitem__, zip(kind_index, judge_ids, strict=True)),
                    confidences,
                    strict=True,
                )
            ),
        )

    def store(self) -> None:
        """Add the decisions, and make them the newest of their fruit, but for those that a person corrected."""
        if not self._kinds:
            return
        self._connection.execute(
            insert(_KIND),
            [
                {
                    "kind": number,
                    "grade_class": grade_class,
                    "sku_code": sku,
                    "size_code": size,
                    "review": review,
                    "judge_id": judge,
                }
                for ((grade_class, sku, size, review), judge), number in self._kinds.items()
            ],
        )
        decided = (
            select(
                _NEW.c.lot_fruit_id,
                literal(self._at, FruitDecision.decided_at.type),
                literal("regrade"),
                *self._newest().values(),
            )
            .join(_KIND, _KIND.c.kind == _NEW.c.kind)
            .order_by(_NEW.c.lot_fruit_id)
        )
        self._connection.execute(
            insert(FruitDecision).from_select(["lot_fruit_id", "decided_at", "why", *_NEWEST], decided)
        )
        pause = (
            paused_indexes(self._connection, LotFruit.__tablename__, set(_NEWEST))
            if self._is_most()
            else None
        )
        with pause or nullcontext():
            self._connection.execute(
                update(LotFruit)
                .where(
                    LotFruit.lot_fruit_id == _NEW.c.lot_fruit_id,
                    _NEW.c.kind == _KIND.c.kind,
                    ~exists().where(Correction.lot_fruit_id == LotFruit.lot_fruit_id),
                )
                .values(self._newest())
                .execution_options(synchronize_session=False)
            )

    def _newest(self) -> dict[str, Column[object]]:
        return {name: _NEW.c[name] if name in _NEW.c else _KIND.c[name] for name in _NEWEST}

    def _is_most(self) -> bool:
        """Whether these are most fruit of the database: then indexes are quicker made anew than followed."""
        return 2 * self._count(_NEW) > self._count(LotFruit.__table__)

    def _count(self, table: object) -> int:
        return self._connection.scalar(select(func.count()).select_from(table)) or 0  # type: ignore[arg-type]
