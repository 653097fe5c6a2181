"""Keeps pallets: numbers that are given once, the cartons on them, voids. A carton is on one pallet at most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Engine, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.errors import ConflictError, NotFoundError
from service.labels.sscc import allocate_sscc
from service.store.packing_store import StoredCarton, cartons_named, refuse_void, writing
from service.store.packing_tables import Carton, PackingVoid, Pallet, PalletCarton, SsccCounter
from service.store.storage_errors import storage_errors

FIRST_SERIAL = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPallet:
    """A pallet of cartons of one lot and SKU. cartons: codes, also of a void one. gross_weight_kg: decimals as written.

    voided_at: None while it is a pallet.
    """

    sscc: str
    lot_id: int
    sku_code: str
    gross_weight_kg: str | None
    built_at: datetime
    built_by: str
    cartons: tuple[str, ...]
    voided_at: datetime | None
    voided_by: str | None
    void_reason: str | None


class PalletStore:
    """Pallets in a database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def build(
        self,
        codes: Sequence[str],
        *,
        company_prefix: str,
        extension: int,
        who: str,
        at: datetime,
        gross_weight_kg: str | None = None,
    ) -> StoredPallet:
        """Put cartons on a new pallet under the next number. Two who take the same carton: one of them gets it.

        Raises:
            NotFoundError: no such carton. ConflictError: none, one twice, void, on a pallet already, or of another lot
                or SKU than the first. SsccExhaustedError, LabelDataError: see `allocate_sscc`. StorageError. Nothing
                was stored; a number may be left out.
        """
        with storage_errors(), writing(self._engine) as session:
            session.execute(
                select(Carton.carton_id)
                .where(Carton.code.in_(codes))
                .order_by(Carton.carton_id)
                .with_for_update()
            )
            cartons = cartons_named(session, codes)
            check_together(cartons)
            pallet = Pallet(
                sscc=allocate_sscc(
                    company_prefix, extension, _next_serial(session, company_prefix, extension)
                ),
                lot_id=cartons[0].lot_id,
                sku_code=cartons[0].sku_code,
                gross_weight_kg=gross_weight_kg,
                built_at=at,
                built_by=who,
            )
            session.add(pallet)
            session.flush()
            numbers = [carton.carton_id for carton in cartons]
            session.execute(
                insert(PalletCarton),
                [{"pallet_id": pallet.pallet_id, "carton_id": number} for number in numbers],
            )
            session.execute(
                update(Carton).where(Carton.carton_id.in_(numbers)).values(pallet_id=pallet.pallet_id)
            )
            return _read(session, Pallet.pallet_id == pallet.pallet_id, limit=1)[0]

    def pallet(self, sscc: str) -> StoredPallet:
        """One pallet. Raises NotFoundError, StorageError."""
        with storage_errors(), Session(self._engine) as session:
            return _one(session, sscc)

    def pallets(
        self, *, limit: int, before: str | None = None, lot_id: int | None = None
    ) -> tuple[StoredPallet, ...]:
        """The newest first, at most `limit`, only those older than the SSCC `before`. Raises StorageError."""
        conditions: list[ColumnElement[bool]] = [] if lot_id is None else [Pallet.lot_id == lot_id]
        if before is not None:
            older = select(Pallet.pallet_id).where(Pallet.sscc == before).scalar_subquery()
            conditions.append(Pallet.pallet_id < older)
        with storage_errors(), Session(self._engine) as session:
            return _read(session, *conditions, limit=limit)

    def cartons_of(self, sscc: str) -> tuple[StoredCarton, ...]:
        """The cartons that were put on a pallet. Raises NotFoundError, StorageError."""
        with storage_errors(), Session(self._engine) as session:
            return cartons_named(session, _one(session, sscc).cartons)

    def void(self, sscc: str, *, who: str, why: str, at: datetime) -> StoredPallet:
        """Take a pallet apart: its cartons are free for another, its number is never given again.

        Raises:
            NotFoundError: no such pallet. ConflictError: it is void already. StorageError
        """
        with storage_errors(), writing(self._engine) as session:
            number = session.scalar(select(Pallet.pallet_id).where(Pallet.sscc == sscc).with_for_update())
            pallet = _one(session, sscc)
            refuse_void(f"pallet {sscc}", pallet.voided_at, pallet.voided_by)
            session.add(PackingVoid(carton_id=None, pallet_id=number, who=who, voided_at=at, why=why))
            session.execute(update(Carton).where(Carton.pallet_id == number).values(pallet_id=None))
            session.flush()
            return _one(session, sscc)


def check_together(cartons: Sequence[StoredCarton]) -> None:
    """Refuse cartons that cannot be put on one new pallet. Raises ConflictError for the first reason."""
    if not cartons:
        raise ConflictError("cartons: expected one or more, got none")
    first, seen = cartons[0], set[str]()
    for carton in cartons:
        if carton.code in seen:
            raise ConflictError(f"carton {carton.code}: expected each carton once, got it twice")
        seen.add(carton.code)
        refuse_void(f"carton {carton.code}", carton.voided_at, carton.voided_by)
        if carton.pallet is not None:
            raise ConflictError(
                f"carton {carton.code}: expected one on no pallet, it is on pallet {carton.pallet}"
            )
        if (carton.lot_id, carton.sku_code) != (first.lot_id, first.sku_code):
            raise ConflictError(
                f"carton {carton.code}: expected lot {first.lot_id} and SKU {first.sku_code} as of carton "
                f"{first.code}, got lot {carton.lot_id} and SKU {carton.sku_code}"
            )


def _next_serial(session: Session, company_prefix: str, extension: int) -> int:
    """Counts up; whoever comes at the same time waits until this transaction ends."""
    insert_new = postgresql.insert if session.connection().dialect.name == "postgresql" else sqlite.insert
    start = {"company_prefix": company_prefix, "extension": extension, "next_serial": FIRST_SERIAL}
    session.execute(insert_new(SsccCounter).values(start).on_conflict_do_nothing())
    taken = session.scalar(
        update(SsccCounter)
        .where(SsccCounter.company_prefix == company_prefix, SsccCounter.extension == extension)
        .values(next_serial=SsccCounter.next_serial + 1)
        .returning(SsccCounter.next_serial)
        .execution_options(synchronize_session=False)
    )
    assert taken is not None  # the row is there
    return taken - 1


def _one(session: Session, sscc: str) -> StoredPallet:
    found = _read(session, Pallet.sscc == sscc, limit=1)
    if not found:
        raise NotFoundError(f"no pallet {sscc!r}")
    return found[0]


def _read(session: Session, *conditions: ColumnElement[bool], limit: int) -> tuple[StoredPallet, ...]:
    query = (
        select(Pallet, PackingVoid)
        .outerjoin(PackingVoid, PackingVoid.pallet_id == Pallet.pallet_id)
        .where(*conditions)
        .order_by(Pallet.pallet_id.desc())
        .limit(limit)
    )
    found = session.execute(query).all()
    codes: dict[int, list[str]] = {row.pallet_id: [] for row, _ in found}
    on_them = (
        select(PalletCarton.pallet_id, Carton.code)
        .join(Carton, Carton.carton_id == PalletCarton.carton_id)
        .where(PalletCarton.pallet_id.in_(codes))
        .order_by(Carton.number)
    )
    for number, code in session.execute(on_them):
        codes[number].append(code)
    return tuple(
        StoredPallet(
            sscc=row.sscc,
            lot_id=row.lot_id,
            sku_code=row.sku_code,
            gross_weight_kg=row.gross_weight_kg,
            built_at=row.built_at,
            built_by=row.built_by,
            cartons=tuple(codes[row.pallet_id]),
            voided_at=None if void is None else void.voided_at,
            voided_by=None if void is None else void.who,
            void_reason=None if void is None else void.why,
        )
        for row, void in found
    )
