"""Reads the measurements of a lot by the ten thousand, and adds the decisions that were made on them anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Select, exists, func, select
from sqlalchemy.orm import Session

from service.errors import BadFruitError
from service.store.bulk_decisions import BulkDecisions, DecisionKind
from service.store.judges import JudgedBy, Judges
from service.store.lot_tables import Correction, Judge, LotFruit
from service.store.storage_errors import storage_errors

ROWS = 32_768
"""Fruit that are in memory at once: some 25 MB."""
AT_ONCE = 1_000
"""Rows that are turned into columns at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRows:
    """Stored fruit, in order; all of one length. crops to defects: as in `grader.packed_fruit.PackedFruit`.

    classes, skus: of the newest decision. models: ids of the models that measured; empty where they were not asked for.
    """

    numbers: Sequence[int]
    crops: Sequence[str]
    varieties: Sequence[str | None]
    flags: Sequence[str]
    fruit: Sequence[bytes]
    defects: Sequence[bytes]
    classes: Sequence[str]
    skus: Sequence[str]
    models: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class LotsState:
    """Tells whether lots have changed: fruit and corrections are only ever added. corrections: corrected fruit."""

    newest_fruit: int
    corrections: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDecisions:
    """Decisions on `MeasuredRows`, in their order. kinds: all that differ; kind_index: which of them."""

    kinds: Sequence[DecisionKind]
    kind_index: Sequence[int]
    confidences: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What is decided by now; the model that measured a fruit stays its model."""

    standard_id: str
    standard_sha256: str
    sku_table_id: str
    sku_table_sha256: str


Decide = Callable[[MeasuredRows], NewDecisions]


class RegradeStore:
    """Measurements and decisions of lots in a database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def decide_again(self, lot_id: int, decide: Decide, apply: Rules | None, *, at: datetime) -> int:
        """Decide on every judged fruit of a lot that no person corrected; returns how many a person did.

        apply: None gives the fruit to `decide` and stores nothing; otherwise all decisions are added in one
        transaction, under these rules.

        Raises:
            StorageFullError, StorageError, and what `decide` raises. Nothing was stored.
        """
        with storage_errors(), self._engine.begin() as connection:
            if apply is not None and connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")  # what is read here is what is decided on
            judges = {} if apply is None else _new_judges(connection, lot_id, apply)
            models = _models(connection, lot_id)
            last, query = 0, _judged([lot_id]).add_columns(LotFruit.judge_id).limit(ROWS)
            with BulkDecisions(connection, at=at) as bulk:
                while (found := _columns(connection, query.where(LotFruit.lot_fruit_id > last)))[0]:
                    rows = replace(_rows(found), models=[models[judge] for judge in found[8]])
                    decided = decide(rows)
                    if apply is not None:
                        new_judges = [judges[judge] for judge in found[8]]
                        bulk.add(
                            rows.numbers, decided.kinds, decided.kind_index, new_judges, decided.confidences
                        )
                    last = rows.numbers[-1]
                bulk.store()
            return (
                connection.scalar(
                    select(func.count()).select_from(LotFruit).where(LotFruit.lot_id == lot_id, _CORRECTED)
                )
                or 0
            )

    def state(self, lot_ids: Sequence[int]) -> LotsState:
        """How far these lots are. Raises StorageError."""
        of_lots = LotFruit.lot_id.in_(lot_ids)
        with storage_errors(), self._engine.connect() as connection:
            return LotsState(
                newest_fruit=connection.scalar(select(func.max(LotFruit.lot_fruit_id)).where(of_lots)) or 0,
                corrections=connection.scalar(
                    select(func.count(Correction.lot_fruit_id.distinct()))
                    .join(LotFruit, LotFruit.lot_fruit_id == Correction.lot_fruit_id)
                    .where(of_lots)
                )
                or 0,
            )

    def measured(self, lot_ids: Sequence[int], *, most: int) -> MeasuredRows:
        """Every judged fruit of these lots that no person corrected.

        Raises:
            BadFruitError: there are more than `most`. StorageError
        """
        with storage_errors(), self._engine.connect() as connection:
            rows = _rows(_columns(connection, _judged(lot_ids).limit(most + 1)))
        if len(rows) > most:
            raise BadFruitError(f"fruit: expected at most {most:,} of all lots together, got more")
        return rows


_CORRECTED = exists().where(Correction.lot_fruit_id == LotFruit.lot_fruit_id)


def _judged(lot_ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    """Of every judged fruit that no person corrected, in order, what `MeasuredRows` holds."""
    columns: Select[*tuple[Any, ...]] = select(
        LotFruit.lot_fruit_id,
        LotFruit.crop,
        LotFruit.variety,
        LotFruit.quality_flags,
        LotFruit.measured,
        LotFruit.measured_defects,
        LotFruit.grade_class,
        LotFruit.sku_code,
    )
    return columns.where(LotFruit.lot_id.in_(lot_ids), LotFruit.measured.is_not(None), ~_CORRECTED).order_by(
        LotFruit.lot_fruit_id
    )


def _columns(connection: Connection, query: Select[*tuple[Any, ...]]) -> list[list[Any]]:
    """Column by column, as the driver gives them: to make a million `Row`, and to keep a million tuples until they are
    turned, each take as long as reading them."""
    result = connection.execute(query)
    assert result.cursor is not None
    columns: list[list[Any]] = [[] for _ in result.keys()]
    while part := result.cursor.fetchmany(AT_ONCE):
        for column, values in zip(columns, zip(*part, strict=True), strict=True):
            column.extend(values)
    result.close()
    return columns


def _rows(columns: Sequence[Sequence[Any]]) -> MeasuredRows:
    return MeasuredRows(
        numbers=columns[0],
        crops=columns[1],
        varieties=columns[2],
        flags=columns[3],
        fruit=columns[4],
        defects=columns[5],
        classes=columns[6],
        skus=columns[7],
    )


def _models(connection: Connection, lot_id: int) -> dict[int, str]:
    """By `judge_id`, for the judges of a lot."""
    used = select(LotFruit.judge_id).where(LotFruit.lot_id == lot_id).distinct()
    rows = connection.execute(select(Judge.judge_id, Judge.model_id).where(Judge.judge_id.in_(used)))
    return {judge_id: model_id for judge_id, model_id in rows}


def _new_judges(connection: Connection, lot_id: int, rules: Rules) -> dict[int, int]:
    """For every judge of the lot the one with the same model and the new rules."""
    used = select(LotFruit.judge_id).where(LotFruit.lot_id == lot_id).distinct()
    judges = Judges()
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        found = session.scalars(select(Judge).where(Judge.judge_id.in_(used))).all()
        numbers = {
            row.judge_id: judges.number(
                session,
                replace(
                    JudgedBy.of(row),
                    standard_id=rules.standard_id,
                    standard_sha256=rules.standard_sha256,
                    sku_table_id=rules.sku_table_id,
                    sku_table_sha256=rules.sku_table_sha256,
                ),
            )
            for row in found
        }
        session.commit()
    return numbers
