"""`POST /api/v1/grade` and the gradings it stored."""

from __future__ import annotations

from time import perf_counter
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from service.answers import grading_answer
from service.api.error_docs import errors
from service.grade_pictures import OverlayStyle, grade_pictures
from service.schemas import MAX_ID, GradeQuery, GradingOut, Language
from service.services import RunningServices, Services
from service.uploads import Upload, read_uploads

router = APIRouter(prefix="/api/v1", tags=["grading"])

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FILES = {
    "schema": {
        "type": "object",
        "required": ["file"],
        "properties": {
            "file": {"type": "array", "items": {"type": "string", "format": "binary"}, "minItems": 1}
        },
    }
}
_BODY = {
    "requestBody": {
        "required": True,
        "description": "One picture as it is (JPEG, PNG, WebP, BMP, TIFF), or a form with one or more files.",
        "content": {"image/jpeg": _BINARY, "image/png": _BINARY, "multipart/form-data": _FILES},
    }
}


@router.post(
    "/grade",
    summary="Grade pictures",
    response_model=GradingOut,
    responses=errors(400, 403, 408, 413, 415, 422, 503, 507),
    openapi_extra=_BODY,
)
async def grade(
    request: Request, query: Annotated[GradeQuery, Query()], services: RunningServices
) -> GradingOut:
    """Find, measure and class every fruit; store pictures and records; answer when both are on disk."""
    services.model.grader()
    if query.crop != "auto" and query.standard is None:
        services.rules.default_standard(query.crop)  # refused before the pictures are read
    with services.pool.place() as place:
        uploads = await read_uploads(request, services.settings, frame=query.frame)
        return await place.run(lambda: _grade_and_keep(uploads, query, services))


@router.get("/gradings/{grading_id}", summary="One grading", responses=errors(404, 422))
def one_grading(
    grading_id: Annotated[int, Path(ge=1, le=MAX_ID)], services: RunningServices, lang: Language = "en"
) -> GradingOut:
    """The same as the answer to the upload."""
    return grading_answer(services.archive.records.grading(grading_id), services.standards, lang)


def _grade_and_keep(uploads: tuple[Upload, ...], query: GradeQuery, services: Services) -> GradingOut:
    services.archive.check_space(uploads)
    started = perf_counter()
    overlay = (
        OverlayStyle(languages=(query.lang,), quality=services.settings.jpeg_quality)
        if query.overlay
        else None
    )
    graded = grade_pictures(
        uploads, services.rules.judging(query.options()), services.model.grader(), overlay
    )
    kept = services.archive.keep(graded, options=query.model_dump(mode="json"))
    services.metrics.count_grading(seconds=perf_counter() - started, records=graded.records)
    return grading_answer(kept, services.standards, query.lang)
