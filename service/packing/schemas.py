"""Cartons and pallets as they go over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from grader.lot_tolerances import ToleranceResult
from grader.uniformity import SizeSpread
from service.lots.schemas import TEXT, JudgedByOut
from service.packing.packing_desk import PackingSummary
from service.schemas import Language
from service.store.packing_counts import FruitInCarton
from service.store.packing_store import StoredCarton
from service.store.pallet_store import StoredPallet

CARTON = r"^C[1-9][0-9]{0,9}-[0-9]{4,9}$"
SSCC = r"^[0-9]{18}$"
WEIGHT = r"^[0-9]{1,6}(\.[0-9]{1,5})?$"
MOST_ON_A_PALLET = 500

Code = Annotated[str, Field(pattern=CARTON, examples=["C12-0007"])]


class VoidIn(BaseModel):
    """Why a carton or a pallet is not one any more."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    why: str = Field(pattern=TEXT, max_length=500)


class PackIn(BaseModel):
    """What to pack. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rest: bool = Field(default=False, description="Of a closed lot also the cartons that are not full.")


class PalletIn(BaseModel):
    """Cartons for a new pallet. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cartons: list[Code] = Field(min_length=1, max_length=MOST_ON_A_PALLET)
    gross_weight_kg: Annotated[str, Field(pattern=WEIGHT, examples=["612.5"])] | None = Field(
        default=None, description="With the decimals to be printed."
    )


class PackedOut(BaseModel):
    """Cartons that were closed now."""

    cartons: list[str]


class VoidOut(BaseModel):
    """Since when, by whom and why something is void."""

    at: datetime
    who: str
    why: str


class SpreadOut(BaseModel):
    """Largest less smallest fruit, in mm or g as `measure` says. allowed, passed: null where there is no rule."""

    measure: str
    spread: float | None
    allowed: float | None
    passed: bool | None
    unmeasured: int
    text: str

    @classmethod
    def of(cls, spread: SizeSpread, language: Language) -> Self:
        """The public face of a spread."""
        return cls(
            measure=spread.measure,
            spread=spread.spread,
            allowed=spread.allowed,
            passed=spread.passed,
            unmeasured=spread.unmeasured,
            text=spread.text.zh if language == "zh" else spread.text.en,
        )


class ToleranceOut(BaseModel):
    """A tolerance of the standard on the fruit packed as one class. Fractions 0-1; null where none was judged."""

    grade_class: str = Field(serialization_alias="class")
    line: str
    inspected: int
    found: int
    found_fraction: float | None
    allowed_fraction: float
    passed: bool | None
    text: str

    @classmethod
    def of(cls, result: ToleranceResult, language: Language) -> Self:
        """The public face of a result."""
        return cls(
            grade_class=result.class_id,
            line=result.line,
            inspected=result.inspected,
            found=result.found,
            found_fraction=result.found_fraction,
            allowed_fraction=result.allowed_fraction,
            passed=result.passed,
            text=result.text.zh if language == "zh" else result.text.en,
        )


class CartonOut(BaseModel):
    """One carton."""

    code: str
    lot_id: int
    number: int = Field(description="1, 2 ... of its lot, in the order of closing.")
    sku: str
    outlet: str
    pack: str = Field(description="Kind of carton, as the SKU table names it.")
    arrangement: str
    grade_class: str = Field(serialization_alias="class", description="The worst in it.")
    size: str | None
    full: bool = Field(description="false: closed with its lot.")
    fruit: int
    unweighed: int = Field(description="Fruit without a weight.")
    net_weight_kg: float | None = Field(description="null: not all fruit have a weight, nor a stand-in.")
    packed_at: datetime
    pallet: str | None = Field(description="SSCC.")
    void: VoidOut | None

    @classmethod
    def of(cls, carton: StoredCarton) -> Self:
        """The public face of a carton."""
        return cls(
            code=carton.code,
            lot_id=carton.lot_id,
            number=carton.number,
            sku=carton.sku_code,
            outlet=carton.outlet,
            pack=carton.pack,
            arrangement=carton.arrangement,
            grade_class=carton.grade_class,
            size=carton.size,
            full=carton.full_pack,
            fruit=carton.fruit_count,
            unweighed=carton.unweighed,
            net_weight_kg=None if carton.net_weight_g is None else round(carton.net_weight_g / 1000, 3),
            packed_at=carton.packed_at,
            pallet=carton.pallet,
            void=_void(carton),
        )


class CartonRowOut(CartonOut):
    """One carton of a lot, with its size uniformity."""

    uniformity: list[SpreadOut]


class PackedFruitOut(BaseModel):
    """A fruit in a carton, as it was packed and as it is decided by now."""

    lot_fruit_id: int
    fruit: str = Field(description="Its id on the line.")
    packed_class: str
    packed_size: str | None
    grade_class: str = Field(serialization_alias="class")
    size_code: str | None
    sku: str
    changed: bool = Field(description="Decided otherwise since it was packed; it stays in its carton.")
    diameter_mm: float | None
    weight_g: float | None

    @classmethod
    def of(cls, fruit: FruitInCarton, sku: str) -> Self:
        """The public face of a fruit. sku: of its carton."""
        return cls(
            lot_fruit_id=fruit.lot_fruit_id,
            fruit=fruit.fruit_name,
            packed_class=fruit.packed_class,
            packed_size=fruit.packed_size,
            grade_class=fruit.grade_class,
            size_code=fruit.size_code,
            sku=fruit.sku_code,
            changed=is_changed(fruit, sku),
            diameter_mm=fruit.diameter_mm,
            weight_g=fruit.weight_g,
        )


class CartonDetailsOut(CartonRowOut):
    """One carton with its fruit, and what judged them."""

    lot: str
    grower: str
    fruits: list[PackedFruitOut]
    judged_by: list[JudgedByOut]


class PalletOut(BaseModel):
    """One pallet. cartons: codes, also of a void one."""

    sscc: str
    lot_id: int
    sku: str
    gross_weight_kg: str | None
    built_at: datetime
    built_by: str
    cartons: list[str]
    void: VoidOut | None

    @classmethod
    def of(cls, pallet: StoredPallet) -> Self:
        """The public face of a pallet."""
        return cls(
            sscc=pallet.sscc,
            lot_id=pallet.lot_id,
            sku=pallet.sku_code,
            gross_weight_kg=pallet.gross_weight_kg,
            built_at=pallet.built_at,
            built_by=pallet.built_by,
            cartons=list(pallet.cartons),
            void=_void(pallet),
        )


class PalletsOut(BaseModel):
    """A page of pallets, newest first. next_before: give it as `before` for the next page; null: the end."""

    pallets: list[PalletOut]
    next_before: str | None


class SummaryOut(BaseModel):
    """Where the fruit of a lot are: stored = again + not_packed + waiting + fruit in cartons, always."""

    stored: int
    again: int = Field(description="Went round again.")
    not_packed: dict[str, int] = Field(description="By SKU: its rule names no pack.")
    waiting: dict[str, int] = Field(description="By SKU: in cartons that still fill.")
    fruit: dict[str, int] = Field(description="In cartons on a `pallet`, in `store`, or `void`.")
    cartons: dict[str, int] = Field(description="The same in cartons.")
    finished_at: datetime | None = Field(description="When the last cartons were closed.")
    problem: str | None = Field(description="Why nothing can be packed.")
    wrong_sums: list[str]

    @classmethod
    def of(cls, summary: PackingSummary) -> Self:
        """The public face of a summary."""
        return cls(
            stored=summary.counts.stored,
            again=summary.counts.again,
            not_packed=dict(summary.not_packed),
            waiting=dict(summary.waiting),
            fruit=dict(summary.counts.on_labels),
            cartons=dict(summary.counts.cartons),
            finished_at=summary.finished_at,
            problem=summary.problem,
            wrong_sums=list(summary.wrong_sums),
        )


class LotCartonsOut(BaseModel):
    """A page of cartons of a lot, in order. next_after: give it as `after` for the next page; null: the end."""

    cartons: list[CartonRowOut]
    next_after: int | None
    summary: SummaryOut
    tolerances: list[ToleranceOut] = Field(
        description="Fruit as they were packed against what they are by now."
    )


class TraceOut(BaseModel):
    """What a scan led to: a carton with its fruit, the pallet it is on; or a pallet."""

    carton: CartonDetailsOut | None
    pallet: PalletOut | None


def is_changed(fruit: FruitInCarton, sku: str) -> bool:
    """Whether a fruit of a carton of this SKU was decided otherwise since."""
    return (fruit.packed_class, fruit.packed_size, sku) != (
        fruit.grade_class,
        fruit.size_code,
        fruit.sku_code,
    )


def _void(thing: StoredCarton | StoredPallet) -> VoidOut | None:
    if thing.voided_at is None:
        return None
    return VoidOut(at=thing.voided_at, who=thing.voided_by or "", why=thing.void_reason or "")
