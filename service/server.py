"""Runs the service on a socket: says what to open, ends in order."""

from __future__ import annotations

import signal
import sys
from socket import AF_INET, AF_INET6, create_server, socket
from types import FrameType

import uvicorn
from fastapi import FastAPI

from grader.errors import GraderError
from service.accounts.loopback import is_loopback
from service.accounts.opening import open_accounts, open_archive
from service.app import create_app
from service.errors import LineConfigError, StorageError
from service.line.line_grader import load_line_grader
from service.line.lines import read_lines
from service.line.worker_process import LoadGrader
from service.request_log import configure_logging
from service.rule_follower import VERSIONS_FOLDER, RuleFollower
from service.sample.sample_player import LINE
from service.services import Services
from service.settings import ServiceSettings

COULD_NOT_START = 1
PING_EVERY_S, PING_PATIENCE_S = 2.0, 5.0
"""A client of a line that vanishes without a word (cable, power) keeps its lanes for so long together, and nobody else
can send for them."""


def run_server(settings: ServiceSettings, *, load_for_lines: LoadGrader = load_line_grader) -> int:
    """Run until stopped (Ctrl+C, SIGTERM). Returns the exit code: 0 after an orderly end, 1 if it could not start.

    load_for_lines: as for `create_app`.
    """
    configure_logging(settings.log_level)
    if settings.demo and not is_loopback(settings.host):
        return _refuse(
            f"--demo is for this computer only: expected the host 127.0.0.1, got {settings.host}; "
            "leave --demo out to let others sign in"
        )
    try:
        link = _first_admin_link(settings)
        rules = RuleFollower(settings.data_dir / VERSIONS_FOLDER).current
        read_lines(settings.lines_dir, rules)
    except (StorageError, GraderError, LineConfigError) as error:
        return _refuse(str(error))
    try:
        listening = _listen(settings.host, settings.port)
    except OSError as error:
        return _refuse(
            f"{settings.host} port {settings.port} cannot be used: {error.strerror}; choose another with --port"
        )
    config = server_config(create_app(settings, load_for_lines=load_for_lines), settings.shutdown_timeout_s)
    for name in (signal.SIGINT, signal.SIGTERM):  # uvicorn raises them again once it has ended in order
        signal.signal(name, _already_ended)
    with listening:
        AnnouncingServer(config, settings, link).run(sockets=[listening])
    return 0


def server_config(app: FastAPI, shutdown_timeout_s: int) -> uvicorn.Config:
    """How the service is served. shutdown_timeout_s: longest wait for running requests at the end, s."""
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        ws_per_message_deflate=False,
        ws_ping_interval=PING_EVERY_S,
        ws_ping_timeout=PING_PATIENCE_S,
        timeout_graceful_shutdown=shutdown_timeout_s,
    )


class AnnouncingServer(uvicorn.Server):
    """Says what to open once it listens. link: token of the one-time link for the first admin, if one is missing."""

    def __init__(self, config: uvicorn.Config, settings: ServiceSettings, link: str | None) -> None:
        super().__init__(config)
        self._settings = settings
        self._link = link

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Start, then print the one line for the person who started it, and once the link for the first admin."""
        await super().startup(sockets)
        if not self.started or not sockets:
            return
        address = page_address(*sockets[0].getsockname()[:2])
        sys.stdout.write(f"Open {address} in a browser (records in {self._settings.data_dir}; Ctrl+C ends)\n")
        if start_sample(self.config.app, address):
            sys.stdout.write(
                f"A sample lot comes over the line {address}lines/{LINE} in some seconds; "
                f"its fruit are in {address}lots, the doubtful ones in {address}review\n"
            )
        sys.stdout.flush()
        if self._link is not None:
            open_here = is_loopback(self._settings.host)
            why = (
                "To ask everybody for a sign-in"
                if open_here
                else "Nobody can sign in yet. To become the admin"
            )
            sys.stderr.write(f"{why}, open {address}link?token={self._link} (works once, within 24 hours)\n")
            sys.stderr.flush()

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Let event streams and the sample end first, for uvicorn waits for answers that are under way."""
        await wind_down(self.config.app)
        await super().shutdown(sockets)


def start_sample(app: object, address: str) -> bool:
    """Let sample lots come over the line of a running application that listens. False: it is none that shows any."""
    player = app.state.services.sample_player if isinstance(app, FastAPI) else None
    if player is None:
        return False
    player.start(address.rstrip("/"))
    return True


async def wind_down(app: object) -> None:
    """End the event streams of a running application, and its sample."""
    if isinstance(app, FastAPI):
        services: Services = app.state.services
        services.live.end_streams()
        if services.sample_player is not None:
            await services.sample_player.stop()


def page_address(host: str, port: int) -> str:
    """Where a browser on this computer finds the page.

    >>> page_address("0.0.0.0", 8000)
    'http://127.0.0.1:8000/'
    """
    own = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{own}]:{port}/" if ":" in own else f"http://{own}:{port}/"


def _first_admin_link(settings: ServiceSettings) -> str | None:
    """Make the link that lets the first admin in; None when there is one, or in a demo. Raises StorageError."""
    archive = open_archive(settings)
    try:
        return None if settings.demo else open_accounts(archive, settings).first_admin_link()
    finally:
        archive.close()


def _listen(host: str, port: int) -> socket:
    return create_server((host, port), family=AF_INET6 if ":" in host else AF_INET, backlog=128)


def _already_ended(_number: int, _frame: FrameType | None) -> None:
    """Nothing is left to do."""


def _refuse(problem: str) -> int:
    sys.stderr.write(f"error: {problem}\n")
    return COULD_NOT_START
