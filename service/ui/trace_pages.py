"""`/trace`: from a carton or a pallet that is scanned to its lot, fruit and what judged them."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from service.accounts.caller import name_of
from service.accounts.forms import OwnForm, caller_of, form_page
from service.errors import ConflictError, LabelDataError, NotFoundError
from service.packing.scan import CARTON_CODE, LONGEST_SCAN
from service.packing.schemas import is_changed
from service.services import RunningServices, Services
from service.ui.render import Pages, class_names

LONGEST_REASON = 500


def trace_pages_router(pages: Pages) -> APIRouter:
    """The routes of the page."""
    router = APIRouter(include_in_schema=False)

    def show_trace(
        request: Request, services: Services, scan: str, *, problem: str = "", detail: str = ""
    ) -> HTMLResponse:
        shown: dict[str, object] = {
            "scan": scan,
            "problem": problem,
            "detail": detail,
            "carton": None,
            "pallet": None,
            "classes": class_names(services.standards, pages.language_of(request)),
        }
        if scan:
            try:
                found = services.packing.trace(scan)
            except NotFoundError as error:
                shown |= {"problem": "unknown", "detail": str(error)}
            except LabelDataError as error:
                shown |= {"problem": "not_ours", "detail": str(error)}
            else:
                thing = found.carton or found.pallet
                assert thing is not None  # a scan leads to one of both, or to an error
                carton = found.carton
                shown |= {
                    "carton": carton,
                    "pallet": found.pallet,
                    "lot": services.archive.lots.lot(thing.lot_id),
                    "fruit": found.fruit,
                    "changed": set()
                    if carton is None
                    else {one.lot_fruit_id for one in found.fruit if is_changed(one, carton.sku_code)},
                    "judges": list(dict.fromkeys(one.judged_by for one in found.fruit)),
                    "spreads": () if carton is None else services.packing.spreads([carton])[carton.carton_id],
                }
        return form_page(pages, request, "trace.html", shown)

    @router.get("/trace", response_class=HTMLResponse)
    def trace(request: Request, services: RunningServices, scan: str = "") -> HTMLResponse:
        return show_trace(request, services, scan.strip(" \t\r\n")[: LONGEST_SCAN + 1])

    @router.post("/trace/void")
    def void(request: Request, form: OwnForm, services: RunningServices) -> Response:
        what, why = form.get("what"), form.get("why").strip()[:LONGEST_REASON]
        who, now = name_of(caller_of(request)), datetime.now(UTC)
        if not why:
            return show_trace(request, services, what, problem="no_reason")
        try:
            if CARTON_CODE.fullmatch(what):
                services.archive.cartons.void(what, who=who, why=why, at=now)
            else:
                services.archive.pallets.void(what, who=who, why=why, at=now)
        except (ConflictError, NotFoundError) as error:
            return show_trace(request, services, what, problem="conflict", detail=str(error))
        return RedirectResponse(f"/trace?scan={what}", 303)

    return router
