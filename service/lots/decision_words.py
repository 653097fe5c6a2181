"""The newest decision of rules on a stored fruit, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from grader.errors import UnknownVersionError
from grader.grade import decide_grade
from grader.record import record_from_json, record_to_json
from grader.rules import Standard
from service.explain import explain_record
from service.judging_rules import JudgingRules
from service.schemas import FruitTexts, Language
from service.store.fruit_store import StoredDecision, StoredLotFruit


def newest_by_rules(decisions: Sequence[StoredDecision]) -> StoredDecision | None:
    """The last one that no person made."""
    return next((one for one in reversed(decisions) if one.why != "correction"), None)


def words_of_decision(
    fruit: StoredLotFruit, decisions: Sequence[StoredDecision], judging: JudgingRules, language: Language
) -> FruitTexts | None:
    """Of the machine's decision as it was recorded, of a later one as its rules give it again; None: not known here."""
    newest = newest_by_rules(decisions)
    if fruit.record is None or newest is None:
        return None
    exact = exact_standard(newest, judging)
    named = exact or judging.of_name(newest.judged_by.standard_id)
    if newest.why == "machine":
        return explain_record(fruit.record, () if named is None else (named,), language)
    if exact is None:
        return None
    record = record_from_json(fruit.record)
    grade = decide_grade(record.measurement, exact, allow_draft=True)
    return explain_record(record_to_json(replace(record, grade=grade)), (exact,), language)


def exact_standard(decision: StoredDecision, judging: JudgingRules) -> Standard | None:
    """The very standard that decided, by its hash; None: it is not here any more."""
    try:
        return judging.standard(decision.judged_by)
    except UnknownVersionError:
        return None
