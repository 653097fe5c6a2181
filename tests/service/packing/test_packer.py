"""Fruit of a lot in cartons: each in one, for ever; the same ones after a crash; on both databases."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import count, islice
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from grader.carton_plan import PackedFruit, plan_cartons
from grader.errors import UnknownVersionError
from grader.sku_file import load_sku_table
from service.errors import ConflictError, NotFoundError
from service.packing.packer import AT_ONCE, Packer
from service.packing.packing_desk import wrong_sums
from service.packing.packing_rounds import LAST_FRUIT, PackingRounds
from service.store.database import open_database
from service.store.fruit_store import FruitStore
from service.store.lot_store import LotStore, StoredLot
from service.store.packing_counts import PackingQuestions
from service.store.packing_store import LooseFruit, NewCarton, PackingStore
from service.store.regrade_store import MeasuredRows, NewDecisions, RegradeStore, Rules
from tests.service.lot_fruit import AT, not_judged, open_lot
from tests.service.packing.packed_lot import decided_as, graded, judge_of, rules_with, write_table


class House:
    """The parts of a packing house, on one database."""

    def __init__(self, engine: Engine, folder: Path, **packs: int) -> None:
        self.lots, self.fruit = LotStore(engine), FruitStore(engine)
        self.cartons, self.questions = PackingStore(engine), PackingQuestions(engine)
        self.regrades = RegradeStore(engine)
        self.use(write_table(folder, **packs))

    def use(self, table: Path) -> None:
        self.judge = judge_of(table)
        self.packer = Packer(self.lots, self.cartons, rules_with(table))

    def pack(self, lot: StoredLot, *, rest: bool = False) -> tuple[str, ...]:
        return self.packer.pack(lot.lot_id, rest=rest, at=AT)

    def decide_again(self, lot: StoredLot, classes: Sequence[str]) -> None:
        """The first fruit get these classes, the others keep theirs."""

        def decide(rows: MeasuredRows) -> NewDecisions:
            return decided_as(rows, [*classes, *rows.classes[len(classes) :]][: len(rows)])

        rules = Rules(
            standard_id=self.judge.standard_id,
            standard_sha256=self.judge.standard_sha256,
            sku_table_id=self.judge.sku_table_id,
            sku_table_sha256=self.judge.sku_table_sha256,
        )
        self.regrades.decide_again(lot.lot_id, decide, rules, at=AT)

    def inside(self, lot: StoredLot) -> dict[str, list[int]]:
        """Numbers of the fruit by carton."""
        return {
            carton.code: [one.lot_fruit_id for one in self.questions.fruit_of(carton.carton_id)]
            for carton in self.cartons.cartons(lot.lot_id, limit=10_000)
        }


def packed_until(house: House, lot: StoredLot, cartons: int, crash: Callable[[], None]) -> None:
    """Pack, and crash after so many cartons, or after the last one before anything is committed."""

    def plan(loose: Sequence[LooseFruit]) -> Iterator[NewCarton]:
        yield from islice(house.packer._plan(lot, loose, rest=False), cartons)
        crash()

    house.cartons.pack(lot.lot_id, plan)


def fail() -> None:
    raise MemoryError


@pytest.fixture
def house(engine: Engine, tmp_path: Path) -> House:
    return House(engine, tmp_path / "rules")


def test_full_cartons_are_closed_and_the_rest_with_the_lot(house: House) -> None:
    lot = open_lot(house.lots)
    fruit = [graded(lot, number, house.judge) for number in range(9)]
    fruit[2] = graded(lot, 2, house.judge, grade_class="reject")
    fruit[4] = not_judged(lot, 4)
    fruit[5] = graded(lot, 5, house.judge, reason="late")
    numbers = house.fruit.add(fruit)
    assert house.pack(lot) == (f"C{lot.lot_id}-0001",)
    assert house.pack(lot) == ()
    with pytest.raises(ConflictError, match=r"^lot L1: expected a closed lot, it is open"):
        house.pack(lot, rest=True)
    house.lots.close(lot.lot_id, at=AT)
    assert house.pack(lot, rest=True) == (f"C{lot.lot_id}-0002",)
    assert house.pack(lot, rest=True) == ()
    first, second = house.cartons.cartons(lot.lot_id, limit=10)
    assert house.inside(lot) == {
        first.code: [numbers[0], numbers[1], numbers[3], numbers[6]],
        second.code: [numbers[7], numbers[8]],
    }
    assert (first.sku_code, first.outlet, first.pack, first.arrangement) == (
        "APL-EX-75",
        "first",
        "T4",
        "layered",
    )
    assert (first.full_pack, first.fruit_count, first.net_weight_g, first.size) == (True, 4, 800.0, "75")
    assert (second.full_pack, second.fruit_count, second.net_weight_g) == (False, 2, 400.0)
    assert first.packed_at == fruit[6].decided_at
    assert house.cartons.lots_to_pack() == ()


def test_a_pack_by_weight_takes_the_stand_in_for_fruit_without_one(house: House) -> None:
    lot = open_lot(house.lots)
    weights = [300.0, None, 250.0, 269.0, 1.0]
    house.fruit.add(
        [
            graded(lot, number, house.judge, grade_class="I", weight_g=weight)
            for number, weight in enumerate(weights)
        ]
    )
    house.pack(lot)
    (carton,) = house.cartons.cartons(lot.lot_id, limit=10)
    assert (carton.fruit_count, carton.net_weight_g, carton.unweighed) == (5, 1000.0, 1)


def test_a_pack_by_count_has_no_weight_when_a_fruit_has_none(house: House) -> None:
    lot = open_lot(house.lots)
    house.fruit.add(
        [
            graded(lot, number, house.judge, weight_g=weight)
            for number, weight in enumerate([1.0, None, 1.0, 1.0])
        ]
    )
    house.pack(lot)
    (carton,) = house.cartons.cartons(lot.lot_id, limit=10)
    assert (carton.net_weight_g, carton.unweighed) == (None, 1)


def test_a_fruit_goes_by_its_newest_decision_and_stays_where_it_was_packed(house: House) -> None:
    lot = open_lot(house.lots)
    numbers = house.fruit.add([graded(lot, number, house.judge) for number in range(6)])
    house.pack(lot)
    house.decide_again(lot, ["reject", "extra", "extra", "extra", "reject", "extra"])
    house.lots.close(lot.lot_id, at=AT)
    house.pack(lot, rest=True)
    first, second = house.inside(lot).values()
    assert (first, second) == (list(numbers[:4]), [numbers[5]])
    (carton, _) = house.cartons.cartons(lot.lot_id, limit=10)
    changed = house.questions.fruit_of(carton.carton_id)[0]
    assert (changed.packed_class, changed.grade_class, changed.sku_code) == ("extra", "reject", "REST")
    counts = house.questions.counts(lot.lot_id)
    assert [(one.sku_code, one.fruit) for one in counts.loose] == [("REST", 1)]
    assert (counts.in_cartons, wrong_sums(counts)) == (5, ())
    house.decide_again(lot, ["extra"] * 6)  # a cull after all: it is found although later fruit are packed
    house.pack(lot, rest=True)
    assert list(house.inside(lot).values())[2] == [numbers[4]]


def test_a_crash_leaves_nothing_half_done_and_the_same_cartons_come_out(house: House) -> None:
    lot = open_lot(house.lots)
    house.fruit.add([graded(lot, number, house.judge) for number in range(12)])

    with pytest.raises(MemoryError):
        packed_until(house, lot, 2, fail)
    assert house.inside(lot) == {}
    house.pack(lot)
    assert [len(fruit) for fruit in house.inside(lot).values()] == [4, 4, 4]


KILLED = """
import os, signal, sys
from itertools import islice
from sqlalchemy import make_url
from service.store.database import open_database
from tests.service.packing.test_packer import House, packed_until
house = House(open_database(make_url(sys.argv[1])), __import__("pathlib").Path(sys.argv[2]))
packed_until(house, house.lots.lot(1), 2, lambda: os.kill(os.getpid(), signal.SIGKILL))
"""


def test_a_process_that_is_killed_while_it_packs_leaves_nothing_half_done(
    empty_database: URL, tmp_path: Path
) -> None:
    engine = open_database(empty_database)
    house = House(engine, tmp_path / "rules")
    lot = open_lot(house.lots)
    house.fruit.add([graded(lot, number, house.judge) for number in range(12)])
    url = empty_database.render_as_string(hide_password=False)
    killed = subprocess.run([sys.executable, "-c", KILLED, url, str(tmp_path / "rules")], timeout=120)
    assert killed.returncode == -signal.SIGKILL
    assert house.inside(lot) == {}
    assert house.pack(lot) == ("C1-0001", "C1-0002", "C1-0003")
    engine.dispose()


def test_of_two_that_pack_a_lot_at_once_each_fruit_is_packed_by_one(house: House) -> None:
    lot = open_lot(house.lots)
    house.fruit.add([graded(lot, number, house.judge) for number in range(200)])
    start = Barrier(3)

    def pack() -> tuple[str, ...]:
        start.wait(timeout=30)
        return house.pack(lot)

    with ThreadPoolExecutor(3) as pool:
        found = [one.result(timeout=60) for one in [pool.submit(pack) for _ in range(3)]]
    assert sorted(code for codes in found for code in codes) == [
        f"C1-{number:04d}" for number in range(1, 51)
    ]
    assert wrong_sums(house.questions.counts(lot.lot_id)) == ()


def test_more_cartons_than_one_transaction_takes(house: House, tmp_path: Path) -> None:
    house.use(write_table(tmp_path / "single", count=1))
    lot = open_lot(house.lots)
    house.fruit.add([graded(lot, number, house.judge) for number in range(AT_ONCE + 3)])
    assert len(house.pack(lot)) == AT_ONCE + 3
    assert house.cartons.named([f"C1-{AT_ONCE + 3:04d}"])[0].number == AT_ONCE + 3


def test_a_table_that_is_not_here_is_named_and_nothing_is_packed(house: House) -> None:
    lot = open_lot(house.lots)
    strange = replace(house.judge, sku_table_sha256="c" * 64)
    house.fruit.add([graded(lot, number, strange) for number in range(4)])
    with pytest.raises(UnknownVersionError, match=r"^SKU table packing: no file with the hash 'cccc"):
        house.pack(lot)
    with pytest.raises(NotFoundError, match="no lot 99"):
        house.packer.pack(99, at=AT)


def test_two_tables_that_call_different_cartons_alike_do_not_mix_them(house: House, tmp_path: Path) -> None:
    lot = open_lot(house.lots)
    other = write_table(tmp_path / "other", count=2)
    first = write_table(tmp_path / "rules")
    house.packer = Packer(house.lots, house.cartons, rules_with(first, other))
    house.fruit.add([graded(lot, number, house.judge) for number in range(3)])
    house.fruit.add([graded(lot, number, judge_of(other)) for number in range(3, 5)])
    house.pack(lot)
    (carton,) = house.cartons.cartons(lot.lot_id, limit=10)
    assert (carton.pack, carton.fruit_count) == ("T4/2", 2)


def test_rounds_close_the_last_cartons_a_while_after_the_lot(house: House) -> None:
    lot = open_lot(house.lots)
    house.fruit.add([graded(lot, number, house.judge) for number in range(5)])
    busy = True
    rounds = PackingRounds(house.packer, house.lots, house.cartons, lambda: busy)
    rounds.round(AT)
    assert [len(fruit) for fruit in house.inside(lot).values()] == [4]
    house.lots.close(lot.lot_id, at=AT)
    rounds.round(AT + LAST_FRUIT - timedelta(seconds=1))
    rounds.round(AT + LAST_FRUIT)
    assert len(house.inside(lot)) == 1  # fruit wait for the database
    busy = False
    rounds.round(AT + LAST_FRUIT)
    assert [len(fruit) for fruit in house.inside(lot).values()] == [4, 1]
    assert house.cartons.finished_at(lot.lot_id) == AT + LAST_FRUIT


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Path, Iterator[int]]]:
    folder = tmp_path_factory.mktemp("packing")
    engine = open_database(folder / "grader.sqlite3")
    yield engine, folder, count(1)
    engine.dispose()


CLASSES = st.sampled_from(["extra", "I", "II", "reject"])
FRUIT = st.tuples(
    CLASSES, st.sampled_from([None, 90.0, 200.0, 420.0]), st.sampled_from([None] * 5 + ["late"])
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("fruit"), st.lists(FRUIT, max_size=12)),
        st.tuples(st.just("pack"), st.none()),
        st.tuples(st.just("crash"), st.integers(0, 3)),
        st.tuples(st.just("again"), st.lists(CLASSES, max_size=20)),
    ),
    max_size=10,
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS, packs=st.tuples(st.integers(1, 5), st.integers(200, 1500)))
def test_every_fruit_that_left_for_a_packed_sku_is_in_exactly_one_carton(
    shared: tuple[Engine, Path, Iterator[int]],
    steps: list[tuple[str, object]],
    packs: tuple[int, int],
) -> None:
    engine, folder, numbers = shared
    lane = next(numbers)
    house = House(engine, folder, count=packs[0], net_weight_g=packs[1])
    lot = open_lot(house.lots, f"L{lane}", lanes=(lane,))
    stored: list[tuple[int, tuple[str, float | None, str | None]]] = []
    decided_again = False
    before: dict[str, list[int]] = {}

    def check() -> None:
        nonlocal before
        now = house.inside(lot)
        assert {code: now[code] for code in before} == before  # what is packed stays
        placed = Counter(number for fruit in now.values() for number in fruit)
        assert set(placed.values()) <= {1}
        assert wrong_sums(house.questions.counts(lot.lot_id)) == ()
        before = now

    for step, what in steps:
        if step == "fruit":
            assert isinstance(what, list)
            new = [
                graded(lot, len(stored) + place, house.judge, grade_class=name, weight_g=weight, reason=why)
                for place, (name, weight, why) in enumerate(what)
            ]
            stored += zip(house.fruit.add(new), what, strict=True)
        elif step == "again":
            assert isinstance(what, list)
            decided_again = decided_again or bool(what)
            house.decide_again(lot, what)
        elif step == "pack":
            house.pack(lot)
        else:
            assert isinstance(what, int)
            with pytest.raises(MemoryError):
                packed_until(house, lot, what, fail)
        check()
    house.lots.close(lot.lot_id, at=AT)
    house.pack(lot, rest=True)
    check()
    loose = house.questions.counts(lot.lot_id).loose
    assert {one.sku_code for one in loose} <= {"REST"}
    for carton in house.cartons.cartons(lot.lot_id, limit=10_000):
        if carton.pack == "T4":
            assert carton.fruit_count == packs[0] or (not carton.full_pack and carton.fruit_count < packs[0])
        elif carton.full_pack:
            assert carton.net_weight_g is not None
            assert carton.net_weight_g >= packs[1]
    if not decided_again:  # however often it was packed in between: the cartons of one go
        assert list(before.values()) == one_go(stored, folder / "packing.toml")


def one_go(stored: list[tuple[int, tuple[str, float | None, str | None]]], table: Path) -> list[list[int]]:
    skus = {
        "extra": ("APL-EX-75", "first", "T4"),
        "I": ("APL-I", "second", "L1"),
        "II": ("APL-II", "second", "L1"),
    }
    fruit = [
        PackedFruit(
            fruit_id=number,
            sku=skus[name][0],
            outlet=skus[name][1],
            pack=skus[name][2],
            grade_class=name,
            weight_g=weight,
        )
        for number, (name, weight, reason) in stored
        if reason is None and name in skus
    ]
    cartons = plan_cartons(fruit, load_sku_table(table).packs)
    return [[one.fruit_id for one in carton.fruit] for carton in cartons]
