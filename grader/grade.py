"""Measurement and standard -> class with reasons. Pure: no pixels, no files, no clock.

How a class comes about (docs/standards.md): every rule gives the best class it allows; the worst of these is the class.
`reject` when a measured or proved value denies the last class; `ungraded` when only unknown values do.
"""

from __future__ import annotations

from dataclasses import dataclass

from grader.fruit_columns import FruitColumns, columns_from
from grader.grade_columns import GradeColumns, decide_grades, decide_grades_under
from grader.grade_settings import (
    INTERVAL_TRUST,
    LEAST_CROP_CONFIDENCE,
    LIMITING_FLAGS,
    REVIEW_BELOW,
    UNUSABLE_FLAGS,
    UNVERIFIED_TRUST,
)
from grader.reading import Reading, denial_trust, pass_chance, read_rule
from grader.rules import HandCheck, Limit, Rule, Standard
from grader.types import REJECT, UNGRADED, FruitMeasurement, GradeDecision, Reason

__all__ = [
    "FruitColumns",
    "GradeColumns",
    "columns_from",
    "decide_grade",
    "decide_grades",
    "decide_grades_under",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    """What one rule says of one fruit. Indices count classes, best first; the number of classes means none.

    index: best class allowed. sure: best class not denied for certain. worst: best class allowed if an unknown value
    were as bad as it can be. known: the value was measured. certain_rule: the rule holds for this variety for certain.
    """

    rule: Rule
    tests: tuple[tuple[Limit, Reading], ...]
    index: int
    sure: int
    worst: int
    known: bool
    certain_rule: bool

    @property
    def verified(self) -> bool:
        """The denial rests on a measured or proved value."""
        return self.certain_rule and (self.known or self.sure >= self.index)


def decide_grade(
    measurement: FruitMeasurement,
    standard: Standard,
    *,
    allow_draft: bool = False,
    min_surface_seen: float | None = None,
) -> GradeDecision:
    """The class of one fruit, with every rule that denied a better one.

    A class (not a sure `reject`) from less than `min_surface_seen` (0-1; None: the standard's own) is provisional:
    it is given, with an unverified reason `surface_seen`, and `review` is true. Confidence is 0-1, see
    docs/standards.md.

    Raises:
        StandardError: the standard is a draft or template and `allow_draft` is False, it has limits still to fill in,
            or the variety is not one it knows while its rules depend on the variety.
    """
    standard.check_usable(allow_draft=allow_draft)
    tags = standard.tags_of(measurement.variety)
    if (hindrance := _hindrance(measurement, standard)) is not None:
        return _ungraded(standard, (hindrance,))
    verdicts = [_judge(measurement, rule, standard) for rule in standard.rules]
    active = [verdict for verdict in verdicts if verdict.rule.applies_to(tags)]
    refused = [check for check in standard.hand_checks if not check.assumed_met]
    hand_index = max((check.first_class_without for check in refused), default=0)
    index = max([hand_index, *(verdict.index for verdict in active)])
    last = len(standard.classes)
    denials = _denials(active, refused, standard)
    if index == last and not any(verdict.index == last and verdict.verified for verdict in active):
        return _ungraded(standard, denials)

    sure_reject = any(verdict.certain_rule and verdict.sure == last for verdict in active)
    least = standard.minimum_surface_seen_fraction if min_surface_seen is None else min_surface_seen
    partial = not sure_reject and measurement.surface_seen_fraction < least
    cut = not sure_reject and measurement.touches_edge
    passing = [verdict for verdict in active if index < last]
    unsettled = [verdict for verdict in passing if verdict.worst > index]
    other_group = measurement.variety is None and any(
        verdict.worst > index for verdict in verdicts if not verdict.rule.applies_to(tags)
    )
    setting = [verdict for verdict in active if verdict.index == index > 0]

    by_hand = hand_index == index > 0
    denial = max(
        [1.0 if index == 0 or by_hand else 0.0, *(_denial_confidence(verdict) for verdict in setting)]
    )
    passed = min([1.0, *(_pass_confidence(verdict, index) for verdict in passing)])
    confidence = min(denial, passed)
    if unsettled or other_group:
        confidence = min(confidence, UNVERIFIED_TRUST)
    if partial:
        confidence *= measurement.surface_seen_fraction / least
    confidence *= measurement.crop_confidence

    firm = index == 0 or by_hand or any(_is_firm(verdict) for verdict in setting)
    flags = () if sure_reject else tuple(flag for flag in measurement.quality_flags if flag in LIMITING_FLAGS)
    doubts = bool(unsettled) or other_group or partial or cut or not firm or bool(flags)
    return GradeDecision(
        standard_id=standard.standard_id,
        standard_sha256=standard.sha256,
        grade_class=REJECT if index == last else standard.class_ids[index],
        confidence=confidence,
        review=doubts or passed < INTERVAL_TRUST or confidence < REVIEW_BELOW,
        reasons=(
            *denials,
            *([_open("surface_seen", measurement.surface_seen_fraction, least)] if partial else ()),
            *([_open("touches_edge")] if cut else ()),
            *(_open("picture", flag) for flag in flags),
            *([_open("variety")] if other_group else ()),
            *(_open(verdict.rule.key, limit=verdict.tests[0][0].limits[index]) for verdict in unsettled),
            *_open_hand_checks(standard, index),
        ),
    )


def _hindrance(measurement: FruitMeasurement, standard: Standard) -> Reason | None:
    """Why the fruit cannot be judged at all; None if it can."""
    if measurement.crop != standard.crop:
        return Reason(rule="crop", value=str(measurement.crop), limit=standard.crop, denies=None)
    if measurement.crop_confidence < LEAST_CROP_CONFIDENCE:
        confidence = measurement.crop_confidence
        return Reason(rule="crop_confidence", value=confidence, limit=LEAST_CROP_CONFIDENCE, denies=None)
    if flags := [flag for flag in measurement.quality_flags if flag in UNUSABLE_FLAGS]:
        return Reason(rule="picture", value=flags[0], limit=None, denies=None)
    if measurement.surface_seen_fraction <= 0.0:
        return Reason(rule="surface_seen", value=0.0, limit=None, denies=None)
    return None


def _ungraded(standard: Standard, reasons: tuple[Reason, ...]) -> GradeDecision:
    return GradeDecision(
        standard_id=standard.standard_id,
        standard_sha256=standard.sha256,
        grade_class=UNGRADED,
        confidence=0.0,
        review=True,
        reasons=reasons,
    )


def _judge(measurement: FruitMeasurement, rule: Rule, standard: Standard) -> _Verdict:
    """Of several tests one met is enough; tests with a known value go before unknown ones."""
    readings = [
        (limit, read_rule(measurement, rule, limit, standard.diameter_range_mm)) for limit in rule.tests
    ]
    known = [(limit, reading) for limit, reading in readings if reading.value is not None]
    tests = tuple(known or readings)
    sure = min(
        _first_met(reading.low if not limit.at_least else reading.high, limit) for limit, reading in tests
    )
    if known:
        index = worst = min(
            _first_met(reading.value, limit) for limit, reading in known if reading.value is not None
        )
    else:
        worst = min(
            _first_met(reading.low if limit.at_least else reading.high, limit) for limit, reading in tests
        )
        index = sure if rule.met_if_unknown else worst
    return _Verdict(
        rule=rule,
        tests=tests,
        index=index,
        sure=sure,
        worst=worst,
        known=bool(known),
        certain_rule=measurement.variety is not None or not rule.by_variety,
    )


def _first_met(value: float, limit: Limit) -> int:
    """Index of the best class whose limit `value` meets; the number of classes if none."""
    for index, bound in enumerate(limit.limits):
        if value >= bound if limit.at_least else value <= bound:
            return index
    return len(limit.limits)


def _pass_confidence(verdict: _Verdict, index: int) -> float:
    """Chance that the rule really allows the class; 1 for an unknown value (counted as unsettled instead)."""
    if not verdict.known:
        return 1.0
    return max(
        pass_chance(reading, limit.limits[index], at_least=limit.at_least) for limit, reading in verdict.tests
    )


def _denial_confidence(verdict: _Verdict) -> float:
    """Chance that the rule really denies the class before the one it allows."""
    if not verdict.verified:
        return UNVERIFIED_TRUST
    limit, reading = verdict.tests[0]
    if reading.running:
        return denial_trust(reading, limit.limits[verdict.index - 1])
    return 1.0 - _pass_confidence(verdict, verdict.index - 1) if verdict.known else 1.0


def _is_firm(verdict: _Verdict) -> bool:
    """True if this rule alone justifies the class without a look."""
    least = REVIEW_BELOW if verdict.tests[0][1].running else INTERVAL_TRUST
    return verdict.verified and not verdict.rule.doubtful and _denial_confidence(verdict) >= least


def _denials(active: list[_Verdict], refused: list[HandCheck], standard: Standard) -> tuple[Reason, ...]:
    """One reason per rule that denies a class, naming the lowest class it denies; hardest first."""
    found = [
        (
            verdict.index,
            Reason(
                rule=verdict.rule.key,
                value=verdict.tests[0][1].value,
                limit=verdict.tests[0][0].limits[verdict.index - 1],
                denies=standard.class_ids[verdict.index - 1],
                verified=verdict.verified,
            ),
        )
        for verdict in active
        if verdict.index > 0
    ]
    for check in refused:
        if (index := check.first_class_without) > 0:
            asked, denied = _asked(check, index - 1), standard.class_ids[index - 1]
            reason = Reason(rule=check.key, value=None, limit=asked, denies=denied, verified=False)
            found.append((index, reason))
    return tuple(reason for _, reason in sorted(found, key=lambda pair: -pair[0]))


def _open(rule: str, value: float | str | None = None, limit: float | None = None) -> Reason:
    return Reason(rule=rule, value=value, limit=limit, denies=None, verified=False)


def _open_hand_checks(standard: Standard, index: int) -> tuple[Reason, ...]:
    """What the class asks for and only a sample checked by hand can show."""
    if index == len(standard.classes):
        return ()
    return tuple(
        Reason(rule=check.key, value=None, limit=_asked(check, index), denies=None, verified=False)
        for check in standard.hand_checks
        if check.assumed_met and check.requires[index] is not None
    )


def _asked(check: HandCheck, index: int) -> str | None:
    names = check.requires[index]
    return None if names is None else names.en
