"""A decision in words: the class, the standard and the reasons of one stored record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grader.reason_text import class_name, reason_text
from grader.record import record_from_json
from grader.rules import Standard
from service.schemas import FruitTexts, Language


def explain_record(
    record: Mapping[str, object], standards: Sequence[Standard], language: Language
) -> FruitTexts:
    """Words for `record` (schema fruit/1) in `language`; of a standard that is not installed any more, its ids.

    Raises:
        RecordError: the record is not of the schema.
    """
    grade = record_from_json(record).grade
    standard = next((one for one in standards if one.standard_id == grade.standard_id), None)
    if standard is None:
        rules = [reason.rule for reason in grade.reasons]
        return FruitTexts(
            grade_class=grade.grade_class,
            class_set=list(grade.class_set),
            standard=grade.standard_id,
            reasons=rules,
            unverified=[],
        )
    said = [
        (reason.denies is not None or reason.verified, reason_text(reason, standard, language))
        for reason in grade.reasons
    ]
    return FruitTexts(
        grade_class=class_name(grade.grade_class, standard, language),
        class_set=[class_name(class_id, standard, language) for class_id in grade.class_set],
        standard=standard.names.zh if language == "zh" else standard.names.en,
        reasons=[text for decided, text in said if decided],
        unverified=[text for decided, text in said if not decided],
    )
