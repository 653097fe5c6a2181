"""Questions about whole lots that pages and statements ask: classes of many, the time line, all decisions of one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Engine, Select, and_, case, func, literal_column, select
from sqlalchemy.orm import Session

from service.errors import NotFoundError
from service.store.judges import JudgedBy
from service.store.lot_tables import Correction, FruitDecision, FruitRecordRow, Grower, Judge, Lot, LotFruit
from service.store.storage_errors import storage_errors

CHUNK_ROWS = 8_192
"""Fruit that are in memory at once: some 20 MB with their records."""
_MINUTE = "%Y-%m-%d %H:%M"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredGrower:
    """A grower. lots: how many; last_lot_id: the newest of them."""

    grower_id: int
    name: str
    lots: int
    last_lot_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassCount:
    """Fruit of one class of one lot that left for their outlet. weight_g: of the `weighed` ones together."""

    lot_id: int
    grade_class: str
    fruit: int
    weighed: int
    weight_g: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MinuteCount:
    """Fruit decided within one minute. at: its beginning. grade_class: None for fruit that went round again."""

    at: datetime
    grade_class: str | None
    fruit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCorrection:
    """What a person changed of a fruit, as far as a list of decisions shows it."""

    who: str
    corrected_at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class DecidedFruit:
    """One fruit of a lot with its newest decision. again: why it went round again; None: it left for its outlet.

    judge_id to size_code are None where nothing was judged. why: of the newest decision. record_json: only where the
    machine decided and the class was not left out. crop to defects: as in `grader.packed_fruit.PackedFruit`, only
    where the newest decision is a `regrade`.
    """

    again: str | None
    judge_id: int | None
    grade_class: str | None
    sku_code: str | None
    size_code: str | None
    weight_g: float | None
    why: str | None
    record_json: str | None
    crop: str | None
    variety: str | None
    flags: str | None
    fruit: bytes | None
    defects: bytes | None


class LotReader:
    """Reads a database of lots; writes nothing."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def growers(self) -> tuple[StoredGrower, ...]:
        """Every grower, by name. Raises StorageError."""
        with storage_errors(), self._engine.connect() as connection:
            return tuple(
                StoredGrower(grower_id=row[0], name=row[1], lots=row[2], last_lot_id=row[3])
                for row in connection.execute(_growers().order_by(Grower.name))
            )

    def grower(self, grower_id: int) -> StoredGrower:
        """One grower. Raises NotFoundError, StorageError."""
        with storage_errors(), self._engine.connect() as connection:
            row = connection.execute(_growers().where(Grower.grower_id == grower_id)).one_or_none()
        if row is None:
            raise NotFoundError(f"no grower {grower_id}")
        return StoredGrower(grower_id=row[0], name=row[1], lots=row[2], last_lot_id=row[3])

    def classes(self, lot_ids: Collection[int]) -> tuple[ClassCount, ...]:
        """What left for its outlet, of every lot by class. Raises StorageError."""
        query = (
            select(
                LotFruit.lot_id,
                LotFruit.grade_class,
                func.count(),
                func.count(LotFruit.weight_g),
                func.sum(LotFruit.weight_g),
            )
            .where(LotFruit.lot_id.in_(lot_ids), LotFruit.reason.is_(None))
            .group_by(LotFruit.lot_id, LotFruit.grade_class)
        )
        with storage_errors(), self._engine.connect() as connection:
            return tuple(
                ClassCount(
                    lot_id=row[0],
                    grade_class=str(row[1]),
                    fruit=row[2],
                    weighed=row[3],
                    weight_g=row[4] or 0.0,
                )
                for row in connection.execute(query)
            )

    def minutes(self, lot_id: int) -> tuple[MinuteCount, ...]:
        """A lot by minute and class, the oldest first. Raises StorageError."""
        minute = self._minute()
        left = case((LotFruit.reason.is_(None), LotFruit.grade_class))
        query = (
            select(minute, left, func.count())
            .where(LotFruit.lot_id == lot_id)
            .group_by(minute, left)
            .order_by(minute)
        )
        with storage_errors(), self._engine.connect() as connection:
            return tuple(
                MinuteCount(
                    at=datetime.strptime(row[0], _MINUTE).replace(tzinfo=UTC),
                    grade_class=row[1],
                    fruit=row[2],
                )
                for row in connection.execute(query)
            )

    def judges(self, lot_id: int) -> dict[int, JudgedBy]:
        """What the newest decisions on a lot rest on, by the number of the judge. Raises StorageError."""
        query = select(Judge).where(
            Judge.judge_id.in_(select(LotFruit.judge_id).where(LotFruit.lot_id == lot_id).distinct())
        )
        with storage_errors(), Session(self._engine) as session:
            return {row.judge_id: JudgedBy.of(row) for row in session.scalars(query.order_by(Judge.judge_id))}

    def decided(self, lot_id: int, *, without_record: Collection[str]) -> Iterator[Sequence[DecidedFruit]]:
        """Every fruit of a lot in the order of storing, as it was at one moment, in parts.

        without_record: classes whose records are not asked for.

        Raises:
            StorageError
        """
        newest = (
            select(FruitDecision.why)
            .where(FruitDecision.lot_fruit_id == LotFruit.lot_fruit_id)
            .order_by(FruitDecision.decision_id.desc())
            .limit(1)
            .correlate(LotFruit)
            .scalar_subquery()
        )
        inner = select(LotFruit, newest.label("why")).where(LotFruit.lot_id == lot_id).subquery("fruit")
        left = inner.c
        machine = and_(left.reason.is_(None), left.why == "machine", left.grade_class.not_in(without_record))
        record = (
            select(FruitRecordRow.record_json)
            .where(FruitRecordRow.lot_fruit_id == left.lot_fruit_id)
            .scalar_subquery()
        )
        regraded = and_(left.reason.is_(None), left.why == "regrade")
        query = select(
            left.reason,
            left.judge_id,
            left.grade_class,
            left.sku_code,
            left.size_code,
            left.weight_g,
            left.why,
            case((machine, record)),
            *(
                case((regraded, column))
                for column in (
                    left.crop,
                    left.variety,
                    left.quality_flags,
                    left.measured,
                    left.measured_defects,
                )
            ),
        ).order_by(left.lot_fruit_id)
        with storage_errors(), self._engine.connect() as connection:
            found = connection.execution_options(yield_per=CHUNK_ROWS).execute(query)
            for part in found.partitions():
                yield [DecidedFruit(*row) for row in part]

    def corrections(self, lot_fruit_id: int) -> tuple[StoredCorrection, ...]:
        """What people changed of a fruit, oldest first. Raises StorageError."""
        query = (
            select(Correction.who, Correction.corrected_at, Correction.why)
            .where(Correction.lot_fruit_id == lot_fruit_id)
            .order_by(Correction.number)
        )
        with storage_errors(), self._engine.connect() as connection:
            return tuple(
                StoredCorrection(who=row[0], corrected_at=row[1], why=row[2])
                for row in connection.execute(query)
            )

    def _minute(self) -> ColumnElement[str]:
        """`2026-11-22 08:30` of a fruit, in UTC."""
        if self._engine.dialect.name == "sqlite":
            return func.substr(literal_column("decided_at"), 1, 16)
        return func.to_char(func.timezone("UTC", LotFruit.decided_at), literal_column("'YYYY-MM-DD HH24:MI'"))


def _growers() -> Select[int, str, int, int]:
    return (
        select(Grower.grower_id, Grower.name, func.count(Lot.lot_id), func.max(Lot.lot_id))
        .outerjoin(Lot)
        .group_by(Grower.grower_id, Grower.name)
    )
