"""`/review`: doubtful and audited fruit, one after the other, for people."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from grader.types import DefectKind
from service.accounts.caller import name_of
from service.accounts.forms import caller_of
from service.services import RunningServices
from service.ui.render import Pages, class_colours, class_names


def review_pages_router(pages: Pages) -> APIRouter:
    """The route of the page. `?fruit=NUMBER` begins with that fruit, `?lot=NUMBER` asks for those of a lot only."""
    router = APIRouter(include_in_schema=False)

    @router.get("/review", response_class=HTMLResponse)
    def review(request: Request, services: RunningServices) -> HTMLResponse:
        data = {
            "class_colours": class_colours(services.standards),
            "class_names": class_names(services.standards, pages.language_of(request)),
            "person": name_of(caller_of(request)),
            "defect_kinds": [kind.value for kind in DefectKind],
        }
        return pages.answer(request, "review.html", data)

    return router
