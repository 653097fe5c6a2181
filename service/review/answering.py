"""What an answer makes of a fruit. Pure, but for the SKU table, which is looked up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from grader.record import record_from_json
from grader.rules import Standard
from grader.sku import assign_sku
from grader.sku_table import SkuTable
from grader.types import REJECT, UNGRADED
from service.errors import ConflictError, ReviewError
from service.store.correction_store import Outcome
from service.store.judges import JudgedBy
from service.store.review_store import ReviewFruit

CONFIRM, CHANGE, CANNOT_TELL = "confirm", "change", "cannot_tell"


def classes_of(standard_id: str, standards: Sequence[Standard]) -> tuple[str, ...]:
    """Classes that a person may give, best first; empty where the standard is not installed any more."""
    found = next((one for one in standards if one.standard_id == standard_id), None)
    return () if found is None else (*found.class_ids, REJECT)


def decide_answer(
    fruit: ReviewFruit,
    answer: str,
    grade_class: str | None,
    classes: Sequence[str],
    table_of: Callable[[JudgedBy], SkuTable],
) -> Outcome:
    """What `fruit` becomes.

    answer: `confirm`, `change` (to `grade_class`, one of `classes`) or `cannot_tell`: the decision stays, and nobody
    is asked again.

    Raises:
        ReviewError: the class is not one of the standard, or is missing. ConflictError: a fruit that is judged blind is
        confirmed.
    """
    if answer == CANNOT_TELL:
        return Outcome(state=replace(fruit.state, review=False), person_class=None)
    if answer == CONFIRM:
        if fruit.blind:
            raise ConflictError(
                f"fruit {fruit.lot_fruit_id}: expected a class, for it is judged blind, got {answer!r}"
            )
        if fruit.state.grade_class == UNGRADED:
            raise ReviewError(
                f"class: expected one of {', '.join(classes)}, the machine gave none to confirm"
            )
        return _stays(fruit)
    if grade_class is None or grade_class not in classes:
        known = ", ".join(classes) or "a standard that is installed"
        raise ReviewError(f"class: expected one of {known}, got {grade_class!r}")
    if grade_class == fruit.state.grade_class:
        return _stays(fruit)
    record, table = record_from_json(fruit.record), table_of(fruit.state.judged_by)
    sku = assign_sku(record.measurement, replace(record.grade, grade_class=grade_class), table)
    return Outcome(
        state=replace(
            fruit.state,
            grade_class=grade_class,
            sku_code=sku.code,
            size_code=sku.size_code,
            confidence=1.0,
            review=False,
            judged_by=replace(fruit.state.judged_by, sku_table_sha256=table.sha256),
        ),
        person_class=grade_class,
    )


def _stays(fruit: ReviewFruit) -> Outcome:
    state = replace(fruit.state, confidence=1.0, review=False)
    return Outcome(state=state, person_class=state.grade_class)
