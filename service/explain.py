"""A decision in words: the class, the standard and the reasons of one stored record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grader.rules import Names, Standard
from grader.types import REJECT, UNGRADED
from service.schemas import FruitTexts, Language

_OWN_CLASSES = {REJECT: Names(en="Reject", zh="等外"), UNGRADED: Names(en="Not graded", zh="未定级")}


def explain_record(
    record: Mapping[str, object], standards: Sequence[Standard], language: Language
) -> FruitTexts:
    """Words for `record` (schema fruit/1) in `language`. An unknown standard leaves its ids as they are."""
    grade = record["grade"]
    assert isinstance(grade, Mapping)
    standard = next((one for one in standards if one.standard_id == grade["standard_id"]), None)
    return FruitTexts(
        grade_class=class_name(str(grade["class"]), standard, language),
        standard=str(grade["standard_id"]) if standard is None else in_language(standard.names, language),
        reasons=[_reason(reason, standard, language) for reason in grade["reasons"]],
    )


def class_name(class_id: str, standard: Standard | None, language: Language) -> str:
    """The name of a class, such as "Class I"."""
    own = _OWN_CLASSES.get(class_id)
    if own is not None:
        return in_language(own, language)
    for grade_class in standard.classes if standard else ():
        if grade_class.class_id == class_id:
            return in_language(grade_class.names, language)
    return class_id


def in_language(names: Names, language: Language) -> str:
    """One of the two names."""
    return names.zh if language == "zh" else names.en


def _reason(reason: Mapping[str, object], standard: Standard | None, language: Language) -> str:
    return f"{reason['rule']}: {reason['value']} (limit {reason['limit']})"
