"""The routes of grower statements: as PDF, and as CSV for a spreadsheet."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from service.api.error_docs import errors
from service.lots.api import LotId
from service.schemas import Language
from service.services import RunningServices
from service.statement.content import Statement
from service.statement.examples import example_fruit
from service.statement.lot_statement import lot_statement
from service.statement.paint_csv import statement_csv
from service.statement.paint_pdf import SheetPicture, statement_pdf
from service.statement.prices import CURRENCY, read_prices
from service.statement.sheet import statement_sheet

router = APIRouter(prefix="/api/v1", tags=["lots"])

PriceTexts = Annotated[
    list[Annotated[str, Field(max_length=60)]],
    Query(
        default_factory=list,
        max_length=40,
        description="`CLASS:AMOUNT` a kg, once for each class that is paid: `extra:6.50`.",
    ),
]
Currency = Annotated[str, Query(max_length=10, description="Three letters of ISO 4217.")]


def asked_statement(
    lot_id: LotId,
    services: RunningServices,
    price: PriceTexts,
    currency: Currency = CURRENCY,
) -> Statement:
    """Raises NotFoundError, StatementError, StorageError."""
    return lot_statement(services.archive, services.judging, lot_id, read_prices(price, currency))


AskedStatement = Annotated[Statement, Depends(asked_statement)]


@router.get(
    "/lots/{lot_id}/statement.pdf",
    summary="Grower statement as PDF",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}, **errors(404, 422, 503)},
)
def pdf(statement: AskedStatement, services: RunningServices, lang: Language = "en") -> Response:
    """Packout, weights, amounts where there are prices, why fruit were downgraded, and what the classes allow."""
    pictures = [
        SheetPicture(caption=one.caption, jpeg=services.archive.views.read(one.picture))
        for one in example_fruit(services.archive, services.judging, statement, lang)
    ]
    made = statement_pdf(statement_sheet(statement, lang), pictures)
    return _file(made, "application/pdf", statement, "pdf")


@router.get(
    "/lots/{lot_id}/statement.csv",
    summary="Grower statement as CSV",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}, **errors(404, 422)},
)
def table(statement: AskedStatement, lang: Language = "en") -> Response:
    """The same for a spreadsheet: UTF-8 with a byte order mark."""
    return _file(statement_csv(statement_sheet(statement, lang)), "text/csv; charset=utf-8", statement, "csv")


def _file(content: bytes, kind: str, statement: Statement, ending: str) -> Response:
    name = quote(f"statement-{statement.lot.code}.{ending}", safe="")
    return Response(
        content,
        media_type=kind,
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}", "Cache-Control": "no-store"},
    )
