"""`/lots`: the list, the form that opens one, and lots side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import ValidationError
from starlette.responses import HTMLResponse, RedirectResponse, Response

from service.accounts.forms import Form, OwnForm, form_page
from service.errors import ConflictError, LotError, NotFoundError, StatementError
from service.lots.schemas import LotIn
from service.services import RunningServices, Services
from service.statement.content import size_order
from service.statement.lot_statement import lot_statement
from service.statement.prices import Prices
from service.statement.sheet import name_of_cause
from service.store.lot_store import CLOSED, OPEN
from service.ui.lot_charts import class_order, stacks
from service.ui.page_route import page_route
from service.ui.render import Pages, class_colours, class_names

LOTS_A_PAGE = 20
MOST_COMPARED = 5
SEE_OTHER = 303
FIELDS = ("code", "grower", "crop", "variety", "origin", "net_weight_kg")


def lot_list_router(pages: Pages) -> APIRouter:
    """The routes of these pages."""
    router = APIRouter(include_in_schema=False, route_class=page_route(pages))

    @router.get("/lots", response_class=HTMLResponse)
    def lots(
        request: Request,
        services: RunningServices,
        text: Annotated[str, Query(max_length=80)] = "",
        state: Annotated[str, Query(max_length=10)] = "",
        crop: Annotated[str, Query(max_length=40)] = "",
        grower: Annotated[str, Query(pattern=r"^[0-9]{0,9}$")] = "",
        before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    ) -> Response:
        found = services.archive.lots.lots(
            limit=LOTS_A_PAGE + 1,
            before=before,
            state=state if state in (OPEN, CLOSED) else None,
            grower_id=int(grower) if grower else None,
            crop=crop or None,
            text=text.strip() or None,
        )
        page = found[:LOTS_A_PAGE]
        asked = {"text": text, "state": state, "crop": crop, "grower": grower}
        shown = {
            "lots": page,
            "next_before": page[-1].lot_id if len(found) > LOTS_A_PAGE else None,
            "asked": asked,
            "any_asked": any(asked.values()) or before is not None,
            "growers": services.archive.lot_reader.growers(),
            "crops": services.archive.lots.crops(),
            "most": MOST_COMPARED,
            **shares(pages, request, services, [lot.lot_id for lot in page]),
        }
        return form_page(pages, request, "lots.html", shown)

    def show_form(
        request: Request, services: Services, values: Mapping[str, str], problem: str = "", status: int = 200
    ) -> Response:
        running = {(run.line_id, run.lane): run.lot_id for run in services.archive.lots.running()}
        shown = {
            "lines": [
                {
                    "line": line.config.line_id,
                    "crop": None if line.config.grading.crop is None else line.config.grading.crop.value,
                    "lanes": [
                        {"lane": lane, "lot_id": running.get((line.config.line_id, lane))}
                        for lane in line.config.lanes
                    ],
                }
                for line in services.lines.all()
            ],
            "growers": services.archive.lot_reader.growers(),
            "crops": sorted({standard.crop for standard in services.standards}),
            "varieties": sorted(
                {
                    name
                    for standard in services.standards
                    for variety in standard.varieties
                    for name in variety.names
                }
            ),
            "values": {**dict.fromkeys(FIELDS, ""), "code": _free_code(services), **values},
            "problem": problem,
        }
        return form_page(pages, request, "lot_open.html", shown, status=status)

    @router.get("/lots/open", response_class=HTMLResponse)
    def open_form(request: Request, services: RunningServices) -> Response:
        return show_form(request, services, {})

    @router.post("/lots", response_class=HTMLResponse)
    async def open_lot(request: Request, form: OwnForm, services: RunningServices) -> Response:
        try:
            wanted = _lot_of(form)
            line = services.lines.known(wanted.line)
            lot = await services.lots.open(wanted.new_lot(), line, wanted.lanes)
        except ValidationError as error:
            first = error.errors()[0]
            problem, status = f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}", 422
        except (LotError, NotFoundError) as error:
            problem, status = str(error), 422
        except ConflictError as error:
            problem, status = str(error), 409
        else:
            return RedirectResponse(f"/lots/{lot.lot_id}", SEE_OTHER)
        return await asyncio.to_thread(show_form, request, services, form.values, problem, status)

    @router.get("/lots/compare", response_class=HTMLResponse)
    def compare(
        request: Request,
        services: RunningServices,
        lots: Annotated[list[str], Query(default_factory=list, max_length=40)],
    ) -> Response:
        asked = list(
            dict.fromkeys(number for text in lots for number in text.split(",") if number.isdecimal())
        )
        if not 2 <= len(asked) <= MOST_COMPARED:
            problem = f"expected 2 to {MOST_COMPARED} lots to compare, got {len(asked)}"
            raise StatementError("lots", problem)
        statements = [
            lot_statement(services.archive, services.judging, int(number[:9]), Prices()) for number in asked
        ]
        language = pages.language_of(request)
        order = class_order(one for statement in statements for one in statement.standards)
        found = {line.grade_class for statement in statements for line in statement.classes if line.fruit}
        sizes = {line.size_code for statement in statements for line in statement.sizes}
        causes: dict[str, list[float]] = {}
        for place, statement in enumerate(statements):
            for one in statement.causes:
                name = name_of_cause(one.cause, statement.standards, language, statement.lot.variety)
                shares_of = causes.setdefault(name, [0.0] * len(statements))
                shares_of[place] += one.fruit / statement.fruit
        names = class_names(services.standards, language)
        class_shares = [{line.grade_class: line.fraction for line in one.classes} for one in statements]
        size_shares = [{line.size_code: line.fraction for line in one.sizes} for one in statements]
        by_class = [
            (
                names.get(name, name),
                name,
                [one.get(name, 0.0) for one in class_shares],
            )
            for name in order
            if name in found
        ]
        by_size = [
            (code or "", "", [one.get(code, 0.0) for one in size_shares])
            for code in sorted(sizes, key=size_order)
        ]
        by_cause = [
            (name, "", values) for name, values in sorted(causes.items(), key=lambda item: -sum(item[1]))
        ]
        shown = {
            "statements": statements,
            "tables": (("class", by_class), ("size", by_size), ("cause", by_cause)),
            "colours": class_colours(services.standards),
        }
        return form_page(pages, request, "lots_compare.html", shown)

    return router


def shares(pages: Pages, request: Request, services: Services, lot_ids: list[int]) -> dict[str, object]:
    """Of a list of lots: `stacks` by lot, `counts` by lot, and the classes for a legend."""
    language = pages.language_of(request)
    counts = services.archive.lot_reader.classes(lot_ids) if lot_ids else ()
    names, colours = class_names(services.standards, language), class_colours(services.standards)
    order = class_order(services.standards)
    fruit: dict[int, int] = {}
    for one in counts:
        fruit[one.lot_id] = fruit.get(one.lot_id, 0) + one.fruit
    used = {one.grade_class for one in counts}
    return {
        "stacks": stacks(counts, order, names, colours),
        "counts": fruit,
        "legend": [(names.get(name, name), colours.get(name, "")) for name in order if name in used],
    }


def _lot_of(form: Form) -> LotIn:
    """Raises ValidationError, LotError."""
    chosen = [name.removeprefix("lane:").rpartition(":") for name in form.values if name.startswith("lane:")]
    lines = sorted({line for line, _, _ in chosen})
    if len(lines) != 1:
        raise LotError(
            f"lanes: expected lanes of one line, got {'none' if not lines else ' and '.join(lines)}"
        )
    given = {name: form.get(name).strip() for name in FIELDS if form.get(name).strip()}
    lanes = [int(lane) for _, _, lane in chosen if lane.isdecimal()]
    return LotIn.model_validate({**given, "line": lines[0], "lanes": lanes})


def _free_code(services: Services) -> str:
    """The day and the next number of it."""
    day = datetime.now(UTC).astimezone().strftime("%Y%m%d")
    taken = {lot.code for lot in services.archive.lots.lots(limit=200, text=f"{day}-")}
    return next(code for number in range(1, 999) if (code := f"{day}-{number}") not in taken)
