"""Why each fruit of a lot has no better class: of every fruit one cause, the rule that set its class."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from grader.grade_columns import deciding_rules
from grader.packed_fruit import unpack_columns
from grader.rules import Standard
from grader.types import UNGRADED
from service.store.lot_reader import DecidedFruit


class CauseKind(StrEnum):
    """Who or what set a class."""

    RULE = "rule"
    PERSON = "person"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """rule: key of a rule of `standard_id`; both None unless `kind` is RULE."""

    kind: CauseKind
    standard_id: str | None = None
    rule: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LotRules:
    """The standard that decided on some fruit of a lot. standard: None where it is not on this computer any more.

    exact: it is the very file, by its hash; otherwise one of the same name.
    """

    standard_id: str
    standard: Standard | None
    exact: bool


def best_class(rules: LotRules | None) -> str | None:
    """The best class there is; None: not known."""
    return None if rules is None or rules.standard is None else rules.standard.class_ids[0]


def causes_of(fruit: Sequence[DecidedFruit], rules: Mapping[int, LotRules]) -> list[Cause | None]:
    """The cause of each fruit's class, in order; None: it has the best class, or went round again.

    What the machine decided says its reasons itself. What was decided again is read from the measurements, by the
    same rules: their results are equal. rules: by judge.
    """
    found = [_cause(one, rules.get(one.judge_id or 0)) for one in fruit]
    for judge_id, its_rules in rules.items():
        rows = [
            row
            for row, one in enumerate(fruit)
            if one.judge_id == judge_id and one.fruit is not None and found[row] == _NOT_KNOWN
        ]
        if rows and its_rules.exact:
            for row, cause in zip(rows, _read_again([fruit[row] for row in rows], its_rules), strict=True):
                found[row] = cause
    return found


_PERSON = Cause(kind=CauseKind.PERSON)
_NOT_KNOWN = Cause(kind=CauseKind.NOT_KNOWN)


def _cause(one: DecidedFruit, rules: LotRules | None) -> Cause | None:
    """NOT_KNOWN for what was decided again."""
    if one.again is not None or (rules is not None and one.grade_class == best_class(rules)):
        return None
    if one.why == "correction":
        return _PERSON
    if rules is None or one.record_json is None:
        return _NOT_KNOWN
    reasons = json.loads(one.record_json)["grade"]["reasons"]
    if not reasons or (reasons[0]["denies"] is None and one.grade_class != UNGRADED):
        return _NOT_KNOWN
    return Cause(kind=CauseKind.RULE, standard_id=rules.standard_id, rule=str(reasons[0]["rule"]))


def _read_again(fruit: Sequence[DecidedFruit], rules: LotRules) -> list[Cause]:
    standard = rules.standard
    assert standard is not None
    columns = unpack_columns(
        [one.crop or "" for one in fruit],
        [one.variety for one in fruit],
        [one.flags or "" for one in fruit],
        [one.fruit or b"" for one in fruit],
        [one.defects or b"" for one in fruit],
        standard.crop,
    )
    deciding = deciding_rules(columns, standard)
    causes = [Cause(kind=CauseKind.RULE, standard_id=rules.standard_id, rule=key) for key in deciding.keys]
    return [causes[index] if index >= 0 else _NOT_KNOWN for index in deciding.index.tolist()]
