"""The measurements of whole lots as columns; the last ones stay in memory, for a what-if asks again and again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np

from grader.fruit_columns import FruitColumns, Integers
from grader.packed_fruit import unpack_columns
from service.store.regrade_store import LotsState, RegradeStore

MOST_FRUIT = 500_000
"""Fruit of one question: some 0.5 GB as columns."""
KEPT = 2
"""Questions whose columns stay in memory."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeasuredLots:
    """Fruit of lots that were judged and that no person corrected. numbers: int64 (n,), their `lot_fruit_id`.

    corrected: fruit that a person corrected; they are not among the columns, for rules do not move them.
    """

    columns: FruitColumns
    numbers: Integers
    corrected: int


class MeasuredLotsReader:
    """Reads lots, and again only when fruit or corrections have come since."""

    def __init__(self, store: RegradeStore) -> None:
        self._store = store
        self._kept: OrderedDict[tuple[tuple[int, ...], str], tuple[LotsState, MeasuredLots]] = OrderedDict()
        self._reading = Lock()

    def read(self, lot_ids: Sequence[int], crop: str) -> MeasuredLots:
        """crop: of the standard; fruit of another one come out `ungraded`.

        Raises:
            BadFruitError: there are more than `MOST_FRUIT`. StorageError
        """
        key = (tuple(sorted(lot_ids)), crop)
        with self._reading:
            state = self._store.state(key[0])
            known = self._kept.pop(key, None)
            if known is None or known[0] != state:
                known = (state, self._read(key[0], crop, state))
            self._kept[key] = known
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return known[1]

    def _read(self, lot_ids: tuple[int, ...], crop: str, state: LotsState) -> MeasuredLots:
        rows = self._store.measured(lot_ids, most=MOST_FRUIT)
        return MeasuredLots(
            columns=unpack_columns(rows.crops, rows.varieties, rows.flags, rows.fruit, rows.defects, crop),
            numbers=np.array(rows.numbers, dtype=np.int64),
            corrected=state.corrections,
        )
