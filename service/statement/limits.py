"""What each class of a standard allows, in plain words of a table."""

from __future__ import annotations

from dataclasses import dataclass
from math import isinf

from grader.errors import StandardError
from grader.reason_text import Language
from grader.rules import Limit, Measure, Rule, Standard


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitLine:
    """One rule. allowed: a text for each class, best first. recalled: a number was not read (evidence R)."""

    name: str
    allowed: tuple[str, ...]
    recalled: bool


def limit_lines(standard: Standard, variety: str | None, language: Language) -> tuple[LimitLine, ...]:
    """The rules that hold for a variety and limit some class; of an unknown variety those that hold without one."""
    try:
        tags = standard.tags_of(variety)
    except StandardError:
        tags = standard.default_tags
    return tuple(
        LimitLine(
            name=rule.names.zh if language == "zh" else rule.names.en,
            allowed=_allowed(rule, language),
            recalled="R" in rule.evidence,
        )
        for rule in standard.rules
        if rule.applies_to(tags) and not all(isinf(bound) for test in rule.tests for bound in test.limits)
    )


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
