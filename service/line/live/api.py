"""The routes that show a running line: its events, and pictures of its last fruit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.sse import EventSourceResponse
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from service.api.error_docs import errors
from service.line.live.broadcast import Watcher
from service.line.live.feed import Feed
from service.line.protocol import MAX_LANE
from service.schemas import Language
from service.services import RunningServices

router = APIRouter(prefix="/api/v1", tags=["lines"])

SEND_TIMEOUT_S = 30.0
"""A watcher that takes nothing for so long is gone, whatever its connection says."""
RETRY_MS = 2000

LineName = Annotated[str, Path(max_length=80)]
Lane = Annotated[int, Path(ge=0, le=MAX_LANE)]


class EventStream(EventSourceResponse):
    """The events of one watcher, until it goes away or the feed ends."""

    def __init__(self, feed: Feed, watcher: Watcher) -> None:
        super().__init__(
            _with_retry(watcher), headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )
        self._feed, self._watcher = feed, watcher

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; the watcher's place is free afterwards in any case."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._feed.leave(self._watcher)

    async def stream_response(self, send: Send) -> None:
        """Send as far as the watcher takes it in time."""

        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await send(message)

        try:
            await super().stream_response(send_in_time)
        except TimeoutError:
            return


async def _with_retry(watcher: Watcher) -> AsyncIterator[bytes]:
    yield f"retry: {RETRY_MS}\n\n".encode()
    async for events in watcher.events():
        yield events


@router.get(
    "/lines/{line}/events",
    summary="What happens on a line, as server-sent events",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {}}}, **errors(404, 422, 503)},
)
async def line_events(
    line: LineName,
    services: RunningServices,
    lang: Annotated[Language, Query(description="Language of the texts.")] = "en",
    last_event_id: Annotated[str | None, Header(max_length=80)] = None,
) -> EventStream:
    """`decision` for every fruit, `state` twice a second, `dropped` when this watcher was too slow for some decisions.

    After `Last-Event-ID` the first event is `resumed`: how many decisions were missed. They are not told again.
    """
    feed = services.live.feed(line)
    return EventStream(feed, feed.join(lang, last_event_id))


@router.get(
    "/lines/{line}/lanes/{lane}/preview.jpg",
    summary="The last fruit of a lane, marked",
    response_class=Response,
    responses={
        200: {"content": {"image/jpeg": {}}},
        304: {"description": "Still the same picture."},
        **errors(404, 422, 503),
    },
)
async def lane_preview(line: LineName, lane: Lane, request: Request, services: RunningServices) -> Response:
    """One fruit a second at most: in between the same picture again. `X-Fruit-Number` says whose it is."""
    preview = await services.live.previews.last(services.lines.known(line), lane)
    tag = f'"{preview.tag}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache", "X-Fruit-Number": str(preview.number)}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(preview.jpeg, media_type="image/jpeg", headers=headers)
