"""Forms of the account pages: read in bounds, and only those that our own page was asked for.

Each form carries a token made from a cookie that no page can read: the session's, or before a sign-in one of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from starlette.responses import HTMLResponse, Response

from service.accounts.accounts import Browser
from service.accounts.browser_name import browser_name
from service.accounts.caller import Caller
from service.accounts.secret import form_token, new_secret, same
from service.errors import ForeignOriginError, UnsupportedUploadError, UploadTooLargeError
from service.ui.render import Pages

SESSION_COOKIE = "grader_session"
FORM_COOKIE = "grader_form"
MOST_BYTES = 16_384
MOST_FIELDS = 20
_KIND = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What was filled in. is_ours: it carries the token of a page that we gave to this browser."""

    values: Mapping[str, str]
    is_ours: bool

    def get(self, name: str) -> str:
        """A field; empty when it is missing."""
        return self.values.get(name, "")


async def read_form(
    request: Request, *, most_bytes: int = MOST_BYTES, most_fields: int = MOST_FIELDS
) -> Form:
    """Raises UnsupportedUploadError, UploadTooLargeError."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _KIND:
        raise UnsupportedUploadError(f"expected a form ({_KIND}), got {kind or 'no content type'}")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_bytes:
            raise UploadTooLargeError(f"form: expected at most {most_bytes:,} bytes, got more")
    try:
        pairs = parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=most_fields
        )
    except ValueError as error:
        raise UnsupportedUploadError(
            f"form: expected at most {most_fields} fields in UTF-8, got {error}"
        ) from error
    values = dict(pairs)
    secret = _secret(request)
    return Form(
        values=values,
        is_ours=secret is not None and same(values.get("form_token", ""), form_token(secret)),
    )


async def read_any_form(request: Request) -> Form:
    """Raises UnsupportedUploadError, UploadTooLargeError."""
    return await read_form(request)


async def read_own_form(form: Annotated[Form, Depends(read_any_form)]) -> Form:
    """Raises ForeignOriginError for a form that is not ours."""
    return check_own(form)


def check_own(form: Form) -> Form:
    """The form. Raises ForeignOriginError when it is not ours."""
    if not form.is_ours:
        raise ForeignOriginError("form: expected the token of the page it is from, got none or another")
    return form


AnyForm = Annotated[Form, Depends(read_any_form)]
OwnForm = Annotated[Form, Depends(read_own_form)]


def form_page(
    pages: Pages, request: Request, template: str, shown: Mapping[str, object], *, status: int = 200
) -> HTMLResponse:
    """A page with forms: the template finds their token as `form_token`."""
    secret = _secret(request)
    fresh = secret is None
    secret = secret or new_secret()
    everything = {"form_token": form_token(secret), **shown}
    answer = pages.answer(request, template, {}, shown=everything, status=status)
    if fresh:
        answer.set_cookie(
            FORM_COOKIE, secret, httponly=True, samesite="strict", secure=request.url.scheme == "https"
        )
    return answer


def set_session(answer: Response, request: Request, token: str) -> None:
    """Give the browser its session; what it had before is of no use any more."""
    answer.set_cookie(
        SESSION_COOKIE, token, httponly=True, samesite="lax", secure=request.url.scheme == "https"
    )
    answer.delete_cookie(FORM_COOKIE)


def caller_of(request: Request) -> Caller | None:
    """Who sends it, as the gate found out."""
    caller: Caller | None = request.scope["caller"]
    return caller


def browser_of(request: Request) -> Browser:
    """Where it comes from."""
    address = "unknown" if request.client is None else request.client.host
    return Browser(address=address, name=browser_name(request.headers.get("user-agent", "")))


def _secret(request: Request) -> str | None:
    caller = caller_of(request)
    signed_in = caller is not None and caller.session_id is not None
    return request.cookies.get(SESSION_COOKIE if signed_in else FORM_COOKIE)
