"""Uploaded bytes -> graded pictures. Runs in a grading thread; stores nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import perf_counter

from grader.image_io import decode_image, encode_jpeg
from grader.overlay import draw_overlay
from grader.pipeline import GradedFrame, GradeOptions
from grader.record import record_to_json
from grader.types import FruitRecord
from service.grading_port import FruitGrader
from service.uploads import Upload


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayStyle:
    """How annotated pictures are made: one for each of `languages`. quality: JPEG, 1-100."""

    languages: tuple[str, ...]
    quality: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedPicture:
    """One picture. overlays: annotated pictures (JPEG) by language, empty when not asked for; sizes in pixels."""

    upload: Upload
    width_px: int
    height_px: int
    overlays: Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedUpload:
    """All pictures of a request and the records (`fruit/1`) of all fruits in them, input order kept."""

    pictures: tuple[GradedPicture, ...]
    records: tuple[dict[str, object], ...]
    notes: tuple[str, ...]
    graded_at: datetime
    duration_ms: float


def grade_pictures(
    uploads: Sequence[Upload], options: GradeOptions, grader: FruitGrader, overlay: OverlayStyle | None
) -> GradedUpload:
    """Decode, grade, draw.

    Raises:
        GraderError: a picture cannot be read, or the options cannot be used; nothing is graded then.
    """
    started = perf_counter()
    grader.check(options)
    frames = [decode_image(upload.data, upload.name) for upload in uploads]
    if options.one_fruit:
        fruit = grader.grade_views(frames, options)
        results: tuple[GradedFrame, ...] = tuple(
            _with_decision_of(fruit.record, result) for result in fruit.frames
        )
        records: tuple[FruitRecord, ...] = () if fruit.record is None else (fruit.record,)
    else:
        results = tuple(grader.grade_frame(frame, options) for frame in frames)
        records = tuple(record for result in results for record in result.records)
    pictures = tuple(
        _graded_picture(upload, result, overlay) for upload, result in zip(uploads, results, strict=True)
    )
    notes = tuple(dict.fromkeys(note for result in results for note in result.notes))
    return GradedUpload(
        pictures=pictures,
        records=tuple(record_to_json(record) for record in records),
        notes=notes,
        graded_at=datetime.now(UTC),
        duration_ms=round((perf_counter() - started) * 1000, 1),
    )


def _with_decision_of(fruit: FruitRecord | None, result: GradedFrame) -> GradedFrame:
    """One view of a turned fruit, shown with the class of the whole fruit."""
    if fruit is None:
        return result
    records = tuple(replace(record, grade=fruit.grade, sku=fruit.sku) for record in result.records)
    return replace(result, records=records)


def _graded_picture(upload: Upload, result: GradedFrame, overlay: OverlayStyle | None) -> GradedPicture:
    height_px, width_px = result.frame.rgb.shape[:2]
    overlays = {}
    if overlay is not None:
        for language in overlay.languages:
            drawn = draw_overlay(result.frame, result.records, result.views, language)
            overlays[language] = encode_jpeg(drawn, quality=overlay.quality)
    return GradedPicture(upload=upload, width_px=width_px, height_px=height_px, overlays=overlays)
