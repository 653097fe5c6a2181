"""`/`: the page for pictures."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from grader.types import Crop
from service.schemas import StandardOut
from service.services import RunningServices
from service.ui.render import Pages, class_colours

STATIC = Path(__file__).parent / "static"
_SHOWN_OF_A_STANDARD = {"standard_id", "title", "crop", "status", "default_for_crop", "varieties"}


def page_router(pages: Pages) -> APIRouter:
    """The route of the page."""
    router = APIRouter(include_in_schema=False)

    @router.get("/", response_class=HTMLResponse)
    def page(request: Request, services: RunningServices) -> HTMLResponse:
        language = pages.language_of(request)
        data = {
            "standards": [
                StandardOut.of(standard, language).model_dump(include=_SHOWN_OF_A_STANDARD)
                for standard in services.standards
            ],
            "class_colours": class_colours(services.standards),
            "max_upload_bytes": services.settings.max_upload_bytes,
            "max_pictures": services.settings.max_pictures,
            "network_crops": list(Crop),
        }
        defaults = {standard.crop for standard in services.standards if standard.default_for_crop}
        return pages.answer(request, "page.html", data, shown={"other_crops": sorted(defaults - set(Crop))})

    return router
