"""Forms of the account pages, without a screen: what gets through, what does not."""

from __future__ import annotations

import re

import pytest

from service.accounts.accounts import Accounts
from service.accounts.forms import FORM_COOKIE, SESSION_COOKIE
from service.accounts.roles import Role
from service.app import create_app
from service.settings import ServiceSettings
from tests.fakes import FakeGrader
from tests.service.accounts.people import ORIGIN, PASSWORD, Visitor
from tests.service.running import RunningService, error_code, painted_png

OWN = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}


def test_signing_in_leads_back_and_sets_a_guarded_cookie(visitor: Visitor) -> None:
    answer = visitor.sign_in("staff")
    assert (answer.status_code, answer.headers["location"]) == (303, "/lines")
    cookie = next(one for one in answer.headers.get_list("set-cookie") if one.startswith(SESSION_COOKIE))
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert "Domain" not in cookie
    assert len(str(visitor.session)) == 43
    assert visitor.get("/lines").status_code == 200
    assert visitor.get("/sign-in?next=/lines").headers["location"] == "/lines"


def test_behind_https_cookies_are_secure(guarded: RunningService) -> None:
    page = guarded.get("https://127.0.0.1/sign-in")
    token = re.search(r'name="form_token" value="(\w+)"', page.text)
    assert token
    assert "Secure" in page.headers["set-cookie"]
    answer = guarded.post(
        "https://127.0.0.1/sign-in",
        data={"form_token": token[1], "name": "staff", "password": PASSWORD},
        headers={"Origin": "https://127.0.0.1", "Cookie": page.headers["set-cookie"].partition(";")[0]},
    )
    assert answer.status_code == 303
    assert all("Secure" in one for one in answer.headers.get_list("set-cookie") if "Max-Age=0" not in one)


@pytest.mark.parametrize(
    ("after", "leads_to"),
    [
        ("/lines?lang=zh", "/lines?lang=zh"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x=1", "/"),
        ("", "/"),
    ],
)
def test_the_sign_in_leads_to_this_service_only(visitor: Visitor, after: str, leads_to: str) -> None:
    answer = visitor.form("/sign-in", "/sign-in", name="staff", password=PASSWORD, next=after)
    assert (answer.status_code, answer.headers["location"]) == (303, leads_to)


def test_all_that_is_said_of_a_failed_sign_in_is_the_same(visitor: Visitor, guarded: RunningService) -> None:
    accounts: Accounts = guarded.services.accounts
    accounts.set_disabled(accounts.named("qa").account_id, disabled=True)
    accounts.add("new", Role.STAFF)
    said = []
    for name, password in (("staff", "wrong"), ("nobody", PASSWORD), ("qa", PASSWORD), ("new", "")):
        answer = visitor.sign_in(name, password)
        assert answer.status_code == 401
        assert visitor.session is None
        text = answer.text.replace(f'value="{name}"', "")
        said.append(re.sub(r"[0-9a-f]{64}", "", text))
    assert len(set(said)) == 1
    assert "Name or password is wrong." in said[0]


def test_the_pause_is_told_in_seconds(visitor: Visitor) -> None:
    for _ in range(6):
        visitor.sign_in("staff", "wrong")
    answer = visitor.sign_in("staff")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 4
    assert f"Wait {answer.headers['retry-after']} s" in answer.text


def test_a_session_that_somebody_planted_is_never_signed_in(
    visitor: Visitor, guarded: RunningService
) -> None:
    planted = "planted" + "x" * 36
    visitor.cookies[SESSION_COOKIE] = planted
    visitor.sign_in("staff")
    assert visitor.session not in (None, planted)
    thief = Visitor(guarded)
    thief.cookies[SESSION_COOKIE] = planted
    assert thief.get("/account").status_code == 303


def test_signing_in_again_is_another_session(visitor: Visitor, guarded: RunningService) -> None:
    visitor.sign_in("staff")
    first = str(visitor.cookies.pop(SESSION_COOKIE))
    visitor.sign_in("staff")
    assert visitor.session != first
    before = str(visitor.session)
    visitor.form("/account", "/sign-in", name="qa", password=PASSWORD)
    assert visitor.session != before
    old = Visitor(guarded)
    old.cookies[SESSION_COOKIE] = before
    assert old.get("/account").status_code == 303  # the session it replaced is over


def test_signing_out_ends_the_session_itself(visitor: Visitor, guarded: RunningService) -> None:
    visitor.sign_in("staff")
    kept = str(visitor.session)
    assert visitor.form("/account", "/sign-out").headers["location"] == "/sign-in"
    assert visitor.session is None
    visitor.cookies[SESSION_COOKIE] = kept
    assert visitor.get("/account").status_code == 303
    assert error_code(guarded.get("/api/v1/fruits", headers={"Cookie": f"{SESSION_COOKIE}={kept}"}), 401)


FOREIGN = [
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:8001"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": ORIGIN + ".evil.example"},
]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("path", ["/api/v1/grade", "/account/password", "/sign-out", "/sign-in", "/link"])
def test_a_page_from_another_place_changes_nothing(
    visitor: Visitor, guarded: RunningService, path: str, headers: dict[str, str]
) -> None:
    visitor.sign_in("staff")
    cookie = {"Cookie": f"{SESSION_COOKIE}={visitor.session}"}
    answer = guarded.post(
        path, headers={**cookie, **headers, "Content-Type": "image/png"}, content=painted_png(fruits=1)
    )
    assert error_code(answer, 403) == "foreign_origin"
    assert visitor.get("/account").status_code == 200
    assert visitor.get("/api/v1/fruits").json()["total"] == 0


def test_a_change_with_the_cookie_must_say_where_it_comes_from(
    visitor: Visitor, guarded: RunningService
) -> None:
    visitor.sign_in("staff")
    headers = {"Cookie": f"{SESSION_COOKIE}={visitor.session}", "Content-Type": "image/png"}
    silent = guarded.post("/api/v1/grade", headers=headers, content=painted_png(fruits=1))
    assert error_code(silent, 403) == "foreign_origin"
    assert "got 'no Origin'" in silent.json()["error"]["message"]
    own = guarded.post("/api/v1/grade", headers={**headers, "Origin": ORIGIN}, content=painted_png(fruits=1))
    assert own.status_code == 200


@pytest.mark.parametrize("token", [None, "", "0" * 64])
def test_a_form_without_its_token_changes_nothing(visitor: Visitor, token: str | None) -> None:
    visitor.sign_in("admin")
    fields = {} if token is None else {"form_token": token}
    for action, more in (
        ("/users", {"name": "thief", "role": "admin"}),
        ("/keys", {"name": "thief"}),
        ("/account/password", {"old": PASSWORD, "password": "thief thief 9", "again": "thief thief 9"}),
        ("/account/sessions", {"session_id": "others"}),
        ("/sign-out", {"really": "yes"}),
    ):
        assert error_code(visitor.post(action, headers=OWN, **fields, **more), 403) == "foreign_origin"
    assert len(visitor.service.services.accounts.store.accounts()) == 4
    assert visitor.get("/account").status_code == 200


def test_the_token_of_another_session_is_none(visitor: Visitor, guarded: RunningService) -> None:
    other = Visitor(guarded)
    other.sign_in("staff")
    token = re.search(r'name="form_token" value="(\w+)"', other.get("/account").text)
    assert token
    visitor.sign_in("admin")
    answer = visitor.post("/users", form_token=token[1], name="thief", role="admin")
    assert error_code(answer, 403) == "foreign_origin"


def test_a_sign_in_without_its_token_asks_again(visitor: Visitor) -> None:
    answer = visitor.post("/sign-in", form_token="0" * 64, name="staff", password=PASSWORD)
    assert answer.status_code == 403
    assert "open for too long" in answer.text
    assert visitor.session is None
    assert FORM_COOKIE in visitor.cookies


@pytest.mark.parametrize(
    ("kind", "body", "status", "code"),
    [
        ("application/json", b"{}", 415, "unsupported_media_type"),
        ("", b"", 415, "unsupported_media_type"),
        ("application/x-www-form-urlencoded", b"a=" + b"x" * 16_384, 413, "upload_too_large"),
        ("application/x-www-form-urlencoded", b"a=%ff", 415, "unsupported_media_type"),
        (
            "application/x-www-form-urlencoded",
            b"&".join(b"a=1" for _ in range(21)),
            415,
            "unsupported_media_type",
        ),
    ],
)
def test_what_is_no_form_is_refused(
    guarded: RunningService, kind: str, body: bytes, status: int, code: str
) -> None:
    answer = guarded.post("/sign-in", content=body, headers={"Content-Type": kind, "Origin": ORIGIN})
    assert error_code(answer, status) == code


def test_a_password_is_changed(visitor: Visitor, guarded: RunningService) -> None:
    elsewhere = Visitor(guarded)
    elsewhere.sign_in("staff")
    visitor.sign_in("staff")
    before = visitor.session
    new = "red apples roll"
    for fields, said in (
        ({"old": PASSWORD, "password": new, "again": "red apples"}, "The two passwords differ"),
        ({"old": "wrong", "password": new, "again": new}, "The old password is wrong"),
        ({"old": PASSWORD, "password": "short", "again": "short"}, "needs 10 characters or more"),
    ):
        answer = visitor.form("/account", "/account/password", **fields)
        assert answer.status_code == 422
        assert said in answer.text
    done = visitor.form("/account", "/account/password", old=PASSWORD, password=new, again=new)
    assert done.headers["location"] == "/account?done=password"
    assert visitor.session != before
    assert "The password was changed" in visitor.get("/account?done=password").text
    assert elsewhere.get("/account").status_code == 303


def test_sessions_are_listed_and_ended(visitor: Visitor, guarded: RunningService) -> None:
    others = [Visitor(guarded) for _ in range(2)]
    for one in (*others, visitor):
        one.sign_in("staff")
    stranger = Visitor(guarded)
    stranger.sign_in("qa")
    page = visitor.get("/account").text
    numbers = [number for number in re.findall(r'name="session_id" value="(\d+)"', page)]
    assert page.count("this browser") == 1
    stranger.form("/account", "/account/sessions", session_id=numbers[0])
    assert [one.get("/account").status_code for one in others] == [200, 200]  # not theirs to end
    visitor.form("/account", "/account/sessions", session_id=numbers[1])
    assert sorted(one.get("/account").status_code for one in others) == [200, 303]
    for odd in ("", "x", "9" * 30):
        assert visitor.form("/account", "/account/sessions", session_id=odd).status_code == 303
    visitor.form("/account", "/account/sessions", session_id="others")
    assert [one.get("/account").status_code for one in (*others, visitor)] == [303, 303, 200]


def test_an_admin_adds_a_user_who_chooses_a_password(visitor: Visitor, guarded: RunningService) -> None:
    visitor.sign_in("admin")
    page = visitor.form("/users", "/users", name="李娜", role="qa").text
    link = re.search(r"http://127\.0\.0\.1(/link\?token=[\w-]{43})", page)
    assert link
    assert link[1] not in visitor.get("/users").text
    new = Visitor(guarded)
    assert 'value="李娜"' in new.get(link[1]).text
    token = link[1].partition("=")[2]
    for password, again, said in (("short", "short", "10 characters"), ("green apples", "red", "differ")):
        answer = new.form(link[1], "/link", token=token, name="thief", password=password, again=again)
        assert answer.status_code == 422
        assert said in answer.text
    assert new.form(link[1], "/link", token=token, password=PASSWORD, again=PASSWORD).status_code == 303
    assert "李娜" in new.get("/account").text
    replayed = Visitor(guarded).get(link[1])
    assert replayed.status_code == 410
    assert "This link cannot be used" in replayed.text
    stale = Visitor(guarded)
    stale.get("/sign-in")
    assert new.form("/account", "/link", token=token, password=PASSWORD, again=PASSWORD).status_code == 410


def test_an_admin_changes_users(visitor: Visitor, guarded: RunningService) -> None:
    accounts: Accounts = guarded.services.accounts
    staff = Visitor(guarded)
    staff.sign_in("staff")
    visitor.sign_in("admin")
    path = f"/users/{accounts.named('staff').account_id}"
    assert visitor.form("/users", path, do="role", role="engineer").status_code == 303
    assert accounts.named("staff").role is Role.ENGINEER
    assert visitor.form("/users", path, do="disable", role="engineer").status_code == 303
    assert staff.get("/account").status_code == 303
    refused = visitor.form("/users", path, do="link")
    assert (refused.status_code, "This user is disabled" in refused.text) == (422, True)
    assert visitor.form("/users", path, do="enable").status_code == 303
    assert "token=" in visitor.form("/users", path, do="link").text
    own = f"/users/{accounts.named('admin').account_id}"
    for do in ("disable", "role"):
        last = visitor.form("/users", own, do=do, role="staff")
        assert (last.status_code, "the last admin" in last.text) == (422, True)
    for fields, said in (
        ({"name": "STAFF", "role": "qa"}, "This name is taken"),
        ({"name": "<b>", "role": "qa"}, "This name cannot be used"),
        ({"name": "x", "role": "integrator"}, "This did not work"),
    ):
        answer = visitor.form("/users", "/users", **fields)
        assert (answer.status_code, said in answer.text) == (422, True)
    assert "<b>" not in visitor.form("/users", "/users", name="<b>", role="qa").text
    assert visitor.form("/users", path, do="nonsense").status_code == 422
    assert error_code(visitor.form("/users", "/users/99", do="link"), 404) == "not_found"
    assert error_code(visitor.form("/users", "/users/0", do="link"), 422) == "invalid_parameter"


def test_an_admin_makes_and_revokes_keys(visitor: Visitor, guarded: RunningService) -> None:
    visitor.sign_in("admin")
    page = visitor.form("/keys", "/keys", name="north line").text
    key = re.search(r"pgk_[0-9a-f]{8}_[\w-]{43}", page)
    assert key
    later = visitor.get("/keys").text
    assert key[0] not in later
    assert key[0].rpartition("_")[0][:12] in later
    bearer = {"Authorization": f"Bearer {key[0]}"}
    assert guarded.get("/api/v1/lines", headers=bearer).status_code == 200
    number = re.search(r'action="/keys/(\d+)"', later)
    assert number
    assert visitor.form("/keys", f"/keys/{number[1]}").status_code == 303
    assert error_code(guarded.get("/api/v1/lines", headers=bearer), 401) == "not_signed_in"
    assert visitor.form("/keys", "/keys", name="").status_code == 422


def test_the_first_admin_by_the_printed_link(settings: ServiceSettings) -> None:
    with RunningService(
        create_app(settings.model_copy(update={"host": "0.0.0.0"}), grader=FakeGrader())
    ) as wide:
        token = str(wide.services.accounts.first_admin_link())
        visitor = Visitor(wide)
        assert "Become the admin" in visitor.get(f"/link?token={token}").text
        page = f"/link?token={token}"
        answer = visitor.form(page, "/link", token=token, name="王伟", password=PASSWORD, again=PASSWORD)
        assert answer.headers["location"] == "/"
        assert visitor.get("/users").status_code == 200
        assert Visitor(wide).get(page).status_code == 410
