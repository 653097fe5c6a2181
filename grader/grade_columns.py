"""`decide_grade` for millions of fruit at once: the same rules over columns of numbers (structure of arrays).

Rows are fruit. It gives class, confidence and review, equal to the last bit to `decide_grade`; of the reasons only
`deciding_rules` gives the first (call `decide_grade` for the fruit somebody looks at).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from grader.fruit_columns import Booleans, Doubles, FruitColumns, Integers
from grader.grade_settings import (
    INTERVAL_TRUST,
    LEAST_CROP_CONFIDENCE,
    REVIEW_BELOW,
    UNVERIFIED_TRUST,
)
from grader.read_columns import ReadColumns, read_columns
from grader.rules import Limit, Rule, Standard
from grader.types import REJECT, UNGRADED

_CHUNK_ROWS = 16_384  # the columns of a chunk stay in the cache


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GradeColumns:
    """Decisions of n fruit. class_index: int64 (n,), position in `class_names` (classes best first, reject, ungraded).

    confidence: float64 (n,), 0-1. review: bool (n,).
    """

    standard_id: str
    class_names: tuple[str, ...]
    class_index: Integers
    confidence: Doubles
    review: Booleans


def decide_grades(
    columns: FruitColumns,
    standard: Standard,
    *,
    allow_draft: bool = False,
    min_surface_seen: float | None = None,
) -> GradeColumns:
    """Classes of many fruit; same rules, arguments and errors as `decide_grade`.

    Raises:
        StandardError: as `decide_grade`.
    """
    return decide_grades_under(
        columns, (standard,), allow_draft=allow_draft, min_surface_seen=min_surface_seen
    )[0]


def decide_grades_under(
    columns: FruitColumns,
    standards: Sequence[Standard],
    *,
    allow_draft: bool = False,
    min_surface_seen: float | None = None,
) -> tuple[GradeColumns, ...]:
    """`decide_grades` under each of several standards. A rule that they share is read and judged once.

    Raises:
        StandardError: as `decide_grade`.
    """
    for standard in standards:
        standard.check_usable(allow_draft=allow_draft)
    tags = [
        tuple(standard.tags_of(variety) for variety in (*columns.varieties, None)) for standard in standards
    ]
    parts: list[list[_Decided]] = [[] for _ in standards]
    for start in range(0, len(columns), _CHUNK_ROWS):
        judged: _Judged = {}
        chunk = columns.rows(start, start + _CHUNK_ROWS)
        for standard, its_tags, its_parts in zip(standards, tags, parts, strict=True):
            its_parts.append(_decide_chunk(chunk, standard, its_tags, min_surface_seen, judged))
    return tuple(
        GradeColumns(
            standard_id=standard.standard_id,
            class_names=(*standard.class_ids, REJECT, UNGRADED),
            class_index=np.concatenate([part[0] for part in its_parts] or [np.zeros(0, dtype=np.int64)]),
            confidence=np.concatenate([part[1] for part in its_parts] or [np.zeros(0)]),
            review=np.concatenate([part[2] for part in its_parts] or [np.zeros(0, dtype=np.bool_)]),
        )
        for standard, its_parts in zip(standards, parts, strict=True)
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Verdicts:
    """What one rule says of n fruit; the fields are those of `grade._Verdict`, and `active`: the rule holds."""

    rule: Rule
    tests: tuple[tuple[Limit, ReadColumns], ...]
    active: Booleans
    index: Integers
    sure: Integers
    worst: Integers
    known: Booleans
    certain: Booleans

    @property
    def verified(self) -> Booleans:
        """bool (n,): the denial rests on a measured or proved value."""
        return self.certain & (self.known | (self.sure >= self.index))


_Tags = tuple[frozenset[str], ...]
_Decided = tuple[Integers, Doubles, Booleans]
_Judged = dict[tuple[Rule, int, tuple[float, float], _Tags], _Verdicts]


def _decide_chunk(
    fruit: FruitColumns, standard: Standard, tags: _Tags, min_surface_seen: float | None, judged: _Judged
) -> _Decided:
    """judged: the verdicts on these fruit so far; grows."""
    last = len(standard.classes)
    verdicts = []
    for rule in standard.rules:
        key = (rule, last, standard.diameter_range_mm, tags)
        if key not in judged:
            judged[key] = _judge(fruit, rule, standard, tags)
        verdicts.append(judged[key])
    refused = [check for check in standard.hand_checks if not check.assumed_met]
    hand_index = max((check.first_class_without for check in refused), default=0)
    index = np.full(len(fruit), hand_index, dtype=np.int64)
    for verdict in verdicts:
        index = np.where(verdict.active, np.maximum(index, verdict.index), index)
    nothing = np.zeros(len(fruit), dtype=np.bool_)
    proved, sure_reject, unsettled, other_group = (
        nothing.copy(),
        nothing.copy(),
        nothing.copy(),
        nothing.copy(),
    )
    by_hand = (index == hand_index) & (index > 0)
    firm = (index == 0) | by_hand
    denial, passed = firm.astype(np.float64), np.ones(len(fruit))
    unnamed = fruit.variety_index < 0
    for verdict in verdicts:
        proved |= verdict.active & (verdict.index == last) & verdict.verified
        sure_reject |= verdict.active & verdict.certain & (verdict.sure == last)
        passing = verdict.active & (index < last)
        unsettled |= passing & (verdict.worst > index)
        other_group |= unnamed & ~verdict.active & (verdict.worst > index)
        chance = np.where(verdict.known, _pass_chance(verdict, np.minimum(index, last - 1)), 1.0)
        passed = np.where(passing, np.minimum(passed, chance), passed)
        setting = verdict.active & (verdict.index == index) & (index > 0)
        trust = _denial_confidence(verdict)
        denial = np.where(setting, np.maximum(denial, trust), denial)
        if not verdict.rule.doubtful:
            least_trust = REVIEW_BELOW if verdict.tests[0][1].running is not None else INTERVAL_TRUST
            firm |= setting & verdict.verified & (trust >= least_trust)
    ungraded = (index == last) & ~proved
    least = standard.minimum_surface_seen_fraction if min_surface_seen is None else min_surface_seen
    partial = ~sure_reject & (fruit.surface_seen < least)
    cut = ~sure_reject & fruit.touches_edge
    confidence = np.minimum(denial, passed)
    confidence = np.where(unsettled | other_group, np.minimum(confidence, UNVERIFIED_TRUST), confidence)
    if least > 0.0:
        confidence = np.where(partial, confidence * (fruit.surface_seen / least), confidence)
    confidence = confidence * fruit.crop_confidence
    review = unsettled | other_group | partial | cut | ~firm | (fruit.is_limited & ~sure_reject)
    review |= (passed < INTERVAL_TRUST) | (confidence < REVIEW_BELOW)
    ungraded |= ~fruit.is_crop | ~fruit.is_usable
    ungraded |= (fruit.crop_confidence < LEAST_CROP_CONFIDENCE) | (fruit.surface_seen <= 0.0)
    return (
        np.where(ungraded, last + 1, index),
        np.where(ungraded, 0.0, confidence),
        review | ungraded,
    )


def _judge(fruit: FruitColumns, rule: Rule, standard: Standard, tags: _Tags) -> _Verdicts:
    """Of several tests one met is enough; tests with a known value go before unknown ones."""
    last = len(standard.classes)
    tests = tuple(
        (limit, read_columns(fruit, rule, limit, standard.diameter_range_mm)) for limit in rule.tests
    )
    known_any = np.any([reading.known for _, reading in tests], axis=0)
    index = np.full(len(fruit), last, dtype=np.int64)
    sure, worst = index.copy(), index.copy()
    for limit, reading in tests:
        counts = reading.known | ~known_any
        kind, harsh = (reading.high, reading.low) if limit.at_least else (reading.low, reading.high)
        sure = np.where(counts, np.minimum(sure, _first_met(kind, limit)), sure)
        worst = np.where(counts, np.minimum(worst, _first_met(harsh, limit)), worst)
        index = np.where(reading.known, np.minimum(index, _first_met(reading.value, limit)), index)
    index = np.where(known_any, index, sure if rule.met_if_unknown else worst)
    applies = np.array([rule.applies_to(variety_tags) for variety_tags in tags], dtype=np.bool_)
    unnamed = fruit.variety_index < 0
    return _Verdicts(
        rule=rule,
        tests=tests,
        active=applies[fruit.variety_index],
        index=index,
        sure=sure,
        worst=np.where(known_any, index, worst),
        known=known_any,
        certain=~unnamed | (not rule.by_variety),
    )


def _first_met(values: Doubles, limit: Limit) -> Integers:
    """int64 (n,): index of the best class whose limit each value meets; the number of classes if none.

    A better class never allows more than a worse one, so this is the number of limits that are not met.
    """
    index = np.zeros(len(values), dtype=np.int64)
    for bound in limit.limits:
        index += ~(values >= bound if limit.at_least else values <= bound)
    return index


def _pass_chance(verdict: _Verdicts, index: Integers) -> Doubles:
    """float64 (n,): chance that the rule really allows the class at `index`; 0 for rows without a value."""
    best = np.zeros(len(index))
    for limit, reading in verdict.tests:
        bound = np.array(limit.limits)[index]
        margin = reading.value - bound if limit.at_least else bound - reading.value
        chance = np.where(margin >= 0.0, 1.0, 0.0)
        spread = reading.sd > 0.0
        chance[spread] = ndtr(margin[spread] / reading.sd[spread])
        best = np.where(reading.known, np.maximum(best, chance), best)
    return best


def _denial_confidence(verdict: _Verdicts) -> Doubles:
    """float64 (n,): chance that the rule really denies the class before the one it allows."""
    limit, reading = verdict.tests[0]
    before = np.maximum(verdict.index - 1, 0)
    if reading.running is None or reading.confidence is None:
        trust = np.where(verdict.known, 1.0 - _pass_chance(verdict, before), 1.0)
    else:
        exceeds = reading.running > np.array(limit.limits)[before][:, None]
        first = np.argmax(exceeds, axis=1)[:, None]
        found = np.take_along_axis(reading.confidence, first, axis=1)[:, 0]
        trust = np.where(exceeds.any(axis=1), found, 1.0)
    return np.where(verdict.verified, trust, UNVERIFIED_TRUST)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DecidingRules:
    """What set the class of n fruit. index: int64 (n,), place in `keys`; -1: nothing, the fruit has the best class.

    keys: as `Reason.rule`.
    """

    keys: tuple[str, ...]
    index: Integers


def deciding_rules(columns: FruitColumns, standard: Standard) -> DecidingRules:
    """The rule of the first reason that `decide_grade` gives for a class that is not the best one.

    Raises:
        StandardError: as `decide_grade`.
    """
    standard.check_usable(allow_draft=True)
    tags = tuple(standard.tags_of(variety) for variety in (*columns.varieties, None))
    refused = [check for check in standard.hand_checks if not check.assumed_met]
    general = ("crop", "crop_confidence", "picture", "surface_seen")
    keys = (*(rule.key for rule in standard.rules), *(check.key for check in refused), *general)
    worst = np.zeros(len(columns), dtype=np.int64)
    index = np.full(len(columns), -1, dtype=np.int64)
    for place, rule in enumerate(standard.rules):
        verdict = _judge(columns, rule, standard, tags)
        harder = verdict.active & (verdict.index > worst)
        index[harder], worst[harder] = place, verdict.index[harder]
    for place, check in enumerate(refused, len(standard.rules)):
        harder = check.first_class_without > worst
        index[harder], worst[harder] = place, check.first_class_without
    hindered = (
        ~columns.is_crop,
        columns.crop_confidence < LEAST_CROP_CONFIDENCE,
        ~columns.is_usable,
        columns.surface_seen <= 0.0,
    )
    for place, rows in reversed(list(enumerate(hindered, len(keys) - len(general)))):
        index[rows] = place
    return DecidingRules(keys=keys, index=index)
