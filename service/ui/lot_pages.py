"""`/lots/{lot_id}`: one lot while it runs and after, how it is closed, and how it is decided again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from grader.rules import Status
from service.accounts.access import ACCESS
from service.accounts.forms import OwnForm, caller_of, form_page
from service.errors import ConflictError, LotError
from service.lots.api import LotId
from service.lots.regrade import RegradeReport, regrade_lot
from service.lots.schemas import PackoutOut, ShareOut
from service.model_cards import installed_trusts
from service.services import RunningServices, Services
from service.statement.content import size_order
from service.store.lot_store import OPEN, StoredLot
from service.ui.lot_charts import bars, class_order, ordered, time_line
from service.ui.page_route import page_route
from service.ui.render import Pages, class_colours, class_names

SEE_OTHER = 303
STILL_COMING = timedelta(minutes=2)
"""So long after it was closed a lot's page goes on looking for fruit that were under way."""
MOST_SKUS = 30


def lot_pages_router(pages: Pages) -> APIRouter:
    """The routes of these pages."""
    router = APIRouter(include_in_schema=False, route_class=page_route(pages))

    def show(
        request: Request,
        services: Services,
        lot: StoredLot,
        *,
        template: str = "lot.html",
        problem: str = "",
        status: int = 200,
    ) -> Response:
        shown = {**_shown(pages, request, services, lot), "problem": problem}
        return form_page(pages, request, template, shown, status=status)

    @router.get("/lots/{lot_id}", response_class=HTMLResponse)
    def lot(lot_id: LotId, request: Request, services: RunningServices) -> Response:
        return show(request, services, services.archive.lots.lot(lot_id))

    @router.get("/lots/{lot_id}/now", response_class=HTMLResponse)
    def now(
        lot_id: LotId,
        request: Request,
        services: RunningServices,
        was: Annotated[str, Query(max_length=10)] = "",
    ) -> Response:
        found = services.archive.lots.lot(lot_id)
        answer = show(request, services, found, template="lot_now.html")
        if was and was != found.state:
            answer.headers["HX-Refresh"] = "true"  # somebody closed it: the rest of the page changes too
        return answer

    @router.post("/lots/{lot_id}/close", response_class=HTMLResponse)
    async def close(lot_id: LotId, request: Request, form: OwnForm, services: RunningServices) -> Response:
        try:
            await services.lots.close(lot_id, services.lines.all())
        except ConflictError as error:
            found = await asyncio.to_thread(services.archive.lots.lot, lot_id)
            return await asyncio.to_thread(show, request, services, found, problem=str(error), status=409)
        return RedirectResponse(f"/lots/{lot_id}", SEE_OTHER)

    def show_decide(
        request: Request,
        services: Services,
        lot: StoredLot,
        report: RegradeReport | None,
        asked: Mapping[str, str],
    ) -> Response:
        caller = caller_of(request)
        shown = {
            "lot": lot,
            "standards": [
                one for one in services.standards if one.crop == lot.crop and one.status is Status.ENABLED
            ],
            "tables": services.rule_files.table_names(),
            "asked": asked,
            "report": report,
            "classes": () if report is None else _classes_beside(pages, request, services, report),
            "names": class_names(services.standards, pages.language_of(request)),
            "may_apply": caller is None or caller.role in ACCESS["POST /lots/{lot_id}/decide"].roles,
        }
        return form_page(pages, request, "lot_decide.html", shown)

    @router.get("/lots/{lot_id}/decide", response_class=HTMLResponse)
    def try_rules(
        lot_id: LotId,
        request: Request,
        services: RunningServices,
        standard: Annotated[str, Query(max_length=80)] = "",
        sku_table: Annotated[str, Query(max_length=80)] = "",
    ) -> Response:
        lot = services.archive.lots.lot(lot_id)
        asked = {"standard": standard, "sku_table": sku_table}
        report = _decide(services, lot, asked, apply=False) if standard and sku_table else None
        return show_decide(request, services, lot, report, asked)

    @router.post("/lots/{lot_id}/decide", response_class=HTMLResponse)
    def apply_rules(lot_id: LotId, request: Request, form: OwnForm, services: RunningServices) -> Response:
        lot = services.archive.lots.lot(lot_id)
        asked = {"standard": form.get("standard"), "sku_table": form.get("sku_table")}
        report = _decide(services, lot, asked, apply=True)
        return show_decide(request, services, lot, report, asked)

    return router


def _decide(services: Services, lot: StoredLot, asked: Mapping[str, str], *, apply: bool) -> RegradeReport:
    """By names of what may judge now. Raises LotError, StandardError, SkuTableError, StorageError."""
    if asked["standard"] not in {one.standard_id for one in services.standards if one.crop == lot.crop}:
        raise LotError(f"standard: expected one that may judge {lot.crop}, got {asked['standard']!r}")
    if asked["sku_table"] not in services.rule_files.table_names():
        raise LotError(f"sku_table: expected one that may judge, got {asked['sku_table']!r}")
    standard = services.rules.standard(asked["standard"])
    table = services.rules.sku_table(asked["sku_table"])
    trusts = installed_trusts(services.settings.model_dir)
    return regrade_lot(services.archive.regrades, lot.lot_id, standard, table, apply=apply, trusts=trusts)


def _shown(pages: Pages, request: Request, services: Services, lot: StoredLot) -> dict[str, object]:
    """Everything of the page that changes while fruit come in."""
    archive, language = services.archive, pages.language_of(request)
    packout = PackoutOut.of(archive.fruit.packout(lot.lot_id))
    names, colours = class_names(services.standards, language), class_colours(services.standards)
    order = class_order(services.standards)
    by_class = {str(one.name): one for one in packout.by_class}
    by_size = {one.name: one for one in packout.by_size}
    waits = lot.state == OPEN or datetime.now(UTC) - (lot.closed_at or lot.opened_at) < STILL_COMING
    return {
        "lot": lot,
        "packout": packout,
        "weighed": sum(one.weighed for one in packout.by_class),
        "weight_kg": sum(one.weight_kg for one in packout.by_class),
        "by_class": bars(
            [
                _bar(names.get(one, one), colours.get(one, ""), by_class[one])
                for one in ordered(by_class, order)
            ]
        ),
        "by_size": bars([_bar(code or "", "", by_size[code]) for code in sorted(by_size, key=size_order)]),
        "by_sku": bars([_bar(str(one.name), "", one) for one in packout.by_sku[:MOST_SKUS]]),
        "more_skus": max(0, len(packout.by_sku) - MOST_SKUS),
        "again": sorted(packout.again.items(), key=lambda item: -item[1]),
        "time_line": time_line(archive.lot_reader.minutes(lot.lot_id), order, names, colours, ""),
        "judged_by": archive.fruit.judged_by(lot.lot_id),
        "waits": waits,
    }


def _bar(name: str, colour: str, share: ShareOut) -> tuple[str, str, int, float | None]:
    return name, colour, share.fruit, share.weight_kg if share.weighed else None


def _classes_beside(
    pages: Pages, request: Request, services: Services, report: RegradeReport
) -> list[tuple[str, str, int, int]]:
    """Name, colour, fruit before and after of every class."""
    names = class_names(services.standards, pages.language_of(request))
    colours = class_colours(services.standards)
    found = ordered({*report.classes_before, *report.classes_after}, class_order(services.standards))
    return [
        (
            names.get(one, one),
            colours.get(one, ""),
            report.classes_before.get(one, 0),
            report.classes_after.get(one, 0),
        )
        for one in found
    ]
