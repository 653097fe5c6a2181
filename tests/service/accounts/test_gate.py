"""Who gets through: without accounts, with accounts, with a key, from another place."""

from __future__ import annotations

import re

import pytest

from service.accounts import gate
from service.accounts.access import ACCESS, Access
from service.accounts.roles import PEOPLE, Role
from service.app import create_app
from service.settings import ServiceSettings
from tests.fakes import FakeGrader
from tests.service.accounts.people import Visitor, add_person
from tests.service.running import RunningService, error_code, painted_png

PNG = {"Content-Type": "image/png"}


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_without_accounts_this_computer_needs_no_sign_in(service: RunningService) -> None:
    for path in ("/", "/lines", "/api/v1/fruits", "/metrics", "/api/v1/openapi.json"):
        assert service.get(path).status_code == 200, path
    assert service.grade(painted_png(fruits=1)).status_code == 200
    assert service.get("/api/v1/fruits", headers=bearer("no key at all")).status_code == 200
    assert 'href="/account"' not in service.get("/").text


def test_the_pages_of_accounts_need_one_anyway(service: RunningService) -> None:
    for path in ("/account", "/users", "/keys"):
        assert error_code(service.get(path), 401) == "not_signed_in"
    said = service.get("/sign-in", headers={"Accept": "text/html"}).text
    assert "There are no users yet" in said
    assert "<form" not in said


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:8000"},
        {"Host": ""},
        {"X-Forwarded-For": "192.168.1.7"},
        {"Forwarded": "for=192.168.1.7"},
        {"X-Real-IP": "192.168.1.7"},
    ],
)
def test_without_accounts_nobody_gets_in_by_a_detour(
    service: RunningService, headers: dict[str, str]
) -> None:
    """A web site whose name leads to this computer, and a proxy that lets the network in."""
    response = service.get("/api/v1/fruits", headers=headers)
    assert error_code(response, 403) == "not_allowed"
    assert "expected a request to localhost or 127.0.0.1" in response.json()["error"]["message"]


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000", "grader", "a.localhost"])
def test_this_computer_by_its_names(service: RunningService, host: str) -> None:
    assert service.get("/api/v1/fruits", headers={"Host": host}).status_code == 200


def test_the_first_account_ends_that(service: RunningService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "ASK_AGAIN_S", 0.0)
    assert service.get("/api/v1/fruits").status_code == 200
    service.services.accounts.add("wang", Role.STAFF)
    assert error_code(service.get("/api/v1/fruits"), 401) == "not_signed_in"


def test_a_demo_stays_open_also_with_accounts(settings: ServiceSettings) -> None:
    with RunningService(create_app(settings.model_copy(update={"demo": True}), grader=FakeGrader())) as demo:
        add_person(demo.services.accounts, "wang", Role.ADMIN)
        assert demo.get("/api/v1/fruits").status_code == 200
        assert error_code(demo.get("/users"), 401) == "not_signed_in"
        visitor = Visitor(demo)
        visitor.sign_in("wang")
        assert visitor.get("/users").status_code == 200


@pytest.mark.parametrize("accounts", [0, 1])
def test_beyond_this_computer_nothing_is_open(settings: ServiceSettings, accounts: int) -> None:
    with RunningService(
        create_app(settings.model_copy(update={"host": "0.0.0.0"}), grader=FakeGrader())
    ) as wide:
        for _ in range(accounts):
            add_person(wide.services.accounts, "wang", Role.ADMIN)
        for method, path in (
            ("GET", "/"),
            ("GET", "/api/v1/fruits"),
            ("POST", "/api/v1/grade"),
            ("GET", "/x"),
        ):
            assert error_code(wide.request(method, path), 401) == "not_signed_in"
        assert wide.get("/healthz").status_code == 200
        assert wide.get("/static/page.css").status_code == 200
        assert wide.get("/sign-in").status_code == 200


def test_health_from_elsewhere_needs_a_key(guarded: RunningService) -> None:
    key = guarded.services.accounts.add_key("watch", "test").key
    for path in ("/healthz", "/readyz", "/metrics"):
        assert guarded.get(path).status_code == 200
        there = {"X-Forwarded-For": "192.168.1.7"}
        assert error_code(guarded.get(path, headers=there), 401) == "not_signed_in"
        assert guarded.get(path, headers={**there, **bearer(key)}).status_code == 200


def test_strangers_get_a_sign_in_page_or_an_error_for_programs(guarded: RunningService) -> None:
    page = guarded.get("/lines?lang=zh", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["location"]) == (303, "/sign-in?next=%2Flines%3Flang%3Dzh")
    api = guarded.get("/api/v1/lines", headers={"Accept": "text/html"})
    assert error_code(api, 401) == "not_signed_in"
    assert api.headers["www-authenticate"] == "Bearer"
    assert error_code(guarded.grade(painted_png(fruits=1)), 401) == "not_signed_in"
    assert error_code(guarded.get("/nothing"), 401) == "not_signed_in"


def test_a_key_grades_and_reads_and_no_more(guarded: RunningService) -> None:
    made = guarded.services.accounts.add_key("line", "test")
    graded = guarded.post("/api/v1/grade", content=painted_png(fruits=1), headers={**PNG, **bearer(made.key)})
    assert graded.status_code == 200
    assert guarded.get("/api/v1/fruits", headers=bearer(made.key)).json()["total"] == 1
    for path in ("/", "/users"):
        refused = guarded.get(path, headers=bearer(made.key))
        assert error_code(refused, 403) == "not_allowed"
        assert "got 'line', who is integrator" in refused.json()["error"]["message"]
    assert error_code(guarded.get("/nothing", headers=bearer(made.key)), 404) == "not_found"


@pytest.mark.parametrize(
    "authorization", ["Bearer nonsense", "Bearer ", "Basic d2FuZzp3YW5n", "bearer", "Bearer pgk_00000000_x"]
)
def test_a_wrong_key_is_refused(guarded: RunningService, authorization: str) -> None:
    refused = guarded.get("/api/v1/fruits", headers={"Authorization": authorization})
    assert error_code(refused, 401) == "not_signed_in"


def test_a_revoked_key_is_refused_and_a_key_in_the_query_is_none(guarded: RunningService) -> None:
    made = guarded.services.accounts.add_key("line", "test")
    assert error_code(guarded.get(f"/api/v1/fruits?key={made.key}"), 401) == "not_signed_in"
    guarded.services.accounts.revoke_key(made.stored.key_id)
    refused = guarded.get("/api/v1/fruits", headers=bearer(made.key))
    assert error_code(refused, 401) == "not_signed_in"
    assert "unknown or revoked" in refused.json()["error"]["message"]
    assert made.key not in refused.text


def test_each_role_gets_what_the_table_says(guarded: RunningService) -> None:
    """Every GET route without a parameter, asked by everybody: 403 exactly where the table does not name the role."""
    paths = [name.removeprefix("GET ") for name in ACCESS if re.fullmatch(r"GET [^{]+", name)]
    assert len(paths) > 12
    for role in PEOPLE:
        visitor = Visitor(guarded)
        visitor.sign_in(role.value)
        for path in paths:
            access = ACCESS[f"GET {path}"]
            refused = visitor.get(path).status_code == 403
            assert refused == (not access.anyone and not access.here and role not in access.roles), (
                role,
                path,
            )


def test_a_refused_page_says_so_in_words(guarded: RunningService) -> None:
    visitor = Visitor(guarded)
    visitor.sign_in("staff")
    page = visitor.get("/users")
    assert page.status_code == 403
    assert "This page is not for your role" in page.text
    assert "本页" in visitor.get("/users?lang=zh").text


def test_a_route_that_nobody_named_is_for_nobody(
    guarded: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest: dict[str, Access] = {name: access for name, access in ACCESS.items() if name != "GET /api/v1/skus"}
    monkeypatch.setattr(gate, "ACCESS", rest)
    visitor = Visitor(guarded)
    visitor.sign_in("admin")
    assert error_code(visitor.get("/api/v1/skus"), 403) == "not_allowed"
    assert visitor.get("/api/v1/models").status_code == 200
