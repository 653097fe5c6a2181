"""Which lot a fruit belongs to: the one that ran on its lane when it was triggered, whenever it is decided."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A lot on one lane: fruit with numbers after < number <= until; until None: it runs still."""

    lot_id: int
    run_id: int
    after: int
    until: int | None = None

    def holds(self, number: int) -> bool:
        """Whether a fruit of this number belongs to the lot."""
        return number > self.after and (self.until is None or number <= self.until)


class LotSpans:
    """The lots of every lane since the service started. For one thread.

    >>> spans = LotSpans()
    >>> spans.begin("north", 1, lot_id=7, run_id=70, after=100)
    >>> spans.end(7, "north", until=150)
    >>> spans.begin("north", 1, lot_id=8, run_id=80, after=150)
    >>> [span.lot_id if (span := spans.find("north", 1, number)) else None for number in (100, 101, 150, 151)]
    [None, 7, 7, 8]
    """

    def __init__(self) -> None:
        self._spans: dict[tuple[str, int], list[Span]] = {}

    def begin(self, line_id: str, lane: int, *, lot_id: int, run_id: int, after: int) -> None:
        """A lot begins on a lane, with the next fruit after number `after`."""
        span = Span(lot_id=lot_id, run_id=run_id, after=after)
        self._spans.setdefault((line_id, lane), []).append(span)

    def end(self, lot_id: int, line_id: str, *, until: int) -> None:
        """A lot ends on all lanes of a line with fruit number `until`."""
        for (line, _), spans in self._spans.items():
            if line == line_id:
                spans[:] = [
                    replace(span, until=until) if span.lot_id == lot_id and span.until is None else span
                    for span in spans
                ]

    def find(self, line_id: str, lane: int, number: int) -> Span | None:
        """The lot of a fruit; None: none ran when it was triggered."""
        spans = self._spans.get((line_id, lane), ())
        return next((span for span in reversed(spans) if span.holds(number)), None)
