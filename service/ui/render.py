"""Pages from templates, in the language of who asks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from urllib.parse import urlencode

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse

from grader.overlay_words import class_colour
from grader.reason_text import class_name
from grader.rules import Standard
from grader.types import REJECT, UNGRADED
from service.schemas import Language
from service.services import Services
from service.ui.translate import LANGUAGES, choose_language, load_catalogue, translate

_A_YEAR_S = 31_536_000


class Pages:
    """Templates and texts of all languages, read once."""

    def __init__(self) -> None:
        self._catalogues = {language: load_catalogue(language) for language in LANGUAGES}
        self._environments = {
            language: _environment(catalogue) for language, catalogue in self._catalogues.items()
        }

    def language_of(self, request: Request) -> Language:
        """The language to answer in; see `choose_language`."""
        asked = request.query_params.get("lang")
        return choose_language(asked, request.cookies.get("lang"), request.headers.get("accept-language"))

    def answer(
        self,
        request: Request,
        template: str,
        data: Mapping[str, object],
        *,
        shown: Mapping[str, object] = MappingProxyType({}),
        status: int = 200,
    ) -> HTMLResponse:
        """The page of a template. data: for its scripts, beside the language and its texts. shown: for the template."""
        language = self.language_of(request)
        everything = {"language": language, "texts": self._catalogues[language], **data}
        page = self._environments[language].get_template(template)
        html = page.render(
            language=language,
            here=request.url.path,
            query=urlencode([pair for pair in request.query_params.multi_items() if pair[0] != "lang"]),
            caller=request.scope.get("caller"),
            sample=_plays_sample(request),
            data=_script_json(everything),
            **shown,
        )
        answer = HTMLResponse(
            html, status, headers={"Content-Language": language, "Cache-Control": "no-store"}
        )
        if (asked := request.query_params.get("lang")) in LANGUAGES:
            answer.set_cookie("lang", str(asked), max_age=_A_YEAR_S, samesite="lax")
        return answer


def class_colours(standards: Sequence[Standard]) -> dict[str, str]:
    """The colour of every class, the same as in annotated pictures: CSS `#rrggbb` by class id."""
    return {one: "#" + bytes(class_colour(one)).hex() for one in sorted(_class_ids(standards))}


def class_names(standards: Sequence[Standard], language: Language) -> dict[str, str]:
    """The name of every class in a language, by class id; of the first standard that has it."""
    owners = {class_id: standard for standard in reversed(standards) for class_id in standard.class_ids}
    return {
        one: class_name(one, owners.get(one, standards[0]), language)
        for one in sorted(_class_ids(standards))
        if standards
    }


def _plays_sample(request: Request) -> bool:
    services: Services = request.app.state.services
    return services.settings.plays_sample


def _class_ids(standards: Sequence[Standard]) -> set[str]:
    return {class_id for standard in standards for class_id in standard.class_ids} | {REJECT, UNGRADED}


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
