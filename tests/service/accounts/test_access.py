"""The table of roles names every route, and no other."""

from __future__ import annotations

import pytest
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute, Host, Route
from starlette.websockets import WebSocket

from service.accounts.access import ACCESS, ANYONE
from service.accounts.gate import Gate, route_names
from service.accounts.roles import Role
from service.app import create_app
from service.settings import ServiceSettings
from tests.fakes import FakeGrader


def every_route() -> list[BaseRoute]:
    """As the application itself tries them, however they came in."""
    app = create_app(ServiceSettings(), grader=FakeGrader())
    return [
        getattr(one, "starlette_route", None) or one.original_route for one in iter_route_contexts(app.routes)
    ]


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    names = [name for route in every_route() for name in route_names(route)]
    assert [name for name in names if name not in ACCESS] == []
    assert [name for name in ACCESS if name not in names] == []


def test_the_gate_knows_every_route() -> None:
    app = create_app(ServiceSettings(), grader=FakeGrader())
    gates = [one for one in app.user_middleware if one.cls is Gate]
    known = [name for route in gates[0].kwargs["routes"] for name in route_names(route)]  # type: ignore[attr-defined]
    named = [name for route in every_route() for name in route_names(route)]
    assert sorted(known) == sorted(named)


def test_what_is_open_to_strangers_is_this_and_no_more() -> None:
    assert {name for name, access in ACCESS.items() if access == ANYONE} == {
        "MOUNT /static",
        "GET /sign-in",
        "POST /sign-in",
        "GET /link",
        "POST /link",
    }
    assert {name for name, access in ACCESS.items() if access.here} == {
        "GET /healthz",
        "GET /readyz",
        "GET /metrics",
    }


def test_an_integrator_sees_no_page_and_no_account() -> None:
    for name, access in ACCESS.items():
        path = name.partition(" ")[2]
        if not access.anyone and not path.startswith(("/api/", "/healthz", "/readyz", "/metrics")):
            assert Role.INTEGRATOR not in access.roles, name


def test_only_admins_see_users_and_keys() -> None:
    for name, access in ACCESS.items():
        if name.partition(" ")[2].startswith(("/users", "/keys")):
            assert access.roles == {Role.ADMIN}, name


def test_an_admin_may_do_everything() -> None:
    assert [name for name, one in ACCESS.items() if not one.anyone and Role.ADMIN not in one.roles] == []


def test_how_routes_are_spelled() -> None:
    async def nothing(_: WebSocket) -> None: ...

    assert route_names(Route("/a/{b}", nothing, methods=["GET", "POST"])) == ("GET /a/{b}", "POST /a/{b}")
    with pytest.raises(TypeError, match="expected a route with path and methods"):
        route_names(Host("x", nothing))
