"""How different in size the fruit of a carton are, against what the standard allows (UNECE FFV-50 / EU, clause III)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grader.difference import amount
from grader.rules import Measure, Names, Standard, Uniformity
from grader.sku_table import Arrangement

SAME_SIZE = 1e-6
"""Stored sizes keep two decimals; a difference of sums below this is rounding, not size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeSpread:
    """Largest less smallest fruit, in the unit of `measure`.

    allowed: None where the standard has no rule for it. passed: None where there is no rule or no size.
    unmeasured: fruit whose size is not known; they are not judged.
    """

    measure: Measure
    spread: float | None
    allowed: float | None
    passed: bool | None
    unmeasured: int
    text: Names


def judge_spread(
    sizes: Sequence[float | None],
    measure: Measure,
    grade_class: str,
    arrangement: Arrangement,
    standard: Standard,
) -> SizeSpread:
    """The spread of one carton. sizes: of its fruit, mm or g as `measure` says, None: not known."""
    known = [size for size in sizes if size is not None]
    unmeasured = len(sizes) - len(known)
    if not known:
        text = Names(en="no size was measured", zh="未测得尺寸")
        return SizeSpread(
            measure=measure, spread=None, allowed=None, passed=None, unmeasured=unmeasured, text=text
        )
    spread = max(known) - min(known)
    rules = [
        rule.max_spread
        for rule in standard.uniformity
        if _applies(rule, measure, grade_class, arrangement, min(known))
    ]
    allowed = min(rules, default=None)
    passed = None if allowed is None else spread <= allowed + SAME_SIZE
    return SizeSpread(
        measure=measure,
        spread=spread,
        allowed=allowed,
        passed=passed,
        unmeasured=unmeasured,
        text=_words(spread, allowed, measure, unmeasured),
    )


def _applies(
    rule: Uniformity, measure: Measure, grade_class: str, arrangement: Arrangement, smallest: float
) -> bool:
    return (
        rule.measure is measure
        and grade_class in rule.classes
        and rule.pack in ("any", arrangement)
        and rule.low <= smallest < rule.high
    )


def _words(spread: float, allowed: float | None, measure: Measure, unmeasured: int) -> Names:
    got = amount(round(spread, 2), measure)
    if allowed is None:
        text = Names(en=f"spread {got.en}, no rule", zh=f"差异 {got.zh}，无规定")
    else:
        limit, fits = amount(allowed, measure), spread <= allowed + SAME_SIZE
        text = Names(
            en=f"spread {got.en}, {'within' if fits else 'more than'} {limit.en}",
            zh=f"差异 {got.zh}，{'不超过' if fits else '超过'} {limit.zh}",
        )
    if not unmeasured:
        return text
    return Names(en=f"{text.en}; {unmeasured} not measured", zh=f"{text.zh}；{unmeasured} 个未测")
