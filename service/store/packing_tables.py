"""The tables of packing: cartons and the fruit in them, pallets and what was put on them, what became void.

A change here needs a new file in `migrations/versions`. Rows are only added, but for the pallet a carton is on now.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Float, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.store.lot_tables import Judge, Lot, LotFruit, Number
from service.store.tables import Table, UtcDateTime


class Pallet(Table):
    """Cartons of one lot and SKU that travel together. sscc: 18 digits. gross_weight_kg: decimals as written."""

    __tablename__ = "pallet"
    __table_args__ = (
        UniqueConstraint("sscc"),
        CheckConstraint("length(sscc) = 18", name="ck_pallet_sscc"),
        Index(None, "lot_id"),
        {"sqlite_autoincrement": True},
    )

    pallet_id: Mapped[int] = mapped_column(primary_key=True)
    sscc: Mapped[str] = mapped_column(String(18))
    lot_id: Mapped[int] = mapped_column(ForeignKey(Lot.lot_id))
    sku_code: Mapped[str] = mapped_column(String(80))
    gross_weight_kg: Mapped[str | None] = mapped_column(String(12))
    built_at: Mapped[datetime] = mapped_column(UtcDateTime)
    built_by: Mapped[str] = mapped_column(String(120))


class Carton(Table):
    """A packed carton of one lot and one SKU, on at most one pallet. code: what its label says.

    number: 1, 2 ... of its lot. pack, arrangement: of the SKU table. grade_class: the worst in it; size: its codes.
    full_pack: false for one that was closed with the lot. unweighed: fruit without a weight; net_weight_g: null where
    they have no stand-in. pallet_id: where it is now.
    """

    __tablename__ = "carton"
    __table_args__ = (
        UniqueConstraint("code"),
        UniqueConstraint("lot_id", "number", name="uq_carton_lot_id_number"),
        CheckConstraint("fruit_count > 0", name="ck_carton_fruit_count"),
        CheckConstraint("net_weight_g > 0", name="ck_carton_net_weight_g"),
        Index(None, "lot_id", "sku_code"),
        Index(None, "pallet_id"),
        {"sqlite_autoincrement": True},
    )

    carton_id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20))
    lot_id: Mapped[int] = mapped_column(ForeignKey(Lot.lot_id))
    number: Mapped[int]
    sku_code: Mapped[str] = mapped_column(String(80))
    outlet: Mapped[str] = mapped_column(String(80))
    pack: Mapped[str] = mapped_column(String(160))
    arrangement: Mapped[str] = mapped_column(String(10))
    grade_class: Mapped[str] = mapped_column(String(40))
    size: Mapped[str | None] = mapped_column(Text)
    full_pack: Mapped[bool]
    fruit_count: Mapped[int]
    unweighed: Mapped[int]
    net_weight_g: Mapped[float | None] = mapped_column(Float)
    packed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    pallet_id: Mapped[int | None] = mapped_column(ForeignKey(Pallet.pallet_id))


class CartonFruit(Table):
    """A fruit in a carton, for ever. judge_id, grade_class, size_code: as it was judged when it was packed."""

    __tablename__ = "carton_fruit"
    __table_args__ = (Index(None, "carton_id", "lot_fruit_id"),)

    lot_fruit_id: Mapped[int] = mapped_column(
        Number, ForeignKey(LotFruit.lot_fruit_id), primary_key=True, autoincrement=False
    )
    carton_id: Mapped[int] = mapped_column(ForeignKey(Carton.carton_id))
    judge_id: Mapped[int] = mapped_column(ForeignKey(Judge.judge_id))
    grade_class: Mapped[str] = mapped_column(String(40))
    size_code: Mapped[str | None] = mapped_column(String(40))


class PalletCarton(Table):
    """A carton was put on a pallet; it stays written down when the pallet is void."""

    __tablename__ = "pallet_carton"

    pallet_id: Mapped[int] = mapped_column(ForeignKey(Pallet.pallet_id), primary_key=True)
    carton_id: Mapped[int] = mapped_column(ForeignKey(Carton.carton_id), primary_key=True)


class PackingVoid(Table):
    """A carton or a pallet that is not one any more: spoilt, opened, taken apart."""

    __tablename__ = "packing_void"
    __table_args__ = (
        UniqueConstraint("carton_id"),
        UniqueConstraint("pallet_id"),
        CheckConstraint("(carton_id IS NULL) <> (pallet_id IS NULL)", name="ck_packing_void_one"),
        {"sqlite_autoincrement": True},
    )

    void_id: Mapped[int] = mapped_column(primary_key=True)
    carton_id: Mapped[int | None] = mapped_column(ForeignKey(Carton.carton_id))
    pallet_id: Mapped[int | None] = mapped_column(ForeignKey(Pallet.pallet_id))
    who: Mapped[str] = mapped_column(String(120))
    voided_at: Mapped[datetime] = mapped_column(UtcDateTime)
    why: Mapped[str] = mapped_column(Text)


class SsccCounter(Table):
    """The next pallet number under a company prefix and an extension digit."""

    __tablename__ = "sscc_counter"

    company_prefix: Mapped[str] = mapped_column(String(12), primary_key=True)
    extension: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    next_serial: Mapped[int] = mapped_column(BigInteger)


class LotPacking(Table):
    """A closed lot whose last cartons were closed too."""

    __tablename__ = "lot_packing"

    lot_id: Mapped[int] = mapped_column(ForeignKey(Lot.lot_id), primary_key=True, autoincrement=False)
    finished_at: Mapped[datetime] = mapped_column(UtcDateTime)
