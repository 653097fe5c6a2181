"""Lots and fruit for tests of the warehouse."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from grader.record import record_to_json
from grader.types import FruitMeasurement, FruitRecord, GradeDecision, SkuAssignment
from service.store.fruit_store import NewLotFruit
from service.store.judges import JudgedBy
from service.store.lot_store import LotStore, NewLot, StoredLot
from tests.grader.made_fruit import about, make_defect, make_fruit

AT = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
JUDGE = JudgedBy(
    model_id="fruitnet/1.5.0",
    standard_id="apple_eu_2023_2429",
    standard_sha256="a" * 64,
    sku_table_id="default",
    sku_table_sha256="b" * 64,
)


def new_lot(code: str = "L1", **more: object) -> NewLot:
    wanted: dict[str, object] = {
        "code": code,
        "grower": "花果山 ½",
        "crop": "apple",
        "arrived_at": AT,
        **more,
    }
    return NewLot(**wanted)  # type: ignore[arg-type]


def open_lot(
    lots: LotStore, code: str = "L1", *, line_id: str = "north", lanes: tuple[int, ...] = (1,)
) -> StoredLot:
    return lots.open(new_lot(code), line_id=line_id, lanes=lanes, at=AT)


def judged(
    lot: StoredLot,
    number: int,
    *,
    grade_class: str = "I",
    sku: str = "APL-I-75",
    size_code: str | None = "75",
    weight_g: float | None = 200.0,
    review: bool = False,
    reason: str | None = None,
    measurement: FruitMeasurement | None = None,
) -> NewLotFruit:
    """A fruit of the first run of a lot."""
    fruit = make_fruit(make_defect("rot", confidence=0.8)) if measurement is None else measurement
    size = replace(fruit.size, weight_g=None if weight_g is None else about(weight_g, 5.0))
    record = FruitRecord(
        measurement=replace(fruit, size=size),
        grade=GradeDecision(
            standard_id=JUDGE.standard_id, grade_class=grade_class, confidence=0.9, review=review, reasons=()
        ),
        sku=SkuAssignment(code=sku, table_id="default", outlet="pack", size_code=size_code),
    )
    return NewLotFruit(
        lot_id=lot.lot_id,
        run_id=lot.runs[0].run_id,
        lane=lot.runs[0].lane,
        fruit_name=f"cup-{number}",
        decided_at=AT + timedelta(milliseconds=100 * number),
        outlet="again" if reason else "pack",
        late=reason == "late",
        reason=reason,
        record=record_to_json(record),
        judged_by=JUDGE,
    )


def not_judged(lot: StoredLot, number: int, *, reason: str = "no_view") -> NewLotFruit:
    """A fruit that went round again without a record."""
    return replace(judged(lot, number, reason=reason), record=None, judged_by=None)


def some_fruit(lot: StoredLot, count: int) -> list[NewLotFruit]:
    """Of three classes and sizes, every tenth without a record."""
    random = Random(count)
    found = []
    for number in range(count):
        if number % 10 == 9:
            found.append(not_judged(lot, number))
            continue
        size = random.choice(["70", "75", None])
        grade_class = random.choice(["extra", "I", "reject"])
        found.append(
            judged(
                lot,
                number,
                grade_class=grade_class,
                size_code=size,
                sku=f"APL-{grade_class}-{size or 'NS'}",
                weight_g=random.choice([None, 150.0, 250.0]),
                review=random.random() < 0.2,
            )
        )
    return found
