"""`/lots/{lot_id}/statement`: the grower statement on a page that prints, with prices to fill in."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from service.accounts.forms import form_page
from service.errors import StatementError
from service.lots.api import LotId
from service.services import RunningServices
from service.statement.examples import example_fruit
from service.statement.lot_statement import lot_statement
from service.statement.prices import CURRENCY, Prices, read_prices
from service.statement.sheet import name_of_class, statement_sheet
from service.ui.page_route import page_route
from service.ui.render import Pages

PRICE = "price."


def statement_page_router(pages: Pages) -> APIRouter:
    """The route of the page. A price is a field `price.CLASS`; an empty one is none."""
    router = APIRouter(include_in_schema=False, route_class=page_route(pages))

    @router.get("/lots/{lot_id}/statement", response_class=HTMLResponse)
    def statement(lot_id: LotId, request: Request, services: RunningServices) -> Response:
        typed = {
            name.removeprefix(PRICE): value.strip()
            for name, value in request.query_params.items()
            if name.startswith(PRICE) and value.strip()
        }
        texts = [f"{name}:{value}" for name, value in typed.items()]
        currency = request.query_params.get("currency", CURRENCY).strip().upper() or CURRENCY
        problem, status = "", 200
        try:
            made = lot_statement(services.archive, services.judging, lot_id, read_prices(texts, currency))
        except StatementError as error:
            made, problem, status = (
                lot_statement(services.archive, services.judging, lot_id, Prices()),
                str(error),
                422,
            )
        language = pages.language_of(request)
        asked = urlencode([("lang", language), ("currency", currency), *(("price", one) for one in texts)])
        shown = {
            "sheet": statement_sheet(made, language),
            "statement": made,
            "examples": example_fruit(services.archive, services.judging, made, language),
            "names": {
                line.grade_class: name_of_class(line.grade_class, made.standards, language)
                for line in made.classes
            },
            "typed": typed,
            "currency": currency,
            "problem": problem,
            "asked": "" if problem else asked,
        }
        return form_page(pages, request, "statement.html", shown, status=status)

    return router
