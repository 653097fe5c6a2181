"""Asks what is in cartons: counts that have to add up, sizes, and what became of fruit after they were packed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Select, exists, func, select
from sqlalchemy.orm import Session

from grader.types import REJECT
from service.store.judges import JudgedBy
from service.store.lot_tables import FruitRecordRow, Judge, LotFruit
from service.store.packing_tables import Carton, CartonFruit, PackingVoid
from service.store.storage_errors import storage_errors

ROT = "rot"


@dataclass(frozen=True, slots=True, kw_only=True)
class LooseFruits:
    """So many fruit in no carton, of one SKU, class and judge."""

    judge_id: int
    sku_code: str
    grade_class: str
    fruit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PackingCounts:
    """Fruit of a lot, each counted by itself.

    again: went round again. loose: in no carton, also of SKUs that are not packed. in_cartons: rows of fruit in
    cartons. on_labels: what the cartons say they hold, by where they are: `pallet`, `store` (on no pallet) or `void`;
    cartons: how many of each.
    """

    stored: int
    again: int
    loose: tuple[LooseFruits, ...]
    in_cartons: int
    on_labels: Mapping[str, int]
    cartons: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class CartonSizes:
    """Smallest and largest fruit of a carton, None without any; unmeasured, unweighed: fruit that have no size."""

    diameter_mm: tuple[float, float] | None
    unmeasured: int
    weight_g: tuple[float, float] | None
    unweighed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FruitInCarton:
    """A fruit in a carton: as it was packed (judged_by, packed_class, packed_size), and by the newest decision."""

    lot_fruit_id: int
    fruit_name: str
    judged_by: JudgedBy
    packed_class: str
    packed_size: str | None
    grade_class: str
    size_code: str | None
    sku_code: str
    diameter_mm: float | None
    weight_g: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedAs:
    """So many fruit that were packed as one class are of another by now. decayed: rot was seen on a rejected one."""

    packed_class: str
    grade_class: str
    same_size: bool
    decayed: bool
    fruit: int


class PackingQuestions:
    """Questions about the cartons of a lot. All raise StorageError."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def counts(self, lot_id: int) -> PackingCounts:
        """Counts of one moment: all are read in one transaction."""
        of_lot = LotFruit.lot_id == lot_id
        groups = (LotFruit.sku_code, LotFruit.judge_id, LotFruit.grade_class)
        packed = exists().where(CartonFruit.lot_fruit_id == LotFruit.lot_fruit_id)
        with storage_errors(), self._engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            else:
                connection.exec_driver_sql("BEGIN")

            def number(query: Select[Any]) -> int:
                return connection.scalar(query) or 0

            stored = number(select(func.count()).select_from(LotFruit).where(of_lot))
            loose = connection.execute(
                select(*groups, func.count())
                .where(of_lot, LotFruit.reason.is_(None), ~packed)
                .group_by(*groups)
                .order_by(*groups)
            ).all()
            again = number(
                select(func.count()).select_from(LotFruit).where(of_lot, LotFruit.reason.is_not(None))
            )
            inside = number(
                select(func.count())
                .select_from(CartonFruit)
                .join(Carton, Carton.carton_id == CartonFruit.carton_id)
                .where(Carton.lot_id == lot_id)
            )
            places = connection.execute(
                select(
                    PackingVoid.void_id.is_not(None),
                    Carton.pallet_id.is_not(None),
                    func.count(),
                    func.sum(Carton.fruit_count),
                )
                .outerjoin(PackingVoid, PackingVoid.carton_id == Carton.carton_id)
                .where(Carton.lot_id == lot_id)
                .group_by(PackingVoid.void_id.is_not(None), Carton.pallet_id.is_not(None))
            ).all()
        fruit, cartons = dict.fromkeys(_PLACES, 0), dict.fromkeys(_PLACES, 0)
        for void, on_pallet, count, held in places:
            place = "void" if void else "pallet" if on_pallet else "store"
            fruit[place] += held
            cartons[place] += count
        return PackingCounts(
            stored=stored,
            again=again,
            loose=tuple(
                LooseFruits(judge_id=judge, sku_code=sku, grade_class=grade_class, fruit=count)
                for sku, judge, grade_class, count in loose
                if sku is not None and judge is not None and grade_class is not None
            ),
            in_cartons=inside,
            on_labels=fruit,
            cartons=cartons,
        )

    def sizes(self, carton_ids: Sequence[int]) -> Mapping[int, CartonSizes]:
        """Sizes of the fruit of some cartons."""
        query = (
            select(
                CartonFruit.carton_id,
                func.min(LotFruit.diameter_mm),
                func.max(LotFruit.diameter_mm),
                func.count() - func.count(LotFruit.diameter_mm),
                func.min(LotFruit.weight_g),
                func.max(LotFruit.weight_g),
                func.count() - func.count(LotFruit.weight_g),
            )
            .join(LotFruit, LotFruit.lot_fruit_id == CartonFruit.lot_fruit_id)
            .where(CartonFruit.carton_id.in_(carton_ids))
            .group_by(CartonFruit.carton_id)
        )
        with storage_errors(), Session(self._engine) as session:
            return {
                carton: CartonSizes(
                    diameter_mm=None if thin is None or thick is None else (thin, thick),
                    unmeasured=unmeasured,
                    weight_g=None if light is None or heavy is None else (light, heavy),
                    unweighed=unweighed,
                )
                for carton, thin, thick, unmeasured, light, heavy, unweighed in session.execute(query)
            }

    def judges_of(self, carton_ids: Sequence[int]) -> Mapping[int, JudgedBy]:
        """What judged the fruit of some cartons; of several judges the first."""
        first = (
            select(CartonFruit.carton_id, func.min(CartonFruit.judge_id).label("judge_id"))
            .where(CartonFruit.carton_id.in_(carton_ids))
            .group_by(CartonFruit.carton_id)
            .subquery()
        )
        query = select(first.c.carton_id, Judge).join(Judge, Judge.judge_id == first.c.judge_id)
        with storage_errors(), Session(self._engine) as session:
            return {carton: JudgedBy.of(judge) for carton, judge in session.execute(query)}

    def fruit_of(self, carton_id: int) -> tuple[FruitInCarton, ...]:
        """The fruit of a carton, in the order they came."""
        query = (
            select(CartonFruit, LotFruit, Judge)
            .join(LotFruit, LotFruit.lot_fruit_id == CartonFruit.lot_fruit_id)
            .join(Judge, Judge.judge_id == CartonFruit.judge_id)
            .where(CartonFruit.carton_id == carton_id)
            .order_by(CartonFruit.lot_fruit_id)
        )
        with storage_errors(), Session(self._engine) as session:
            return tuple(
                FruitInCarton(
                    lot_fruit_id=fruit.lot_fruit_id,
                    fruit_name=fruit.fruit_name,
                    judged_by=JudgedBy.of(judge),
                    packed_class=packed.grade_class,
                    packed_size=packed.size_code,
                    grade_class=str(fruit.grade_class),
                    size_code=fruit.size_code,
                    sku_code=str(fruit.sku_code),
                    diameter_mm=fruit.diameter_mm,
                    weight_g=fruit.weight_g,
                )
                for packed, fruit, judge in session.execute(query)
            )

    def packed_as(self, lot_id: int) -> tuple[PackedAs, ...]:
        """Fruit in the cartons of a lot that are not void: what they were packed as, and what they are by now."""
        not_void = ~exists().where(PackingVoid.carton_id == Carton.carton_id)
        same_size = func.coalesce(CartonFruit.size_code, "") == func.coalesce(LotFruit.size_code, "")
        groups = (CartonFruit.grade_class, LotFruit.grade_class, same_size)
        inside = (
            select(*groups, func.count())
            .join(LotFruit, LotFruit.lot_fruit_id == CartonFruit.lot_fruit_id)
            .join(Carton, Carton.carton_id == CartonFruit.carton_id)
            .where(Carton.lot_id == lot_id, not_void)
        )
        rejected = (LotFruit.grade_class == REJECT) & (CartonFruit.grade_class != REJECT)
        records = (
            select(*groups, FruitRecordRow.record_json)
            .join(LotFruit, LotFruit.lot_fruit_id == CartonFruit.lot_fruit_id)
            .join(Carton, Carton.carton_id == CartonFruit.carton_id)
            .join(FruitRecordRow, FruitRecordRow.lot_fruit_id == LotFruit.lot_fruit_id)
            .where(Carton.lot_id == lot_id, not_void, rejected)
        )
        found: dict[tuple[str, str, bool, bool], int] = {}
        with storage_errors(), Session(self._engine) as session:
            for packed, now, same, count in session.execute(inside.where(~rejected).group_by(*groups)):
                found[packed, str(now), bool(same), False] = count
            for packed, now, same, record in session.execute(records):
                decayed = any(defect["kind"] == ROT for defect in json.loads(record)["defects"])
                key = (packed, str(now), bool(same), decayed)
                found[key] = found.get(key, 0) + 1
        return tuple(
            PackedAs(packed_class=packed, grade_class=now, same_size=same, decayed=decayed, fruit=count)
            for (packed, now, same, decayed), count in sorted(found.items())
        )


_PLACES = ("pallet", "store", "void")
