from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL

from service.errors import RowRefusedError, StorageError
from service.line.quiet_log import QuietLog
from service.lots.batch_writer import BatchWriter
from service.store.database import open_database

PATIENCE_S = 60.0


class Disk:
    """Keeps what is written. gate: writing waits for it. away: so many writes fail. bad: items that are refused."""

    def __init__(self, *, away: int = 0, bad: Sequence[int] = (), error: Exception | None = None) -> None:
        self.gate, self.began = Event(), Event()
        self.gate.set()
        self.away, self.bad = away, set(bad)
        self.error = RowRefusedError("as ordered") if error is None else error
        self.batches: list[list[int]] = []
        self.bare: list[int] = []

    def write(self, items: Sequence[int]) -> None:
        self.began.set()
        assert self.gate.wait(PATIENCE_S)
        self._fail()
        if self.bad & set(items):
            raise self.error
        self.batches.append(list(items))

    def write_bare(self, item: int) -> None:
        self._fail()
        self.bare.append(item)

    def _fail(self) -> None:
        if self.away > 0:
            self.away -= 1
            raise StorageError("away, as ordered")

    @property
    def items(self) -> list[int]:
        return [item for batch in self.batches for item in batch]


def writer(disk: Disk, *, capacity: int = 1000, last_tries_s: float = 60.0) -> BatchWriter[int]:
    return BatchWriter(
        "test", disk.write, disk.write_bare, capacity=capacity, log=QuietLog(), last_tries_s=last_tries_s
    )


def test_what_waits_goes_in_one_batch_and_in_order() -> None:
    disk = Disk()
    disk.gate.clear()
    one = writer(disk)
    one.start()
    assert one.offer(0)
    assert disk.began.wait(PATIENCE_S)
    assert all(one.offer(number) for number in range(1, 600))
    disk.gate.set()
    assert one.flush(PATIENCE_S)
    assert disk.items == list(range(600))
    assert [len(batch) for batch in disk.batches] == [1, 500, 99]
    one.close()


def test_a_full_queue_refuses_and_counts_and_keeps_what_it_has() -> None:
    disk = Disk()
    disk.gate.clear()
    one = writer(disk, capacity=3)
    one.start()
    assert [one.offer(number) for number in range(5)] == [True, True, True, False, False]
    counts = one.counts()
    assert (counts.accepted, counts.stored, counts.refused, counts.waiting) == (3, 0, 2, 3)
    assert not one.flush(0.01)
    disk.gate.set()
    one.close()
    assert disk.items == [0, 1, 2]
    assert not one.offer(6)
    assert one.counts().refused == 3


def test_the_end_writes_what_waits() -> None:
    disk = Disk()
    one = writer(disk)
    for number in range(10):
        one.offer(number)
    one.start()
    one.close()
    assert disk.items == list(range(10))
    assert one.counts().stored == 10


def test_a_database_that_is_away_is_tried_again() -> None:
    disk = Disk(away=2)
    one = writer(disk)
    one.offer(1)
    one.start()
    assert one.flush(PATIENCE_S)
    one.close()
    assert disk.items == [1]


@pytest.mark.parametrize("error", [RowRefusedError("as ordered"), ValueError("as ordered")])
def test_a_spoilt_item_holds_up_nobody(error: Exception) -> None:
    disk = Disk(bad=[3], error=error)
    one = writer(disk)
    for number in range(6):
        one.offer(number)
    one.start()
    assert one.flush(PATIENCE_S)
    one.close()
    assert (disk.items, disk.bare) == ([0, 1, 2, 4, 5], [3])
    counts = one.counts()
    assert (counts.accepted, counts.stored, counts.spoilt, counts.waiting) == (6, 5, 1, 0)


def test_the_rest_of_a_spoilt_item_is_tried_again_too() -> None:
    disk = Disk(bad=[0])
    failed = iter([True, False])

    def away_once(item: int) -> None:
        if next(failed):
            raise StorageError("away, as ordered")
        disk.bare.append(item)

    one = BatchWriter("test", disk.write, away_once, capacity=10, log=QuietLog())
    one.offer(0)
    one.start()
    assert one.flush(PATIENCE_S)
    one.close()
    assert disk.bare == [0]


def test_at_the_end_a_database_that_stays_away_is_given_up_and_said() -> None:
    disk = Disk(away=10**9)
    one = writer(disk, last_tries_s=0.0)
    one.offer(1)
    one.start()
    one.close()
    counts = one.counts()
    assert (counts.lost, counts.waiting, counts.stored) == (1, 1, 0)


WRITE_FOR_EVER = """
import sys
from dataclasses import replace
from sqlalchemy.engine import make_url
from service.line.quiet_log import QuietLog
from service.lots.batch_writer import BatchWriter
from service.store.database import open_database
from service.store.fruit_store import FruitStore
from service.store.lot_store import LotStore
from tests.service.lot_fruit import judged, open_lot

engine = open_database(make_url(sys.argv[1]))
store = FruitStore(engine)
lot = open_lot(LotStore(engine))
fruit = judged(lot, 0)
writer = BatchWriter("fruit", store.add, print, capacity=1000, log=QuietLog())
writer.start()
number = 0
while True:
    number += writer.offer(replace(fruit, fruit_name=str(number)))
    if number % 50 == 0:
        print(writer.counts().stored, flush=True)
"""


def test_a_killed_process_loses_nothing_that_was_told_to_be_stored(empty_database: URL) -> None:
    given = empty_database.render_as_string(hide_password=False)
    with subprocess.Popen(
        [sys.executable, "-c", WRITE_FOR_EVER, given],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    ) as process:
        assert process.stdout is not None
        told = 0
        while told < 500:
            told = int(process.stdout.readline())
        process.kill()
        told = max([told, *map(int, process.stdout.read().split())])
    engine = open_database(empty_database)
    with engine.connect() as connection:
        names = [
            int(name)
            for name in connection.execute(
                text("SELECT fruit_name FROM lot_fruit ORDER BY lot_fruit_id")
            ).scalars()
        ]
        whole = connection.execute(
            text(
                "SELECT count(*) FROM lot_fruit NATURAL JOIN fruit_record JOIN fruit_decision USING (lot_fruit_id)"
            )
        ).scalar()
    engine.dispose()
    assert names == list(range(len(names)))
    assert len(names) == whole >= told
