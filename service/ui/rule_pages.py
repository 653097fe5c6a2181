"""`/rules`: standards and SKU tables, an editor that shows at once what a change would do, publish, roll back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from grader.errors import GraderError, VersionConflictError
from grader.reason_text import Language, class_name
from grader.types import REJECT, UNGRADED
from grader.versions import RuleKind, read_changes
from service.accounts.access import RULE_MAKER
from service.accounts.caller import name_of
from service.accounts.forms import Form, caller_of, check_own, form_page, read_form
from service.errors import NotFoundError, ServiceError
from service.http_errors import status_and_code
from service.schemas import NAME
from service.services import RunningServices, Services
from service.skus.rule_draft import MovedFruit, RuleDraft, asked_lots, draft_of, moved_fruit
from service.skus.schemas import RollBack
from service.skus.what_if import Sides, WhatIfFound
from service.ui.render import Pages
from service.ui.rule_view import (
    editor,
    evidence_of,
    measure_words,
    packout_rows,
    rule_list,
)

MOST_FIELDS = 2_000
MOST_LOTS = 200
"""Lots that a what-if may be asked for, the newest."""
MOST_MOVES = 8
SEASON_DAYS = 365

KINDS = {"standards": RuleKind.STANDARD, "skus": RuleKind.SKU_TABLE}
KindWord = Annotated[str, Path(pattern="^(standards|skus)$")]
RuleName = Annotated[str, Path(pattern=NAME)]


async def _read_rule_form(request: Request, services: RunningServices) -> Form:
    form = await read_form(request, most_bytes=services.settings.max_upload_bytes, most_fields=MOST_FIELDS)
    return check_own(form)


RuleForm = Annotated[Form, Depends(_read_rule_form)]


def rule_pages_router(pages: Pages) -> APIRouter:
    """The routes of these pages. What only looks is for everybody who may see pages, what changes rules is not."""
    router = APIRouter(include_in_schema=False)

    @router.get("/rules", response_class=HTMLResponse)
    def rules(request: Request, services: RunningServices) -> HTMLResponse:
        shown = rule_list(services.rule_files, pages.language_of(request))
        return form_page(pages, request, "rules.html", shown)

    @router.get("/rules/{kind}/{name}", response_class=HTMLResponse)
    def one(request: Request, kind: KindWord, name: RuleName, services: RunningServices) -> HTMLResponse:
        return show(request, services, kind, name)

    @router.post("/rules/{kind}/{name}/draft", response_class=HTMLResponse)
    def draft(
        request: Request, kind: KindWord, name: RuleName, form: RuleForm, services: RunningServices
    ) -> HTMLResponse:
        language = pages.language_of(request)
        drafted = draft_of(KINDS[kind], name, form.values)
        shown: dict[str, object] = {
            **_looked_at(drafted, services, form, language),
            "kind": kind,
            "name": name,
            "text": drafted.text,
            "sizes": drafted.sizes,
            "source": form.get("source"),
            "evidence": evidence_of(language),
            "measures": measure_words(language),
            "editor": None,
        }
        if form.get("source") == "text" and not shown["faults"]:
            shown["editor"] = editor(drafted, services.rule_files, language)
        return pages.answer(request, "rule_draft.html", {}, shown=shown)

    @router.post("/rules/{kind}/{name}/fruit", response_class=HTMLResponse)
    def fruit(
        request: Request, kind: KindWord, name: RuleName, form: RuleForm, services: RunningServices
    ) -> HTMLResponse:
        drafted = draft_of(KINDS[kind], name, form.values)
        moved: tuple[MovedFruit, ...] = ()
        problem = ""
        try:
            sides, found = _what_if(drafted, services, form)
            number = form.get("move")
            moved = moved_fruit(
                found,
                services.archive.fruit,
                sides.standard_after,
                pages.language_of(request),
                move=int(number) if number.isdigit() else None,
            )
        except (GraderError, ServiceError) as error:
            problem = str(error)
        return pages.answer(request, "rule_fruit.html", {}, shown={"moved": moved, "problem": problem})

    @router.post("/rules/{kind}/{name}/publish", response_class=HTMLResponse)
    def publish(
        request: Request, kind: KindWord, name: RuleName, form: RuleForm, services: RunningServices
    ) -> Response:
        drafted = draft_of(KINDS[kind], name, form.values)

        def put() -> None:
            faults = drafted.check(services.rule_files).faults
            if faults:
                raise ServiceError("\n".join(faults))
            drafted.publish(
                services.rule_files,
                who=name_of(caller_of(request)),
                reason=form.get("reason").strip(),
                replaces=form.get("replaces") or None,
            )

        return change(request, services, kind, name, form, put, done="published", drafted=drafted)

    @router.post("/rules/{kind}/{name}/rollback", response_class=HTMLResponse)
    def roll_back(
        request: Request, kind: KindWord, name: RuleName, form: RuleForm, services: RunningServices
    ) -> Response:
        def put() -> None:
            wanted = RollBack(
                name=name,
                reason=form.get("reason").strip(),
                replaces=form.get("replaces") or None,
                to=form.get("to") or None,
            )
            services.rule_files.roll_back(KINDS[kind], wanted, name_of(caller_of(request)))

        return change(request, services, kind, name, form, put, done="rolled_back")

    def change(
        request: Request,
        services: Services,
        kind: str,
        name: str,
        form: Form,
        put: Callable[[], None],
        *,
        done: str,
        drafted: RuleDraft | None = None,
    ) -> Response:
        """Do it and show the page anew; a refusal is shown in words, with the draft still in the form."""
        problem, detail, status = "", "", 200
        if not form.get("reason").strip():
            problem, status = "reason", 422
        else:
            try:
                put()
            except VersionConflictError as error:
                problem, detail, status = "conflict", str(error), 409
            except (GraderError, ServiceError, ValueError) as error:
                problem, detail = "faults", str(error)
                status = 422 if type(error) in (ServiceError, ValueError) else status_and_code(error)[0]
        if not problem:
            return RedirectResponse(f"/rules/{kind}/{name}?done={done}", 303)
        return show(
            request,
            services,
            kind,
            name,
            drafted=drafted,
            problem=problem,
            detail=detail,
            reason=form.get("reason"),
            status=status,
        )

    def show(
        request: Request,
        services: Services,
        kind: str,
        name: str,
        *,
        drafted: RuleDraft | None = None,
        problem: str = "",
        detail: str = "",
        reason: str = "",
        status: int = 200,
    ) -> HTMLResponse:
        language = pages.language_of(request)
        files = services.rule_files
        present = files.present(KINDS[kind], name)
        drafted = drafted or RuleDraft(kind=KINDS[kind], name=name, text=present.text, sizes=present.sizes)
        changes = tuple(reversed(read_changes(files.folder, KINDS[kind], name)))
        caller = caller_of(request)
        today = datetime.now(UTC).date()
        crops = present.crops
        lots = [lot for lot in services.archive.lots.lots(limit=MOST_LOTS) if lot.crop in crops]
        shown = {
            "kind": kind,
            "name": name,
            "present": present,
            "title_text": present.title(language),
            "text": drafted.text,
            "sizes": drafted.sizes,
            "editor": editor(drafted, files, language),
            "evidence": evidence_of(language),
            "measures": measure_words(language),
            "changes": changes,
            "replaces": changes[0].sha256 if changes else "",
            "lots": lots,
            "crops": sorted(crops),
            "tables": files.table_names(),
            "first": (today - timedelta(days=SEASON_DAYS)).isoformat(),
            "last": today.isoformat(),
            "may_publish": caller is None or caller.role in RULE_MAKER.roles,
            "problem": problem,
            "detail": detail,
            "reason": reason,
            "done": request.query_params.get("done", ""),
        }
        return form_page(pages, request, "rule.html", shown, status=status)

    return router


def _looked_at(
    drafted: RuleDraft, services: Services, form: Form, language: Language
) -> Mapping[str, object]:
    """Faults, differences and the what-if of a draft, for the template."""
    shown: dict[str, object] = {
        "faults": [],
        "differences": [],
        "rows": [],
        "moves": [],
        "found": None,
        "class_names": {},
        "move_count": 0,
        "what_if_problem": "",
        "asked": bool(form.get("lots")),
    }
    try:
        checked = drafted.check(services.rule_files)
        shown |= {"faults": checked.faults, "differences": checked.differences}
    except GraderError as error:
        shown["faults"] = [str(error)]
    if shown["faults"] or not form.get("lots"):
        return shown
    try:
        sides, found = _what_if(drafted, services, form)
    except (GraderError, ServiceError) as error:
        return shown | {"what_if_problem": str(error)}
    return shown | {
        "found": found,
        "rows": packout_rows(found.simulation),
        "moves": found.simulation.moves[:MOST_MOVES],
        "move_count": len(found.simulation.moves),
        "class_names": {
            one: class_name(one, standard, language)
            for standard in (sides.standard_before, sides.standard_after)
            for one in (*standard.class_ids, REJECT, UNGRADED)
        },
        "took_s": (found.rules_ms + found.read_ms + found.decide_ms) / 1e3,
    }


def _what_if(drafted: RuleDraft, services: Services, form: Form) -> tuple[Sides, WhatIfFound]:
    """Raises NotFoundError: there is no such lot. Else as `WhatIf.of_lots`."""
    lots = asked_lots(services.what_if, form.get("lots"), form.values)
    if not lots:
        raise NotFoundError("lots: expected at least one, got none")
    crop = services.archive.lots.lot(lots[0]).crop
    sides = drafted.sides(services.rule_files, crop=crop, table=form.get("table") or "default")
    return sides, services.what_if.of_lots(lots, sides)
