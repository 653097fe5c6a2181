"""One figure as a line of the report: numbers in words, and where its bar, interval and limits lie."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, isfinite, log10

from training.goals import GOALS, Goal, state_of
from training.report_words import Words, title_of
from training.statistics import Figure

SHARE_UNITS = ("mm", "IoU", "per sound fruit")
"""Units that are not shown in percent."""

ROUND_DIGITS = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)
"""A track ends at one of these times a power of ten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Places on a track, 0 to 1. start, end: of the bar. low, high: of the interval. reach, aim: None without a goal.

    near: the span that is good enough, for figures that are to be near a value.
    """

    start: float
    end: float
    low: float
    high: float
    reach: float | None
    aim: float | None
    near: tuple[float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the report. state: `met`, `missed` or `none`. bar None: nothing could be measured."""

    key: str
    title: Words
    value: str
    interval: str
    n: int
    unit: str
    state: str
    goal: Words | None
    bar: Bar | None
    scale: tuple[str, str]


def row_of(figure: Figure) -> Row:
    """The line of one figure."""
    goal = GOALS.get(figure.name)
    known = figure.n > 0 and all(isfinite(v) for v in (figure.value, figure.low, figure.high))
    ends = _ends(figure, goal) if known else (0.0, 1.0)
    return Row(
        key=figure.name,
        title=title_of(figure.name),
        value=number_text(figure.value, figure.unit) if known else "–",
        interval=f"{number_text(figure.low, figure.unit)} – {number_text(figure.high, figure.unit)}"
        if known
        else "",
        n=figure.n,
        unit=figure.unit,
        state=state_of(figure),
        goal=None if goal is None else goal_words(goal, figure.unit),
        bar=_bar(figure, goal, ends) if known else None,
        scale=(number_text(ends[0], figure.unit, short=True), number_text(ends[1], figure.unit, short=True)),
    )


def number_text(value: float, unit: str, *, short: bool = False) -> str:
    """A number with its unit; shares in percent. short: no digits that are 0."""
    if unit == "mm":
        return f"{value:g} mm" if short else f"{value:.2f} mm"
    if unit in SHARE_UNITS:
        return f"{value:g}" if short else f"{value:.3f}" if unit == "IoU" else f"{value:.2f}"
    return f"{100 * value:g} %" if short else f"{100 * value:.1f} %"


def goal_words(goal: Goal, unit: str) -> Words:
    """The limit to reach and the aim behind it."""
    reach, aim = number_text(goal.reach, unit, short=True), number_text(goal.aim, unit, short=True)
    if goal.around is not None:
        middle = number_text(goal.around, unit, short=True)
        return f"{middle} ± {reach}; aim ± {aim}", f"{middle} ± {reach}；目标 ± {aim}"
    if goal.larger_is_better:
        return f"at least {reach}; aim {aim}", f"不低于 {reach}；目标 {aim}"
    return f"at most {reach}; aim {aim}", f"不高于 {reach}；目标 {aim}"


def _ends(figure: Figure, goal: Goal | None) -> tuple[float, float]:
    """What the track stands for: 0 to 1 for what should be near 1, else up to the next round number."""
    low = -_round_up(-figure.low) if figure.low < 0 else 0.0
    large = goal.larger_is_better if goal is not None else figure.value > 0.5
    if figure.unit not in ("mm", "per sound fruit") and large:
        return low, 1.0
    return low, _round_up(max(figure.high, 0.0 if goal is None else 1.5 * goal.reach, 1e-3))


def _round_up(value: float) -> float:
    """The next of 1, 1.5, 2, 3, 4, 5, 6, 8, 10 times a power of ten."""
    step = 10.0 ** (ceil(log10(value)) - 1)
    return next(round(step * digit, 12) for digit in ROUND_DIGITS if value <= step * digit * (1 + 1e-9))


def _bar(figure: Figure, goal: Goal | None, ends: tuple[float, float]) -> Bar:
    low, high = ends

    def at(value: float) -> float:
        return min(max((value - low) / (high - low), 0.0), 1.0)

    near = None
    if goal is not None and goal.around is not None:
        near = at(goal.around - goal.reach), at(goal.around + goal.reach)
    one_sided = goal is not None and goal.around is None
    return Bar(
        start=min(at(0.0), at(figure.value)),
        end=max(at(0.0), at(figure.value)),
        low=at(figure.low),
        high=at(figure.high),
        reach=at(goal.reach) if goal is not None and one_sided else None,
        aim=at(goal.aim) if goal is not None and one_sided else None,
        near=near,
    )
