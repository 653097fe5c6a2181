"""The routes of packing: cartons, pallets, their labels, trace, the events of a lot."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from service.accounts.caller import name_of
from service.accounts.forms import caller_of
from service.api.error_docs import errors
from service.labels.epcis import JsonObject, epcis_document
from service.labels.label_language import LabelLanguage
from service.labels.label_stock import CartonStock, PalletStock
from service.labels.paint_pdf import labels_pdf
from service.labels.paint_png import label_png
from service.labels.symbol_size import Resolution
from service.labels.typeface import find_typeface
from service.lots.api import LotId
from service.lots.schemas import JudgedByOut
from service.packing.packing_desk import MOST_LABELS
from service.packing.scan import LONGEST_SCAN
from service.packing.schemas import (
    CARTON,
    SSCC,
    CartonDetailsOut,
    CartonOut,
    CartonRowOut,
    LotCartonsOut,
    PackedFruitOut,
    PackedOut,
    PackIn,
    PalletIn,
    PalletOut,
    PalletsOut,
    SpreadOut,
    SummaryOut,
    ToleranceOut,
    TraceOut,
    VoidIn,
)
from service.schemas import MAX_LOT, Language
from service.services import RunningServices, Services
from service.store.packing_counts import FruitInCarton
from service.store.packing_store import StoredCarton

router = APIRouter(prefix="/api/v1", tags=["packing"])

CartonCode = Annotated[str, Path(pattern=CARTON)]
Sscc = Annotated[str, Path(pattern=SSCC)]
Codes = Annotated[list[Annotated[str, Query(pattern=CARTON)]], Query(min_length=1, max_length=MOST_LABELS)]
Words = Annotated[LabelLanguage, Query(alias="lang", description="Of the printed words.")]
CartonSize = Annotated[CartonStock, Query(alias="size", description="Width x height in mm.")]
PalletSize = Annotated[PalletStock, Query(alias="size", description="Width x height in mm.")]
Dots = Annotated[Resolution, Query(description="Dots per inch of the printer; one pixel is one dot.")]
PNG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/png": {}}}}
PDF: dict[int | str, dict[str, Any]] = {200: {"content": {"application/pdf": {}}}}
LABEL_ERRORS = errors(404, 409, 422, 503)


@router.get("/lots/{lot_id}/cartons", summary="Cartons of a lot", responses=errors(404, 422))
def lot_cartons(
    lot_id: LotId,
    services: RunningServices,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    after: Annotated[int, Query(ge=0, le=MAX_LOT, description="Only cartons with a larger number.")] = 0,
    lang: Language = "en",
) -> LotCartonsOut:
    """With where all its fruit are, and its tolerances."""
    services.archive.lots.lot(lot_id)
    found = services.archive.cartons.cartons(lot_id, limit=limit + 1, after=after)
    page = found[:limit]
    spreads = services.packing.spreads(page)
    return LotCartonsOut(
        cartons=[
            CartonRowOut.model_validate(
                {
                    **CartonOut.of(one).model_dump(),
                    "uniformity": [SpreadOut.of(spread, lang) for spread in spreads[one.carton_id]],
                }
            )
            for one in page
        ],
        next_after=page[-1].number if len(found) > limit else None,
        summary=SummaryOut.of(services.packing.summary(lot_id)),
        tolerances=[ToleranceOut.of(one, lang) for one in services.packing.tolerances(lot_id)],
    )


@router.post("/lots/{lot_id}/pack", summary="Close full cartons now", responses=errors(400, 404, 409, 422))
def pack_lot(lot_id: LotId, wanted: PackIn, services: RunningServices) -> PackedOut:
    """The service does it every few seconds by itself. `rest`: also the last ones of a closed lot, at once."""
    packed = services.packing.packer.pack(lot_id, rest=wanted.rest, at=datetime.now(UTC))
    return PackedOut(cartons=list(packed))


@router.get("/lots/{lot_id}/epcis", summary="The events of a lot", responses=errors(404, 409, 422))
def lot_events(lot_id: LotId, services: RunningServices) -> JsonObject:
    """EPCIS 2.0 as JSON-LD: received, graded, put on pallets."""
    return epcis_document(services.packing.history(lot_id), created_at=datetime.now(UTC))


@router.get("/cartons/{code}", summary="One carton", responses=errors(404, 422))
def one_carton(code: CartonCode, services: RunningServices, lang: Language = "en") -> CartonDetailsOut:
    """With its fruit, and what judged them when they were packed."""
    (carton,) = services.archive.cartons.named([code])
    return carton_details(carton, services.archive.packing.fruit_of(carton.carton_id), services, lang)


@router.post("/cartons/{code}/void", summary="Make a carton void", responses=errors(400, 404, 409, 422))
def void_carton(code: CartonCode, wanted: VoidIn, request: Request, services: RunningServices) -> CartonOut:
    """Its fruit stay in it. A carton on a pallet cannot become void: make the pallet void first."""
    who = name_of(caller_of(request))
    return CartonOut.of(services.archive.cartons.void(code, who=who, why=wanted.why, at=datetime.now(UTC)))


@router.get(
    "/cartons/{code}/label.png",
    summary="The label of a carton for a label printer",
    response_class=Response,
    responses={**PNG, **LABEL_ERRORS},
)
def carton_png(
    code: CartonCode,
    services: RunningServices,
    size: CartonSize = CartonStock.SMALL,
    lang: Words = LabelLanguage.BOTH,
    dpi: Dots = Resolution.DPI_203,
) -> Response:
    """Print it dot by dot: a scaled picture cannot be read."""
    typeface = find_typeface(lang)
    (drawing,) = services.packing.carton_labels([code], size, lang, typeface)
    return Response(label_png(drawing, typeface, dpi), media_type="image/png")


@router.get(
    "/cartons/{code}/label.pdf",
    summary="The label of a carton for any printer",
    response_class=Response,
    responses={**PDF, **LABEL_ERRORS},
)
def carton_pdf(
    code: CartonCode,
    services: RunningServices,
    size: CartonSize = CartonStock.SMALL,
    lang: Words = LabelLanguage.BOTH,
) -> Response:
    """In its true size: print at 100 %."""
    return carton_labels([code], services, size, lang)


@router.get(
    "/labels.pdf",
    summary="Labels of several cartons",
    response_class=Response,
    responses={**PDF, **LABEL_ERRORS},
)
def carton_labels(
    code: Codes,
    services: RunningServices,
    size: CartonSize = CartonStock.SMALL,
    lang: Words = LabelLanguage.BOTH,
) -> Response:
    """One page each, in the order of `code`."""
    typeface = find_typeface(lang)
    drawings = services.packing.carton_labels(code, size, lang, typeface)
    return Response(labels_pdf(drawings, typeface), media_type="application/pdf")


@router.get("/pallets", summary="Pallets, newest first", responses=errors(422))
def list_pallets(
    services: RunningServices,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    before: Annotated[
        str | None, Query(pattern=SSCC, description="Only pallets older than this one.")
    ] = None,
    lot_id: Annotated[int | None, Query(ge=1, le=MAX_LOT)] = None,
) -> PalletsOut:
    """A page of pallets; `next_before` leads to the next one."""
    found = services.archive.pallets.pallets(limit=limit + 1, before=before, lot_id=lot_id)
    page = found[:limit]
    return PalletsOut(
        pallets=[PalletOut.of(one) for one in page],
        next_before=page[-1].sscc if len(found) > limit else None,
    )


@router.post("/pallets", summary="Build a pallet", status_code=201, responses=errors(400, 404, 409, 422))
def build_pallet(wanted: PalletIn, request: Request, services: RunningServices) -> PalletOut:
    """Of cartons of one lot and SKU that are on no pallet. It gets the next SSCC."""
    company = services.packing.company()
    return PalletOut.of(
        services.archive.pallets.build(
            wanted.cartons,
            company_prefix=company.company_prefix,
            extension=company.sscc_extension,
            who=name_of(caller_of(request)),
            at=datetime.now(UTC),
            gross_weight_kg=wanted.gross_weight_kg,
        )
    )


@router.get("/pallets/{sscc}", summary="One pallet", responses=errors(404, 422))
def one_pallet(sscc: Sscc, services: RunningServices) -> PalletOut:
    """Also one that is void."""
    return PalletOut.of(services.archive.pallets.pallet(sscc))


@router.post("/pallets/{sscc}/void", summary="Take a pallet apart", responses=errors(400, 404, 409, 422))
def void_pallet(sscc: Sscc, wanted: VoidIn, request: Request, services: RunningServices) -> PalletOut:
    """Its cartons are free for another pallet; its number is never given again."""
    who = name_of(caller_of(request))
    return PalletOut.of(services.archive.pallets.void(sscc, who=who, why=wanted.why, at=datetime.now(UTC)))


@router.get(
    "/pallets/{sscc}/label.png",
    summary="The label of a pallet for a label printer",
    response_class=Response,
    responses={**PNG, **LABEL_ERRORS},
)
def pallet_png(
    sscc: Sscc,
    services: RunningServices,
    size: PalletSize = PalletStock.A6,
    lang: Words = LabelLanguage.BOTH,
    dpi: Dots = Resolution.DPI_203,
) -> Response:
    """Print it dot by dot: a scaled picture cannot be read."""
    typeface = find_typeface(lang)
    drawing = services.packing.pallet_label(sscc, size, lang, typeface)
    return Response(label_png(drawing, typeface, dpi), media_type="image/png")


@router.get(
    "/pallets/{sscc}/label.pdf",
    summary="The label of a pallet for any printer",
    response_class=Response,
    responses={**PDF, **LABEL_ERRORS},
)
def pallet_pdf(
    sscc: Sscc,
    services: RunningServices,
    size: PalletSize = PalletStock.A6,
    lang: Words = LabelLanguage.BOTH,
) -> Response:
    """In its true size: print at 100 %."""
    typeface = find_typeface(lang)
    drawing = services.packing.pallet_label(sscc, size, lang, typeface)
    return Response(labels_pdf([drawing], typeface), media_type="application/pdf")


@router.get("/trace", summary="From a scan to carton, lot and fruit", responses=errors(404, 422))
def trace(
    scan: Annotated[str, Query(min_length=1, max_length=LONGEST_SCAN)],
    services: RunningServices,
    lang: Language = "en",
) -> TraceOut:
    """scan: a carton's code, an SSCC, or all that a scanner sent of one of our labels."""
    found = services.packing.trace(scan)
    return TraceOut(
        carton=None if found.carton is None else carton_details(found.carton, found.fruit, services, lang),
        pallet=None if found.pallet is None else PalletOut.of(found.pallet),
    )


def carton_details(
    carton: StoredCarton, fruit: tuple[FruitInCarton, ...], services: Services, language: Language
) -> CartonDetailsOut:
    """A carton with all that is known of it."""
    lot = services.archive.lots.lot(carton.lot_id)
    spreads = services.packing.spreads([carton])[carton.carton_id]
    return CartonDetailsOut.model_validate(
        {
            **CartonOut.of(carton).model_dump(),
            "lot": lot.code,
            "grower": lot.grower,
            "uniformity": [SpreadOut.of(spread, language) for spread in spreads],
            "fruits": [PackedFruitOut.of(one, carton.sku_code) for one in fruit],
            "judged_by": [JudgedByOut.of(judge) for judge in dict.fromkeys(one.judged_by for one in fruit)],
        }
    )
