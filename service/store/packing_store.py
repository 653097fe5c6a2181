"""Keeps cartons and the fruit in them. A fruit is in one carton at most, for ever: the database sees to it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Engine, exists, func, insert, select
from sqlalchemy.orm import Session

from service.errors import ConflictError, NotFoundError, RowRefusedError
from service.store.judges import JudgedBy
from service.store.lot_store import CLOSED, OPEN
from service.store.lot_tables import Judge, Lot, LotFruit
from service.store.packing_tables import Carton, CartonFruit, LotPacking, PackingVoid, Pallet
from service.store.storage_errors import storage_errors

CARTON_DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class LooseFruit:
    """A fruit that left for the outlet of its SKU and is in no carton. Class, SKU, judge: of the newest decision."""

    lot_fruit_id: int
    judge_id: int
    sku_code: str
    grade_class: str
    size_code: str | None
    diameter_mm: float | None
    weight_g: float | None
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCarton:
    """A carton that is closed now. The fields are those of `StoredCarton`; fruit: what is in it, one or more."""

    sku_code: str
    outlet: str
    pack: str
    arrangement: str
    grade_class: str
    size: str | None
    full_pack: bool
    unweighed: int
    net_weight_g: float | None
    packed_at: datetime
    fruit: tuple[LooseFruit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCarton:
    """A carton. number: 1, 2 ... of its lot. pack: key in the SKU table; arrangement: `layered` or `loose`.

    grade_class: the worst in it. size: size codes in it, None without any. full_pack: False where the lot ended.
    unweighed: fruit without a weight. net_weight_g: None where they have no stand-in. pallet: SSCC, None: on none.
    voided_at: None while it is a carton.
    """

    carton_id: int
    code: str
    lot_id: int
    number: int
    sku_code: str
    outlet: str
    pack: str
    arrangement: str
    grade_class: str
    size: str | None
    full_pack: bool
    fruit_count: int
    unweighed: int
    net_weight_g: float | None
    packed_at: datetime
    pallet: str | None
    voided_at: datetime | None
    voided_by: str | None
    void_reason: str | None


Plan = Callable[[Sequence[LooseFruit]], Iterable[NewCarton]]


class PackingStore:
    """Cartons in a database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def lots_to_pack(self) -> tuple[int, ...]:
        """Lots that are open, and closed ones whose last cartons stand open, oldest first. Raises StorageError."""
        finished = exists().where(LotPacking.lot_id == Lot.lot_id)
        query = select(Lot.lot_id).where((Lot.state == OPEN) | ((Lot.state == CLOSED) & ~finished))
        with storage_errors(), Session(self._engine) as session:
            return tuple(session.scalars(query.order_by(Lot.lot_id)))

    def finished_at(self, lot_id: int) -> datetime | None:
        """When the last cartons of a lot were closed. Raises StorageError."""
        with storage_errors(), Session(self._engine) as session:
            found = session.get(LotPacking, lot_id)
            return None if found is None else found.finished_at

    def loose(self, lot_id: int) -> tuple[LooseFruit, ...]:
        """Fruit of a lot that are in no carton, in the order they came, culls too. Raises StorageError."""
        with storage_errors(), Session(self._engine) as session:
            return _loose(session, lot_id)

    def judges(self, numbers: Collection[int]) -> Mapping[int, JudgedBy]:
        """What decisions rest on, by number, in order. Raises StorageError."""
        query = select(Judge).where(Judge.judge_id.in_(numbers)).order_by(Judge.judge_id)
        with storage_errors(), Session(self._engine) as session:
            return {row.judge_id: JudgedBy.of(row) for row in session.scalars(query)}

    def pack(self, lot_id: int, plan: Plan, *, finish: datetime | None = None) -> tuple[str, ...]:
        """Store the cartons that `plan` makes of the loose fruit, all or none; their codes. finish: they are the last.

        Raises:
            NotFoundError: no such lot. StorageError, and what `plan` raises. Nothing was stored.
        """
        with storage_errors(), writing(self._engine) as session:
            lock = select(Lot.lot_id).where(Lot.lot_id == lot_id).with_for_update(key_share=True)
            if session.scalar(lock) is None:
                raise NotFoundError(f"no lot {lot_id}")
            last = session.scalar(select(func.max(Carton.number)).where(Carton.lot_id == lot_id)) or 0
            codes = tuple(
                _add(session, lot_id, number, carton)
                for number, carton in enumerate(plan(_loose(session, lot_id)), start=last + 1)
            )
            if finish is not None and session.get(LotPacking, lot_id) is None:
                session.add(LotPacking(lot_id=lot_id, finished_at=finish))
            return codes

    def cartons(self, lot_id: int, *, limit: int, after: int = 0) -> tuple[StoredCarton, ...]:
        """Cartons of a lot in order, at most `limit`, only those with a number above `after`. Raises StorageError."""
        with storage_errors(), Session(self._engine) as session:
            return read_cartons(session, Carton.lot_id == lot_id, Carton.number > after, limit=limit)

    def named(self, codes: Sequence[str]) -> tuple[StoredCarton, ...]:
        """Cartons by their codes, in this order. Raises NotFoundError for the first that is not there, StorageError."""
        with storage_errors(), Session(self._engine) as session:
            return cartons_named(session, codes)

    def void(self, code: str, *, who: str, why: str, at: datetime) -> StoredCarton:
        """Make a carton void. Its fruit stay in it: what is tipped onto the line again comes as new fruit.

        Raises:
            NotFoundError: no such carton. ConflictError: it is void already, or on a pallet. StorageError
        """
        with storage_errors(), writing(self._engine) as session:
            session.scalar(select(Carton.carton_id).where(Carton.code == code).with_for_update())
            (carton,) = cartons_named(session, [code])
            refuse_void(f"carton {code}", carton.voided_at, carton.voided_by)
            if carton.pallet is not None:
                raise ConflictError(
                    f"carton {code}: expected one on no pallet, it is on pallet {carton.pallet}"
                )
            session.add(
                PackingVoid(carton_id=carton.carton_id, pallet_id=None, who=who, voided_at=at, why=why)
            )
            session.flush()
            return cartons_named(session, [code])[0]


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """A transaction; on SQLite nobody else writes from its start on. On PostgreSQL it locks what it selects for update.

    Raises:
        ConflictError: another service wrote the same at the same time; nothing was stored.
    """
    with Session(engine) as session:
        try:
            with storage_errors(), session.begin():
                if session.connection().dialect.name == "sqlite":
                    session.connection().exec_driver_sql("BEGIN IMMEDIATE")
                yield session
        except RowRefusedError as error:
            raise ConflictError(f"another service was quicker: {error}") from error


def refuse_void(what: str, voided_at: datetime | None, voided_by: str | None) -> None:
    """Raises ConflictError for what is void already."""
    if voided_at is not None:
        when = voided_at.isoformat(timespec="seconds")
        raise ConflictError(f"{what}: expected one that is not void, it is since {when} by {voided_by}")


def read_cartons(
    session: Session, *conditions: ColumnElement[bool], limit: int | None = None
) -> tuple[StoredCarton, ...]:
    """Cartons in the order of lot and number."""
    query = (
        select(Carton, Pallet.sscc, PackingVoid)
        .outerjoin(Pallet, Pallet.pallet_id == Carton.pallet_id)
        .outerjoin(PackingVoid, PackingVoid.carton_id == Carton.carton_id)
        .where(*conditions)
        .order_by(Carton.lot_id, Carton.number)
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return tuple(_stored(row, sscc, void) for row, sscc, void in session.execute(query))


def cartons_named(session: Session, codes: Sequence[str]) -> tuple[StoredCarton, ...]:
    """Cartons by their codes, in this order. Raises NotFoundError."""
    found = {carton.code: carton for carton in read_cartons(session, Carton.code.in_(codes))}
    for code in codes:
        if code not in found:
            raise NotFoundError(f"no carton {code!r}")
    return tuple(found[code] for code in codes)


def _loose(session: Session, lot_id: int) -> tuple[LooseFruit, ...]:
    packed = exists().where(CartonFruit.lot_fruit_id == LotFruit.lot_fruit_id)
    query = (
        select(
            LotFruit.lot_fruit_id,
            LotFruit.judge_id,
            LotFruit.sku_code,
            LotFruit.grade_class,
            LotFruit.size_code,
            LotFruit.diameter_mm,
            LotFruit.weight_g,
            LotFruit.decided_at,
        )
        .where(LotFruit.lot_id == lot_id, LotFruit.reason.is_(None), ~packed)
        .order_by(LotFruit.lot_fruit_id)
    )
    return tuple(
        LooseFruit(
            lot_fruit_id=number,
            judge_id=judge,
            sku_code=sku,
            grade_class=grade_class,
            size_code=size,
            diameter_mm=diameter,
            weight_g=weight,
            decided_at=at,
        )
        for number, judge, sku, grade_class, size, diameter, weight, at in session.execute(query)
        if judge is not None and sku is not None and grade_class is not None
    )


def _add(session: Session, lot_id: int, number: int, carton: NewCarton) -> str:
    code = f"C{lot_id}-{number:0{CARTON_DIGITS}d}"
    row = Carton(
        code=code,
        lot_id=lot_id,
        number=number,
        sku_code=carton.sku_code,
        outlet=carton.outlet,
        pack=carton.pack,
        arrangement=carton.arrangement,
        grade_class=carton.grade_class,
        size=carton.size,
        full_pack=carton.full_pack,
        fruit_count=len(carton.fruit),
        unweighed=carton.unweighed,
        net_weight_g=carton.net_weight_g,
        packed_at=carton.packed_at,
        pallet_id=None,
    )
    session.add(row)
    session.flush()
    session.execute(
        insert(CartonFruit),
        [
            {
                "lot_fruit_id": one.lot_fruit_id,
                "carton_id": row.carton_id,
                "judge_id": one.judge_id,
                "grade_class": one.grade_class,
                "size_code": one.size_code,
            }
            for one in carton.fruit
        ],
    )
    return code


def _stored(row: Carton, sscc: str | None, void: PackingVoid | None) -> StoredCarton:
    return StoredCarton(
        carton_id=row.carton_id,
        code=row.code,
        lot_id=row.lot_id,
        number=row.number,
        sku_code=row.sku_code,
        outlet=row.outlet,
        pack=row.pack,
        arrangement=row.arrangement,
        grade_class=row.grade_class,
        size=row.size,
        full_pack=row.full_pack,
        fruit_count=row.fruit_count,
        unweighed=row.unweighed,
        net_weight_g=row.net_weight_g,
        packed_at=row.packed_at,
        pallet=sscc,
        voided_at=None if void is None else void.voided_at,
        voided_by=None if void is None else void.who,
        void_reason=None if void is None else void.why,
    )
