from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from service.errors import NotFoundError
from service.store.fruit_store import FruitStore
from service.store.lot_reader import LotReader
from service.store.lot_store import LotStore
from tests.service.lot_fruit import AT, judged, new_lot, not_judged, open_lot, some_fruit


def test_the_time_line_of_a_lot(engine: Engine) -> None:
    lot = open_lot(LotStore(engine))
    fruit = [
        replace(one, decided_at=AT.replace(second=0) + timedelta(seconds=seconds))
        for one, seconds in (
            (judged(lot, 1, grade_class="I"), 0),
            (judged(lot, 2, grade_class="I"), 59.999),
            (judged(lot, 3, grade_class="II"), 60),
            (judged(lot, 4, grade_class="II", reason="late"), 60),
            (not_judged(lot, 5), 61),
            (judged(lot, 6, grade_class="I"), 3600),
        )
    ]
    FruitStore(engine).add(fruit)
    found = {(one.at - AT, one.grade_class): one.fruit for one in LotReader(engine).minutes(lot.lot_id)}
    assert found == {
        (timedelta(0), "I"): 2,
        (timedelta(minutes=1), "II"): 1,
        (timedelta(minutes=1), None): 2,
        (timedelta(hours=1), "I"): 1,
    }
    assert LotReader(engine).minutes(99) == ()


def test_classes_of_many_lots_are_their_packouts(engine: Engine) -> None:
    lots, fruit = LotStore(engine), FruitStore(engine)
    made = [open_lot(lots, code, lanes=(lane,)) for lane, code in enumerate(("A", "B", "C"))]
    for lot, count in zip(made, (300, 50, 0), strict=True):
        fruit.add(some_fruit(lot, count))
    counts = LotReader(engine).classes([made[0].lot_id, made[2].lot_id])
    assert {one.lot_id for one in counts} == {made[0].lot_id}
    rows = fruit.packout(made[0].lot_id).rows
    for one in counts:
        same = [row for row in rows if row.grade_class == one.grade_class]
        assert one.fruit == sum(row.fruit for row in same)
        assert one.weighed == sum(row.weighed for row in same)
        assert one.weight_g == pytest.approx(sum(row.weight_g for row in same))


def test_growers_and_their_lots(engine: Engine) -> None:
    lots, reader = LotStore(engine), LotReader(engine)
    assert (reader.growers(), lots.crops()) == ((), ())
    for lane, (code, grower) in enumerate((("a_1", "Chen"), ("A%2", "Wang"), ("A_3", "Chen"))):
        lots.open(new_lot(code, grower=grower), line_id="north", lanes=(lane,), at=AT)
    chen, wang = reader.growers()
    assert (chen.name, chen.lots, wang.name, wang.lots) == ("Chen", 2, "Wang", 1)
    assert chen.last_lot_id == lots.lot_named("A_3").lot_id
    assert reader.grower(chen.grower_id) == chen
    with pytest.raises(NotFoundError, match="no grower 99"):
        reader.grower(99)

    def codes(**wanted: object) -> list[str]:
        return [lot.code for lot in lots.lots(limit=9, **wanted)]  # type: ignore[arg-type]

    assert codes(grower_id=chen.grower_id) == ["A_3", "a_1"]
    assert codes(text="a_") == ["A_3", "a_1"]
    assert codes(text="%") == ["A%2"]
    assert (codes(crop="melon"), codes(crop="apple", state="open", text="3")) == ([], ["A_3"])
    assert lots.crops() == ("apple",)
