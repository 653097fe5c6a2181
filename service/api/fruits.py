"""Stored fruits, and the pictures they come from."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from service.answers import fruit_answer
from service.api.error_docs import errors
from service.picture_type import picture_type
from service.schemas import MAX_ID, FruitOut, FruitPage, Language
from service.services import RunningServices
from service.store.record_store import FruitFilter

router = APIRouter(prefix="/api/v1", tags=["fruits"])

PictureName = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="SHA-256 of the picture.")]
_FOREVER = {"Cache-Control": "private, max-age=31536000, immutable"}
_PICTURE: dict[int | str, dict[str, Any]] = {200: {"content": {"image/*": {}}, "description": "The picture."}}


@router.get("/fruits", summary="Stored fruits, newest first", responses=errors(422))
def list_fruits(
    services: RunningServices,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    before: Annotated[
        int | None, Query(ge=1, le=MAX_ID, description="Only fruits with a smaller fruit_id.")
    ] = None,
    crop: Annotated[str | None, Query(max_length=40)] = None,
    grade_class: Annotated[str | None, Query(alias="class", max_length=40)] = None,
    sku: Annotated[str | None, Query(max_length=80)] = None,
    review: bool | None = None,
    lang: Language = "en",
) -> FruitPage:
    """A page of fruits; `next_before` leads to the next one."""
    wanted = FruitFilter(crop=crop, grade_class=grade_class, sku_code=sku, review=review)
    found = services.archive.records.fruits(wanted, limit=limit + 1, before=before)
    page = found[:limit]
    return FruitPage(
        fruits=[fruit_answer(fruit, services.standards, lang) for fruit in page],
        total=services.archive.records.fruit_count(),
        next_before=page[-1].fruit_id if len(found) > limit else None,
    )


@router.get("/fruits/{fruit_id}", summary="One fruit", responses=errors(404, 422))
def one_fruit(
    fruit_id: Annotated[int, Path(ge=1, le=MAX_ID)], services: RunningServices, lang: Language = "en"
) -> FruitOut:
    """The whole record of one fruit."""
    return fruit_answer(services.archive.records.fruit(fruit_id), services.standards, lang)


@router.get(
    "/pictures/{name}",
    summary="A picture as uploaded",
    response_class=Response,
    responses={**_PICTURE, **errors(404, 422)},
)
def picture(name: PictureName, services: RunningServices) -> Response:
    """The bytes as they were received."""
    data = services.archive.pictures.read(name)
    return Response(data, media_type=picture_type(data), headers=_FOREVER)


@router.get(
    "/overlays/{name}",
    summary="An annotated picture",
    response_class=Response,
    responses={**_PICTURE, **errors(404, 422)},
)
def overlay(name: PictureName, services: RunningServices) -> Response:
    """A JPEG with outlines, defects and classes drawn in."""
    return Response(services.archive.overlays.read(name), media_type="image/jpeg", headers=_FOREVER)
