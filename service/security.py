"""What a browser may do with this service: nothing from other web sites, nothing from other hosts."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import ForeignOriginError
from service.http_errors import error_response

READING = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}


def is_own_origin(headers: Headers) -> bool:
    """Whether `Origin` is there and names the host that was asked."""
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc == headers.get("host")


class BrowserGuard:
    """ASGI middleware: refuses changing requests that a browser sends for another site; adds the headers above.

    `Sec-Fetch-Site` says so, and in older browsers `Origin`. Programs send neither, and have no cookies of ours.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        headers = Headers(scope=scope)
        foreign = headers.get("sec-fetch-site") in {"cross-site", "same-site"} or (
            "origin" in headers and not is_own_origin(headers)
        )
        if scope["method"] not in READING and foreign:
            refusal = error_response(
                ForeignOriginError("a page of another web site may not change anything here")
            )
            await refusal(scope, receive, send_guarded)
            return
        await self._app(scope, receive, send_guarded)
