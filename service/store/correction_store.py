"""Adds what people answer: correction, decision and newest state of a fruit in one transaction, all or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from service.errors import ConflictError
from service.store.json_text import json_text
from service.store.judges import JudgedBy, Judges
from service.store.lot_tables import Correction, FruitDecision, LotFruit
from service.store.review_store import UNDO, FruitState, ReviewFruit, StoredAnswer, load_fruit, stored_answer
from service.store.review_tables import FruitAudit, ReviewAnswer
from service.store.storage_errors import storage_errors

JsonObject = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAnswer:
    """What a person answered. key: of this answer alone. seen: how many corrections of the fruit the person knew.

    lot: code of the lot that the person had in mind, None: any. asked: the whole answer as it came in, with `marks`.
    """

    lot_fruit_id: int
    key: str
    answer: str
    seen: int
    lot: str | None
    who: str
    at: datetime
    note: str
    asked: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an answer makes of a fruit. person_class: None where the person could not tell."""

    state: FruitState
    person_class: str | None


Decide = Callable[[ReviewFruit], Outcome]


class CorrectionStore:
    """Corrections in a database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, new: NewAnswer, decide: Decide) -> StoredAnswer:
        """Store an answer; the same one again changes nothing and gives what is stored.

        decide: what a fruit becomes by it; not asked for `undo`, which restores what was before the answer before.

        Raises:
            NotFoundError: there is no such judged fruit.
            ConflictError: somebody was quicker, the fruit is of another lot, the key is of another answer, or there
            is nothing to take back. StorageError, and what `decide` raises. Nothing was stored.
        """
        with storage_errors(), Session(self._engine) as session, session.begin():
            if self._engine.dialect.name == "sqlite":
                session.connection().exec_driver_sql(
                    "BEGIN IMMEDIATE"
                )  # what is read here is what is answered
            fruit = load_fruit(session, new.lot_fruit_id, lock=True)
            known = _known(session, new)
            if known is not None:
                return known
            _check(fruit, new)
            outcome = _before_last(session, fruit) if new.answer == UNDO else decide(fruit)
            return _add(session, fruit, new, outcome)


def _known(session: Session, new: NewAnswer) -> StoredAnswer | None:
    """The stored answer of this key."""
    found = session.execute(
        select(Correction, ReviewAnswer)
        .join(ReviewAnswer, ReviewAnswer.correction_id == Correction.correction_id)
        .where(ReviewAnswer.answer_key == new.key)
    ).first()
    if found is None:
        return None
    known = stored_answer(*found)
    if known.lot_fruit_id != new.lot_fruit_id or known.asked != new.asked:
        raise ConflictError(
            f"key: expected a new one, {new.key} is that of the answer {known.answer!r} to fruit {known.lot_fruit_id}"
        )
    return known


def _check(fruit: ReviewFruit, new: NewAnswer) -> None:
    if new.lot is not None and new.lot != fruit.lot_code:
        raise ConflictError(
            f"fruit {fruit.lot_fruit_id}: expected one of lot {new.lot}, it belongs to lot {fruit.lot_code}"
        )
    if new.seen != fruit.corrections:
        last = fruit.answers[-1] if fruit.answers else None
        told = "" if last is None else f"; {last.who} answered {_spoken(last)} at {last.at:%H:%M:%S} UTC"
        raise ConflictError(
            f"fruit {fruit.lot_fruit_id}: expected {new.seen} answers before this one, there are "
            f"{fruit.corrections}{told}"
        )
    if new.answer == UNDO and (not fruit.answers or fruit.answers[-1].answer == UNDO):
        raise ConflictError(f"fruit {fruit.lot_fruit_id}: expected an answer to take back, there is none")


def _spoken(answer: StoredAnswer) -> str:
    return answer.person_class or answer.answer.replace("_", " ")


def _before_last(session: Session, fruit: ReviewFruit) -> Outcome:
    """As it was before the last answer."""
    text = session.scalar(
        select(Correction.before_json).where(
            Correction.lot_fruit_id == fruit.lot_fruit_id, Correction.number == fruit.corrections
        )
    )
    before = json.loads(text or "{}")
    state = {field.name: before[field.name] for field in fields(FruitState)}
    return Outcome(
        state=FruitState(**{**state, "judged_by": JudgedBy(**state["judged_by"])}), person_class=None
    )


def _add(session: Session, fruit: ReviewFruit, new: NewAnswer, outcome: Outcome) -> StoredAnswer:
    state = outcome.state
    correction = Correction(
        lot_fruit_id=fruit.lot_fruit_id,
        number=fruit.corrections + 1,
        who=new.who[:120],
        corrected_at=new.at,
        before_json=json_text(asdict(fruit.state)),
        after_json=json_text({**asdict(state), "asked": dict(new.asked)}),
        why=new.note,
    )
    session.add(correction)
    session.flush()
    answer = ReviewAnswer(
        correction_id=correction.correction_id,
        lot_fruit_id=fruit.lot_fruit_id,
        answer_key=new.key,
        answer=new.answer,
        blind=fruit.blind,
        machine_class=fruit.machine_class,
        person_class=outcome.person_class,
    )
    decided = {
        "grade_class": state.grade_class,
        "sku_code": state.sku_code,
        "size_code": state.size_code,
        "confidence": state.confidence,
        "review": state.review,
        "judge_id": Judges().number(session, state.judged_by),
    }
    session.add(answer)
    session.add(
        FruitDecision(lot_fruit_id=fruit.lot_fruit_id, decided_at=new.at, why="correction", **decided)
    )
    session.execute(update(LotFruit).where(LotFruit.lot_fruit_id == fruit.lot_fruit_id).values(**decided))
    session.execute(
        update(FruitAudit)
        .where(FruitAudit.lot_fruit_id == fruit.lot_fruit_id)
        .values(open=new.answer == UNDO and len(fruit.standing) == 1)
    )
    session.flush()
    return stored_answer(correction, answer)
