"""The routes of lots: open, close, packout, fruit."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from service.answers import record_answer
from service.api.error_docs import errors
from service.lots.regrade import regrade_lot
from service.lots.schemas import (
    TEXT,
    FruitDecisionOut,
    JudgedByOut,
    LotDetailsOut,
    LotFruitDetailsOut,
    LotFruitOut,
    LotFruitPage,
    LotIn,
    LotOut,
    LotsOut,
    LotState,
    PackoutOut,
    RegradeIn,
    RegradeOut,
    StoringOut,
)
from service.model_cards import installed_trusts
from service.schemas import MAX_ID, MAX_LOT, FruitOut, Language
from service.services import RunningServices, Services
from service.store.fruit_store import LotFruitFilter, StoredLotFruit
from service.store.lot_store import StoredLot

router = APIRouter(prefix="/api/v1", tags=["lots"])

LotId = Annotated[int, Path(ge=1, le=MAX_LOT)]
Word = Annotated[str | None, Query(max_length=80, pattern=TEXT)]


@router.get("/lots", summary="Lots, newest first", responses=errors(422))
def list_lots(
    services: RunningServices,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    before: Annotated[
        int | None, Query(ge=1, le=MAX_LOT, description="Only lots with a smaller lot_id.")
    ] = None,
    state: LotState | None = None,
) -> LotsOut:
    """A page of lots; `next_before` leads to the next one."""
    found = services.archive.lots.lots(limit=limit + 1, before=before, state=state)
    page = found[:limit]
    return LotsOut(
        lots=[LotOut.of(lot) for lot in page],
        next_before=page[-1].lot_id if len(found) > limit else None,
        without_lot=services.lots.without_lot,
        storing=StoringOut.of(services.lots.counts()),
    )


@router.post("/lots", summary="Open a lot", status_code=201, responses=errors(400, 404, 409, 422))
async def open_lot(wanted: LotIn, services: RunningServices) -> LotOut:
    """On lanes of a line that is open. Its first fruit is the next one that is triggered there."""
    line = services.lines.known(wanted.line)
    return LotOut.of(await services.lots.open(wanted.new_lot(), line, wanted.lanes))


@router.get("/lots/{lot_id}", summary="One lot", responses=errors(404, 422))
def one_lot(lot_id: LotId, services: RunningServices) -> LotDetailsOut:
    """With its packout by class, size and SKU, as far as its fruit are stored."""
    return _details(services.archive.lots.lot(lot_id), services)


@router.post("/lots/{lot_id}/close", summary="Close a lot", responses=errors(400, 404, 409, 422))
async def close_lot(lot_id: LotId, services: RunningServices) -> LotOut:
    """Fruit that were triggered before still come in; later ones belong to the next lot of their lane, or to none."""
    return LotOut.of(await services.lots.close(lot_id, services.lines.all()))


@router.post("/lots/{lot_id}/regrade", summary="Decide a lot again", responses=errors(400, 404, 422))
def regrade(lot_id: LotId, wanted: RegradeIn, services: RunningServices) -> RegradeOut:
    """Its stored fruit under another standard and SKU table. Without `apply` nothing is stored."""
    lot = services.archive.lots.lot(lot_id)
    rules = services.rules
    standard = (
        rules.default_standard(lot.crop) if wanted.standard is None else rules.standard(wanted.standard)
    )
    table = rules.sku_table(wanted.sku_table)
    trusts = installed_trusts(services.settings.model_dir)
    report = regrade_lot(
        services.archive.regrades, lot_id, standard, table, apply=wanted.apply, trusts=trusts
    )
    return RegradeOut.of(report)


@router.get("/lots/{lot_id}/fruits", summary="Fruit of a lot, newest first", responses=errors(404, 422))
def lot_fruits(
    lot_id: LotId,
    services: RunningServices,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    before: Annotated[
        int | None, Query(ge=1, le=MAX_ID, description="Only fruit with a smaller lot_fruit_id.")
    ] = None,
    grade_class: Annotated[str | None, Query(alias="class", max_length=40, pattern=TEXT)] = None,
    sku: Word = None,
    size: Word = None,
    review: bool | None = None,
    fruit: Annotated[
        str | None, Query(max_length=80, pattern=TEXT, description="Its id on the line.")
    ] = None,
    lang: Language = "en",
) -> LotFruitPage:
    """A page of fruit; `next_before` leads to the next one."""
    services.archive.lots.lot(lot_id)
    wanted = LotFruitFilter(
        grade_class=grade_class, sku_code=sku, size_code=size, review=review, fruit_name=fruit
    )
    found = services.archive.fruit.page(lot_id, wanted, limit=limit + 1, before=before)
    page = found[:limit]
    return LotFruitPage(
        fruits=[
            LotFruitOut.model_validate(LotFruitOut.fields_of(one, _record(one, services, lang)))
            for one in page
        ],
        next_before=page[-1].lot_fruit_id if len(found) > limit else None,
    )


@router.get("/lots/{lot_id}/fruits/{lot_fruit_id}", summary="One fruit of a lot", responses=errors(404, 422))
def lot_fruit(
    lot_id: LotId,
    lot_fruit_id: Annotated[int, Path(ge=1, le=MAX_ID)],
    services: RunningServices,
    lang: Language = "en",
) -> LotFruitDetailsOut:
    """With every decision on it."""
    fruit, decisions = services.archive.fruit.fruit(lot_id, lot_fruit_id)
    return LotFruitDetailsOut.model_validate(
        {
            **LotFruitOut.fields_of(fruit, _record(fruit, services, lang)),
            "decisions": [FruitDecisionOut.of(decision) for decision in decisions],
        }
    )


def _details(lot: StoredLot, services: Services) -> LotDetailsOut:
    fruit = services.archive.fruit
    return LotDetailsOut.model_validate(
        {
            **LotOut.of(lot).model_dump(),
            "packout": PackoutOut.of(fruit.packout(lot.lot_id)),
            "judged_by": [JudgedByOut.of(judge) for judge in fruit.judged_by(lot.lot_id)],
        }
    )


def _record(fruit: StoredLotFruit, services: Services, language: Language) -> FruitOut | None:
    if fruit.record is None:
        return None
    return record_answer(
        fruit.record,
        fruit_id=fruit.lot_fruit_id,
        grading_id=None,
        graded_at=fruit.decided_at,
        standards=services.standards,
        language=language,
    )
