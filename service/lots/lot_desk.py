"""Opens and closes lots on lines, and gives every decision of a line to the lot that its fruit belongs to."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from service.errors import LotError
from service.line.line import Line
from service.line.line_config import LineConfig
from service.line.line_grader import ViewWork
from service.line.live.line_watch import Decided
from service.line.quiet_log import QuietLog
from service.lots.batch_writer import BatchWriter, WriterCounts
from service.lots.lot_spans import LotSpans, Span
from service.review.evidence import Evidence, is_doubtful
from service.store.fruit_store import FruitStore, NewLotFruit
from service.store.judges import JudgedBy
from service.store.lot_store import LotStore, NewLot, StoredLot

MOST_WAITING = 5_000
"""Fruit that wait for the database: some minutes of a fast line, some 50 MB."""
NOT_STORABLE = "record_refused"
"""Reason of a fruit whose record the database does not take: it is counted without."""


@dataclass(frozen=True, slots=True)
class _Arrived:
    span: Span
    config: LineConfig
    told: Decided
    works: tuple[ViewWork, ...]
    audit: bool


class LotDesk:
    """The lots that run. To be called on the event loop; what waits for the database runs in threads.

    evidence: keeps pictures of doubtful and audited fruit.
    """

    def __init__(self, lots: LotStore, fruit: FruitStore, evidence: Evidence) -> None:
        self._lots, self._fruit, self._evidence = lots, fruit, evidence
        self._spans = LotSpans()
        self._without_lot: Counter[str] = Counter()
        self._changing = asyncio.Lock()
        self._writer: BatchWriter[_Arrived] = BatchWriter(
            "lot_fruit", self._write, self._write_bare, capacity=MOST_WAITING, log=QuietLog()
        )

    @property
    def without_lot(self) -> dict[str, int]:
        """Fruit by line that no lot took, since the service started."""
        return dict(self._without_lot)

    def counts(self) -> WriterCounts:
        """What became of the fruit of all lots since the service started."""
        return self._writer.counts()

    def start(self) -> None:
        """Lots that ran when the service ended go on, with the first fruit. Raises StorageError."""
        for run in self._lots.running():
            self._spans.begin(run.line_id, run.lane, lot_id=run.lot_id, run_id=run.run_id, after=0)
        self._writer.start()

    async def open(self, new: NewLot, line: Line, lanes: Sequence[int]) -> StoredLot:
        """Open a lot on lanes of a line. Its first fruit is the next one that is triggered.

        Raises:
            LotError: lanes or crop do not fit the line. ConflictError: see `LotStore.open`. StorageError
        """
        check_lot(new, line.config, lanes)
        async with self._changing:
            opened = await asyncio.to_thread(
                self._lots.open, new, line_id=line.config.line_id, lanes=lanes, at=datetime.now(UTC)
            )
            for run in opened.runs:
                self._spans.begin(
                    run.line_id, run.lane, lot_id=opened.lot_id, run_id=run.run_id, after=line.newest_fruit
                )
        return opened

    async def close(self, lot_id: int, lines: Sequence[Line]) -> StoredLot:
        """Close a lot. Fruit that were triggered before still come in. lines: all that are open.

        Raises:
            NotFoundError, ConflictError: see `LotStore.close`. StorageError
        """
        async with self._changing:
            closed = await asyncio.to_thread(self._lots.close, lot_id, at=datetime.now(UTC))
            newest = {line.config.line_id: line.newest_fruit for line in lines}
            for line_id in {run.line_id for run in closed.runs}:
                self._spans.end(lot_id, line_id, until=newest.get(line_id, 0))
        return closed

    def decided(self, config: LineConfig, told: Decided, works: tuple[ViewWork, ...]) -> None:
        """A fruit of a line is decided. works: views of it, kept where a person is to look at them."""
        span = self._spans.find(config.line_id, told.decision.lane, told.number)
        if span is None:
            self._without_lot[config.line_id] += 1
            return
        audit = self._evidence.is_audited(span.lot_id, str(told.decision.fruit_id))
        wanted = told.verdict is not None and (audit or is_doubtful(told.verdict.record))
        if not (wanted and works and self._evidence.take_on(works)):
            works = ()
        if not self._writer.offer(_Arrived(span, config, told, works, audit)):
            self._evidence.leave(works)

    async def settle(self, timeout_s: float) -> bool:
        """Wait until all fruit so far are in the database. False: they were not in time."""
        return await asyncio.to_thread(self._writer.flush, timeout_s)

    def stop(self) -> None:
        """Store what waits, then end."""
        self._writer.close()

    def _write(self, arrived: Sequence[_Arrived]) -> None:
        self._fruit.add([self._with_pictures(one) for one in arrived])
        self._evidence.leave([work for one in arrived for work in one.works])

    def _write_bare(self, arrived: _Arrived) -> None:
        bare = replace(self._new_fruit(arrived, with_record=False), reason=NOT_STORABLE)
        self._fruit.add([bare])
        self._evidence.leave(arrived.works)

    def _with_pictures(self, arrived: _Arrived) -> NewLotFruit:
        pictures = self._evidence.save(arrived.works)
        audit = arrived.audit and bool(pictures)  # nobody can judge blind what was not seen
        return replace(self._new_fruit(arrived), pictures=pictures, audit=audit)

    def _new_fruit(self, arrived: _Arrived, *, with_record: bool = True) -> NewLotFruit:
        decision, verdict = arrived.told.decision, arrived.told.verdict
        judged = verdict is not None and with_record
        return NewLotFruit(
            lot_id=arrived.span.lot_id,
            run_id=arrived.span.run_id,
            lane=decision.lane,
            fruit_name=str(decision.fruit_id),
            decided_at=arrived.told.at,
            outlet=decision.outlet,
            late=decision.late,
            reason=decision.reason,
            record=verdict.record if verdict is not None and judged else None,
            judged_by=JudgedBy.of_record(verdict.record) if verdict is not None and judged else None,
        )


def check_lot(new: NewLot, config: LineConfig, lanes: Sequence[int]) -> None:
    """Refuse a lot that does not fit its line. Raises LotError."""
    if not lanes or set(lanes) - set(config.lanes):
        known = ", ".join(map(str, config.lanes))
        raise LotError(f"lanes: expected some of {known} of line {config.line_id}, got {list(lanes)}")
    crop = config.grading.crop
    if crop is not None and crop.value != new.crop:
        raise LotError(f"crop: line {config.line_id} grades {crop.value}, got {new.crop!r}")
