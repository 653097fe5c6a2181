"""Ends the connection of a sender that was answered before its body was there, and may send for ever."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class UnreadBody:
    """ASGI middleware. A server throws away what comes after its answer, to keep the connection; of a body of more than
    `limit_bytes`, or of unknown length, that is not worth it.
    """

    def __init__(self, app: ASGIApp, *, limit_bytes: int) -> None:
        self._app = app
        self._limit_bytes = limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._may_be_large(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        whole = False

        async def receive_and_note() -> Message:
            nonlocal whole
            message = await receive()
            whole = whole or not message.get("more_body", False)
            return message

        async def send_and_end(message: Message) -> None:
            if message["type"] == "http.response.start" and not whole:
                MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        await self._app(scope, receive_and_note, send_and_end)

    def _may_be_large(self, headers: Headers) -> bool:
        declared = headers.get("content-length", "")
        return "transfer-encoding" in headers or (declared.isdecimal() and int(declared) > self._limit_bytes)
