"""`/growers` and `/growers/{grower_id}`: what each grower delivers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import HTMLResponse, Response

from service.accounts.forms import form_page
from service.services import RunningServices
from service.ui.lot_charts import bars, class_order, ordered
from service.ui.lot_list_pages import shares
from service.ui.page_route import page_route
from service.ui.render import Pages, class_colours, class_names

MOST_LOTS = 50
"""Of a grower's newest lots the average is taken over so many."""


def grower_pages_router(pages: Pages) -> APIRouter:
    """The routes of both pages."""
    router = APIRouter(include_in_schema=False, route_class=page_route(pages))

    @router.get("/growers", response_class=HTMLResponse)
    def growers(request: Request, services: RunningServices) -> Response:
        found = services.archive.lot_reader.growers()
        newest = [one.last_lot_id for one in found if one.last_lot_id is not None]
        return form_page(
            pages, request, "growers.html", {"growers": found, **shares(pages, request, services, newest)}
        )

    @router.get("/growers/{grower_id}", response_class=HTMLResponse)
    def grower(
        grower_id: Annotated[int, Path(ge=1, le=2**31 - 1)], request: Request, services: RunningServices
    ) -> Response:
        found = services.archive.lot_reader.grower(grower_id)
        lots = services.archive.lots.lots(limit=MOST_LOTS, grower_id=grower_id)
        lot_ids = [lot.lot_id for lot in lots]
        sums: dict[str, tuple[int, float]] = {}
        for one in services.archive.lot_reader.classes(lot_ids) if lot_ids else ():
            fruit, weight_g = sums.get(one.grade_class, (0, 0.0))
            sums[one.grade_class] = (fruit + one.fruit, weight_g + one.weight_g)
        names = class_names(services.standards, pages.language_of(request))
        colours = class_colours(services.standards)
        order = ordered(sums, class_order(services.standards))
        shown = {
            "grower": found,
            "lots": lots,
            "fruit": sum(fruit for fruit, _ in sums.values()),
            "average": bars(
                [
                    (names.get(one, one), colours.get(one, ""), sums[one][0], sums[one][1] / 1000)
                    for one in order
                ]
            ),
            **shares(pages, request, services, lot_ids),
        }
        return form_page(pages, request, "grower.html", shown)

    return router
