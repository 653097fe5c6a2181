"""The review as it goes over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from grader.reason_text import class_name
from grader.rules import Standard
from grader.types import DefectKind
from service.answers import record_answer
from service.lots.schemas import TEXT
from service.review.evidence import EvidenceCounts
from service.schemas import FruitOut, Language
from service.store.evidence_store import StoredFruitPicture
from service.store.review_store import ReviewFruit, StoredAnswer, Waiting

KEY = r"^[A-Za-z0-9-]{8,64}$"
Answer = Literal["confirm", "change", "cannot_tell", "undo"]
Kind = Literal["doubtful", "audit", "all"]
Point = Annotated[list[Annotated[float, Field(ge=0, le=30_000)]], Field(min_length=2, max_length=2)]


class MarkIn(BaseModel):
    """A defect that a person drew, or one that is none. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    view: int = Field(ge=0, le=15, description="Position of the view among those of the fruit.")
    kind: DefectKind | None = Field(default=None, description="What it is; null for `erase`.")
    erase: bool = Field(default=False, description="Here is sound skin.")
    shape: Literal["polygon", "brush"]
    points: list[Point] = Field(
        min_length=1, max_length=2_000, description="x, y in pixels of the view as it was taken."
    )
    width_px: float | None = Field(default=None, gt=0, le=2_000, description="Of a brush.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.erase == (self.kind is not None):
            raise ValueError("expected a kind, or erase without one")
        if (self.shape == "brush") != (self.width_px is not None):
            raise ValueError("width_px: expected for a brush, and only for one")
        if self.shape == "polygon" and len(self.points) < 3:
            raise ValueError(f"points: expected at least 3 of a polygon, got {len(self.points)}")
        return self


class AnswerIn(BaseModel):
    """What a person says of a fruit. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    key: str = Field(
        pattern=KEY, description="New for each answer; the same one again is the same answer, stored once."
    )
    answer: Answer
    grade_class: str | None = Field(
        default=None, alias="class", max_length=40, pattern=TEXT, description="For `change`."
    )
    seen: int = Field(
        ge=0,
        le=1_000_000,
        description="`corrections` of the fruit as it was shown: of two only one comes next.",
    )
    lot: Annotated[str, Field(pattern=TEXT, max_length=80)] | None = Field(
        default=None, description="Code of its lot; refused when it is another."
    )
    note: str = Field(default="", max_length=500)
    marks: list[MarkIn] = Field(default=[], max_length=40)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.answer == "change") != (self.grade_class is not None):
            raise ValueError(f"class: expected for change, and only for it, got answer {self.answer!r}")
        if self.answer == "undo" and self.marks:
            raise ValueError("marks: expected none with undo")
        return self


class WaitingOut(BaseModel):
    """Fruit that wait for a person."""

    doubtful: int
    audit: int = Field(description="Of the random sample, to be judged without the machine's opinion.")
    all: int

    @classmethod
    def of(cls, waiting: Waiting) -> Self:
        """The public face of the counts."""
        return cls(doubtful=waiting.doubtful, audit=waiting.audit, all=waiting.doubtful + waiting.audit)


class EvidenceOut(BaseModel):
    """Fruit to be looked at since the service started: with pictures, and stored without."""

    kept: int
    missed: int
    problem: str | None = Field(description="Why the last one was stored without.")

    @classmethod
    def of(cls, counts: EvidenceCounts) -> Self:
        """The public face of the counts."""
        return cls(kept=counts.kept, missed=counts.missed, problem=counts.problem)


class ClassOut(BaseModel):
    """A class that a person may give."""

    grade_class: str = Field(serialization_alias="class")
    name: str


class ViewOut(BaseModel):
    """One view of a fruit. url null: the picture is gone, its time was over. overlay_url null: not shown (yet)."""

    position: int
    camera: str
    view: int
    url: str | None
    overlay_url: str | None


class CurrentOut(BaseModel):
    """The newest decision on a fruit."""

    grade_class: str = Field(serialization_alias="class")
    name: str
    sku: str
    size_code: str | None
    confidence: float
    review: bool


class StoredAnswerOut(BaseModel):
    """An answer. person_class null: could not tell, or took the answer before back. marks: as they were drawn."""

    number: int
    who: str
    at: datetime
    answer: Answer
    blind: bool
    machine_class: str
    person_class: str | None
    note: str
    marks: list[MarkIn]

    @classmethod
    def of(cls, answer: StoredAnswer) -> Self:
        """The public face of an answer."""
        return cls(
            number=answer.number,
            who=answer.who,
            at=answer.at,
            answer=answer.answer,  # type: ignore[arg-type]
            blind=answer.blind,
            machine_class=answer.machine_class,
            person_class=answer.person_class,
            note=answer.note,
            marks=[MarkIn.model_validate(mark) for mark in answer.marks],
        )


class ReviewFruitOut(BaseModel):
    """A fruit for the review. blind: current and record are null until a person answered."""

    lot_fruit_id: int
    lot_id: int
    lot: str
    lane: int
    fruit: str
    decided_at: datetime
    kind: Literal["doubtful", "audit", "other"]
    blind: bool
    corrections: int
    classes: list[ClassOut]
    views: list[ViewOut]
    current: CurrentOut | None
    record: FruitOut | None
    answers: list[StoredAnswerOut]

    @classmethod
    def of(
        cls,
        fruit: ReviewFruit,
        pictures: Sequence[StoredFruitPicture],
        there: Mapping[str, bool],
        classes: Sequence[str],
        standards: Sequence[Standard],
        language: Language,
    ) -> Self:
        """The public face of a fruit. there: whether the file of a picture is there, by name."""
        standard = next(
            (one for one in standards if one.standard_id == fruit.state.judged_by.standard_id), None
        )

        def name_of(grade_class: str) -> str:
            return grade_class if standard is None else class_name(grade_class, standard, language)

        state = fruit.state
        return cls(
            lot_fruit_id=fruit.lot_fruit_id,
            lot_id=fruit.lot_id,
            lot=fruit.lot_code,
            lane=fruit.lane,
            fruit=fruit.fruit_name,
            decided_at=fruit.decided_at,
            kind="audit" if fruit.audited else "doubtful" if state.review else "other",
            blind=fruit.blind,
            corrections=fruit.corrections,
            classes=[ClassOut(grade_class=one, name=name_of(one)) for one in classes],
            views=[_view(one, kept=there[one.picture_hash], blind=fruit.blind) for one in pictures],
            current=None
            if fruit.blind
            else CurrentOut(
                grade_class=state.grade_class,
                name=name_of(state.grade_class),
                sku=state.sku_code,
                size_code=state.size_code,
                confidence=state.confidence,
                review=state.review,
            ),
            record=None
            if fruit.blind
            else record_answer(
                fruit.record,
                fruit_id=fruit.lot_fruit_id,
                grading_id=None,
                graded_at=fruit.decided_at,
                standards=standards,
                language=language,
            ),
            answers=[StoredAnswerOut.of(answer) for answer in fruit.answers],
        )


class QueueOut(BaseModel):
    """The queue and its next fruit, oldest first."""

    waiting: WaitingOut
    evidence: EvidenceOut
    fruits: list[ReviewFruitOut]


class AnsweredOut(BaseModel):
    """What was stored, and the fruit as it is now. agrees: person and machine gave the same class; null: none given."""

    answer: StoredAnswerOut
    agrees: bool | None
    fruit: ReviewFruitOut


class AgreementRowOut(BaseModel):
    """Blind answers by class of machine and person; person_class null: could not tell."""

    machine_class: str
    person_class: str | None
    fruit: int


class AgreementOut(BaseModel):
    """Machine against people, on the random sample, judged blind. agreed + differed + cannot_tell = all."""

    fruit: int
    agreed: int
    differed: int
    cannot_tell: int
    rows: list[AgreementRowOut]

    @classmethod
    def of(cls, counts: Mapping[tuple[str, str | None], int]) -> Self:
        """The public face of the counts."""
        agreed = sum(count for (machine, person), count in counts.items() if machine == person)
        cannot_tell = sum(count for (_, person), count in counts.items() if person is None)
        fruit = sum(counts.values())
        return cls(
            fruit=fruit,
            agreed=agreed,
            differed=fruit - agreed - cannot_tell,
            cannot_tell=cannot_tell,
            rows=[
                AgreementRowOut(machine_class=machine, person_class=person, fruit=count)
                for (machine, person), count in sorted(
                    counts.items(), key=lambda item: (item[0][0], item[0][1] or "")
                )
            ],
        )


def _view(picture: StoredFruitPicture, *, kept: bool, blind: bool) -> ViewOut:
    there = kept and picture.gone_at is None
    overlay = f"/api/v1/review/{picture.lot_fruit_id}/views/{picture.position}/overlay"
    return ViewOut(
        position=picture.position,
        camera=picture.camera,
        view=picture.view,
        url=f"/api/v1/evidence/{picture.picture_hash}" if there else None,
        overlay_url=overlay if there and not blind else None,
    )
