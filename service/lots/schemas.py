"""Lots and their fruit as they go over HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from grader.pipeline import DEFAULT_SKU_TABLE
from service.lots.batch_writer import WriterCounts
from service.lots.regrade import RegradeReport
from service.schemas import NAME, FruitOut
from service.store.fruit_store import Packout, PackoutRow, StoredDecision, StoredLotFruit
from service.store.judges import JudgedBy
from service.store.lot_store import NewLot, StoredLot, StoredRun

TEXT = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"
"""One line of text that is not blank."""

LotState = Literal["open", "closed"]


class LotIn(BaseModel):
    """A lot to open, and the lanes of a line that it runs over. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str = Field(
        pattern=TEXT, max_length=80, description="Name of the lot; no other has it.", examples=["LX-1122-3"]
    )
    grower: str = Field(pattern=TEXT, max_length=120, description="Name; a new one is kept.")
    crop: str = Field(pattern=NAME, max_length=40, examples=["apple"])
    variety: Annotated[str, Field(pattern=TEXT, max_length=80)] | None = None
    origin: Annotated[str, Field(pattern=TEXT, max_length=200)] | None = Field(
        default=None, description="Place or orchard."
    )
    net_weight_kg: float | None = Field(default=None, gt=0, le=1e6, description="As it came in.")
    arrived_at: AwareDatetime | None = Field(default=None, description="With time zone; empty: now.")
    line: str = Field(pattern=TEXT, max_length=80)
    lanes: list[Annotated[int, Field(ge=0, le=1000)]] = Field(min_length=1, max_length=64)

    def new_lot(self) -> NewLot:
        """The same for the store."""
        return NewLot(
            code=self.code,
            grower=self.grower,
            crop=self.crop,
            variety=self.variety,
            origin=self.origin,
            net_weight_kg=self.net_weight_kg,
            arrived_at=self.arrived_at or datetime.now(UTC),
        )


class RunOut(BaseModel):
    """A lot over one lane of a line."""

    line: str
    lane: int
    started_at: datetime
    ended_at: datetime | None = Field(description="null while it runs.")

    @classmethod
    def of(cls, run: StoredRun) -> Self:
        """The public face of a run."""
        return cls(line=run.line_id, lane=run.lane, started_at=run.started_at, ended_at=run.ended_at)


class LotOut(BaseModel):
    """One lot."""

    lot_id: int
    code: str
    grower: str
    crop: str
    variety: str | None
    origin: str | None
    net_weight_kg: float | None
    arrived_at: datetime
    opened_at: datetime
    closed_at: datetime | None
    state: LotState
    runs: list[RunOut]

    @classmethod
    def of(cls, lot: StoredLot) -> Self:
        """The public face of a lot."""
        return cls.model_validate({**asdict(lot), "runs": [RunOut.of(run).model_dump() for run in lot.runs]})


class StoringOut(BaseModel):
    """Fruit of all lots since the service started: accepted = stored + spoilt + waiting, always."""

    accepted: int
    stored: int
    spoilt: int = Field(description="Stored without a record, which the database refused.")
    waiting: int = Field(description="For the database.")
    refused: int = Field(description="Not accepted: too many waited. The line's own counts have them.")

    @classmethod
    def of(cls, counts: WriterCounts) -> Self:
        """The public face of the counts."""
        return cls(
            accepted=counts.accepted,
            stored=counts.stored,
            spoilt=counts.spoilt,
            waiting=counts.waiting,
            refused=counts.refused,
        )


class LotsOut(BaseModel):
    """A page of lots, newest first. next_before: give it as `before` for the next page; null: the end."""

    lots: list[LotOut]
    next_before: int | None
    without_lot: dict[str, int] = Field(
        description="Fruit by line that no lot took, since the service started."
    )
    storing: StoringOut


class ShareOut(BaseModel):
    """Part of a packout. fraction: 0-1 of the fruit that left for their outlet."""

    name: str | None = Field(description="Class, size code or SKU; null: without a size code.")
    fruit: int
    fraction: float
    weight_kg: float = Field(description="Of the weighed fruit together.")
    weighed: int = Field(description="Fruit with a weight.")


class PackoutRowOut(BaseModel):
    """Fruit of one class, size and SKU."""

    grade_class: str = Field(serialization_alias="class")
    size_code: str | None
    sku: str
    fruit: int
    weighed: int
    weight_kg: float


class PackoutOut(BaseModel):
    """What became of a lot, by the newest decision on each fruit: stored = fruit + the sum of again, always."""

    stored: int
    fruit: int = Field(description="Left for the outlet of their SKU.")
    again: dict[str, int] = Field(description="Went round again, by reason; they come back as further fruit.")
    by_class: list[ShareOut]
    by_size: list[ShareOut]
    by_sku: list[ShareOut]
    rows: list[PackoutRowOut]

    @classmethod
    def of(cls, packout: Packout) -> Self:
        """The public face of a packout."""
        fruit = sum(row.fruit for row in packout.rows)
        return cls(
            stored=fruit + sum(packout.again.values()),
            fruit=fruit,
            again=dict(packout.again),
            by_class=_shares((row.grade_class, row) for row in packout.rows),
            by_size=_shares((row.size_code, row) for row in packout.rows),
            by_sku=_shares((row.sku_code, row) for row in packout.rows),
            rows=[
                PackoutRowOut(
                    grade_class=row.grade_class,
                    size_code=row.size_code,
                    sku=row.sku_code,
                    fruit=row.fruit,
                    weighed=row.weighed,
                    weight_kg=round(row.weight_g / 1000, 3),
                )
                for row in packout.rows
            ],
        )


class JudgedByOut(BaseModel):
    """Model, standard and SKU table that decisions rest on; SHA-256 of the files, empty where not known."""

    model_id: str
    standard_id: str
    standard_sha256: str
    sku_table_id: str
    sku_table_sha256: str

    @classmethod
    def of(cls, judge: JudgedBy) -> Self:
        """The public face of a judge."""
        return cls(**asdict(judge))


class LotDetailsOut(LotOut):
    """One lot with its packout. judged_by: what the newest decisions rest on."""

    packout: PackoutOut
    judged_by: list[JudgedByOut]


class LotFruitOut(BaseModel):
    """One fruit of a lot. class to review: of the newest decision; null where nothing was judged.

    record: as the machine decided it, in the form of `/api/v1/fruits/{fruit_id}`.
    """

    lot_fruit_id: int
    lot_id: int
    lane: int
    fruit: str = Field(description="Its id on the line.")
    decided_at: datetime
    outlet: str
    late: bool
    reason: str | None = Field(description="Why it went round again.")
    grade_class: str | None = Field(serialization_alias="class")
    sku: str | None
    size_code: str | None
    confidence: float | None
    review: bool
    record: FruitOut | None

    @classmethod
    def fields_of(cls, fruit: StoredLotFruit, record: FruitOut | None) -> Mapping[str, object]:
        """The fields of a stored fruit, by their names here."""
        return {
            "lot_fruit_id": fruit.lot_fruit_id,
            "lot_id": fruit.lot_id,
            "lane": fruit.lane,
            "fruit": fruit.fruit_name,
            "decided_at": fruit.decided_at,
            "outlet": fruit.outlet,
            "late": fruit.late,
            "reason": fruit.reason,
            "grade_class": fruit.grade_class,
            "sku": fruit.sku_code,
            "size_code": fruit.size_code,
            "confidence": fruit.confidence,
            "review": fruit.review,
            "record": record,
        }


class RegradeIn(BaseModel):
    """What to decide a lot by. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    standard: Annotated[str, Field(pattern=NAME)] | None = Field(
        default=None,
        description="Id of a standard (see /api/v1/standards); empty: the default of the lot's crop.",
    )
    sku_table: str = Field(
        default=DEFAULT_SKU_TABLE, pattern=NAME, description="Name of a SKU table (see /api/v1/skus)."
    )
    apply: bool = Field(default=False, description="Add the decisions; false: only say what would change.")


class MoveOut(BaseModel):
    """So many fruit go from one class and SKU to another."""

    class_before: str
    class_after: str
    sku_before: str
    sku_after: str
    fruit: int


class RegradeOut(BaseModel):
    """What was, or would be, decided on the stored fruit of a lot."""

    lot_id: int
    standard_id: str
    standard_sha256: str
    sku_table_id: str
    sku_table_sha256: str
    applied: bool
    fruit: int = Field(description="Decided again.")
    changed: int = Field(description="Class or SKU differs.")
    kept: int = Field(description="Corrected by a person: they stay.")
    review: int = Field(description="To be looked at.")
    classes_before: dict[str, int]
    classes_after: dict[str, int]
    moves: list[MoveOut] = Field(description="The largest first; their sum is `changed`.")

    @classmethod
    def of(cls, report: RegradeReport) -> Self:
        """The public face of a report."""
        return cls.model_validate(asdict(report))


class FruitDecisionOut(BaseModel):
    """One decision on a fruit."""

    decided_at: datetime
    why: Literal["machine", "regrade", "correction"]
    grade_class: str = Field(serialization_alias="class")
    sku: str
    size_code: str | None
    confidence: float
    review: bool
    judged_by: JudgedByOut

    @classmethod
    def of(cls, decision: StoredDecision) -> Self:
        """The public face of a decision."""
        return cls.model_validate(
            {
                **asdict(decision),
                "sku": decision.sku_code,
                "judged_by": JudgedByOut.of(decision.judged_by).model_dump(),
            }
        )


class LotFruitDetailsOut(LotFruitOut):
    """One fruit of a lot with every decision on it, oldest first."""

    decisions: list[FruitDecisionOut]


class LotFruitPage(BaseModel):
    """A page of fruit of a lot, newest first. next_before: give it as `before` for the next page; null: the end."""

    fruits: list[LotFruitOut]
    next_before: int | None


def _shares(rows: Iterable[tuple[str | None, PackoutRow]]) -> list[ShareOut]:
    """The largest first."""
    sums: dict[str | None, tuple[int, int, float]] = {}
    for name, row in rows:
        fruit, weighed, weight_g = sums.get(name, (0, 0, 0.0))
        sums[name] = (fruit + row.fruit, weighed + row.weighed, weight_g + row.weight_g)
    total = sum(fruit for fruit, _, _ in sums.values())
    return [
        ShareOut(
            name=name,
            fruit=fruit,
            fraction=fruit / total,
            weighed=weighed,
            weight_kg=round(weight_g / 1000, 3),
        )
        for name, (fruit, weighed, weight_g) in sorted(
            sums.items(), key=lambda item: (-item[1][0], item[0] or "")
        )
    ]
