from __future__ import annotations

from collections import Counter
from dataclasses import asdict, replace

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from grader.errors import RecordError
from service.errors import NotFoundError, StorageError
from service.store.fruit_store import FruitStore, LotFruitFilter, NewLotFruit
from service.store.lot_store import LotStore, StoredLot
from tests.service.lot_fruit import AT, JUDGE, judged, not_judged, open_lot, some_fruit


@pytest.fixture
def store(engine: Engine) -> FruitStore:
    return FruitStore(engine)


@pytest.fixture
def lot(engine: Engine) -> StoredLot:
    return open_lot(LotStore(engine))


def test_a_fruit_comes_back_as_it_was_decided(store: FruitStore, lot: StoredLot) -> None:
    new = judged(lot, 7, review=True)
    (number,) = store.add([new])
    fruit, (decision,) = store.fruit(lot.lot_id, number)
    for name in ("lot_id", "lane", "fruit_name", "decided_at", "outlet", "late", "reason", "record"):
        assert getattr(fruit, name) == getattr(new, name), name
    assert (fruit.grade_class, fruit.sku_code, fruit.size_code) == ("I", "APL-I-75", "75")
    assert (fruit.confidence, fruit.review) == (0.9, True)
    assert (decision.why, decision.grade_class, decision.sku_code) == ("machine", "I", "APL-I-75")
    assert (decision.confidence, decision.review, decision.decided_at) == (0.9, True, new.decided_at)
    assert decision.judged_by == JUDGE
    assert store.judged_by(lot.lot_id) == (JUDGE,)


def test_a_fruit_that_was_not_judged_is_kept_without_a_decision(store: FruitStore, lot: StoredLot) -> None:
    (number,) = store.add([not_judged(lot, 1)])
    fruit, decisions = store.fruit(lot.lot_id, number)
    assert (fruit.grade_class, fruit.record, fruit.reason, decisions) == (None, None, "no_view", ())
    with pytest.raises(ValueError, match="expected record and judged_by together"):
        replace(judged(lot, 1), judged_by=None)


def test_numbers_are_in_order_also_of_many(store: FruitStore, lot: StoredLot) -> None:
    new = some_fruit(lot, 1500)
    numbers = store.add(new)
    assert list(numbers) == sorted(numbers)
    assert store.add([]) == ()
    for place in (0, 699, 1499):
        assert store.fruit(lot.lot_id, numbers[place])[0].fruit_name == f"cup-{place}"


def test_fruit_are_stored_whole_or_not_at_all(store: FruitStore, lot: StoredLot) -> None:
    torn = replace(judged(lot, 2), record={"schema": "fruit/1"})
    with pytest.raises(RecordError, match="size: missing"):
        store.add([judged(lot, 1), torn])
    stranger = replace(judged(lot, 2), run_id=999)
    with pytest.raises(StorageError, match="cannot be used"):
        store.add([judged(lot, 1), replace(stranger, judged_by=replace(JUDGE, model_id="another"))])
    assert store.page(lot.lot_id, LotFruitFilter(), limit=10) == ()
    (number,) = store.add([replace(judged(lot, 1), judged_by=replace(JUDGE, model_id="another"))])
    assert store.fruit(lot.lot_id, number)[1][0].judged_by.model_id == "another"


def test_pages_cover_a_lot_once_newest_first(store: FruitStore, lot: StoredLot, engine: Engine) -> None:
    other = open_lot(LotStore(engine), "L2", lanes=(2,))
    for _ in range(3):
        store.add([*some_fruit(lot, 5), judged(other, 1)])
    seen: list[int] = []
    before = None
    while page := store.page(lot.lot_id, LotFruitFilter(), limit=4, before=before):
        seen += [fruit.lot_fruit_id for fruit in page]
        before = page[-1].lot_fruit_id
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == 15
    with pytest.raises(NotFoundError, match=f"no fruit {seen[0]} in lot {other.lot_id}"):
        store.fruit(other.lot_id, seen[0])


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (LotFruitFilter(), 5),
        (LotFruitFilter(grade_class="reject"), 1),
        (LotFruitFilter(sku_code="B"), 1),
        (LotFruitFilter(size_code="75"), 3),
        (LotFruitFilter(review=True), 1),
        (LotFruitFilter(review=False), 4),
        (LotFruitFilter(fruit_name="cup-3"), 1),
        (LotFruitFilter(grade_class="I", fruit_name="cup-2"), 0),
        (LotFruitFilter(fruit_name="cup-1'; DROP TABLE lot_fruit; --"), 0),
    ],
)
def test_filters(store: FruitStore, lot: StoredLot, wanted: LotFruitFilter, count: int) -> None:
    store.add(
        [
            judged(lot, 1),
            judged(lot, 2, grade_class="reject", sku="B", size_code=None),
            judged(lot, 3, review=True),
            judged(lot, 4, reason="no_route"),
            not_judged(lot, 5),
        ]
    )
    assert len(store.page(lot.lot_id, wanted, limit=10)) == count


def test_the_packout_counts_every_fruit_once(store: FruitStore, lot: StoredLot) -> None:
    new = [*some_fruit(lot, 400), judged(lot, 401, reason="ungraded", grade_class="ungraded")]
    store.add(new)
    packout = store.packout(lot.lot_id)
    wanted = Counter(map(_group, (fruit for fruit in new if fruit.reason is None)))
    assert {(row.grade_class, row.size_code, row.sku_code): row.fruit for row in packout.rows} == wanted
    assert packout.again == {"no_view": 40, "ungraded": 1}
    assert sum(row.fruit for row in packout.rows) + sum(packout.again.values()) == len(new)
    weights = [_weight_g(fruit) for fruit in new if fruit.reason is None]
    assert sum(row.weighed for row in packout.rows) == sum(weight is not None for weight in weights)
    assert sum(row.weight_g for row in packout.rows) == sum(weight or 0.0 for weight in weights)
    assert store.packout(999).rows == ()


def _group(fruit: NewLotFruit) -> tuple[object, ...]:
    assert fruit.record is not None
    grade, sku = fruit.record["grade"], fruit.record["sku"]
    return (grade["class"], sku["size_code"], sku["code"])  # type: ignore[index]


def _weight_g(fruit: NewLotFruit) -> float | None:
    assert fruit.record is not None
    weight = fruit.record["size"]["weight_g"]  # type: ignore[index]
    return None if weight is None else float(weight["value"])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("UPDATE fruit_decision SET grade_class = 'extra'", "decisions are only added"),
        ("DELETE FROM fruit_decision", "decisions are only added"),
        ("UPDATE correction SET who = 'nobody'", "corrections are only added"),
        ("DELETE FROM correction", "corrections are only added"),
        ("UPDATE fruit_record SET record_json = '{}'", "what the machine decided is never changed"),
        ("UPDATE lot_fruit SET weight_g = 1", "what was measured is never changed"),
        ("UPDATE lot_fruit SET grade_class = 'I', measured = NULL", "what was measured is never changed"),
    ],
)
def test_what_is_only_added_cannot_be_changed(
    store: FruitStore, lot: StoredLot, engine: Engine, change: str, why: str
) -> None:
    (number,) = store.add([judged(lot, 1)])
    correct(engine, number, 1)
    with pytest.raises(DBAPIError, match=why), engine.begin() as connection:
        connection.execute(text(change))
    with engine.begin() as connection:
        connection.execute(text("UPDATE lot_fruit SET grade_class = 'II'"))
    assert store.fruit(lot.lot_id, number)[0].grade_class == "II"


def correct(engine: Engine, lot_fruit_id: int, number: int) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO correction (lot_fruit_id, number, who, corrected_at, before_json, after_json, why) "
                "VALUES (:fruit, :number, 'Li', '2026-11-22 08:30:00', '{}', '{}', 'rot')"
            ),
            {"fruit": lot_fruit_id, "number": number},
        )


def test_two_tablets_cannot_both_make_the_next_correction(
    store: FruitStore, lot: StoredLot, engine: Engine
) -> None:
    (number,) = store.add([judged(lot, 1)])
    correct(engine, number, 1)
    with pytest.raises(DBAPIError, match=r"(?i)unique"):
        correct(engine, number, 1)
    correct(engine, number, 2)


def carton(lot_id: int, fruit_count: int, net_weight_g: float) -> str:
    return (
        "INSERT INTO carton (code, lot_id, number, sku_code, outlet, pack, arrangement, grade_class, full_pack, "
        "fruit_count, unweighed, net_weight_g, packed_at) VALUES "
        f"('C1', {lot_id}, 1, 'A', 'pack', 'T4', 'layered', 'I', true, {fruit_count}, 0, {net_weight_g}, "
        "'2026-11-22 08:30:00')"
    )


@pytest.mark.parametrize(
    ("broken", "constraint"),
    [
        (carton(999, 10, 2000), "foreign key"),
        (carton(1, 0, 2000), "ck_carton_fruit_count"),
        (carton(1, 10, 0), "ck_carton_net_weight_g"),
        ("UPDATE lot SET state = 'closed'", "ck_lot_closed_at"),
        ("UPDATE lot SET closed_at = '2026-11-22 08:30:00'", "ck_lot_closed_at"),
        ("UPDATE lot SET state = 'lost'", "ck_lot_"),
    ],
)
def test_what_makes_no_sense_is_refused_by_the_database(
    lot: StoredLot, engine: Engine, broken: str, constraint: str
) -> None:
    assert lot.lot_id == 1
    with pytest.raises(DBAPIError, match=f"(?i){constraint}"), engine.begin() as connection:
        connection.execute(text(broken))


def test_times_and_hashes_are_exact(store: FruitStore, lot: StoredLot) -> None:
    at = AT.replace(microsecond=123456)
    (number,) = store.add([replace(judged(lot, 1), decided_at=at)])
    fruit, (decision,) = store.fruit(lot.lot_id, number)
    assert (fruit.decided_at, decision.decided_at) == (at, at)
    assert asdict(decision.judged_by) == asdict(JUDGE)
