"""`/labels`: the cartons of a lot, their labels, and pallets made by scanning cartons."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from grader.errors import GraderError
from service.accounts.caller import name_of
from service.accounts.forms import OwnForm, caller_of, form_page
from service.errors import CompanyError, ConflictError, LabelDataError, NotFoundError, ServiceError
from service.labels.label_language import LabelLanguage
from service.labels.label_stock import CartonStock, PalletStock, size_mm
from service.labels.symbol_size import Resolution
from service.labels.typeface import find_typeface
from service.lots.api import LotId
from service.packing.scan import CARTON_CODE, read_scan
from service.packing.schemas import CARTON, MOST_ON_A_PALLET, SSCC, WEIGHT
from service.schemas import MAX_LOT
from service.services import RunningServices, Services
from service.store.packing_store import StoredCarton
from service.store.pallet_store import check_together
from service.ui.render import Pages, class_names

CARTONS_A_PAGE = 100
LOTS_SHOWN = 100


def label_pages_router(pages: Pages) -> APIRouter:
    """The routes of the page. What is on a pallet that is being made stands in its form, until it is built."""
    router = APIRouter(include_in_schema=False)

    def show_lot(
        request: Request,
        services: Services,
        lot_id: int | None,
        *,
        after: int = 0,
        show: str | None = None,
        draft: Sequence[str] = (),
        problem: str = "",
        detail: str = "",
    ) -> HTMLResponse:
        lots = services.archive.lots.lots(limit=LOTS_SHOWN)
        lot = lots[0] if lot_id is None and lots else None
        if lot_id is not None:
            lot = services.archive.lots.lot(lot_id)
        shown: dict[str, object] = {
            "lots": lots,
            "lot": lot,
            "classes": class_names(services.standards, pages.language_of(request)),
            "company_fault": _company_fault(services),
            "problem": problem,
            "detail": detail,
        }
        if lot is not None:
            found = services.archive.cartons.cartons(lot.lot_id, limit=CARTONS_A_PAGE + 1, after=after)
            page = found[:CARTONS_A_PAGE]
            wanted = show or (page[0].code if page else None)
            shown |= {
                "cartons": page,
                "after": after,
                "next_after": page[-1].number if len(found) > CARTONS_A_PAGE else None,
                "spreads": services.packing.spreads(page),
                "summary": services.packing.summary(lot.lot_id),
                "tolerances": services.packing.tolerances(lot.lot_id),
                "pallets": services.archive.pallets.pallets(limit=LOTS_SHOWN, lot_id=lot.lot_id),
                "preview": None if wanted is None else _preview(services, wanted),
                "draft": services.archive.cartons.named(draft),
                "carton_sizes": [one.value for one in CartonStock],
                "label_languages": [one.value for one in LabelLanguage],
            }
        return form_page(pages, request, "labels.html", shown)

    @router.get("/labels", response_class=HTMLResponse)
    def labels(
        request: Request,
        services: RunningServices,
        lot: Annotated[int | None, Query(ge=1, le=MAX_LOT)] = None,
        after: Annotated[int, Query(ge=0, le=MAX_LOT)] = 0,
        show: Annotated[str | None, Query(pattern=f"{CARTON}|{SSCC}")] = None,
    ) -> HTMLResponse:
        return show_lot(request, services, lot, after=after, show=show)

    @router.post("/labels/{lot_id}/scan", response_class=HTMLResponse)
    def scan(request: Request, lot_id: LotId, form: OwnForm, services: RunningServices) -> HTMLResponse:
        draft = _draft(form.get("draft"))
        if (dropped := form.get("drop")) in draft:
            return show_lot(request, services, lot_id, draft=[one for one in draft if one != dropped])
        try:
            code = _scanned_carton(form.get("scan"), services)
            cartons = services.archive.cartons.named([*draft, code])
        except (LabelDataError, NotFoundError) as error:
            return show_lot(
                request, services, lot_id, draft=draft, problem=_problem(error), detail=str(error)
            )
        try:
            _check_draft(cartons, lot_id)
        except ConflictError as error:
            problem = _refusal(cartons[-1], draft)
            return show_lot(request, services, lot_id, draft=draft, problem=problem, detail=str(error))
        return show_lot(request, services, lot_id, draft=[*draft, code])

    @router.post("/labels/{lot_id}/pallet")
    def build(request: Request, lot_id: LotId, form: OwnForm, services: RunningServices) -> Response:
        draft, weight = _draft(form.get("draft")), form.get("gross_weight_kg").strip()
        try:
            if weight and not re.fullmatch(WEIGHT, weight):
                raise LabelDataError("gross_weight_kg", f"expected a number such as 612.5, got {weight!r}")
            company = services.packing.company()
            _check_draft(services.archive.cartons.named(draft), lot_id)
            pallet = services.archive.pallets.build(
                draft,
                company_prefix=company.company_prefix,
                extension=company.sscc_extension,
                who=name_of(caller_of(request)),
                at=datetime.now(UTC),
                gross_weight_kg=weight or None,
            )
        except (LabelDataError, NotFoundError, ConflictError, CompanyError) as error:
            known = [one for one in draft if not isinstance(error, NotFoundError)]
            return show_lot(
                request, services, lot_id, draft=known, problem=_problem(error), detail=str(error)
            )
        return RedirectResponse(f"/labels?lot={lot_id}&show={pallet.sscc}#preview", 303)

    @router.post("/labels/{lot_id}/rest")
    def close_rest(request: Request, lot_id: LotId, _form: OwnForm, services: RunningServices) -> Response:
        try:
            services.packing.packer.pack(lot_id, rest=True, at=datetime.now(UTC))
        except (ConflictError, GraderError) as error:
            return show_lot(request, services, lot_id, problem="open", detail=str(error))
        return RedirectResponse(f"/labels?lot={lot_id}", 303)

    return router


def _company_fault(services: Services) -> str:
    try:
        services.packing.company()
    except CompanyError as error:
        return str(error)
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A label that is shown. url: without its ending; size: of the label in mm; fault: why there is none, or empty."""

    name: str
    url: str
    size: str
    width_px: int
    height_px: int
    fault: str


def _preview(services: Services, what: str) -> Preview:
    """The label of a carton or a pallet, on the smallest sheet that it fits."""
    of_carton = CARTON_CODE.fullmatch(what) is not None
    stocks: tuple[CartonStock | PalletStock, ...] = (CartonStock.SMALL,) if of_carton else tuple(PalletStock)
    fault = ""
    for stock in stocks:
        try:
            typeface = find_typeface(LabelLanguage.BOTH)
            if isinstance(stock, CartonStock):
                services.packing.carton_labels([what], stock, LabelLanguage.BOTH, typeface)
            else:
                services.packing.pallet_label(what, stock, LabelLanguage.BOTH, typeface)
        except (ServiceError, GraderError) as error:
            fault = str(error)
        else:
            fault = ""
            break
    width, height = (round(side * Resolution.DPI_203.dots_per_mm) for side in size_mm(stock))
    kind = "cartons" if of_carton else "pallets"
    url = f"/api/v1/{kind}/{what}/label"
    return Preview(name=what, url=url, size=stock, width_px=width, height_px=height, fault=fault)


def _draft(text: str) -> list[str]:
    """The cartons of a pallet that is being made; what is no code is left out."""
    return [code for code in text.split()[:MOST_ON_A_PALLET] if CARTON_CODE.fullmatch(code)]


def _scanned_carton(text: str, services: Services) -> str:
    """Raises LabelDataError."""
    try:
        company = services.packing.company()
    except CompanyError:
        company = None
    found = read_scan(text, company).carton
    if found is None:
        raise LabelDataError("scan", f"expected a carton, got the pallet {text.strip()}")
    return found


def _check_draft(cartons: Sequence[StoredCarton], lot_id: int) -> None:
    """Raises ConflictError for cartons that cannot be on one pallet of a lot."""
    check_together(cartons)
    if cartons[0].lot_id != lot_id:
        raise ConflictError(
            f"carton {cartons[0].code}: expected one of lot {lot_id}, it is of lot {cartons[0].lot_id}"
        )
    if len(cartons) > MOST_ON_A_PALLET:
        raise ConflictError(f"cartons: expected at most {MOST_ON_A_PALLET} on a pallet, got {len(cartons)}")


def _refusal(carton: StoredCarton, draft: Sequence[str]) -> str:
    """A word for why a carton cannot come to those of the draft."""
    if carton.code in draft:
        return "twice"
    if carton.voided_at is not None:
        return "void"
    return "other_goods" if carton.pallet is None else "on_pallet"


def _problem(error: ServiceError) -> str:
    """A word for the page."""
    if isinstance(error, NotFoundError):
        return "unknown"
    if isinstance(error, CompanyError):
        return "company"
    return "conflict" if isinstance(error, ConflictError) else "not_ours"
