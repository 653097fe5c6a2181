"""What grading can be asked for: standards, SKU tables, models, sample pictures."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response
from starlette.responses import FileResponse

from service.answers import sample_answer, sample_picture_url
from service.api.error_docs import errors
from service.errors import NotFoundError
from service.model_list import list_models
from service.schemas import (
    Language,
    ModelsOut,
    SampleOut,
    SamplesOut,
    SkuTablesOut,
    StandardOut,
    StandardsOut,
)
from service.services import RunningServices
from service.sku_list import list_sku_tables

router = APIRouter(prefix="/api/v1", tags=["catalogue"])

SampleName = Annotated[str, Path(max_length=200)]
View = Annotated[int, Path(ge=0, le=999)]


@router.get("/standards", summary="Grading standards", responses=errors(422))
def standards(services: RunningServices, lang: Language = "en") -> StandardsOut:
    """All standards, as published or installed. Only `enabled` ones decide."""
    return StandardsOut(standards=[StandardOut.of(standard, lang) for standard in services.standards])


@router.get("/skus", summary="SKU tables")
def skus(services: RunningServices) -> SkuTablesOut:
    """All tables, as published or installed: class, size and colour -> SKU and outlet."""
    return SkuTablesOut(tables=list_sku_tables(services.rule_files))


@router.get("/models", summary="Models")
def models(services: RunningServices) -> ModelsOut:
    """Installed models and whether grading is possible."""
    return ModelsOut(
        ready=services.model.ready,
        loading=services.model.loading,
        problem=services.model.problem,
        models=list_models(services.settings.model_dir),
    )


@router.get("/samples", summary="Sample pictures with results", responses=errors(422))
def samples(services: RunningServices, lang: Language = "en") -> SamplesOut:
    """The pictures that ship with the program; they are not stored as records."""
    gallery = services.samples
    found = []
    for sample in gallery.samples:
        graded = gallery.graded(sample.name)
        answer = None
        if graded is not None:
            answer = sample_answer(sample, graded, services.standards, lang)
        found.append(
            SampleOut(
                name=sample.name,
                title=sample.title,
                url=sample_picture_url(sample, 0),
                grading=answer,
                problem=gallery.problem(sample.name),
            )
        )
    return SamplesOut(
        samples=found, pending=(services.model.ready or services.model.loading) and gallery.pending
    )


@router.get(
    "/samples/{name}/pictures/{view}",
    summary="A sample picture",
    response_class=FileResponse,
    responses=errors(404, 422),
)
def sample_picture(name: SampleName, view: View, services: RunningServices) -> FileResponse:
    """The picture file; `view` counts from 0."""
    files = services.samples.sample(name).files
    if view >= len(files):
        raise NotFoundError(f"sample {name!r} has {len(files)} pictures, no number {view}")
    return FileResponse(files[view])


@router.get(
    "/samples/{name}/overlays/{view}",
    summary="An annotated sample",
    response_class=Response,
    responses=errors(404, 422),
)
def sample_overlay(
    name: SampleName, view: View, services: RunningServices, lang: Language = "en"
) -> Response:
    """A JPEG with outlines, defects and classes drawn in; `view` counts from 0."""
    services.samples.sample(name)
    graded = services.samples.graded(name)
    if graded is None or view >= len(graded.pictures):
        raise NotFoundError(f"sample {name!r} has no annotated picture {view} (yet)")
    return Response(graded.pictures[view].overlays[lang], media_type="image/jpeg")
