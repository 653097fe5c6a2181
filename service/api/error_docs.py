"""The error answers of a route for the OpenAPI document."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from service.schemas import ErrorOut


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Documents that a route may answer with these statuses, in the one error shape."""
    return {status: {"model": ErrorOut, "description": HTTPStatus(status).phrase} for status in statuses}
