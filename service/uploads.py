"""Reads the pictures of a request body: one raw picture, or a form with several files."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, replace

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.types import Message

from service.errors import EmptyUploadError, UnsupportedUploadError, UploadTimeoutError, UploadTooLargeError
from service.settings import ServiceSettings

MAX_NAME_LENGTH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """The bytes of one picture as received, and the name it is known by."""

    name: str
    data: bytes


async def read_uploads(
    request: Request, settings: ServiceSettings, *, frame: str | None
) -> tuple[Upload, ...]:
    """Read the whole body. `frame` names a raw picture; files of a form bring their own names.

    Raises:
        UnsupportedUploadError, UploadTooLargeError, UploadTimeoutError, EmptyUploadError.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    _check_declared_length(request, settings.max_upload_bytes)
    limited = Request(request.scope, _LimitedBody(request, settings.max_upload_bytes).receive)
    try:
        async with asyncio.timeout(settings.upload_timeout_s):
            if media_type == "multipart/form-data":
                return await _read_form(limited, settings)
            if media_type.startswith("image/") or media_type == "application/octet-stream":
                return _one(await limited.body(), frame)
    except TimeoutError as error:
        raise UploadTimeoutError(f"expected the body within {settings.upload_timeout_s:.0f} s") from error
    raise UnsupportedUploadError(
        "expected Content-Type image/jpeg, image/png (a raw picture) or multipart/form-data (files), "
        f"got {media_type or 'none'}"
    )


class _LimitedBody:
    """Counts the bytes of a body while they arrive and stops at the limit."""

    def __init__(self, request: Request, limit_bytes: int) -> None:
        self._request = request
        self._limit_bytes = limit_bytes
        self._seen_bytes = 0

    async def receive(self) -> Message:
        message = await self._request.receive()
        if message["type"] == "http.request":
            self._seen_bytes += len(message.get("body", b""))
            if self._seen_bytes > self._limit_bytes:
                raise _too_large(self._limit_bytes, f"more than {self._limit_bytes:,}")
        return message


def _check_declared_length(request: Request, limit_bytes: int) -> None:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit_bytes:
        raise _too_large(limit_bytes, f"{int(declared):,}")


def _too_large(limit_bytes: int, actual: str) -> UploadTooLargeError:
    return UploadTooLargeError(f"expected a body of at most {limit_bytes:,} bytes, got {actual} bytes")


def _one(data: bytes, frame: str | None) -> tuple[Upload, ...]:
    if not data:
        raise EmptyUploadError("expected the bytes of a picture, got an empty body")
    return (Upload(name=clean_name(frame) or "picture", data=data),)


async def _read_form(request: Request, settings: ServiceSettings) -> tuple[Upload, ...]:
    uploads: list[Upload] = []
    async with request.form(max_files=settings.max_pictures + 1, max_fields=16) as form:
        for field, value in form.multi_items():
            if value == "":  # what a browser sends for a file field that was left empty
                continue
            if not isinstance(value, UploadFile):
                raise UnsupportedUploadError(
                    f"form field {field!r}: expected a file; options belong in the query string"
                )
            data = await value.read()
            if not data:
                raise EmptyUploadError(f"form field {field!r}: expected the bytes of a picture, got none")
            uploads.append(
                Upload(name=clean_name(value.filename) or f"picture-{len(uploads) + 1}", data=data)
            )
    if not 1 <= len(uploads) <= settings.max_pictures:
        raise EmptyUploadError(f"expected 1 to {settings.max_pictures} files, got {len(uploads)}")
    return _with_unique_names(uploads)


def _with_unique_names(uploads: list[Upload]) -> tuple[Upload, ...]:
    """A second `a.jpg` becomes `a.jpg (2)`, so that a name points at one picture."""
    seen: Counter[str] = Counter()
    unique = []
    for upload in uploads:
        seen[upload.name] += 1
        count = seen[upload.name]
        unique.append(upload if count == 1 else replace(upload, name=f"{upload.name} ({count})"))
    return tuple(unique)


def clean_name(name: str | None) -> str:
    """The last part of a path, without control characters, at most 200 characters; empty for none."""
    last = (name or "").replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(char for char in last if char.isprintable()).strip()[:MAX_NAME_LENGTH]
