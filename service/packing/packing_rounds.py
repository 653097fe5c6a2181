"""Packs every lot again and again while the service runs: a carton is there as soon as its last fruit is stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from time import monotonic

from grader.errors import GraderError
from service.errors import ServiceError
from service.line.quiet_log import QuietLog
from service.packing.packer import Packer
from service.store.lot_store import LotStore
from service.store.packing_store import PackingStore

PAUSE_S = 2.0
PAUSE_PER_WORK = 20.0
"""A round that took a second is followed by a pause of twenty: packing takes at most a twentieth of a processor."""
LAST_FRUIT = timedelta(seconds=60)
"""So long after a lot was closed its last fruit may still come in; then its last cartons are closed."""


class PackingRounds:
    """A thread that packs. busy: whether fruit wait for the database; then no lot's last cartons are closed."""

    def __init__(
        self, packer: Packer, lots: LotStore, cartons: PackingStore, busy: Callable[[], bool]
    ) -> None:
        self._packer, self._lots, self._cartons, self._busy = packer, lots, cartons, busy
        self._log = QuietLog()
        self._end = Event()
        self._thread = Thread(target=self._go_round, name="packing", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the lot that is being packed."""
        self._end.set()
        if self._thread.ident is not None:
            self._thread.join()

    def round(self, now: datetime) -> None:
        """Pack every lot once. What fails is told in the log and tried again in the next round."""
        try:
            lots = self._cartons.lots_to_pack()
        except ServiceError as error:
            self._log.warn("packing_failed", problem=str(error))
            return
        for lot_id in lots:
            if self._end.is_set():
                return
            try:
                closed_at = self._lots.lot(lot_id).closed_at
                last = closed_at is not None and now - closed_at >= LAST_FRUIT and not self._busy()
                self._packer.pack(lot_id, rest=last, at=now)
            except (ServiceError, GraderError) as error:
                self._log.warn("packing_failed", lot_id, problem=str(error))

    def _go_round(self) -> None:
        pause = PAUSE_S
        while not self._end.wait(pause):
            begun = monotonic()
            self.round(datetime.now(UTC))
            pause = max(PAUSE_S, PAUSE_PER_WORK * (monotonic() - begun))
