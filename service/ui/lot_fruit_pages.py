"""`/lots/{lot_id}/fruits`: the fruit of a lot, found by what they are, and the page of each."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import HTMLResponse, Response

from grader.reason_text import class_name
from grader.record import record_from_json
from service.accounts.forms import form_page
from service.lots.api import LotId
from service.lots.decision_words import exact_standard, newest_by_rules, words_of_decision
from service.schemas import MAX_ID, Language
from service.services import RunningServices, Services
from service.statement.limits import measured_lines
from service.store.fruit_store import LotFruitFilter, StoredDecision, StoredLotFruit
from service.store.lot_reader import StoredCorrection
from service.ui.lot_charts import class_order, ordered
from service.ui.page_route import page_route
from service.ui.render import Pages, class_colours, class_names

FRUIT_A_PAGE = 50
Word = Annotated[str, Query(max_length=80)]


def lot_fruit_pages_router(pages: Pages) -> APIRouter:
    """The routes of both pages."""
    router = APIRouter(include_in_schema=False, route_class=page_route(pages))

    @router.get("/lots/{lot_id}/fruits", response_class=HTMLResponse)
    def fruits(
        lot_id: LotId,
        request: Request,
        services: RunningServices,
        fruit: Word = "",
        grade_class: Annotated[str, Query(alias="class", max_length=40)] = "",
        sku: Word = "",
        size: Word = "",
        review: Annotated[str, Query(max_length=5)] = "",
        before: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    ) -> Response:
        lot = services.archive.lots.lot(lot_id)
        wanted = LotFruitFilter(
            fruit_name=fruit.strip() or None,
            grade_class=grade_class or None,
            sku_code=sku or None,
            size_code=size or None,
            review=True if review else None,
        )
        found = services.archive.fruit.page(lot_id, wanted, limit=FRUIT_A_PAGE + 1, before=before)
        page = found[:FRUIT_A_PAGE]
        asked = {"fruit": fruit, "class": grade_class, "sku": sku, "size": size, "review": review}
        shown: dict[str, object] = {
            "lot": lot,
            "fruits": page,
            "asked": asked,
            "next_before": page[-1].lot_fruit_id if len(found) > FRUIT_A_PAGE else None,
            "names": class_names(services.standards, pages.language_of(request)),
            "colours": class_colours(services.standards),
        }
        if request.headers.get("hx-request") and before is not None:
            return form_page(pages, request, "lot_fruit_rows.html", shown)
        rows = services.archive.fruit.packout(lot_id).rows
        order = class_order(services.standards)
        shown |= {
            "classes": ordered({row.grade_class for row in rows}, order),
            "skus": sorted({row.sku_code for row in rows}),
            "sizes": sorted({row.size_code for row in rows if row.size_code is not None}),
        }
        return form_page(pages, request, "lot_fruits.html", shown)

    @router.get("/lots/{lot_id}/fruits/{lot_fruit_id}", response_class=HTMLResponse)
    def fruit(
        lot_id: LotId,
        lot_fruit_id: Annotated[int, Path(ge=1, le=MAX_ID)],
        request: Request,
        services: RunningServices,
    ) -> Response:
        lot = services.archive.lots.lot(lot_id)
        found, decisions = services.archive.fruit.fruit(lot_id, lot_fruit_id)
        language = pages.language_of(request)
        record = None if found.record is None else record_from_json(found.record)
        shown = {
            "lot": lot,
            "fruit": found,
            "measured": None if record is None else record.measurement,
            "views": _views(lot_fruit_id, services),
            **_why(found, decisions, services, language),
            "decisions": _with_corrections(decisions, services.archive.lot_reader.corrections(lot_fruit_id)),
            "names": class_names(services.standards, language),
            "colours": class_colours(services.standards),
        }
        return form_page(pages, request, "lot_fruit.html", shown)

    return router


def _why(
    fruit: StoredLotFruit, decisions: tuple[StoredDecision, ...], services: Services, language: Language
) -> dict[str, object]:
    """The newest decision of rules in words, and the fruit against their limits; empty where that is not known."""
    newest = newest_by_rules(decisions)
    exact = None if newest is None else exact_standard(newest, services.judging)
    texts = words_of_decision(fruit, decisions, services.judging, language)
    if fruit.record is None or exact is None:
        return {"texts": texts, "lines": (), "classes": ()}
    measurement = record_from_json(fruit.record).measurement
    return {
        "texts": texts,
        "lines": measured_lines(measurement, exact, language),
        "classes": [class_name(one, exact, language) for one in exact.class_ids],
    }


def _views(lot_fruit_id: int, services: Services) -> list[dict[str, object]]:
    """Its pictures, in order; those whose time was over without an address."""
    return [
        {
            "address": f"/api/v1/evidence/{one.picture_hash}"
            if services.archive.views.has(one.picture_hash)
            else None,
            "camera": one.camera,
            "view": one.view,
        }
        for one in services.archive.evidence.pictures([lot_fruit_id])[lot_fruit_id]
    ]


def _with_corrections(
    decisions: tuple[StoredDecision, ...], corrections: tuple[StoredCorrection, ...]
) -> list[tuple[StoredDecision, StoredCorrection | None]]:
    """The newest first; every decision of a person with what they wrote down, both are in the order of time."""
    left = iter(corrections)
    paired = [(one, next(left, None) if one.why == "correction" else None) for one in decisions]
    return paired[::-1]
