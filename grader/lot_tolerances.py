"""Inspected fruit of a lot against the tolerances of the standard: found share, allowed share, passed or not, in words.

A tolerance is a share of the inspected fruit, by number ((EU) 2023/2430 Annex V 2.6), not an acceptance number: it
passes where the found share is at most the allowed one. The interval says how far the whole lot may be from what was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scipy.stats import beta

from grader.reason_text import class_name
from grader.rules import Counted, LotTolerance, Names, Standard
from grader.types import REJECT, UNGRADED

TRUST = 0.95
"""Of the interval of a found share (Clopper and Pearson, exact)."""

EVERY_CLASS = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectedFruit:
    """A fruit that was packed as `claimed` and looked at again. found: its class, `reject`, or `ungraded` (not judged).

    off_size: outside the size that is stated, or below the minimum.
    """

    claimed: str
    found: str
    decayed: bool = False
    off_size: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ToleranceResult:
    """One line of the standard on the fruit packed as one class. Fractions 0-1 of the inspected, judged fruit.

    passed: None where nothing was inspected or the line is judged by hand; fractions are None then.
    """

    class_id: str
    line: str
    inspected: int
    found: int
    found_fraction: float | None
    low: float | None
    high: float | None
    allowed_fraction: float
    passed: bool | None
    text: Names


def judge_lot(inspected: Iterable[InspectedFruit], standard: Standard) -> tuple[ToleranceResult, ...]:
    """Every tolerance of every class, classes best first.

    Raises:
        ValueError: a fruit of a class that the standard does not have.
    """
    fruit = tuple(inspected)
    known = (*standard.class_ids, REJECT, UNGRADED)
    for one in fruit:
        if one.claimed not in standard.class_ids:
            raise ValueError(f"claimed: expected one of {', '.join(standard.class_ids)}, got {one.claimed!r}")
        if one.found not in known:
            raise ValueError(f"found: expected one of {', '.join(known)}, got {one.found!r}")
    return tuple(
        _judge(line, class_id, [one for one in fruit if one.claimed == class_id], standard)
        for class_id in standard.class_ids
        for line in standard.lot_tolerances
        if line.class_id in (class_id, EVERY_CLASS)
    )


def share_interval(found: int, inspected: int) -> tuple[float, float]:
    """95 % interval of a share by Clopper and Pearson (1934): exact, never too narrow.

    >>> low, high = share_interval(0, 60)
    >>> round(low, 4), round(high, 4)
    (0.0, 0.0596)
    """
    tail = (1.0 - TRUST) / 2.0
    low = 0.0 if found == 0 else float(beta.ppf(tail, found, inspected - found + 1))
    high = 1.0 if found == inspected else float(beta.ppf(1.0 - tail, found + 1, inspected - found))
    return low, high


def _judge(
    line: LotTolerance, class_id: str, fruit: Sequence[InspectedFruit], standard: Standard
) -> ToleranceResult:
    judged = [one for one in fruit if one.found != UNGRADED]
    head = Names(
        en=f"{class_name(class_id, standard)}, {line.names.en}",
        zh=f"{class_name(class_id, standard, 'zh')}，{line.names.zh}",
    )
    if line.counts in (None, Counted.BY_HAND) or not judged:
        by_hand = line.counts in (None, Counted.BY_HAND)
        return ToleranceResult(
            class_id=class_id,
            line=line.line,
            inspected=len(judged),
            found=0,
            found_fraction=None,
            low=None,
            high=None,
            allowed_fraction=line.at_most_fraction,
            passed=None,
            text=Names(
                en=f"{head.en}: {'judged by hand' if by_hand else 'no fruit was inspected'}",
                zh=f"{head.zh}：{'须人工判定' if by_hand else '没有抽检的果'}",
            ),
        )
    found = sum(_counts(one, line, class_id, standard) for one in judged)
    fraction = found / len(judged)
    low, high = share_interval(found, len(judged))
    passed = fraction <= line.at_most_fraction
    return ToleranceResult(
        class_id=class_id,
        line=line.line,
        inspected=len(judged),
        found=found,
        found_fraction=fraction,
        low=low,
        high=high,
        allowed_fraction=line.at_most_fraction,
        passed=passed,
        text=_words(head, found, len(judged), (low, high), line.at_most_fraction, passed),
    )


def _counts(one: InspectedFruit, line: LotTolerance, class_id: str, standard: Standard) -> bool:
    if line.counts is Counted.DECAY:
        return one.decayed
    if line.counts is Counted.SIZE:
        return one.off_size
    order = (*standard.class_ids, REJECT)
    return one.decayed or order.index(one.found) > order.index(line.below or class_id)


def _words(
    head: Names, found: int, inspected: int, interval: tuple[float, float], allowed: float, passed: bool
) -> Names:
    share, low, high = (_percent(value) for value in (found / inspected, *interval))
    en = f"{head.en}: {found} of {inspected} fruit, {share} ({low} to {high} at 95 %), allowed {_percent(allowed)}: "
    zh = f"{head.zh}：{inspected} 个中 {found} 个，{share}（95 % 区间 {low} 至 {high}），允许 {_percent(allowed)}："
    if not passed:
        return Names(en=en + "fails", zh=zh + "不合格")
    if interval[1] > allowed:
        return Names(
            en=en + "passes, but too few fruit were inspected to be sure", zh=zh + "合格，但抽检数不足以确认"
        )
    return Names(en=en + "passes", zh=zh + "合格")


def _percent(fraction: float) -> str:
    return f"{100.0 * fraction:.3g} %"
