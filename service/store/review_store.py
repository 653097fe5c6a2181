"""The queue of the review: which fruit wait for a person, the oldest first, and everything that is known of one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from heapq import merge

from sqlalchemy import ColumnElement, Engine, func, select, text
from sqlalchemy.orm import Session, aliased

from service.errors import NotFoundError
from service.store.judges import JudgedBy
from service.store.lot_tables import Correction, FruitDecision, FruitRecordRow, Judge, Lot, LotFruit
from service.store.review_tables import FruitAudit, ReviewAnswer
from service.store.storage_errors import storage_errors

JsonObject = Mapping[str, object]
UNDO = "undo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How many fruit wait. doubtful: without those of the random sample, which stay blind."""

    doubtful: int
    audit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FruitState:
    """What is decided on a fruit now. confidence: 0-1."""

    grade_class: str
    sku_code: str
    size_code: str | None
    confidence: float
    review: bool
    judged_by: JudgedBy


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnswer:
    """What a person answered. number: 1, 2 ... of the fruit. marks: as they were drawn, in px of the views.

    blind: the machine's class was not shown. machine_class: what the rules had decided. person_class: None where the
    person could not tell or took the answer before back. asked: the answer as it came in.
    """

    lot_fruit_id: int
    number: int
    key: str
    who: str
    at: datetime
    answer: str
    blind: bool
    machine_class: str
    person_class: str | None
    note: str
    marks: tuple[JsonObject, ...]
    asked: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewFruit:
    """A judged fruit of a lot with all answers on it, oldest first.

    corrections: how many there are. state: the newest decision; machine_class: that of the rules. blind: it belongs to
    the random sample and nobody has answered yet: its class and measures are not to be shown.
    """

    lot_fruit_id: int
    lot_id: int
    lot_code: str
    lane: int
    fruit_name: str
    decided_at: datetime
    state: FruitState
    machine_class: str
    record: JsonObject
    audited: bool
    blind: bool
    corrections: int
    answers: tuple[StoredAnswer, ...]

    @property
    def standing(self) -> tuple[StoredAnswer, ...]:
        """The answers that were not taken back, oldest first."""
        left: list[StoredAnswer] = []
        for answer in self.answers:
            if answer.answer != UNDO:
                left.append(answer)
            elif left:
                left.pop()
        return tuple(left)


class ReviewStore:
    """The queue in a database. Both parts are read from indexes that hold nothing but fruit that wait."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def waiting(self, lot_id: int | None = None) -> Waiting:
        """How many fruit wait, of a lot or of all. Raises StorageError."""
        with storage_errors(), Session(self._engine) as session:
            doubtful = session.scalar(
                select(func.count()).select_from(LotFruit).where(*_doubtful(lot_id, with_audits=True))
            )
            both = session.scalar(
                select(func.count())
                .select_from(FruitAudit)
                .join(LotFruit, LotFruit.lot_fruit_id == FruitAudit.lot_fruit_id)
                .where(*_audits(lot_id), text("lot_fruit.review"))
            )
            audit = session.scalar(select(func.count()).select_from(FruitAudit).where(*_audits(lot_id)))
        return Waiting(doubtful=(doubtful or 0) - (both or 0), audit=audit or 0)

    def next(self, kind: str, lot_id: int | None, *, after: int, limit: int) -> tuple[int, ...]:
        """Numbers of fruit that wait, oldest first, at most `limit`, only those above `after`.

        kind: `doubtful`, `audit` (the random sample) or `all`. Raises StorageError.
        """
        doubtful = (
            select(LotFruit.lot_fruit_id)
            .where(*_doubtful(lot_id), LotFruit.lot_fruit_id > after)
            .order_by(LotFruit.lot_fruit_id)
            .limit(limit)
        )
        audits = (
            select(FruitAudit.lot_fruit_id)
            .where(*_audits(lot_id), FruitAudit.lot_fruit_id > after)
            .order_by(FruitAudit.lot_fruit_id)
            .limit(limit)
        )
        with storage_errors(), Session(self._engine) as session:
            first = [] if kind == "audit" else session.scalars(doubtful).all()
            second = [] if kind == "doubtful" else session.scalars(audits).all()
        return tuple(merge(first, second))[:limit]

    def fruit(self, lot_fruit_id: int) -> ReviewFruit:
        """One fruit. Raises NotFoundError: there is none of this number, or nothing was judged of it. StorageError."""
        with storage_errors(), Session(self._engine) as session:
            return load_fruit(session, lot_fruit_id)

    def agreement(self, lot_id: int | None = None) -> dict[tuple[str, str | None], int]:
        """Of blind answers that were not taken back: how many by class of the machine and of the person.

        None: the person could not tell. Raises StorageError.
        """
        second = aliased(ReviewAnswer)  # a blind answer is the first one of its fruit
        taken_back = (
            select(Correction.correction_id)
            .join(second, second.correction_id == Correction.correction_id)
            .where(
                Correction.lot_fruit_id == ReviewAnswer.lot_fruit_id,
                Correction.number == 2,
                second.answer == UNDO,
            )
            .exists()
        )
        query = (
            select(ReviewAnswer.machine_class, ReviewAnswer.person_class, func.count())
            .where(ReviewAnswer.blind, ~taken_back)
            .group_by(ReviewAnswer.machine_class, ReviewAnswer.person_class)
        )
        if lot_id is not None:
            query = query.join(LotFruit, LotFruit.lot_fruit_id == ReviewAnswer.lot_fruit_id)
            query = query.where(LotFruit.lot_id == lot_id)
        with storage_errors(), Session(self._engine) as session:
            return {(machine, person): count for machine, person, count in session.execute(query)}

    def answered(self) -> tuple[int, ...]:
        """Fruit that a person ever answered, in order. Raises StorageError."""
        query = select(ReviewAnswer.lot_fruit_id).distinct().order_by(ReviewAnswer.lot_fruit_id)
        with storage_errors(), Session(self._engine) as session:
            return tuple(session.scalars(query))


def load_fruit(session: Session, lot_fruit_id: int, *, lock: bool = False) -> ReviewFruit:
    """One fruit. lock: nobody else may answer it until the transaction ends. Raises NotFoundError."""
    query = (
        select(LotFruit, Lot.code, Judge, FruitRecordRow.record_json)
        .join(Lot, Lot.lot_id == LotFruit.lot_id)
        .join(Judge, Judge.judge_id == LotFruit.judge_id)
        .join(FruitRecordRow, FruitRecordRow.lot_fruit_id == LotFruit.lot_fruit_id)
        .where(LotFruit.lot_fruit_id == lot_fruit_id)
    )
    if lock:  # first of all: what is read after it is what the others left
        session.execute(
            select(LotFruit.lot_fruit_id).where(LotFruit.lot_fruit_id == lot_fruit_id).with_for_update()
        )
    found = session.execute(query).first()
    if found is None:
        raise NotFoundError(f"no judged fruit {lot_fruit_id} here")
    row, lot_code, judge, record_json = found
    machine_class = session.scalar(
        select(FruitDecision.grade_class)
        .where(FruitDecision.lot_fruit_id == lot_fruit_id, FruitDecision.why != "correction")
        .order_by(FruitDecision.decision_id.desc())
        .limit(1)
    )
    corrections = session.scalar(
        select(func.count()).select_from(Correction).where(Correction.lot_fruit_id == lot_fruit_id)
    )
    audit = session.get(FruitAudit, lot_fruit_id)
    answers = session.execute(
        select(Correction, ReviewAnswer)
        .join(ReviewAnswer, ReviewAnswer.correction_id == Correction.correction_id)
        .where(Correction.lot_fruit_id == lot_fruit_id)
        .order_by(Correction.number)
    )
    return ReviewFruit(
        lot_fruit_id=row.lot_fruit_id,
        lot_id=row.lot_id,
        lot_code=lot_code,
        lane=row.lane,
        fruit_name=row.fruit_name,
        decided_at=row.decided_at,
        state=FruitState(
            grade_class=row.grade_class or "",
            sku_code=row.sku_code or "",
            size_code=row.size_code,
            confidence=row.confidence or 0.0,
            review=row.review,
            judged_by=JudgedBy.of(judge),
        ),
        machine_class=machine_class or row.grade_class or "",
        record=json.loads(record_json),
        audited=audit is not None,
        blind=audit is not None and audit.open and not corrections,
        corrections=corrections or 0,
        answers=tuple(stored_answer(correction, answer) for correction, answer in answers),
    )


def stored_answer(row: Correction, answer: ReviewAnswer) -> StoredAnswer:
    """As it is in the database."""
    asked = json.loads(row.after_json)["asked"]
    return StoredAnswer(
        lot_fruit_id=row.lot_fruit_id,
        number=row.number,
        key=answer.answer_key,
        who=row.who,
        at=row.corrected_at,
        answer=answer.answer,
        blind=answer.blind,
        machine_class=answer.machine_class,
        person_class=answer.person_class,
        note=row.why,
        marks=tuple(asked["marks"]),
        asked=asked,
    )


def _doubtful(lot_id: int | None, *, with_audits: bool = False) -> list[ColumnElement[bool]]:
    """Spelled as the partial indexes are: SQLite would not use them for `review = 1`."""
    conditions: list[ColumnElement[bool]] = [text("lot_fruit.review")]  # type: ignore[list-item]
    if not with_audits:
        audited = select(FruitAudit.lot_fruit_id).where(
            FruitAudit.lot_fruit_id == LotFruit.lot_fruit_id, text("fruit_audit.open")
        )
        conditions.append(~audited.exists())
    return conditions if lot_id is None else [*conditions, LotFruit.lot_id == lot_id]


def _audits(lot_id: int | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [text("fruit_audit.open")]  # type: ignore[list-item]
    return conditions if lot_id is None else [*conditions, FruitAudit.lot_id == lot_id]
