"""The routes of sorting lines: frames in and decisions out over a WebSocket, and the state of every line."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Annotated
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter, Path, WebSocket

from service.api.error_docs import errors
from service.errors import ForeignOriginError, ServiceError
from service.http_errors import error_response
from service.line.client import Client
from service.line.line import Line
from service.line.lines import Lines
from service.line.schemas import CameraPlaceOut, LineDaysOut, LineOut, LinesOut, OwnCameraOut, lane_answers
from service.services import RunningServices, Services

router = APIRouter(prefix="/api/v1", tags=["lines"])

SEND_TIMEOUT_S = 5.0
"""A client that does not take an answer for so long is cut off; until then its decisions wait."""

LineName = Annotated[str, Path(max_length=80)]


@router.get("/lines", summary="Sorting lines")
async def lines(services: RunningServices) -> LinesOut:
    """Every line that is configured, or was opened by a client, with its counts."""
    return LinesOut(lines=[_answer(line, services.lines) for line in services.lines.all()])


@router.get("/lines/{line}", summary="One sorting line", responses=errors(404, 422))
async def one_line(line: LineName, services: RunningServices) -> LineOut:
    """Its counts by lane, its clients, its belt."""
    return _answer(services.lines.known(line), services.lines)


@router.get("/lines/{line}/days", summary="Counts of a sorting line by day", responses=errors(404, 422))
async def line_days(line: LineName, services: RunningServices) -> LineDaysOut:
    """Fruit of the last 31 days (UTC), newest first. These counts go on when the service starts again."""
    return LineDaysOut.of(services.lines.known(line))


@router.websocket("/lines/{line}/frames")
async def frames(socket: WebSocket, line: str) -> None:
    """Binary messages are frames, text messages are ticks, triggers and heartbeats; answers are decisions."""
    services: Services = socket.app.state.services
    address = socket.client
    client = Client("unknown" if address is None else f"{address.host}:{address.port}")
    try:
        _check_origin(socket)
        found = await services.lines.open(line)
    except ServiceError as error:
        services.lines.refused(client.name, error)
        await socket.send_denial_response(error_response(error))
        return
    await socket.accept()
    structlog.get_logger().info("line_client", line=line, client=client.name)
    both = (
        asyncio.create_task(_read(socket, found, client)),
        asyncio.create_task(_write(socket, found, client)),
    )
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in both:
            task.cancel()
        await asyncio.gather(*both, return_exceptions=True)
        found.leave(client)
        structlog.get_logger().info("line_client_left", line=line, client=client.name)


async def _read(socket: WebSocket, line: Line, client: Client) -> None:
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        data = message.get("bytes")
        line.receive(client, message.get("text") or "" if data is None else data)


async def _write(socket: WebSocket, line: Line, client: Client) -> None:
    while True:
        answer = await client.next()
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await socket.send_text(answer.to_json())
        except BaseException as error:
            line.not_delivered(answer)
            if isinstance(error, TimeoutError | RuntimeError | OSError):  # cut off, closed already, broken
                return
            raise


def _check_origin(socket: WebSocket) -> None:
    """Browsers let any page open a WebSocket, and say which page it was. Raises ForeignOriginError."""
    origin = socket.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != socket.headers.get("host"):
        raise ForeignOriginError(f"a page of another web site ({origin}) may not open a line")


def _answer(line: Line, every: Lines) -> LineOut:
    workers = every.workers
    return LineOut(
        line=line.config.line_id,
        encoder=line.position,
        ready_workers=workers.ready,
        waiting_views=workers.waiting,
        restarts=workers.restarts,
        model=workers.model_name,
        fruit_per_minute=round(line.watch.per_minute(monotonic()), 1),
        bad_messages=line.bad_messages,
        cameras=[camera.name for camera in line.config.cameras],
        camera_places=[
            CameraPlaceOut(
                name=camera.name,
                views=camera.views,
                first_view_counts=camera.first_view_counts,
                counts_per_view=camera.counts_per_view,
            )
            for camera in line.config.cameras
        ],
        own_cameras=[OwnCameraOut.of(state) for state in every.camera_states(line.config.line_id)],
        encoder_modulus=line.config.encoder.modulus,
        wait_s=line.config.deadline.wait_s,
        outlets={outlet.name: outlet.counts for outlet in line.config.outlets},
        recirculate=line.config.recirculate,
        lanes=lane_answers(line),
    )
