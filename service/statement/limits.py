"""What each class of a standard allows, in plain words, and how a fruit compares with it."""

from __future__ import annotations

from dataclasses import dataclass
from math import isinf

from grader.errors import StandardError
from grader.reading import read_rule
from grader.reason_text import Language
from grader.rules import Limit, Measure, Rule, Standard
from grader.types import FruitMeasurement


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitLine:
    """One rule. allowed: a text for each class, best first. recalled: a number was not read (evidence R)."""

    name: str
    allowed: tuple[str, ...]
    recalled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredLine:
    """What one rule reads from a fruit. measured: empty: not known. meets: for each class; None: not known."""

    name: str
    measured: str
    allowed: tuple[str, ...]
    meets: tuple[bool | None, ...]


def limit_lines(standard: Standard, variety: str | None, language: Language) -> tuple[LimitLine, ...]:
    """The rules that hold for a variety and limit some class; of an unknown variety those that hold without one."""
    return tuple(
        LimitLine(
            name=_named(rule, language), allowed=_allowed(rule, language), recalled="R" in rule.evidence
        )
        for rule in _rules(standard, variety)
    )


def measured_lines(
    fruit: FruitMeasurement, standard: Standard, language: Language
) -> tuple[MeasuredLine, ...]:
    """One fruit against the limits of every class, as `decide_grade` compares them."""
    return tuple(_measured(fruit, rule, standard, language) for rule in _rules(standard, fruit.variety))


def _rules(standard: Standard, variety: str | None) -> tuple[Rule, ...]:
    try:
        tags = standard.tags_of(variety)
    except StandardError:
        tags = standard.default_tags
    return tuple(
        rule
        for rule in standard.rules
        if rule.applies_to(tags) and not all(isinf(bound) for test in rule.tests for bound in test.limits)
    )


def _named(rule: Rule, language: Language) -> str:
    return rule.names.zh if language == "zh" else rule.names.en


def _measured(fruit: FruitMeasurement, rule: Rule, standard: Standard, language: Language) -> MeasuredLine:
    """Of several tests one met is enough; those with a known value are told."""
    values = [(test, read_rule(fruit, rule, test, standard.diameter_range_mm).value) for test in rule.tests]
    known = [(test, value) for test, value in values if value is not None]
    return MeasuredLine(
        name=_named(rule, language),
        measured=", ".join(dict.fromkeys(_amount(test.measure, value) for test, value in known)),
        allowed=_allowed(rule, language),
        meets=tuple(
            any(_meets(value, test.limits[place], test) for test, value in known) if known else None
            for place in range(len(standard.classes))
        ),
    )


def _meets(value: float, bound: float, test: Limit) -> bool:
    return value >= bound if test.at_least else value <= bound


def _allowed(rule: Rule, language: Language) -> tuple[str, ...]:
    joined = " 或 " if language == "zh" else " or "
    return tuple(
        joined.join(
            dict.fromkeys(
                _said(test, bound, language) for test, bound in zip(rule.tests, bounds, strict=True)
            )
        )
        for bounds in zip(*(test.limits for test in rule.tests), strict=True)
    )


def _said(test: Limit, bound: float, language: Language) -> str:
    zh = language == "zh"
    if isinf(bound):
        return "不限" if zh else "any"
    if bound == 0 and not test.at_least:
        return "不允许" if zh else "none"
    amount = _amount(test.measure, bound)
    if test.at_least:
        return f"不低于 {amount}" if zh else f"at least {amount}"
    return f"不超过 {amount}" if zh else f"at most {amount}"


def _amount(measure: Measure, bound: float) -> str:
    if measure.value.endswith("_fraction"):
        return f"{100 * bound:.4g} %"
    return f"{bound:.4g} {measure.unit}".rstrip()
