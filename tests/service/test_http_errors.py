"""Every error, in the one shape, with the right status."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.errors import (
    CalibrationError,
    GraderError,
    InvalidImageError,
    ModelCardError,
    ModelMismatchError,
    OutputError,
    RecordError,
    SkuTableError,
    StandardError,
)
from grader.types import Frame
from service import errors
from service.app import create_app
from service.errors import BusyError, ServiceError
from service.http_errors import status_and_code
from service.settings import ServiceSettings
from tests.fakes import FakeGrader
from tests.service.running import RunningService, error_code, painted_png

PNG = {"Content-Type": "image/png"}


@pytest.mark.parametrize(
    ("path", "headers", "body", "status", "code"),
    [
        ("/api/v1/grade", PNG, b"no picture", 422, "invalid_image"),
        ("/api/v1/grade", PNG, painted_png(fruits=1)[:200], 422, "invalid_image"),
        ("/api/v1/grade", PNG, b"", 422, "no_picture"),
        ("/api/v1/grade", {"Content-Type": "text/plain"}, b"x", 415, "unsupported_media_type"),
        ("/api/v1/grade", {}, b"x", 415, "unsupported_media_type"),
        ("/api/v1/grade", {"Content-Type": "multipart/form-data"}, b"x", 400, "bad_request"),
        ("/api/v1/grade", PNG, b"x" * 1_000_001, 413, "upload_too_large"),
        ("/api/v1/grade?crop=banana", PNG, b"x", 422, "invalid_standard"),
        ("/api/v1/grade?mm_per_px=0", PNG, b"x", 422, "invalid_parameter"),
        ("/api/v1/grade?mm_per_px=nan", PNG, b"x", 422, "invalid_parameter"),
        ("/api/v1/grade?mm_per_pix=0.2", PNG, b"x", 422, "invalid_parameter"),
        ("/api/v1/grade?standard=../../etc/passwd", PNG, b"x", 422, "invalid_parameter"),
        ("/api/v1/grade?sku_table=../x.toml", PNG, b"x", 422, "invalid_parameter"),
        ("/api/v1/grade?standard=nope", PNG, painted_png(fruits=1), 422, "invalid_standard"),
        ("/api/v1/grade?sku_table=nope", PNG, painted_png(fruits=1), 422, "invalid_sku_table"),
    ],
)
def test_refused_uploads(
    service: RunningService, path: str, headers: dict[str, str], body: bytes, status: int, code: str
) -> None:
    assert error_code(service.post(path, content=body, headers=headers), status) == code
    assert service.get("/api/v1/fruits").json()["total"] == 0
    assert service.services.pool.taken == 0


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/static/nothing.js", 404, "not_found"),
        ("GET", "/static/../page.py", 404, "not_found"),
        ("GET", "/api/v1/fruits/1", 404, "not_found"),
        ("GET", "/api/v1/gradings/1", 404, "not_found"),
        ("GET", "/api/v1/samples/none.png/pictures/0", 404, "not_found"),
        ("GET", "/api/v1/samples/none.png/overlays/0", 404, "not_found"),
        ("GET", f"/api/v1/pictures/{'0' * 64}", 404, "not_found"),
        ("GET", f"/api/v1/overlays/{'0' * 64}", 404, "not_found"),
        ("GET", "/api/v1/pictures/..", 404, "not_found"),
        ("GET", "/api/v1/pictures/short", 422, "invalid_parameter"),
        ("GET", "/api/v1/fruits/zero", 422, "invalid_parameter"),
        ("GET", "/api/v1/fruits/0", 422, "invalid_parameter"),
        ("GET", f"/api/v1/fruits/{2**63}", 422, "invalid_parameter"),
        ("GET", "/api/v1/fruits?limit=0", 422, "invalid_parameter"),
        ("GET", "/api/v1/fruits?limit=501", 422, "invalid_parameter"),
        ("GET", "/api/v1/standards?lang=fr", 422, "invalid_parameter"),
        ("GET", "/api/v1/grade", 405, "method_not_allowed"),
        ("POST", "/healthz", 405, "method_not_allowed"),
        ("DELETE", "/api/v1/fruits", 405, "method_not_allowed"),
    ],
)
def test_refused_requests(service: RunningService, method: str, path: str, status: int, code: str) -> None:
    response = service.request(method, path)
    assert error_code(response, status) == code
    if status == 405:
        assert response.headers["allow"]


def test_the_message_names_the_wrong_field(service: RunningService) -> None:
    body = service.post("/api/v1/grade?mm_per_pix=0.2", content=b"x", headers=PNG).json()
    assert body["error"]["detail"] == [
        {"field": "query.mm_per_pix", "problem": "Extra inputs are not permitted"}
    ]


def test_options_do_not_belong_in_the_form(service: RunningService) -> None:
    response = service.post(
        "/api/v1/grade", files={"file": ("a", painted_png(fruits=1))}, data={"crop": "apple"}
    )
    assert error_code(response, 415) == "unsupported_media_type"


@pytest.mark.parametrize("count", [0, 4])
def test_a_form_takes_one_to_max_pictures_files(service: RunningService, count: int) -> None:
    files = [("file", (f"{index}", painted_png(fruits=1))) for index in range(count)] or [("file", ("", b""))]
    assert error_code(service.post("/api/v1/grade", files=files), 422) == "no_picture"


@pytest.mark.parametrize(("size", "status"), [(999_999, 422), (1_000_000, 422), (1_000_001, 413)])
def test_the_upload_limit_holds_exactly_also_without_a_declared_length(
    service: RunningService, size: int, status: int
) -> None:
    async def chunks() -> Iterator[bytes]:
        for start in range(0, size, 100_000):
            yield b"x" * min(100_000, size - start)

    response = service.post("/api/v1/grade", content=chunks(), headers=PNG)
    assert error_code(response, status) == ("upload_too_large" if status == 413 else "invalid_image")


def test_a_body_that_does_not_arrive_ends_after_the_timeout(settings: ServiceSettings) -> None:
    async def never() -> Iterator[bytes]:
        yield b"x"
        await asyncio.Event().wait()

    short = settings.model_copy(update={"upload_timeout_s": 0.05})
    with RunningService(create_app(short, grader=FakeGrader())) as service:
        response = service.post("/api/v1/grade", content=never(), headers=PNG)
        assert error_code(response, 408) == "upload_timeout"
        assert service.services.pool.taken == 0


def test_a_full_disk_is_said_before_anything_is_accepted(settings: ServiceSettings) -> None:
    full = settings.model_copy(update={"min_free_mb": 10**9})
    with RunningService(create_app(full, grader=FakeGrader())) as service:
        assert error_code(service.grade(painted_png(fruits=1)), 507) == "storage_full"
        assert service.get("/api/v1/fruits").json()["total"] == 0
        assert not [path for path in settings.data_dir.rglob("*") if path.parent.name not in {"data"}]


def test_a_missing_model_is_said_and_the_page_still_works(settings: ServiceSettings, tmp_path: Path) -> None:
    empty = tmp_path / "no_model"
    empty.mkdir()
    with RunningService(create_app(settings.model_copy(update={"model_dir": empty}))) as service:
        service.services.model.wait()
        assert error_code(service.get("/readyz"), 503) == "model_not_ready"
        assert error_code(service.grade(painted_png(fruits=1)), 503) == "model_not_ready"
        assert service.get("/healthz").json() == {"status": "ok"}
        assert service.get("/").status_code == 200
        models = service.get("/api/v1/models").json()
        assert models["ready"] is False
        assert models["loading"] is False
        assert "card.json" in models["problem"]


def test_an_unexpected_error_says_nothing_about_the_inside(settings: ServiceSettings) -> None:
    def fail(_frame: Frame) -> None:
        raise ZeroDivisionError("secret place")

    with RunningService(create_app(settings, grader=FakeGrader(fail))) as service:
        response = service.grade(painted_png(fruits=1))
        assert error_code(response, 500) == "internal_error"
        assert "secret" not in response.text
        assert service.services.pool.taken == 0


def test_an_error_of_the_grader_reaches_the_sender(settings: ServiceSettings) -> None:
    def fail(frame: Frame) -> None:
        raise ModelMismatchError(f"{frame.frame_id}: expected a, got b")

    with RunningService(create_app(settings, grader=FakeGrader(fail))) as service:
        response = service.grade(painted_png(fruits=1), frame="x.png")
        assert error_code(response, 503) == "model_unavailable"
        assert response.json()["error"]["message"] == "x.png: expected a, got b"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidImageError("x"), 422),
        (CalibrationError("x"), 422),
        (StandardError("x"), 422),
        (SkuTableError("x"), 422),
        (ModelCardError("x"), 503),
        (ModelMismatchError("x"), 503),
        (RecordError("x"), 500),
        (OutputError("x"), 507),
        (GraderError("x"), 500),
        (errors.UploadTooLargeError("x"), 413),
        (errors.UploadTimeoutError("x"), 408),
        (errors.UnsupportedUploadError("x"), 415),
        (errors.EmptyUploadError("x"), 422),
        (BusyError("x", 1), 503),
        (errors.ModelNotReadyError("x"), 503),
        (errors.ForeignOriginError("x"), 403),
        (errors.NotSignedInError("x"), 401),
        (errors.NotAllowedError("x"), 403),
        (errors.TooManyTriesError("x", 1), 429),
        (errors.AccountError("x", "x"), 422),
        (errors.NotFoundError("x"), 404),
        (errors.StorageFullError("x"), 507),
        (errors.SchemaError("x"), 503),
        (errors.StorageError("x"), 503),
        (ServiceError("x"), 500),
        (ValueError("x"), 500),
    ],
)
def test_status_of_every_error(error: Exception, status: int) -> None:
    assert status_and_code(error)[0] == status


def test_every_service_error_is_listed_here_and_in_the_tree() -> None:
    tree = errors.__doc__ or ""
    known = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, ServiceError)
    }
    assert {name for name in known if name not in tree} == set()
