"""`/lines` and `/lines/{line}`: what happens on the sorting lines, for people."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import HTMLResponse

from service.services import RunningServices
from service.ui.render import Pages, class_colours, class_names


def line_pages_router(pages: Pages) -> APIRouter:
    """The routes of both pages. A line that is not there (yet) has its page too, which says so and waits."""
    router = APIRouter(include_in_schema=False)

    @router.get("/lines", response_class=HTMLResponse)
    def lines(request: Request, services: RunningServices) -> HTMLResponse:
        return pages.answer(request, "lines.html", {"configured": services.settings.lines_dir is not None})

    @router.get("/lines/{line}", response_class=HTMLResponse)
    def line(
        line: Annotated[str, Path(max_length=80)], request: Request, services: RunningServices
    ) -> HTMLResponse:
        data = {
            "line": line,
            "class_colours": class_colours(services.standards),
            "class_names": class_names(services.standards, pages.language_of(request)),
        }
        return pages.answer(request, "line.html", data)

    return router
