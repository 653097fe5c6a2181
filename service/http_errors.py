"""Every error as HTTP: the only place that knows status codes. One JSON shape: {"error": {"code", "message"}}."""

from __future__ import annotations

from http import HTTPStatus
from traceback import format_exception

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse

from grader.errors import (
    CalibrationError,
    GraderError,
    InvalidImageError,
    ModelError,
    OutputError,
    RecordError,
    SkuTableError,
    StandardError,
    UnknownVersionError,
    VersionConflictError,
    VersionError,
)
from service.errors import (
    AccountError,
    BadFruitError,
    BusyError,
    CompanyError,
    ConflictError,
    EmptyUploadError,
    ForeignOriginError,
    LabelDataError,
    LabelFontError,
    LedgerError,
    LineConfigError,
    LotError,
    ModelNotReadyError,
    NotAllowedError,
    NotFoundError,
    NotSignedInError,
    PreviewError,
    ProtocolError,
    ReviewError,
    ServiceError,
    SsccExhaustedError,
    StatementError,
    StorageError,
    StorageFullError,
    TooManyTriesError,
    UnsupportedUploadError,
    UploadTimeoutError,
    UploadTooLargeError,
)

# The first line that fits decides: special errors stand before general ones.
_STATUS: tuple[tuple[type[Exception], int, str], ...] = (
    (InvalidImageError, 422, "invalid_image"),
    (CalibrationError, 422, "invalid_calibration"),
    (StandardError, 422, "invalid_standard"),
    (SkuTableError, 422, "invalid_sku_table"),
    (VersionConflictError, 409, "version_conflict"),
    (UnknownVersionError, 404, "unknown_version"),
    (VersionError, 422, "invalid_version"),
    (ModelError, 503, "model_unavailable"),
    (RecordError, 500, "invalid_record"),
    (OutputError, 507, "storage_full"),
    (GraderError, 500, "grading_failed"),
    (UploadTooLargeError, 413, "upload_too_large"),
    (UploadTimeoutError, 408, "upload_timeout"),
    (UnsupportedUploadError, 415, "unsupported_media_type"),
    (EmptyUploadError, 422, "no_picture"),
    (BusyError, 503, "busy"),
    (ModelNotReadyError, 503, "model_not_ready"),
    (ForeignOriginError, 403, "foreign_origin"),
    (NotSignedInError, 401, "not_signed_in"),
    (NotAllowedError, 403, "not_allowed"),
    (TooManyTriesError, 429, "too_many_tries"),
    (AccountError, 422, "invalid_account"),
    (NotFoundError, 404, "not_found"),
    (BadFruitError, 422, "invalid_fruit"),
    (ConflictError, 409, "conflict"),
    (LotError, 422, "invalid_lot"),
    (ReviewError, 422, "invalid_review"),
    (StatementError, 422, "invalid_statement"),
    (ProtocolError, 400, "bad_message"),
    (PreviewError, 503, "preview_unavailable"),
    (LineConfigError, 500, "invalid_line"),
    (LedgerError, 500, "wrong_counts"),
    (CompanyError, 409, "company_unknown"),
    (LabelDataError, 422, "invalid_label"),
    (SsccExhaustedError, 409, "numbers_exhausted"),
    (LabelFontError, 503, "font_missing"),
    (StorageFullError, 507, "storage_full"),
    (StorageError, 503, "storage_unavailable"),
    (ServiceError, 500, "internal_error"),
    (ClientDisconnect, 400, "upload_interrupted"),
)


def add_error_handlers(app: FastAPI) -> None:
    """Make `app` answer every error in the one shape."""
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid_parameter)
    app.add_exception_handler(GraderError, _known_error)
    app.add_exception_handler(ServiceError, _known_error)
    app.add_exception_handler(ClientDisconnect, _known_error)
    app.add_exception_handler(Exception, _unknown_error)


def status_and_code(error: Exception) -> tuple[int, str]:
    """HTTP status and error code of one of our errors."""
    for kind, status, code in _STATUS:
        if isinstance(error, kind):
            return status, code
    return 500, "internal_error"


def error_response(error: Exception) -> JSONResponse:
    """The answer to one of our errors."""
    status, code = status_and_code(error)
    headers = None
    if isinstance(error, BusyError | TooManyTriesError):
        headers = {"Retry-After": str(error.retry_after_s)}
    if isinstance(error, NotSignedInError):
        headers = {"WWW-Authenticate": "Bearer"}
    return _response(status, code, str(error) or type(error).__name__, headers=headers)


async def _known_error(_request: Request, error: Exception) -> JSONResponse:
    return error_response(error)


async def _http_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    return _response(status, status.name.lower(), str(error.detail), headers=dict(error.headers or {}))


async def _invalid_parameter(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    problems = [
        {"field": ".".join(str(part) for part in problem["loc"]), "problem": str(problem["msg"])}
        for problem in error.errors()
    ]
    first = problems[0]
    return _response(422, "invalid_parameter", f"{first['field']}: {first['problem']}", detail=problems)


async def _unknown_error(request: Request, error: Exception) -> JSONResponse:
    trace = "".join(
        format_exception(error)
    )  # plain: a formatter that prints variables takes minutes for pictures
    structlog.get_logger().error("unexpected_error", path=request.url.path, trace=trace)
    return _response(500, "internal_error", "an unexpected error happened; it was written to the log")


def _response(
    status: int,
    code: str,
    message: str,
    *,
    detail: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    body: dict[str, object] = {"code": code, "message": message}
    if detail is not None:
        body["detail"] = detail
    return JSONResponse({"error": body}, status, headers)
