from __future__ import annotations

import pytest

from service.lots.lot_spans import LotSpans


def found(spans: LotSpans, number: int, *, line: str = "north", lane: int = 1) -> int | None:
    span = spans.find(line, lane, number)
    return None if span is None else span.lot_id


@pytest.mark.parametrize(
    ("number", "lot"), [(10, None), (11, 7), (20, 7), (21, None), (25, None), (26, 8), (10**9, 8)]
)
def test_a_fruit_belongs_to_the_lot_that_ran_when_it_was_triggered(number: int, lot: int | None) -> None:
    spans = LotSpans()
    spans.begin("north", 1, lot_id=7, run_id=1, after=10)
    spans.end(7, "north", until=20)
    spans.begin("north", 1, lot_id=8, run_id=2, after=25)
    assert found(spans, number) == lot


def test_lanes_and_lines_are_apart() -> None:
    spans = LotSpans()
    spans.begin("north", 1, lot_id=7, run_id=1, after=0)
    spans.begin("north", 2, lot_id=8, run_id=2, after=0)
    spans.begin("south", 1, lot_id=7, run_id=3, after=0)
    spans.end(7, "north", until=0)
    assert (found(spans, 1), found(spans, 1, lane=2), found(spans, 1, line="south")) == (None, 8, 7)
    assert (found(spans, 1, lane=3), found(spans, 1, line="west")) == (None, None)


def test_an_end_is_told_once() -> None:
    spans = LotSpans()
    spans.begin("north", 1, lot_id=7, run_id=1, after=0)
    spans.end(7, "north", until=5)
    spans.end(7, "north", until=9)
    assert (found(spans, 5), found(spans, 6)) == (7, None)
