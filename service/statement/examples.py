"""Pictures for a statement: some fruit that did not get the best class, each with what decided it."""

from __future__ import annotations

from dataclasses import dataclass

from grader.types import UNGRADED
from service.archive import Archive
from service.judging_rules import JudgingRules
from service.lots.decision_words import words_of_decision
from service.schemas import Language
from service.statement.content import Statement
from service.statement.sheet import name_of_class

OF_A_CLASS = 2
MOST = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One fruit. picture: name of its first view in the evidence folder. reasons: in words; empty where not known."""

    lot_fruit_id: int
    fruit_name: str
    grade_class: str
    picture: str
    reasons: tuple[str, ...]

    @property
    def caption(self) -> str:
        """Class and first reason."""
        return ": ".join((self.grade_class, *self.reasons[:1]))


def example_fruit(
    archive: Archive, judging: JudgingRules, statement: Statement, language: Language
) -> tuple[Example, ...]:
    """At most `OF_A_CLASS` of each class but the best, worst class first, `MOST` in all, of those that have a picture.

    Pictures are kept of doubtful fruit and of a random sample, so these are examples and not typical fruit.
    Raises StorageError.
    """
    below = [line.grade_class for line in statement.classes[1:] if line.grade_class != UNGRADED]
    lot_id = statement.lot.lot_id
    found: list[Example] = []
    for grade_class in reversed(below):
        for number, picture in archive.evidence.shown_of_class(lot_id, grade_class, limit=OF_A_CLASS):
            if len(found) == MOST or not archive.views.has(picture):
                continue
            fruit, decisions = archive.fruit.fruit(lot_id, number)
            words = words_of_decision(fruit, decisions, judging, language)
            found.append(
                Example(
                    lot_fruit_id=number,
                    fruit_name=fruit.fruit_name,
                    grade_class=name_of_class(grade_class, statement.standards, language),
                    picture=picture,
                    reasons=() if words is None else tuple(words.reasons),
                )
            )
    return tuple(found)
