"""The pages of everybody: sign in, one-time link, own account."""

from __future__ import annotations

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from service.accounts.forms import (
    SESSION_COOKIE,
    AnyForm,
    Form,
    OwnForm,
    browser_of,
    caller_of,
    form_page,
    set_session,
)
from service.accounts.passwords import SHORTEST
from service.errors import AccountError, BusyError, TooManyTriesError
from service.services import RunningServices, Services
from service.ui.render import Pages

SEE_OTHER = 303


def account_router(pages: Pages) -> APIRouter:
    """The routes of these pages."""
    router = APIRouter(include_in_schema=False)

    def show_sign_in(
        request: Request,
        services: Services,
        *,
        after: str,
        name: str = "",
        problem: str = "",
        wait_s: int = 0,
        status: int = 200,
    ) -> HTMLResponse:
        shown = {
            "after": after,
            "name": name,
            "problem": problem,
            "wait_s": wait_s,
            "no_account": not services.accounts.store.any_account(),
        }
        return form_page(pages, request, "sign_in.html", shown, status=status)

    @router.get("/sign-in", response_class=HTMLResponse)
    def sign_in_page(
        request: Request, services: RunningServices, after: str = Query("/", alias="next")
    ) -> Response:
        caller = caller_of(request)
        if caller is not None and caller.session_id is not None:
            return _to(own_path(after))
        return show_sign_in(request, services, after=own_path(after))

    @router.post("/sign-in", response_class=HTMLResponse)
    def sign_in(request: Request, form: AnyForm, services: RunningServices) -> Response:
        after, name = own_path(form.get("next") or "/"), form.get("name")
        if not form.is_ours:
            return show_sign_in(request, services, after=after, name=name, problem="page_old", status=403)
        accounts, caller = services.accounts, caller_of(request)
        try:
            token = accounts.sign_in(name, form.get("password"), browser_of(request))
        except (TooManyTriesError, BusyError) as error:
            answer = show_sign_in(
                request,
                services,
                after=after,
                name=name,
                problem="wait",
                wait_s=error.retry_after_s,
                status=429 if isinstance(error, TooManyTriesError) else 503,
            )
            answer.headers["Retry-After"] = str(error.retry_after_s)
            return answer
        if token is None:
            return show_sign_in(request, services, after=after, name=name, problem="wrong", status=401)
        if caller is not None:
            accounts.sign_out(caller)
        return _signed_in(request, token, after)

    def show_link(
        request: Request,
        services: Services,
        token: str,
        *,
        name: str = "",
        problem: str = "",
        status: int = 200,
    ) -> HTMLResponse:
        link = services.accounts.link(token)
        shown = {
            "token": token if link else "",
            "is_open": link is not None,
            "owner": link.account.name if link and link.account else "",
            "name": name,
            "problem": problem,
            "shortest": SHORTEST,
        }
        return form_page(pages, request, "link.html", shown, status=status if link else 410)

    @router.get("/link", response_class=HTMLResponse)
    def link_page(
        request: Request, services: RunningServices, token: str = Query("", max_length=200)
    ) -> Response:
        return show_link(request, services, token)

    @router.post("/link", response_class=HTMLResponse)
    def use_link(request: Request, form: AnyForm, services: RunningServices) -> Response:
        token, name, password = form.get("token"), form.get("name"), form.get("password")
        if not form.is_ours:
            return show_link(request, services, token, name=name, problem="page_old", status=403)
        if password != form.get("again"):
            return show_link(request, services, token, name=name, problem="password_again", status=422)
        try:
            session = services.accounts.use_link(token, name, password, browser_of(request))
        except AccountError as error:
            return show_link(request, services, token, name=name, problem=error.problem, status=422)
        if session is None:
            return show_link(request, services, token)
        caller = caller_of(request)
        if caller is not None:
            services.accounts.sign_out(caller)
        return _signed_in(request, session, "/")

    def show_account(
        request: Request,
        services: Services,
        *,
        problem: str = "",
        wait_s: int = 0,
        done: str = "",
        status: int = 200,
    ) -> HTMLResponse:
        account_id, session_id = _own(request)
        shown = {
            "sessions": services.accounts.sessions_of(account_id),
            "session_id": session_id,
            "problem": problem,
            "wait_s": wait_s,
            "done": done,
            "shortest": SHORTEST,
        }
        return form_page(pages, request, "account.html", shown, status=status)

    @router.get("/account", response_class=HTMLResponse)
    def account_page(request: Request, services: RunningServices, done: str = "") -> HTMLResponse:
        return show_account(request, services, done=done)

    @router.post("/account/password", response_class=HTMLResponse)
    def change_password(request: Request, form: OwnForm, services: RunningServices) -> Response:
        account_id, _ = _own(request)
        if form.get("password") != form.get("again"):
            return show_account(request, services, problem="password_again", status=422)
        try:
            token = services.accounts.change_password(
                account_id, form.get("old"), form.get("password"), browser_of(request)
            )
        except AccountError as error:
            return show_account(request, services, problem=error.problem, status=422)
        except TooManyTriesError as error:
            return show_account(request, services, problem="wait", wait_s=error.retry_after_s, status=429)
        return _signed_in(request, token, "/account?done=password")

    @router.post("/account/sessions")
    def end_sessions(request: Request, form: OwnForm, services: RunningServices) -> Response:
        account_id, session_id = _own(request)
        for number in _chosen_sessions(form, services, account_id, session_id):
            services.accounts.end_session(account_id, number)
        return _to("/account?done=sessions")

    @router.post("/sign-out")
    def sign_out(request: Request, _form: OwnForm, services: RunningServices) -> Response:
        caller = caller_of(request)
        assert caller is not None
        services.accounts.sign_out(caller)
        answer = _to("/sign-in")
        answer.delete_cookie(SESSION_COOKIE)
        return answer

    return router


def own_path(wanted: str) -> str:
    r"""Where to go after the sign-in: a page of this service, never another site.

    >>> [own_path(wanted) for wanted in ("/lines?lang=zh", "//evil.example", r"/\evil.example", "https://evil.example")]
    ['/lines?lang=zh', '/', '/', '/']
    """
    own = wanted.startswith("/") and wanted[1:2] not in ("/", "\\") and wanted.isprintable()
    return wanted if own and len(wanted) <= 500 else "/"


def _chosen_sessions(form: Form, services: Services, account_id: int, own: int) -> tuple[int, ...]:
    """One, by its number, or all others."""
    others = (one.session_id for one in services.accounts.sessions_of(account_id) if one.session_id != own)
    chosen = form.get("session_id")
    return (
        tuple(others)
        if chosen == "others"
        else (int(chosen),)
        if chosen.isdecimal() and len(chosen) < 10
        else ()
    )


def _own(request: Request) -> tuple[int, int]:
    """Account and session of a caller whom the table lets in here."""
    caller = caller_of(request)
    assert caller is not None
    assert caller.account_id is not None
    assert caller.session_id is not None
    return caller.account_id, caller.session_id


def _signed_in(request: Request, token: str, after: str) -> Response:
    answer = _to(after)
    set_session(answer, request, token)
    return answer


def _to(path: str) -> Response:
    return RedirectResponse(path, SEE_OTHER, {"Cache-Control": "no-store"})
