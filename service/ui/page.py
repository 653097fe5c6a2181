"""`/`: the page for pictures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from fastapi import APIRouter, Request
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse

from grader.overlay_words import class_colour
from grader.rules import Standard
from grader.types import REJECT, UNGRADED
from service.schemas import StandardOut
from service.services import RunningServices
from service.ui.translate import LANGUAGES, choose_language, load_catalogue, translate

STATIC = Path(__file__).parent / "static"
_A_YEAR_S = 31_536_000
_SHOWN_OF_A_STANDARD = {"standard_id", "title", "crop", "status", "default_for_crop", "varieties"}


def page_router() -> APIRouter:
    """The route of the page, with its templates and texts read once."""
    router = APIRouter(include_in_schema=False)
    catalogues = {language: load_catalogue(language) for language in LANGUAGES}
    environments = {language: _environment(catalogues[language]) for language in LANGUAGES}

    @router.get("/", response_class=HTMLResponse)
    def page(request: Request, services: RunningServices) -> HTMLResponse:
        asked = request.query_params.get("lang")
        language = choose_language(asked, request.cookies.get("lang"), request.headers.get("accept-language"))
        data = {
            "language": language,
            "texts": catalogues[language],
            "standards": [
                StandardOut.of(standard, language).model_dump(include=_SHOWN_OF_A_STANDARD)
                for standard in services.standards
            ],
            "class_colours": class_colours(services.standards),
            "max_upload_bytes": services.settings.max_upload_bytes,
            "max_pictures": services.settings.max_pictures,
        }
        html = (
            environments[language]
            .get_template("page.html")
            .render(language=language, data=_script_json(data))
        )
        response = HTMLResponse(html, headers={"Content-Language": language, "Cache-Control": "no-store"})
        if asked in LANGUAGES:
            response.set_cookie("lang", asked, max_age=_A_YEAR_S, samesite="lax")
        return response

    return router


def class_colours(standards: Sequence[Standard]) -> dict[str, str]:
    """The colour of every class, the same as in annotated pictures: CSS `#rrggbb` by class id."""
    classes = {class_id for standard in standards for class_id in standard.class_ids} | {REJECT, UNGRADED}
    return {one: "#" + bytes(class_colour(one)).hex() for one in sorted(classes)}


def _environment(catalogue: dict[str, str]) -> Environment:
    environment = Environment(
        loader=PackageLoader("service.ui"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["_"] = partial(translate, catalogue)
    return environment


def _script_json(data: object) -> str:
    """JSON that is safe inside a <script> element."""
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
