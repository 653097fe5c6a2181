"""What goes over HTTP about versions and simulations."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, model_validator

from grader.difference import Difference
from grader.simulate import Packout, Share
from grader.versions import Change
from service.schemas import CROP, MAX_LOT, NAME

MOST_ROWS = 1_000

Name = Annotated[str, Field(pattern=NAME)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TableDraft(_In):
    """A SKU table as TOML text. sizes: text of size tables that it brings with it, by their id."""

    text: str
    sizes: dict[Name, str] = Field(default={}, max_length=20)


class StandardDraft(_In):
    """A grading standard as TOML text."""

    text: str


class _Publish(_In):
    who: Said | None = Field(
        default=None, description="Who does it, where nobody is signed in; otherwise the account says so."
    )
    reason: Said
    replaces: Sha256 | None = Field(
        default=None, description="Hash of the version it was made from; null: nothing was published yet."
    )


class PublishTable(_Publish):
    """A checked SKU table, to be put in force."""

    draft: TableDraft


class PublishStandard(_Publish):
    """A checked standard, to be put in force."""

    draft: StandardDraft


class RollBack(_Publish):
    """An older version, to be put in force again. to: its hash; null: the one before the present one."""

    name: Name
    to: Sha256 | None = None


class TableRef(_In):
    """A SKU table: by name (published, else installed; sha256: a published version), or as a draft."""

    name: Name | None = None
    sha256: Sha256 | None = None
    draft: TableDraft | None = None

    @model_validator(mode="after")
    def _one(self) -> TableRef:
        if (self.name is None) == (self.draft is None):
            raise ValueError("expected either name or draft")
        return self


class StandardRef(_In):
    """A standard: by name (published, else installed; sha256: a published version), or as a draft."""

    name: Name | None = None
    sha256: Sha256 | None = None
    draft: StandardDraft | None = None

    @model_validator(mode="after")
    def _one(self) -> StandardRef:
        if (self.name is None) == (self.draft is None):
            raise ValueError("expected either name or draft")
        return self


class Side(_In):
    """The rules of one side of a simulation."""

    standard: StandardRef
    table: TableRef


class Season(_In):
    """All lots of a crop that arrived from `first` to `last`, both days included (UTC)."""

    crop: Annotated[str, Field(pattern=CROP)]
    first: date
    last: date


class SimulateIn(_In):
    """Fruit under two sides: records of schema `fruit/1`, or the stored fruit of a lot or a season.

    rows: also say which fruit change (at most 1,000).
    """

    fruits: list[dict[str, JsonValue]] | None = Field(default=None, description="At most 20,000.")
    lot_id: Annotated[int, Field(ge=1, le=MAX_LOT)] | None = None
    season: Season | None = None
    before: Side
    after: Side
    rows: bool = False

    @model_validator(mode="after")
    def _one(self) -> SimulateIn:
        if sum(one is not None for one in (self.fruits, self.lot_id, self.season)) != 1:
            raise ValueError("expected one of fruits, lot_id and season")
        return self


class DifferenceOut(BaseModel):
    """One difference to the version in force. where: path of the part, the same in every language."""

    kind: str
    where: str
    en: str
    zh: str

    @classmethod
    def of(cls, found: Difference) -> DifferenceOut:
        """The same for HTTP."""
        return cls(kind=found.kind.value, where=found.where, en=found.text.en, zh=found.text.zh)


class CheckOut(BaseModel):
    """faults: each with file, line and key; none: it may be published. differences: to what is in force, or installed.

    in_force: hash of the published version that the draft would replace. All but faults are empty while it has faults.
    """

    faults: list[str]
    name: str | None
    sha256: str | None
    in_force: str | None
    differences: list[DifferenceOut]


class ChangeOut(BaseModel):
    """One change of what is in force; the newest is in force."""

    number: int
    at: datetime
    action: str
    sha256: str
    replaced: str | None
    who: str
    reason: str

    @classmethod
    def of(cls, change: Change) -> ChangeOut:
        """The same for HTTP."""
        return cls.model_validate(change, from_attributes=True)


class VersionsOut(BaseModel):
    """Everything that was published: changes by name, newest first."""

    versions: dict[str, list[ChangeOut]]


class ShareOut(BaseModel):
    """A line of a packout. fraction: 0-1 of all fruit. weight_g: of the `weighed` fruit, g."""

    name: str
    count: int
    fraction: float
    weight_g: float
    weighed: int

    @classmethod
    def of(cls, share: Share) -> ShareOut:
        """The same for HTTP."""
        return cls.model_validate(share, from_attributes=True)


class PackoutOut(BaseModel):
    """How many fruit go where under one side; every list sums to `count`."""

    standard_id: str
    standard_sha256: str
    table_id: str
    table_sha256: str
    count: int
    review: int
    by_class: list[ShareOut]
    by_size: list[ShareOut]
    by_sku: list[ShareOut]
    by_outlet: list[ShareOut]

    @classmethod
    def of(cls, packout: Packout) -> PackoutOut:
        """The same for HTTP."""
        return cls.model_validate(packout, from_attributes=True)


class MoveOut(BaseModel):
    """So many fruit go from one class and SKU to another; first_row: position of one of them in `fruits`."""

    class_before: str
    class_after: str
    sku_before: str
    sku_after: str
    outlet_before: str
    outlet_after: str
    count: int
    first_row: int


class SimulationOut(BaseModel):
    """changed: fruit that move. rows: positions in `fruits` of the first 1,000 of them, where asked for.

    lot_fruit_ids: of the same, for stored lots. corrected: fruit that a person corrected; they stay, and do not count.
    took_ms: time for rules, read and decide, ms.
    """

    before: PackoutOut
    after: PackoutOut
    changed: int
    moves: list[MoveOut]
    rows: list[int]
    lot_fruit_ids: list[int]
    corrected: int
    took_ms: dict[str, float]
