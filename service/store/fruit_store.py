"""Keeps the fruit of lots: adds many at once, reads pages, counts the packout."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from sqlalchemy import Engine, func, insert, select
from sqlalchemy.orm import Session

from grader.packed_fruit import pack_fruit
from grader.record import record_from_json
from service.errors import NotFoundError
from service.store.evidence_store import NewPicture, add_evidence
from service.store.json_text import json_text
from service.store.judges import JudgedBy, Judges
from service.store.lot_tables import FruitDecision, FruitRecordRow, Judge, LotFruit
from service.store.storage_errors import storage_errors

JsonObject = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLotFruit:
    """A fruit of a lot that was decided on a line. fruit_name: its id there. reason: why it went round again.

    record: schema `fruit/1`, None where nothing was judged; judged_by: what it was judged with, known where record is.
    pictures: views whose files are kept. audit: it belongs to the random sample that people judge too.
    """

    lot_id: int
    run_id: int
    lane: int
    fruit_name: str
    decided_at: datetime
    outlet: str
    late: bool
    reason: str | None
    record: JsonObject | None = None
    judged_by: JudgedBy | None = None
    pictures: tuple[NewPicture, ...] = ()
    audit: bool = False

    def __post_init__(self) -> None:
        if (self.record is None) != (self.judged_by is None):
            raise ValueError("expected record and judged_by together, got one of them")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLotFruit:
    """A fruit of a lot. grade_class, sku_code, size_code, confidence, review: of the newest decision; None where
    nothing was judged. record: as the machine decided it."""

    lot_fruit_id: int
    lot_id: int
    lane: int
    fruit_name: str
    decided_at: datetime
    outlet: str
    late: bool
    reason: str | None
    grade_class: str | None
    sku_code: str | None
    size_code: str | None
    confidence: float | None
    review: bool
    record: JsonObject | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDecision:
    """One decision on a fruit. why: `machine`, `regrade` or `correction`."""

    decision_id: int
    decided_at: datetime
    why: str
    grade_class: str
    sku_code: str
    size_code: str | None
    confidence: float
    review: bool
    judged_by: JudgedBy


@dataclass(frozen=True, slots=True, kw_only=True)
class LotFruitFilter:
    """Which fruit of a lot to list; None means any."""

    grade_class: str | None = None
    sku_code: str | None = None
    size_code: str | None = None
    review: bool | None = None
    fruit_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PackoutRow:
    """Fruit of one class, size and SKU that left for their outlet. weight_g: of the weighed ones together, in g."""

    grade_class: str
    size_code: str | None
    sku_code: str
    fruit: int
    weighed: int
    weight_g: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Packout:
    """A lot by class, size and SKU. again: fruit that went round again, by reason: they come back as further fruit."""

    rows: tuple[PackoutRow, ...]
    again: Mapping[str, int]


class FruitStore:
    """Fruit of lots in a database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._judges = Judges()
        self._writing = Lock()

    def add(self, fruit: Sequence[NewLotFruit]) -> tuple[int, ...]:
        """Store fruit whole, in one transaction; on return they are on disk. Gives their numbers, in order.

        Raises:
            RecordError: a record is no `fruit/1`. StorageFullError, StorageError. Nothing was stored.
        """
        if not fruit:
            return ()
        rows = [_fruit_row(one) for one in fruit]
        with self._writing, storage_errors(), Session(self._engine) as session, session.begin():
            self._judges.start()
            for row, one in zip(rows, fruit, strict=True):
                row["judge_id"] = (
                    None if one.judged_by is None else self._judges.number(session, one.judged_by)
                )
            numbers = tuple(
                session.scalars(
                    insert(LotFruit).returning(LotFruit.lot_fruit_id, sort_by_parameter_order=True), rows
                )
            )
            judged = [
                (number, row, one)
                for number, row, one in zip(numbers, rows, fruit, strict=True)
                if one.record is not None
            ]
            if judged:
                session.execute(
                    insert(FruitRecordRow),
                    [
                        {"lot_fruit_id": number, "record_json": json_text(one.record)}
                        for number, _, one in judged
                    ],
                )
                session.execute(
                    insert(FruitDecision),
                    [
                        {"lot_fruit_id": number, "why": "machine", **{key: row[key] for key in _DECISION}}
                        for number, row, _ in judged
                    ],
                )
            for number, one in zip(numbers, fruit, strict=True):
                if one.pictures or one.audit:
                    add_evidence(session, number, one.lot_id, one.pictures, audit=one.audit)
        self._judges.keep()
        return numbers

    def page(
        self, lot_id: int, wanted: LotFruitFilter, *, limit: int, before: int | None = None
    ) -> tuple[StoredLotFruit, ...]:
        """The newest fruit of a lot first, at most `limit`, only those with a number below `before`."""
        query = (
            select(LotFruit, FruitRecordRow.record_json)
            .outerjoin(FruitRecordRow, FruitRecordRow.lot_fruit_id == LotFruit.lot_fruit_id)
            .where(LotFruit.lot_id == lot_id)
            .order_by(LotFruit.lot_fruit_id.desc())
            .limit(limit)
        )
        if before is not None:
            query = query.where(LotFruit.lot_fruit_id < before)
        if wanted.grade_class is not None:
            query = query.where(LotFruit.grade_class == wanted.grade_class)
        if wanted.sku_code is not None:
            query = query.where(LotFruit.sku_code == wanted.sku_code)
        if wanted.size_code is not None:
            query = query.where(LotFruit.size_code == wanted.size_code)
        if wanted.review is not None:
            query = query.where(LotFruit.review if wanted.review else ~LotFruit.review)
        if wanted.fruit_name is not None:
            query = query.where(LotFruit.fruit_name == wanted.fruit_name)
        with storage_errors(), Session(self._engine) as session:
            return tuple(_stored_fruit(row, record) for row, record in session.execute(query))

    def fruit(self, lot_id: int, lot_fruit_id: int) -> tuple[StoredLotFruit, tuple[StoredDecision, ...]]:
        """One fruit of a lot and all decisions on it, oldest first. Raises NotFoundError, StorageError."""
        with storage_errors(), Session(self._engine) as session:
            row = session.get(LotFruit, lot_fruit_id)
            if row is None or row.lot_id != lot_id:
                raise NotFoundError(f"no fruit {lot_fruit_id} in lot {lot_id}")
            record = session.get(FruitRecordRow, lot_fruit_id)
            decisions = session.execute(
                select(FruitDecision, Judge)
                .join(Judge)
                .where(FruitDecision.lot_fruit_id == lot_fruit_id)
                .order_by(FruitDecision.decision_id)
            )
            return (
                _stored_fruit(row, None if record is None else record.record_json),
                tuple(_stored_decision(decision, judge) for decision, judge in decisions),
            )

    def of_numbers(self, lot_fruit_ids: Sequence[int]) -> tuple[StoredLotFruit, ...]:
        """These fruit with their records, by number; those that are not there are left out. Raises StorageError."""
        query = (
            select(LotFruit, FruitRecordRow.record_json)
            .outerjoin(FruitRecordRow)
            .where(LotFruit.lot_fruit_id.in_(lot_fruit_ids))
            .order_by(LotFruit.lot_fruit_id)
        )
        with storage_errors(), Session(self._engine) as session:
            return tuple(_stored_fruit(row, record) for row, record in session.execute(query))

    def packout(self, lot_id: int) -> Packout:
        """The lot by class, size and SKU, by the newest decision on each fruit. Raises StorageError."""
        groups = (LotFruit.reason, LotFruit.grade_class, LotFruit.size_code, LotFruit.sku_code)
        query = (
            select(*groups, func.count(), func.count(LotFruit.weight_g), func.sum(LotFruit.weight_g))
            .where(LotFruit.lot_id == lot_id)
            .group_by(*groups)
        )
        rows: list[PackoutRow] = []
        again: dict[str, int] = {}
        with storage_errors(), self._engine.connect() as connection:
            for reason, grade_class, size_code, sku_code, count, weighed, weight_g in connection.execute(
                query
            ):
                if reason is not None:
                    again[reason] = again.get(reason, 0) + count
                else:
                    rows.append(
                        PackoutRow(
                            grade_class=str(grade_class),
                            size_code=size_code,
                            sku_code=str(sku_code),
                            fruit=count,
                            weighed=weighed,
                            weight_g=weight_g or 0.0,
                        )
                    )
        rows.sort(key=lambda row: (row.grade_class, row.size_code or "", row.sku_code))
        return Packout(rows=tuple(rows), again=dict(sorted(again.items())))

    def judged_by(self, lot_id: int) -> tuple[JudgedBy, ...]:
        """What the newest decisions on a lot rest on. Raises StorageError."""
        query = select(Judge).where(
            Judge.judge_id.in_(select(LotFruit.judge_id).where(LotFruit.lot_id == lot_id).distinct())
        )
        with storage_errors(), Session(self._engine) as session:
            return tuple(JudgedBy.of(row) for row in session.scalars(query.order_by(Judge.judge_id)))


_DECISION = ("decided_at", "grade_class", "sku_code", "size_code", "confidence", "review", "judge_id")
_NOTHING_JUDGED: dict[str, object] = {
    "crop": None,
    "variety": None,
    "quality_flags": None,
    "diameter_mm": None,
    "weight_g": None,
    "measured": None,
    "measured_defects": None,
    "grade_class": None,
    "sku_code": None,
    "size_code": None,
    "confidence": None,
    "review": False,
}


def _fruit_row(fruit: NewLotFruit) -> dict[str, object]:
    row: dict[str, object] = {
        "lot_id": fruit.lot_id,
        "run_id": fruit.run_id,
        "lane": fruit.lane,
        "fruit_name": fruit.fruit_name,
        "decided_at": fruit.decided_at,
        "outlet": fruit.outlet,
        "late": fruit.late,
        "reason": fruit.reason,
    }
    if fruit.record is None:
        return row | _NOTHING_JUDGED
    record = record_from_json(fruit.record)
    size, packed = record.measurement.size, pack_fruit(record.measurement)
    return row | {
        "crop": packed.crop,
        "variety": packed.variety,
        "quality_flags": packed.flags,
        "diameter_mm": None if size.equatorial_diameter_mm is None else size.equatorial_diameter_mm.value,
        "weight_g": None if size.weight_g is None else size.weight_g.value,
        "measured": packed.fruit,
        "measured_defects": packed.defects,
        "grade_class": record.grade.grade_class,
        "sku_code": record.sku.code,
        "size_code": record.sku.size_code,
        "confidence": record.grade.confidence,
        "review": record.grade.review,
    }


def _stored_fruit(row: LotFruit, record_json: str | None) -> StoredLotFruit:
    return StoredLotFruit(
        lot_fruit_id=row.lot_fruit_id,
        lot_id=row.lot_id,
        lane=row.lane,
        fruit_name=row.fruit_name,
        decided_at=row.decided_at,
        outlet=row.outlet,
        late=row.late,
        reason=row.reason,
        grade_class=row.grade_class,
        sku_code=row.sku_code,
        size_code=row.size_code,
        confidence=row.confidence,
        review=row.review,
        record=None if record_json is None else json.loads(record_json),
    )


def _stored_decision(row: FruitDecision, judge: Judge) -> StoredDecision:
    return StoredDecision(
        decision_id=row.decision_id,
        decided_at=row.decided_at,
        why=row.why,
        grade_class=row.grade_class,
        sku_code=row.sku_code,
        size_code=row.size_code,
        confidence=row.confidence,
        review=row.review,
        judged_by=JudgedBy.of(judge),
    )
