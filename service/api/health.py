"""Is it alive, can it grade, what does it count."""

from __future__ import annotations

from fastapi import APIRouter, Response

from service.api.error_docs import errors
from service.errors import ModelNotReadyError
from service.schemas import HealthOut
from service.services import RunningServices

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Alive")
async def healthz() -> HealthOut:
    """The process answers."""
    return HealthOut(status="ok")


@router.get("/readyz", summary="Ready to grade", responses=errors(503))
async def readyz(services: RunningServices) -> HealthOut:
    """The model is loaded; 503 with the reason otherwise."""
    problem = services.model.problem
    if problem is not None:
        raise ModelNotReadyError(problem)
    return HealthOut(status="ok")


@router.get("/metrics", summary="Counters for Prometheus", response_class=Response)
async def metrics(services: RunningServices) -> Response:
    """Prometheus text format."""
    return Response(services.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
