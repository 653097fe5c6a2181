"""Keeps request bodies small: one that is too large is refused before anything keeps it."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import UploadTooLargeError
from service.http_errors import error_response


class BodyLimit:
    """ASGI middleware: reads the body of every request, at most `limit_bytes`, and hands it on whole.

    own: paths that see to it themselves, for they read while they wait for a place.
    """

    def __init__(self, app: ASGIApp, *, limit_bytes: int, own: frozenset[str]) -> None:
        self._app = app
        self._limit_bytes = limit_bytes
        self._own = own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in self._own:
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared) > self._limit_bytes:
            await self._refuse(f"{int(declared):,}", scope, receive, send)
            return
        if scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)  # no route reads a body of these
            return
        parts: list[bytes] = []
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return  # the client has gone
            parts.append(message.get("body", b""))
            size, more = size + len(parts[-1]), message.get("more_body", False)
            if size > self._limit_bytes:
                await self._refuse(f"more than {self._limit_bytes:,}", scope, receive, send)
                return
        whole: list[Message] = [{"type": "http.request", "body": b"".join(parts), "more_body": False}]

        async def replay() -> Message:
            return whole.pop() if whole else await receive()

        await self._app(scope, replay, send)

    async def _refuse(self, actual: str, scope: Scope, receive: Receive, send: Send) -> None:
        problem = f"expected a body of at most {self._limit_bytes:,} bytes, got {actual} bytes"
        await error_response(UploadTooLargeError(problem))(scope, receive, send)
