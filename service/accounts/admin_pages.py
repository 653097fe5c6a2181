"""The pages of admins: users and API keys."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from service.accounts.forms import OwnForm, caller_of, form_page
from service.accounts.roles import PEOPLE, Role
from service.errors import AccountError
from service.schemas import MAX_ID
from service.services import RunningServices, Services
from service.ui.render import Pages

Id = Annotated[int, Path(ge=1, le=MAX_ID)]


def admin_router(pages: Pages) -> APIRouter:
    """The routes of these pages. Links and keys are shown once, in the answer to the form that made them."""
    router = APIRouter(include_in_schema=False)

    def show_users(
        request: Request,
        services: Services,
        *,
        name: str = "",
        role: str = Role.STAFF,
        problem: str = "",
        link: str = "",
        link_for: str = "",
    ) -> HTMLResponse:
        caller = caller_of(request)
        assert caller is not None
        shown = {
            "accounts": services.accounts.store.accounts(),
            "own_id": caller.account_id,
            "roles": [one.value for one in PEOPLE],
            "name": name,
            "role": role,
            "problem": problem,
            "link": f"{request.base_url}link?token={link}" if link else "",
            "link_for": link_for,
        }
        return form_page(pages, request, "users.html", shown, status=422 if problem else 200)

    @router.get("/users", response_class=HTMLResponse)
    def users(request: Request, services: RunningServices) -> HTMLResponse:
        return show_users(request, services)

    @router.post("/users", response_class=HTMLResponse)
    def add_user(request: Request, form: OwnForm, services: RunningServices) -> HTMLResponse:
        name, role = form.get("name"), form.get("role")
        try:
            account, link = services.accounts.add(name, _role(role))
        except AccountError as error:
            return show_users(request, services, name=name, role=role, problem=error.problem)
        return show_users(request, services, link=link, link_for=account.name)

    @router.post("/users/{account_id}", response_class=HTMLResponse)
    def change_user(request: Request, account_id: Id, form: OwnForm, services: RunningServices) -> Response:
        accounts, wanted = services.accounts, form.get("do")
        account = accounts.store.account(account_id)
        try:
            if wanted == "link":
                link = accounts.reset_link(account_id)
                return show_users(request, services, link=link, link_for=account.name)
            if wanted in ("disable", "enable"):
                accounts.set_disabled(account_id, disabled=wanted == "disable")
            elif wanted == "role":
                accounts.set_role(account_id, _role(form.get("role")))
            else:
                raise AccountError("form", f"do: expected link, disable, enable or role, got {wanted!r}")
        except AccountError as error:
            return show_users(request, services, problem=error.problem)
        return RedirectResponse("/users", 303)

    def show_keys(
        request: Request, services: Services, *, name: str = "", problem: str = "", key: str = ""
    ) -> HTMLResponse:
        shown = {"keys": services.accounts.store.keys(), "name": name, "problem": problem, "key": key}
        return form_page(pages, request, "keys.html", shown, status=422 if problem else 200)

    @router.get("/keys", response_class=HTMLResponse)
    def keys(request: Request, services: RunningServices) -> HTMLResponse:
        return show_keys(request, services)

    @router.post("/keys", response_class=HTMLResponse)
    def add_key(request: Request, form: OwnForm, services: RunningServices) -> HTMLResponse:
        caller = caller_of(request)
        assert caller is not None
        try:
            made = services.accounts.add_key(form.get("name"), caller.name)
        except AccountError as error:
            return show_keys(request, services, name=form.get("name"), problem=error.problem)
        return show_keys(request, services, key=made.key)

    @router.post("/keys/{key_id}")
    def revoke_key(key_id: Id, _form: OwnForm, services: RunningServices) -> Response:
        services.accounts.revoke_key(key_id)
        return RedirectResponse("/keys", 303)

    return router


def _role(word: str) -> Role:
    """Raises AccountError."""
    if word not in PEOPLE:
        raise AccountError("role", f"role: expected one of {', '.join(PEOPLE)}, got {word!r}")
    return Role(word)
