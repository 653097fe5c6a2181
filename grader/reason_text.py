"""A reason of a decision in words, in English or Chinese, for screens, statements and overlays."""

from __future__ import annotations

from math import inf
from typing import Literal

from grader.errors import StandardError
from grader.rules import HandCheck, Names, Rule, Standard
from grader.types import REJECT, UNGRADED, Reason

Language = Literal["en", "zh"]

SAME_LIMIT = 1e-6
"""Stored limits keep six decimals."""

_GENERAL = {
    "crop": Names(en="kind of fruit", zh="水果种类"),
    "crop_confidence": Names(en="certainty of the kind of fruit", zh="水果种类识别可信度"),
    "picture": Names(en="quality of the picture", zh="图像质量"),
    "surface_seen": Names(en="share of the surface seen", zh="可见果面比例"),
    "touches_edge": Names(en="fruit cut by the edge of the picture", zh="果实被画面边缘截断"),
    "variety": Names(en="variety (colour rule)", zh="品种（着色要求）"),
    REJECT: Names(en="Reject", zh="等外"),
    UNGRADED: Names(en="Not graded", zh="未定级"),
}


def reason_text(reason: Reason, standard: Standard, language: Language = "en") -> str:
    """One line such as "Class I denied: bruising, total area 1.2 cm² > 1 cm²".

    language: "en" or "zh". Fractions are shown in percent. A reason that denies nothing says what was not verified.
    """
    zh = language == "zh"
    line = _line_of(reason, standard)
    name = _named(
        line.names if line else _GENERAL.get(reason.rule, Names(en=reason.rule, zh=reason.rule)), zh
    )
    value = _amount(reason.value, line)
    limit = _asked_text(reason, line, zh) if isinstance(line, HandCheck) else _amount(reason.limit, line)
    sign = ("<" if line.tests[0].at_least else ">") if isinstance(line, Rule) else ""
    if reason.denies is None:
        return _undecided(reason, name, value, limit, zh=zh)
    head = f"{class_name(reason.denies, standard, language)}{'不符合：' if zh else ' denied: '}{name}"
    if reason.value is not None:
        return f"{head} {value} {sign} {limit}" + (
            "" if reason.verified else ("（未核实）" if zh else " (unverified)")
        )
    if reason.verified:
        said = (
            f"任何果径下均{'低于' if sign == '<' else '超过'} {limit}"
            if zh
            else f"{sign} {limit} at any size of fruit"
        )
        return f"{head} {said}"
    return f"{head} {f'未知，要求 {limit}' if zh else f'unknown, {limit} is asked for'}"


def class_name(class_id: str, standard: Standard, language: Language = "en") -> str:
    """Display name of a class of the standard, of `reject` or `ungraded`; an unknown id comes back as it is."""
    for grade_class in standard.classes:
        if grade_class.class_id == class_id:
            return _named(grade_class.names, language == "zh")
    return _named(_GENERAL.get(class_id, Names(en=class_id, zh=class_id)), language == "zh")


def rule_name(key: str, standard: Standard, language: Language = "en", variety: str | None = None) -> str:
    """Display name of a rule or hand check of the standard, or of what hinders any standard; else the key itself.

    variety: where groups of varieties share a key, the name is that of its group.
    """
    try:
        tags = standard.tags_of(variety)
    except StandardError:
        tags = standard.default_tags
    rules = [rule for rule in standard.rules if rule.key == key]
    checks = [check for check in standard.hand_checks if check.key == key]
    lines: list[Rule | HandCheck] = [*(rule for rule in rules if rule.applies_to(tags)), *rules, *checks]
    return _named(lines[0].names if lines else _GENERAL.get(key, Names(en=key, zh=key)), language == "zh")


def _undecided(reason: Reason, name: str, value: str, limit: str, *, zh: bool) -> str:
    if reason.verified:
        got = f"：{value}" if zh else f": {value}"
        wanted = "" if reason.limit is None else (f"，要求 {limit}" if zh else f", expected {limit}")
        return f"{'无法定级' if zh else 'Cannot be judged'}{'，' if zh else ', '}{name}{got}{wanted}"
    known = "" if reason.value is None else f" {value}"
    wanted = "" if reason.limit is None else (f"，要求 {limit}" if zh else f", {limit} is asked for")
    return f"{'未核实：' if zh else 'Not verified: '}{name}{known}{wanted}"


def _line_of(reason: Reason, standard: Standard) -> Rule | HandCheck | None:
    """The rule of this key; where groups of varieties share a key, the one with this limit for the denied class."""
    rules = [rule for rule in standard.rules if rule.key == reason.rule]
    for rule in rules:
        limits = dict(zip(standard.class_ids, rule.tests[0].limits, strict=True))
        asked = limits.values() if reason.denies is None else [limits.get(reason.denies, inf)]
        if isinstance(reason.limit, float | int) and any(
            abs(limit - reason.limit) < SAME_LIMIT for limit in asked
        ):
            return rule
    if rules:
        return rules[0]
    return next((check for check in standard.hand_checks if check.key == reason.rule), None)


def _asked_text(reason: Reason, check: HandCheck, zh: bool) -> str:
    said = next((names for names in check.requires if names is not None and names.en == reason.limit), None)
    return _amount(reason.limit, check) if said is None else _named(said, zh)


def _named(names: Names, zh: bool) -> str:
    return names.zh if zh else names.en


def _amount(value: float | str | None, line: Rule | HandCheck | None) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    is_share = line is None or (isinstance(line, Rule) and line.tests[0].measure.value.endswith("_fraction"))
    if is_share:
        return f"{100.0 * value:.4g} %"
    unit = line.tests[0].measure.unit if isinstance(line, Rule) else ""
    return f"{value:.4g} {unit}".rstrip()
