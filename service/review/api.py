"""The routes of the review: queue, one fruit, answers, pictures, agreement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from service.accounts.caller import name_of
from service.accounts.forms import caller_of
from service.api.error_docs import errors
from service.errors import ConflictError, NotFoundError, ReviewError
from service.model_folder import model_in_production
from service.picture_type import picture_type
from service.review.answering import decide_answer
from service.review.schemas import (
    AgreementOut,
    AnsweredOut,
    AnswerIn,
    EvidenceOut,
    Kind,
    QueueOut,
    ReviewFruitOut,
    StoredAnswerOut,
    WaitingOut,
)
from service.schemas import MAX_ID, MAX_LOT, Language
from service.services import RunningServices, Services
from service.store.correction_store import NewAnswer, Outcome
from service.store.evidence_store import StoredFruitPicture
from service.store.review_store import ReviewFruit

router = APIRouter(prefix="/api/v1", tags=["review"])

FruitNumber = Annotated[int, Path(ge=1, le=MAX_ID)]
LotNumber = Annotated[int | None, Query(ge=1, le=MAX_LOT, description="Only fruit of this lot.")]
_PICTURE: dict[int | str, dict[str, Any]] = {200: {"content": {"image/*": {}}, "description": "The picture."}}
_A_DAY = {"Cache-Control": "private, max-age=86400"}


@router.get("/review", summary="Fruit that wait for a person", responses=errors(404, 422))
def queue(
    services: RunningServices,
    kind: Kind = "all",
    lot: LotNumber = None,
    after: Annotated[int, Query(ge=0, le=MAX_ID, description="Only fruit with a larger lot_fruit_id.")] = 0,
    limit: Annotated[int, Query(ge=0, le=20)] = 1,
    station: Annotated[
        str | None,
        Query(
            pattern="^[A-Za-z0-9-]{1,64}$",
            description="Who asks: what is handed out to one station no other gets for two minutes.",
        ),
    ] = None,
    lang: Language = "en",
) -> QueueOut:
    """The oldest first. Of a fruit of the random sample the machine's class and measures are not told."""
    if lot is not None:
        services.archive.lots.lot(lot)
    numbers = services.review.hand_out(kind, lot, after=after, limit=limit, station=station) if limit else ()
    return QueueOut(
        waiting=WaitingOut.of(services.archive.review.waiting(lot)),
        evidence=EvidenceOut.of(services.review.evidence.counts()),
        fruits=_fruit_answers([services.archive.review.fruit(one) for one in numbers], services, lang),
    )


@router.get("/qa", summary="Machine against people", responses=errors(404, 422))
def agreement(services: RunningServices, lot: LotNumber = None) -> AgreementOut:
    """On fruit of the random sample that people judged without the machine's opinion."""
    if lot is not None:
        services.archive.lots.lot(lot)
    return AgreementOut.of(services.archive.review.agreement(lot))


@router.get("/review/{lot_fruit_id}", summary="One fruit for the review", responses=errors(404, 422))
def review_fruit(
    lot_fruit_id: FruitNumber, services: RunningServices, lang: Language = "en"
) -> ReviewFruitOut:
    """With all answers so far; also of a closed lot, and a fruit that waits for nobody."""
    (answer,) = _fruit_answers([services.archive.review.fruit(lot_fruit_id)], services, lang)
    return answer


@router.post("/review/{lot_fruit_id}", summary="Answer a fruit", responses=errors(400, 404, 409, 413, 422))
def answer_fruit(
    lot_fruit_id: FruitNumber,
    wanted: AnswerIn,
    request: Request,
    services: RunningServices,
    lang: Language = "en",
) -> AnsweredOut:
    """Confirm, change the class, cannot tell, or take the last answer back. The SKU follows from the table that judged
    the fruit. Of two answers to the same state the second is refused (409)."""
    pictures = services.archive.evidence.pictures([lot_fruit_id])[lot_fruit_id]
    _check_marks(wanted, pictures)
    stored = services.archive.corrections.add(
        NewAnswer(
            lot_fruit_id=lot_fruit_id,
            key=wanted.key,
            answer=wanted.answer,
            seen=wanted.seen,
            lot=wanted.lot,
            who=name_of(caller_of(request)),
            at=datetime.now(UTC),
            note=wanted.note,
            asked=wanted.model_dump(mode="json", by_alias=True),
        ),
        lambda fruit: _decide(fruit, wanted, services),
    )
    services.review.leases.leave(lot_fruit_id)
    (fruit,) = _fruit_answers([services.archive.review.fruit(lot_fruit_id)], services, lang)
    agrees = None if stored.person_class is None else stored.person_class == stored.machine_class
    return AnsweredOut(answer=StoredAnswerOut.of(stored), agrees=agrees, fruit=fruit)


@router.get(
    "/evidence/{name}",
    summary="A view of a fruit",
    response_class=Response,
    responses={**_PICTURE, **errors(404, 422)},
)
def evidence(
    name: Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="SHA-256 of the picture.")],
    services: RunningServices,
) -> Response:
    """The bytes as they came from the camera; 404 once their time is over."""
    data = services.archive.views.read(name)
    return Response(data, media_type=picture_type(data), headers=_A_DAY)


@router.get(
    "/review/{lot_fruit_id}/views/{position}/overlay",
    summary="A view with outlines",
    response_class=Response,
    responses={**_PICTURE, **errors(404, 409, 422, 503)},
)
async def overlay(
    lot_fruit_id: FruitNumber, position: Annotated[int, Path(ge=0, le=15)], services: RunningServices
) -> Response:
    """A JPEG of the same size with outlines of the fruit and its defects, in the colour of its class. Drawn when asked,
    by what grading leaves over (503: not in time). Not of a fruit that is still to be judged blind (409)."""
    fruit, data, name = await run_in_threadpool(_view, lot_fruit_id, position, services)
    model = await run_in_threadpool(model_in_production, services.settings)
    crop = str(fruit.record.get("crop"))
    drawn = await services.review.marked.draw(model, name, data, crop, fruit.state.grade_class)
    return Response(drawn, media_type="image/jpeg", headers=_A_DAY)


def _view(lot_fruit_id: int, position: int, services: Services) -> tuple[ReviewFruit, bytes, str]:
    fruit = services.archive.review.fruit(lot_fruit_id)
    if fruit.blind:
        raise ConflictError(f"fruit {lot_fruit_id}: expected an answer first, it is judged blind")
    pictures = services.archive.evidence.pictures([lot_fruit_id])[lot_fruit_id]
    if position >= len(pictures):
        raise NotFoundError(f"fruit {lot_fruit_id}: expected one of {len(pictures)} views, got {position}")
    name = pictures[position].picture_hash
    return fruit, services.archive.views.read(name), name


def _decide(fruit: ReviewFruit, wanted: AnswerIn, services: Services) -> Outcome:
    classes = services.review.classes(fruit.state.judged_by.standard_id)
    return decide_answer(fruit, wanted.answer, wanted.grade_class, classes, services.review.table)


def _check_marks(wanted: AnswerIn, pictures: Sequence[StoredFruitPicture]) -> None:
    for place, mark in enumerate(wanted.marks):
        if mark.view >= len(pictures):
            raise ReviewError(
                f"marks.{place}.view: expected one of the {len(pictures)} views of this fruit, got {mark.view}"
            )


def _fruit_answers(
    fruit: Sequence[ReviewFruit], services: Services, language: Language
) -> list[ReviewFruitOut]:
    pictures = services.archive.evidence.pictures([one.lot_fruit_id for one in fruit])
    there = {
        picture.picture_hash: services.archive.views.has(picture.picture_hash)
        for views in pictures.values()
        for picture in views
    }
    found = []
    for one in fruit:
        standard_id = one.state.judged_by.standard_id
        found.append(
            ReviewFruitOut.of(
                one,
                pictures[one.lot_fruit_id],
                there,
                services.review.classes(standard_id),
                services.review.standards(),
                language,
            )
        )
    return found
