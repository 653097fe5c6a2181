"""Which sample lots there are. They are told from others by their codes, and there are never more than these."""

from __future__ import annotations

from dataclasses import dataclass

PREFIX = "SAMPLE-"
"""Codes of sample lots begin so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleLot:
    """A lot of the plan. fruit: in all. kinds: numbers of the rendered fruit that come, again and again."""

    code: str
    grower: str
    fruit: int
    kinds: range


RENDERED_FRUIT = 12
"""Different fruit; each comes many times, turned another way."""
_EVERY = range(RENDERED_FRUIT)
PLAN: tuple[SampleLot, ...] = (
    SampleLot(code="SAMPLE-1", grower="Sample orchard East · 示例果园（东）", fruit=16, kinds=range(4)),
    SampleLot(code="SAMPLE-2", grower="Sample orchard West · 示例果园（西）", fruit=16, kinds=range(4, 8)),
    SampleLot(code="SAMPLE-3", grower="Sample orchard · 示例果园", fruit=200, kinds=_EVERY),
    SampleLot(code="SAMPLE-4", grower="Sample orchard · 示例果园", fruit=200, kinds=_EVERY),
    SampleLot(code="SAMPLE-5", grower="Sample orchard · 示例果园", fruit=200, kinds=_EVERY),
)
"""Two short ones, so that there is something to compare at once, then three of some minutes."""


def is_sample(code: str) -> bool:
    """Whether a lot of this code is a sample.

    >>> is_sample("SAMPLE-3"), is_sample("LX-2026-031")
    (True, False)
    """
    return code.startswith(PREFIX)
