"""Runs the whole service for a test: in this process without a socket, or on a free port for a browser."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from functools import partial
from socket import SO_SNDBUF, SOL_SOCKET, create_server
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self

import cv2
import httpx
import numpy as np
import uvicorn
from anyio.from_thread import start_blocking_portal
from fastapi import FastAPI

from service.server import server_config, start_sample, wind_down
from service.services import Services


class RunningService:
    """Lifespan, middleware and routes as in production; requests go straight to the application."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._portal = stack.enter_context(start_blocking_portal())
            lifespan = self.app.router.lifespan_context(self.app)
            stack.enter_context(self._portal.wrap_async_context_manager(lifespan))
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")
            self._client = stack.enter_context(self._portal.wrap_async_context_manager(client))
            self._open = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)

    @property
    def services(self) -> Services:
        services: Services = self.app.state.services
        return services

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.request("GET", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self.request("POST", path, **more)

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self.start(method, path, **more).result(timeout=30)

    def start(self, method: str, path: str, **more: Any) -> Future[httpx.Response]:
        """Send a request and go on."""
        return self._portal.start_task_soon(partial(self._client.request, method, path, **more))

    def grade(self, picture: bytes, **query: str) -> httpx.Response:
        """Send one raw picture."""
        return self.post(
            "/api/v1/grade", content=picture, params=query, headers={"Content-Type": "image/png"}
        )


class _ReportingServer(uvicorn.Server):
    """A server that says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        start_sample(self.config.app, f"http://127.0.0.1:{sockets[0].getsockname()[1]}")
        self.listens.set()

    async def shutdown(self, sockets: Any = None) -> None:
        await wind_down(self.config.app)
        await super().shutdown(sockets)


@contextmanager
def listening(app: FastAPI, *, port: int = 0, send_buffer_bytes: int | None = None) -> Iterator[str]:
    """The service on a port of this computer (0: a free one); gives its address.

    send_buffer_bytes: of every connection, so that one that is not read is full soon.
    """
    server = _ReportingServer(server_config(app, shutdown_timeout_s=30))
    door = create_server(("127.0.0.1", port))
    if send_buffer_bytes is not None:
        door.setsockopt(SOL_SOCKET, SO_SNDBUF, send_buffer_bytes)
    thread = Thread(target=server.run, args=([door],))
    thread.start()
    try:
        assert server.listens.wait(timeout=30)
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=30)
        door.close()


def painted_png(*, fruits: int, shade: int = 0) -> bytes:
    """A PNG of 480 x 160 px with some red discs of 100 px on grey; `shade` makes pictures differ."""
    rgb = np.full((160, 480, 3), 200, np.uint8)
    for index in range(fruits):
        cv2.circle(rgb, (80 + 160 * index, 80), 50, (170 + shade, 30, 40), -1)
    return cv2.imencode(".png", rgb[:, :, ::-1])[1].tobytes()


def error_code(response: httpx.Response, status: int) -> str:
    """Check the one error shape; return the code."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) in ({"code", "message"}, {"code", "message", "detail"})
    assert body["error"]["message"]
    return str(body["error"]["code"])
