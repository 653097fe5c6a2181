"""Stored or fresh results -> what goes over HTTP: records, words, and where the pictures are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import quote

from pydantic import JsonValue, TypeAdapter

from grader.rules import Standard
from service.explain import explain_record
from service.grade_pictures import GradedUpload
from service.samples import Sample
from service.schemas import FruitOut, GradingOut, Language, PictureOut
from service.store.record_store import StoredFruit, StoredGrading, StoredPicture

_OPTIONS: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])


def grading_answer(grading: StoredGrading, standards: Sequence[Standard], language: Language) -> GradingOut:
    """A grading from the archive."""
    return GradingOut(
        fruits=[fruit_answer(fruit, standards, language) for fruit in grading.fruits],
        grading_id=grading.grading_id,
        graded_at=grading.graded_at,
        duration_ms=grading.duration_ms,
        pictures=[_picture_answer(picture) for picture in grading.pictures],
        notes=list(grading.notes),
        options=_OPTIONS.validate_python(grading.options),
    )


def fruit_answer(fruit: StoredFruit, standards: Sequence[Standard], language: Language) -> FruitOut:
    """A fruit from the archive."""
    return record_answer(
        fruit.record,
        fruit_id=fruit.fruit_id,
        grading_id=fruit.grading_id,
        graded_at=fruit.graded_at,
        standards=standards,
        language=language,
    )


def sample_answer(
    sample: Sample, graded: GradedUpload, standards: Sequence[Standard], language: Language
) -> GradingOut:
    """A graded sample picture; it has no number, it is not in the archive."""
    return GradingOut(
        fruits=[
            record_answer(
                record,
                fruit_id=None,
                grading_id=None,
                graded_at=graded.graded_at,
                standards=standards,
                language=language,
            )
            for record in graded.records
        ],
        grading_id=None,
        graded_at=graded.graded_at,
        duration_ms=graded.duration_ms,
        pictures=[
            PictureOut(
                frame=picture.upload.name,
                picture_id=f"{sample.name}/{view}",
                url=sample_picture_url(sample, view),
                overlay_url=f"{_sample_url(sample)}/overlays/{view}?lang={language}",
                width_px=picture.width_px,
                height_px=picture.height_px,
            )
            for view, picture in enumerate(graded.pictures)
        ],
        notes=list(graded.notes),
        options={"crop": "auto", "mm_per_px": sample.mm_per_px, "one_fruit": sample.one_fruit},
    )


def sample_picture_url(sample: Sample, view: int) -> str:
    """Where one picture of a sample is."""
    return f"{_sample_url(sample)}/pictures/{view}"


def _sample_url(sample: Sample) -> str:
    return f"/api/v1/samples/{quote(sample.name)}"


def record_answer(
    record: Mapping[str, object],
    *,
    fruit_id: int | None,
    grading_id: int | None,
    graded_at: datetime,
    standards: Sequence[Standard],
    language: Language,
) -> FruitOut:
    """A record with its number, and the decision in words."""
    return FruitOut.model_validate(
        {
            **record,
            "fruit_id": fruit_id,
            "grading_id": grading_id,
            "graded_at": graded_at,
            "texts": explain_record(record, standards, language),
        }
    )


def _picture_answer(picture: StoredPicture) -> PictureOut:
    overlay = picture.overlay_hash
    return PictureOut(
        frame=picture.frame_id,
        picture_id=picture.picture_hash,
        url=f"/api/v1/pictures/{picture.picture_hash}",
        overlay_url=None if overlay is None else f"/api/v1/overlays/{overlay}",
        width_px=picture.width_px,
        height_px=picture.height_px,
    )
