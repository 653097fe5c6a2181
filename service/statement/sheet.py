"""A statement as titles, facts and tables in one language: what page, PDF and CSV show alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from grader.reason_text import Language, class_name, rule_name
from grader.rules import Standard
from service.statement.causes import Cause, CauseKind
from service.statement.content import ClassLine, Statement
from service.statement.limits import limit_lines
from service.statement.words import known_word, word

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetTable:
    """One table. numbers: columns that stand to the right. total: the last row is the sum of the others."""

    title: str
    headers: Row
    rows: tuple[Row, ...]
    numbers: tuple[bool, ...]
    total: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A whole statement. warning: empty unless it is provisional."""

    language: Language
    title: str
    warning: str
    facts: tuple[tuple[str, str], ...]
    tables: tuple[SheetTable, ...]


def statement_sheet(statement: Statement, language: Language) -> Sheet:
    """The statement in words and numbers of a language."""
    return Sheet(
        language=language,
        title=word("title", language),
        warning=word("provisional", language) if statement.provisional else "",
        facts=_facts(statement, language),
        tables=(
            _classes(statement, language),
            _causes(statement, language),
            _sizes(statement, language),
            *(_limits(statement, standard, language) for standard in statement.standards),
        ),
    )


def name_of_class(grade_class: str, standards: Sequence[Standard], language: Language) -> str:
    """Of the first standard that has it."""
    owner = next((one for one in standards if grade_class in one.class_ids), None) or next(
        iter(standards), None
    )
    return grade_class if owner is None else class_name(grade_class, owner, language)


def name_of_cause(
    cause: Cause, standards: Sequence[Standard], language: Language, variety: str | None
) -> str:
    """The rule by its name in the standard."""
    if cause.kind is not CauseKind.RULE or cause.rule is None:
        return word(cause.kind.value, language)
    owner = next((one for one in standards if one.standard_id == cause.standard_id), None)
    return cause.rule if owner is None else rule_name(cause.rule, owner, language, variety)


def _facts(statement: Statement, language: Language) -> tuple[tuple[str, str], ...]:
    lot = statement.lot
    weight = None if lot.net_weight_kg is None else f"{lot.net_weight_kg:,.1f} kg"
    judged = "; ".join(
        f"{one.names.zh if language == 'zh' else one.names.en} ({one.standard_id} {one.sha256[:8]})"
        for one in statement.standards
    )
    facts: tuple[tuple[str, str | None], ...] = (
        ("lot", lot.code),
        ("grower", lot.grower),
        ("crop", known_word(lot.crop, language)),
        ("variety", lot.variety),
        ("origin", lot.origin),
        ("arrived", _moment(lot.arrived_at)),
        ("closed", None if lot.closed_at is None else _moment(lot.closed_at)),
        ("delivered", weight),
        ("standard", judged or None),
        ("made", _moment(statement.made_at)),
    )
    return tuple((word(key, language), value) for key, value in facts if value)


def _classes(statement: Statement, language: Language) -> SheetTable:
    priced = statement.amount is not None
    keys = ["class", "fruit", "share", "weighed", "weight", *(["price", "amount"] if priced else [])]
    rows = [_class_row(line, statement, language) for line in statement.classes]
    total = (
        word("total", language),
        f"{statement.fruit:,}",
        "100.0 %" if statement.fruit else "–",
        f"{statement.weighed:,}",
        _kg(statement.weight_kg),
        *(("", _money(statement.amount)) if statement.amount is not None else ()),
    )
    left_out, again = statement.fruit - statement.weighed, sum(statement.again.values())
    notes = [
        word("weight_note", language),
        *([word("not_weighed_note", language, count=f"{left_out:,}")] if left_out else []),
        *([word("amount_note", language)] if priced else []),
        *([word("again_note", language, count=f"{again:,}")] if again else []),
    ]
    return SheetTable(
        title=word("classes" if priced else "classes_only", language),
        headers=tuple(word(key, language, currency=statement.currency) for key in keys),
        rows=(*rows, total),
        numbers=(False, *(True for _ in keys[1:])),
        total=True,
        notes=tuple(notes),
    )


def _class_row(line: ClassLine, statement: Statement, language: Language) -> Row:
    row = (
        name_of_class(line.grade_class, statement.standards, language),
        f"{line.fruit:,}",
        f"{100 * line.fraction:.1f} %",
        f"{line.weighed:,}",
        _kg(line.weight_kg),
    )
    if statement.amount is None:
        return row
    return (
        *row,
        "–" if line.per_kg is None else _money(line.per_kg),
        "–" if line.amount is None else _money(line.amount),
    )


def _causes(statement: Statement, language: Language) -> SheetTable:
    used = [
        place
        for place, _ in enumerate(statement.classes)
        if any(one.by_class[place] for one in statement.causes)
    ]
    names = [
        name_of_class(statement.classes[place].grade_class, statement.standards, language) for place in used
    ]
    rows = [
        (
            name_of_cause(one.cause, statement.standards, language, statement.lot.variety),
            *(f"{one.by_class[place]:,}" if one.by_class[place] else "–" for place in used),
            f"{one.fruit:,}",
        )
        for one in statement.causes
    ]
    sums = [sum(one.by_class[place] for one in statement.causes) for place in used]
    total = (word("total", language), *(f"{one:,}" for one in sums), f"{sum(sums):,}")
    return SheetTable(
        title=word("causes", language),
        headers=(word("cause", language), *names, word("total", language)),
        rows=(*rows, total),
        numbers=(False, *(True for _ in (*used, "total"))),
        total=True,
        notes=(word("causes_note" if rows else "no_causes", language),),
    )


def _sizes(statement: Statement, language: Language) -> SheetTable:
    return SheetTable(
        title=word("sizes", language),
        headers=tuple(word(key, language) for key in ("size", "fruit", "share", "weighed", "weight")),
        rows=tuple(
            (
                word("no_size", language) if line.size_code is None else line.size_code,
                f"{line.fruit:,}",
                f"{100 * line.fraction:.1f} %",
                f"{line.weighed:,}",
                _kg(line.weight_kg),
            )
            for line in statement.sizes
        ),
        numbers=(False, True, True, True, True),
    )


def _limits(statement: Statement, standard: Standard, language: Language) -> SheetTable:
    lines = limit_lines(standard, statement.lot.variety, language)
    exact = any(one.exact for one in statement.rules if one.standard is standard)
    title = standard.names.zh if language == "zh" else standard.names.en
    return SheetTable(
        title=f"{word('limits', language)}{'：' if language == 'zh' else ': '}{title}",
        headers=(
            word("limit", language),
            *(class_name(one, standard, language) for one in standard.class_ids),
        ),
        rows=tuple((line.name + (" *" if line.recalled else ""), *line.allowed) for line in lines),
        numbers=(False, *(False for _ in standard.class_ids)),
        notes=(
            *([word("recalled_note", language)] if any(line.recalled for line in lines) else []),
            *([] if exact else [word("limits_old_note", language)]),
        ),
    )


def _moment(at: datetime) -> str:
    """In the time zone of this computer."""
    here = at.astimezone()
    away = here.strftime("%z")
    return f"{here:%Y-%m-%d %H:%M} UTC{'' if away == '+0000' else f'{away[:3]}:{away[3:]}'}"


def _kg(weight: Decimal) -> str:
    return f"{weight:,.3f}"


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}"
