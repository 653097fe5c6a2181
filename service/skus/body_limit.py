"""Keeps the bodies of some routes small: a body that is too large is refused before anything reads it."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import UploadTooLargeError
from service.http_errors import error_response


class BodyLimit:
    """ASGI middleware: reads the body of requests below `prefixes`, at most `limit_bytes`, and hands it on whole."""

    def __init__(self, app: ASGIApp, *, prefixes: tuple[str, ...], limit_bytes: int) -> None:
        self._app = app
        self._prefixes = prefixes
        self._limit_bytes = limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reads = (
            scope["type"] == "http" and scope["method"] == "POST" and scope["path"].startswith(self._prefixes)
        )
        if not reads:
            await self._app(scope, receive, send)
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
                problem = f"expected a body of at most {self._limit_bytes:,} bytes, got more than {size:,}"
                await error_response(UploadTooLargeError(problem))(scope, receive, send)
                return
        whole: list[Message] = [{"type": "http.request", "body": b"".join(parts), "more_body": False}]

        async def replay() -> Message:
            return whole.pop() if whole else await receive()

        await self._app(scope, replay, send)
