"""What goes over HTTP. The whole fruit record is written by `grader/record.py` (schema `fruit/1`)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from grader.pipeline import DEFAULT_SKU_TABLE, GradeOptions
from grader.rules import Standard
from grader.types import Crop

NAME = r"^[A-Za-z0-9_-]{1,80}$"
MAX_ID = 2**63 - 1
MAX_LOT = 2**31 - 1
Language = Literal["en", "zh"]
CROP = r"^[a-z][a-z0-9_]{0,39}$"


class GradeQuery(BaseModel):
    """The options of one grading. Unknown names are refused: a mistyped option must not be ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    crop: str = Field(
        default="auto",
        pattern=CROP,
        description="Kind of fruit: the crop of a standard; `auto` lets the network decide between apple and melon.",
    )
    variety: Annotated[str, Field(pattern=r"^[\w .'-]{1,80}$")] | None = Field(
        default=None, description="Variety, such as fuji."
    )
    standard: Annotated[str, Field(pattern=NAME)] | None = Field(
        default=None, description="Id of a standard (see /api/v1/standards); empty: the default of the crop."
    )
    sku_table: str = Field(
        default=DEFAULT_SKU_TABLE, pattern=NAME, description="Name of a SKU table (see /api/v1/skus)."
    )
    mm_per_px: float | None = Field(
        default=None,
        gt=0,
        lt=1000,
        description="Scale in the plane of the fruit's outline, mm per pixel. Without: no sizes in mm.",
    )
    one_fruit: bool = Field(default=False, description="All pictures show the same fruit from several sides.")
    overlay: bool = Field(
        default=False, description="Also make annotated pictures; `overlay_url` says where."
    )
    frame: str | None = Field(
        default=None, max_length=200, description="Name of a raw picture; files of a form have their own."
    )
    lang: Language = Field(
        default="en", description="Language of the texts and of the words in annotated pictures."
    )

    def options(self) -> GradeOptions:
        """The same for the grader."""
        return GradeOptions(
            crop=None if self.crop == "auto" else Crop(self.crop),
            variety=self.variety,
            standard=self.standard,
            mm_per_px=self.mm_per_px,
            sku_table=self.sku_table,
            one_fruit=self.one_fruit,
        )


class FruitTexts(BaseModel):
    """The decision in words. class_set: what the class may be too, best first, the class itself among them; empty where
    the model's confidence was not measured. reasons: why a better class was denied. unverified: what no camera saw,
    check by hand.
    """

    grade_class: str = Field(serialization_alias="class")
    class_set: list[str]
    standard: str
    reasons: list[str]
    unverified: list[str]


class FruitOut(BaseModel):
    """One fruit: every key of `fruit/1`, and where it is kept."""

    model_config = ConfigDict(extra="allow")

    record_schema: str = Field(alias="schema", examples=["fruit/1"])
    frame: str
    fruit_index: int
    crop: str
    variety: str | None
    box_xyxy_px: list[int]
    grade: dict[str, JsonValue]
    sku: dict[str, JsonValue]
    model_id: str
    quality_flags: list[str]
    fruit_id: int | None = Field(description="Number of the stored record; null for a sample picture.")
    grading_id: int | None
    graded_at: datetime
    texts: FruitTexts


class PictureOut(BaseModel):
    """One picture of a grading; sizes in pixels, upright."""

    frame: str
    picture_id: str = Field(description="SHA-256 of the picture as uploaded.")
    url: str
    overlay_url: str | None
    width_px: int
    height_px: int


class GradingOut(BaseModel):
    """The answer to an upload."""

    fruits: list[FruitOut]
    grading_id: int | None
    graded_at: datetime
    duration_ms: float = Field(description="Time of decoding, grading and drawing, in ms.")
    pictures: list[PictureOut]
    notes: list[str] = Field(description="Quality flags of whole pictures, such as no_fruit.")
    options: dict[str, JsonValue]


class FruitPage(BaseModel):
    """One page of stored fruits, newest first. next_before: give it as `before` for the next page; null: the end."""

    fruits: list[FruitOut]
    total: int = Field(description="Number of all stored fruits, whatever the filter.")
    next_before: int | None


class ClassOut(BaseModel):
    """One class of a standard."""

    class_id: str
    name: str


class StandardOut(BaseModel):
    """One grading standard. classes: best first."""

    standard_id: str
    aliases: list[str]
    title: str
    crop: str
    status: str = Field(description="Only `enabled` standards decide; `draft` and `template` do not.")
    default_for_crop: bool
    source: str
    edition: str
    classes: list[ClassOut]
    varieties: list[str]
    sha256: str = Field(description="Of the file; decisions are replayed under exactly these rules.")

    @classmethod
    def of(cls, standard: Standard, language: Language) -> StandardOut:
        """The public face of `standard`, named in `language`."""
        return cls(
            standard_id=standard.standard_id,
            aliases=list(standard.aliases),
            title=standard.names.zh if language == "zh" else standard.names.en,
            crop=standard.crop,
            status=standard.status,
            default_for_crop=standard.default_for_crop,
            source=standard.source,
            edition=standard.edition,
            classes=[
                ClassOut(class_id=one.class_id, name=one.names.zh if language == "zh" else one.names.en)
                for one in standard.classes
            ],
            varieties=[name for variety in standard.varieties for name in variety.names],
            sha256=standard.sha256,
        )


class StandardsOut(BaseModel):
    """All standards that are installed."""

    standards: list[StandardOut]


class SkuRuleOut(BaseModel):
    """One rule; an empty list means any. code may hold {crop}, {variety}, {class} and {size}."""

    crops: list[str]
    varieties: list[str]
    classes: list[str]
    sizes: list[str]
    code: str
    outlet: str
    colours: list[str] = []
    pack: str | None = Field(default=None, description="Kind of carton; null: not packed here.")


class SkuTableOut(BaseModel):
    """One SKU table. rules: in order, the first that matches a fruit takes it. name: what `sku_table` takes."""

    name: str
    outlets: list[str]
    size_tables: list[str]
    rules: list[SkuRuleOut]
    sha256: str = Field(description="Of the table and its size tables; the same hash gives the same SKUs.")


class SkuTablesOut(BaseModel):
    """All SKU tables that are installed."""

    tables: list[SkuTableOut]


class ModelOut(BaseModel):
    """One model that is installed. coverage: 0-1, share of fruit whose `grade.class_set` holds the true class, from its
    card; null where nothing was measured."""

    model_id: str
    name: str
    version: str
    in_use: bool
    coverage: float | None


class ModelsOut(BaseModel):
    """Models, and whether grading is possible. problem: why not."""

    ready: bool
    loading: bool
    problem: str | None
    models: list[ModelOut]


class SampleOut(BaseModel):
    """A sample picture that ships. grading: null until it is graded."""

    name: str
    title: str
    url: str
    grading: GradingOut | None
    problem: str | None


class SamplesOut(BaseModel):
    """All sample pictures; pending: some are still being graded."""

    samples: list[SampleOut]
    pending: bool


class HealthOut(BaseModel):
    """The process is alive."""

    status: Literal["ok"]


class ErrorDetail(BaseModel):
    """One wrong field."""

    field: str
    problem: str


class ErrorBody(BaseModel):
    """code: stable, for programs. message: for people, in English."""

    code: str
    message: str
    detail: list[ErrorDetail] = []


class ErrorOut(BaseModel):
    """Every error of the service has this shape."""

    error: ErrorBody
