"""The gate: every request passes here. Finds out who sends it, and asks the table of `access.py` whether they may."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from time import monotonic
from urllib.parse import parse_qs, quote

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Match, Mount, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from service.accounts.access import ACCESS, Access
from service.accounts.accounts import Accounts
from service.accounts.caller import Caller
from service.accounts.forms import SESSION_COOKIE
from service.accounts.loopback import cannot_be_rebound, comes_from_here, is_loopback, is_proxied
from service.accounts.open_calls import OpenCalls
from service.errors import ForeignOriginError, NotAllowedError, NotSignedInError, ServiceError
from service.http_errors import error_response
from service.security import READING, is_own_origin
from service.services import Services
from service.ui.render import Pages

ASK_AGAIN_S = 1.0
"""An open service looks for a first account so often: sign-in begins within a second of `grader users add`."""
GONE = 1008
"""WebSocket close code: policy violation."""


def route_names(route: BaseRoute) -> tuple[str, ...]:
    """How a route is spelled in the table.

    Raises:
        TypeError: a kind of route that the table does not know.
    """
    path = getattr(route, "path", None)
    if isinstance(route, Mount):
        return (f"MOUNT {path}",)
    if isinstance(route, WebSocketRoute):
        return (f"WS {path}",)
    methods = getattr(route, "methods", None)
    if path is None or not methods:
        raise TypeError(f"expected a route with path and methods, got {route!r}")
    return tuple(f"{method} {path}" for method in sorted(set(methods) - {"HEAD"}))


class Gate:
    """ASGI middleware. routes: every route of the service, in the order in which they are tried."""

    def __init__(self, app: ASGIApp, *, routes: Sequence[BaseRoute], pages: Pages) -> None:
        self._app = app
        self._routes = routes
        self._pages = pages
        self._sign_in_needed = False
        self._asked_s = -ASK_AGAIN_S
        self._open_calls: OpenCalls | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        services: Services = scope["app"].state.services
        accounts = services.accounts
        access = self._access(scope)
        try:
            is_open = await self._is_open(scope, services)
            caller = await _caller(scope, accounts, is_open=is_open)
            _check(scope, access, caller, is_open=is_open)
        except ServiceError as error:
            await self._refuse(scope, receive, send, error)
            return
        scope["caller"] = caller
        if caller is None or access is None or not access.lasting:
            await self._app(scope, receive, send)
            return
        if self._open_calls is None:
            self._open_calls = OpenCalls(accounts.gone)
        begun = False

        async def send_and_note(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        if await self._open_calls.run(caller, self._app(scope, receive, send_and_note)):
            return
        if scope["type"] == "websocket":
            reason = "the API key or sign-in is not valid any more"
            await send({"type": "websocket.close", "code": GONE, "reason": reason})
        elif begun:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            await self._refuse(scope, receive, send, NotSignedInError("the sign-in has just ended"))

    def _access(self, scope: Scope) -> Access | None:
        """The row of the route that will answer; None: there is no such route, or no such row."""
        for route in self._routes:
            match, _ = route.matches(dict(scope))
            if match is Match.FULL:
                names = route_names(route)
                method = "GET" if scope.get("method") == "HEAD" else scope.get("method")
                name = next((one for one in names if one.startswith(f"{method} ")), names[0])
                return ACCESS.get(name, Access())
        return None

    async def _is_open(self, scope: Scope, services: Services) -> bool:
        """Whether no sign-in is needed: on this computer only, and there are no accounts or it is a demo.

        Raises:
            NotAllowedError: another server handed the request on, or a web site uses the browser of this computer.
        """
        settings = services.settings
        if not is_loopback(settings.host) or (
            not settings.demo and await self._accounts_exist(services.accounts)
        ):
            return False
        host = Headers(scope=scope).get("host", "")
        if is_proxied(scope) or not cannot_be_rebound(host):
            raise NotAllowedError(
                "without sign-in this service is for this computer only: expected a request to localhost or 127.0.0.1, "
                f"got one to {host!r}{' from a proxy' if is_proxied(scope) else ''}; "
                "make an account first (grader users add NAME --role admin)"
            )
        return True

    async def _accounts_exist(self, accounts: Accounts) -> bool:
        if not self._sign_in_needed and monotonic() - self._asked_s >= ASK_AGAIN_S:
            self._sign_in_needed = await asyncio.to_thread(accounts.store.any_account)
            self._asked_s = monotonic()
        return self._sign_in_needed

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, error: ServiceError) -> None:
        if scope["type"] == "websocket":
            client = scope.get("client") or ("unknown", 0)
            services: Services = scope["app"].state.services
            services.lines.refused(f"{client[0]}:{client[1]}", error)
            await WebSocket(scope, receive, send).send_denial_response(error_response(error))
            return
        request = Request(scope)
        answer: Response = error_response(error)
        if _is_page(request):
            if isinstance(error, NotSignedInError):
                wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
                back = quote(wanted if request.method == "GET" else "/", safe="")
                answer = RedirectResponse(f"/sign-in?next={back}", 303, {"Cache-Control": "no-store"})
            elif isinstance(error, NotAllowedError | ForeignOriginError):
                shown = {"problem": str(error)}
                answer = self._pages.answer(request, "no_access.html", {}, shown=shown, status=403)
        await answer(scope, receive, send)


async def _caller(scope: Scope, accounts: Accounts, *, is_open: bool) -> Caller | None:
    """Who sends it; None: nobody we know. An open service does not look at keys, as it never did.

    Raises:
        NotSignedInError: there is an API key, and it is not valid.
    """
    connection = HTTPConnection(scope)
    key = _key(connection.headers.get("authorization", ""), scope)
    if key is not None and not is_open:
        caller = await asyncio.to_thread(accounts.caller_of_key, key)
        if caller is None:
            raise NotSignedInError("API key: expected one that is in use, got one that is unknown or revoked")
        return caller
    token = connection.cookies.get(SESSION_COOKIE)
    return await asyncio.to_thread(accounts.caller_of_session, token) if token else None


def _key(authorization: str, scope: Scope) -> str | None:
    """`Authorization: Bearer KEY`; for a WebSocket, where some clients can send no headers, also `?key=KEY`."""
    kind, _, key = authorization.partition(" ")
    if kind.lower() == "bearer":
        return key.strip()
    if scope["type"] == "websocket":
        found = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("key")
        return found[0] if found else None
    return None


def _check(scope: Scope, access: Access | None, caller: Caller | None, *, is_open: bool) -> None:
    """Raises NotSignedInError, NotAllowedError, ForeignOriginError."""
    if caller is not None and caller.session_id is not None:
        _check_origin(scope)
    if access is not None and access.anyone:
        return
    if is_open and (access is None or not access.own_account):
        return
    if access is not None and access.here and comes_from_here(scope):
        return
    if caller is None:
        raise NotSignedInError(
            "expected a sign-in or an API key (Authorization: Bearer KEY), got neither, or one that has ended"
        )
    if access is not None and caller.role not in access.roles:
        raise NotAllowedError(
            f"expected a caller who is {' or '.join(sorted(access.roles)) or 'named in the table of roles'}, "
            f"got {caller.name!r}, who is {caller.role.value}"
        )


def _check_origin(scope: Scope) -> None:
    """A browser adds the cookie whoever asks for the request; so a change must say that our own page sent it."""
    if scope["type"] == "http" and scope["method"] in READING:
        return
    headers = Headers(scope=scope)
    if not is_own_origin(headers) and headers.get("sec-fetch-site") != "same-origin":
        raise ForeignOriginError(
            f"expected a page of this service (Origin with the host {headers.get('host')!r}), "
            f"got {headers.get('origin', 'no Origin')!r}"
        )


def _is_page(request: Request) -> bool:
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")
