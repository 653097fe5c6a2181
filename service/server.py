"""Runs the service on a socket: says what to open, ends in order."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from socket import AF_INET, AF_INET6, create_server, socket
from types import FrameType

import uvicorn
from fastapi import FastAPI

from grader.errors import StandardError
from grader.standard import list_standards
from service.app import create_app, open_archive
from service.errors import LineConfigError, StorageError
from service.line.line_grader import load_line_grader
from service.line.lines import read_lines
from service.line.worker_process import LoadGrader
from service.request_log import configure_logging
from service.services import Services
from service.settings import ServiceSettings

COULD_NOT_START = 1


def run_server(settings: ServiceSettings, *, load_for_lines: LoadGrader = load_line_grader) -> int:
    """Run until stopped (Ctrl+C, SIGTERM). Returns the exit code: 0 after an orderly end, 1 if it could not start.

    load_for_lines: as for `create_app`.
    """
    configure_logging(settings.log_level)
    try:
        open_archive(settings).close()
        list_standards()
        read_lines(settings.lines_dir)
    except (StorageError, StandardError, LineConfigError) as error:
        return _refuse(str(error))
    try:
        listening = _listen(settings.host, settings.port)
    except OSError as error:
        return _refuse(
            f"{settings.host} port {settings.port} cannot be used: {error.strerror}; choose another with --port"
        )
    config = uvicorn.Config(
        create_app(settings, load_for_lines=load_for_lines),
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=settings.shutdown_timeout_s,
    )
    for name in (signal.SIGINT, signal.SIGTERM):  # uvicorn raises them again once it has ended in order
        signal.signal(name, _already_ended)
    with listening:
        AnnouncingServer(config, settings.data_dir).run(sockets=[listening])
    return 0


class AnnouncingServer(uvicorn.Server):
    """Says what to open once it listens."""

    def __init__(self, config: uvicorn.Config, data_dir: Path) -> None:
        super().__init__(config)
        self._data_dir = data_dir

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Start, then print the one line for the person who started it."""
        await super().startup(sockets)
        if self.started and sockets:
            address = page_address(*sockets[0].getsockname()[:2])
            sys.stdout.write(f"Open {address} in a browser (records in {self._data_dir}; Ctrl+C ends)\n")
            sys.stdout.flush()

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Let event streams end first, for uvicorn waits for answers that are under way."""
        end_streams(self.config.app)
        await super().shutdown(sockets)


def end_streams(app: object) -> None:
    """End the event streams of a running application."""
    if isinstance(app, FastAPI):
        services: Services = app.state.services
        services.live.end_streams()


def page_address(host: str, port: int) -> str:
    """Where a browser on this computer finds the page.

    >>> page_address("0.0.0.0", 8000)
    'http://127.0.0.1:8000/'
    """
    own = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{own}]:{port}/" if ":" in own else f"http://{own}:{port}/"


def _listen(host: str, port: int) -> socket:
    return create_server((host, port), family=AF_INET6 if ":" in host else AF_INET, backlog=128)


def _already_ended(_number: int, _frame: FrameType | None) -> None:
    """Nothing is left to do."""


def _refuse(problem: str) -> int:
    sys.stderr.write(f"error: {problem}\n")
    return COULD_NOT_START
