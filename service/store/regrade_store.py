"""Reads the measurements of a lot by the ten thousand, and adds the decisions that were made on them anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Select, exists, func, insert, select, update
from sqlalchemy.orm import Session

from service.errors import BadFruitError
from service.store.judges import JudgedBy, Judges
from service.store.lot_tables import Correction, FruitDecision, Judge, LotFruit
from service.store.storage_errors import storage_errors

ROWS = 65_536
"""Fruit that are in memory at once: some 50 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRows:
    """Stored fruit, in order; all of one length. crops to defects: as in `grader.packed_fruit.PackedFruit`.

    classes, skus, outlet of the newest decision.
    """

    numbers: Sequence[int]
    crops: Sequence[str]
    varieties: Sequence[str | None]
    flags: Sequence[str]
    fruit: Sequence[bytes]
    defects: Sequence[bytes]
    classes: Sequence[str]
    skus: Sequence[str]

    def __len__(self) -> int:
        return len(self.numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class LotsState:
    """Tells whether lots have changed: fruit and corrections are only ever added. corrections: corrected fruit."""

    newest_fruit: int
    corrections: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDecisions:
    """Decisions on `MeasuredRows`, in their order."""

    classes: Sequence[str]
    skus: Sequence[str]
    sizes: Sequence[str | None]
    confidences: Sequence[float]
    reviews: Sequence[bool]


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
            first = connection.scalar(select(func.coalesce(func.max(FruitDecision.decision_id), 0))) or 0
            last = 0
            query = _judged([lot_id]).add_columns(LotFruit.judge_id).limit(ROWS)
            while found := connection.execute(query.where(LotFruit.lot_fruit_id > last)).all():
                rows = _rows([row[:-1] for row in found])
                judge_ids = [row[-1] for row in found]
                decided = decide(rows)
                if apply is not None:
                    _add(connection, rows, decided, [judges[judge] for judge in judge_ids], at)
                last = rows.numbers[-1]
            if apply is not None:
                _make_newest(connection, lot_id, first)
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
            found = connection.execute(_judged(lot_ids).limit(most + 1)).all()
        if len(found) > most:
            raise BadFruitError(f"fruit: expected at most {most:,} of all lots together, got more")
        return _rows(found)


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


def _rows(found: Sequence[Sequence[Any]]) -> MeasuredRows:
    columns = list(zip(*found, strict=True)) or [()] * 8
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


def _add(
    connection: Connection,
    rows: MeasuredRows,
    decided: NewDecisions,
    judge_ids: Sequence[int],
    at: datetime,
) -> None:
    new = zip(
        rows.numbers,
        decided.classes,
        decided.skus,
        decided.sizes,
        decided.confidences,
        decided.reviews,
        judge_ids,
        strict=True,
    )
    connection.execute(
        insert(FruitDecision),
        [
            {
                "lot_fruit_id": number,
                "decided_at": at,
                "why": "regrade",
                "grade_class": grade_class,
                "sku_code": sku,
                "size_code": size,
                "confidence": confidence,
                "review": review,
                "judge_id": judge,
            }
            for number, grade_class, sku, size, confidence, review, judge in new
        ],
    )


def _make_newest(connection: Connection, lot_id: int, first: int) -> None:
    """The decisions after number `first` are the newest of their fruit."""
    connection.execute(
        update(LotFruit)
        .where(
            LotFruit.lot_id == lot_id,
            FruitDecision.lot_fruit_id == LotFruit.lot_fruit_id,
            FruitDecision.decision_id > first,
            FruitDecision.why == "regrade",
            ~exists().where(Correction.lot_fruit_id == LotFruit.lot_fruit_id),  # one may have come meanwhile
        )
        .values(
            grade_class=FruitDecision.grade_class,
            sku_code=FruitDecision.sku_code,
            size_code=FruitDecision.size_code,
            confidence=FruitDecision.confidence,
            review=FruitDecision.review,
            judge_id=FruitDecision.judge_id,
        )
        .execution_options(synchronize_session=False)
    )
