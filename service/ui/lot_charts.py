"""The charts of lots as plain geometry: bars, and small stacked columns over the time of a lot. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from grader.rules import Standard
from grader.types import REJECT, UNGRADED
from service.store.lot_reader import ClassCount, MinuteCount

MOST_COLUMNS = 96
LEAST_COLUMNS = 30
"""A chart has room for so many, so that a lot that has just begun is not one wide block."""
_STEPS_MIN = (1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 1440)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One line of a chart. colour: CSS, empty: that of the page. width: 0-100, of the largest. weight_kg: or None."""

    name: str
    colour: str
    fruit: int
    fraction: float
    width: float
    weight_kg: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One piece of a column or of a stacked bar. start, size: 0-100 of its whole length."""

    colour: str
    name: str
    start: float
    size: float
    fruit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """at: when it begins. per_minute: fruit. parts: from the bottom."""

    at: datetime
    per_minute: float
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLine:
    """step_min: minutes a column. most_per_minute: the height of the chart."""

    step_min: int
    most_per_minute: float
    columns: tuple[Column, ...]

    @property
    def room(self) -> int:
        """Columns that have a place."""
        return max(LEAST_COLUMNS, len(self.columns))

    @property
    def end(self) -> datetime:
        """Where the chart ends."""
        return self.columns[0].at + timedelta(minutes=self.step_min * self.room)


def bars(lines: Sequence[tuple[str, str, int, float | None]]) -> tuple[Bar, ...]:
    """lines: name, colour, fruit, weight in kg or None; their order stays."""
    total, most = sum(line[2] for line in lines), max((line[2] for line in lines), default=0)
    return tuple(
        Bar(
            name=name,
            colour=colour,
            fruit=fruit,
            fraction=fruit / total if total else 0.0,
            width=100 * fruit / most if most else 0.0,
            weight_kg=weight_kg,
        )
        for name, colour, fruit, weight_kg in lines
    )


def stack(lines: Sequence[tuple[str, str, int]]) -> tuple[Part, ...]:
    """One bar of several colours. lines: name, colour, fruit; the first stands to the left."""
    total = sum(fruit for _, _, fruit in lines) or 1
    parts, start = [], 0.0
    for name, colour, fruit in lines:
        size = 100 * fruit / total
        if fruit:
            parts.append(Part(colour=colour, name=name, start=start, size=size, fruit=fruit))
        start += size
    return tuple(parts)


def stacks(
    counts: Iterable[ClassCount], order: Sequence[str], names: Mapping[str, str], colours: Mapping[str, str]
) -> dict[int, tuple[Part, ...]]:
    """A bar for every lot."""
    lots: dict[int, dict[str, int]] = {}
    for one in counts:
        lots.setdefault(one.lot_id, {})[one.grade_class] = one.fruit
    return {
        lot_id: stack(
            [(names.get(name, name), colours.get(name, ""), found[name]) for name in ordered(found, order)]
        )
        for lot_id, found in lots.items()
    }


def ordered(found: Iterable[str], order: Sequence[str]) -> list[str]:
    """Names in the order of another list; unknown ones at the end."""
    place = {name: number for number, name in enumerate(order)}
    return sorted(found, key=lambda name: (place.get(name, len(place)), name))


def time_line(
    minutes: Sequence[MinuteCount],
    order: Sequence[str],
    names: Mapping[str, str],
    colours: Mapping[str, str],
    again: str,
) -> TimeLine | None:
    """None without fruit. again: name of what went round again; it stands on top."""
    if not minutes:
        return None
    first = minutes[0].at
    length_min = (minutes[-1].at - first).total_seconds() / 60 + 1
    step = next((one for one in _STEPS_MIN if length_min / one <= MOST_COLUMNS), _STEPS_MIN[-1])
    columns: dict[int, Counter[str | None]] = {}
    for one in minutes:
        columns.setdefault(int((one.at - first).total_seconds() // 60) // step, Counter())[
            one.grade_class
        ] += one.fruit
    most = max(sum(counts.values()) for counts in columns.values())
    drawn = []
    for number in range(max(columns) + 1):
        counts = columns.get(number, Counter())
        parts, start = [], 0.0
        for name in [*ordered([one for one in counts if one is not None], order), None]:
            fruit = counts[name]
            if fruit:
                size = 100 * fruit / most
                shown = again if name is None else names.get(name, name)
                colour = "" if name is None else colours.get(name, "")
                parts.append(Part(colour=colour, name=shown, start=start, size=size, fruit=fruit))
                start += size
        drawn.append(
            Column(
                at=first + timedelta(minutes=number * step),
                per_minute=sum(counts.values()) / step,
                parts=tuple(parts),
            )
        )
    return TimeLine(step_min=step, most_per_minute=most / step, columns=tuple(drawn))


def class_order(standards: Iterable[Standard]) -> tuple[str, ...]:
    """Classes of all standards, best first within each; at the end what is in no class."""
    known = [name for standard in standards for name in standard.class_ids]
    return tuple(dict.fromkeys([*known, REJECT, UNGRADED]))
