"""The account pages in a real browser: from the printed link to a user who is signed out again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from service.accounts.roles import Role
from service.app import create_app
from service.settings import ServiceSettings
from tests.fakes import FakeGrader
from tests.service.accounts.people import PASSWORD, add_person
from tests.service.browsing import CHROMIUM, browser, expect, playwright
from tests.service.running import listening

__all__ = ["browser"]
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="no chromium on this computer")
PATIENCE_MS = 60_000


def make_app(folder: Path) -> FastAPI:
    settings = ServiceSettings(data_dir=folder / "data", samples_dir=folder / "none", min_free_mb=1)
    return create_app(settings, grader=FakeGrader())


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    return make_app(tmp_path_factory.mktemp("accounts"))


@pytest.fixture(scope="module")
def address(app: FastAPI) -> Iterator[str]:
    """A service with an admin, two users and a key."""
    with listening(app) as address:
        accounts = app.state.services.accounts
        add_person(accounts, "Wang Wei", Role.ADMIN)
        add_person(accounts, "李娜", Role.STAFF)
        accounts.add("Chen Yu", Role.ENGINEER)
        accounts.add_key("north line", "Wang Wei")
        yield address


@pytest.fixture
def page(browser: playwright.Browser) -> Iterator[playwright.Page]:
    """A browser of its own, in English; fails on script errors and on refused content."""
    context = browser.new_context(viewport={"width": 1024, "height": 768}, locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console",
        lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None,
    )
    yield page
    context.close()
    assert errors == []


def sign_in(page: playwright.Page, address: str, name: str = "Wang Wei", after: str = "/account") -> None:
    """With the keyboard alone: the cursor is in the right field."""
    page.goto(address + after)
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(address + after)


def test_from_the_printed_link_to_a_service_with_sign_in(page: playwright.Page, tmp_path: Path) -> None:
    app = make_app(tmp_path)
    with listening(app) as address:
        page.goto(f"{address}/account")
        expect(page.locator(".note")).to_contain_text("There are no users yet")
        page.goto(f"{address}/link?token={app.state.services.accounts.first_admin_link()}")
        page.get_by_text("中文").click()
        expect(page.locator("h1")).to_have_text("成为管理员")
        page.get_by_text("English").click()
        expect(page.locator("h1")).to_have_text("Become the admin")
        page.keyboard.type("王伟")
        for text in (PASSWORD, "green apples fall"):
            page.keyboard.press("Tab")
            page.keyboard.type(text)
        page.keyboard.press("Enter")
        expect(page.locator("#fault")).to_contain_text("The two passwords differ")
        expect(page.locator("input[name=name]")).to_have_value("王伟")
        page.get_by_label("New password", exact=True).fill(PASSWORD)
        page.get_by_label("New password again").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{address}/")
        page.get_by_label("Your account: 王伟").click()
        expect(page.locator("h1")).to_have_text("王伟")
        page.get_by_role("button", name="Sign out").click()
        expect(page.locator("h1")).to_have_text("Sign in")


def test_a_wrong_password_is_told_and_the_name_stays(page: playwright.Page, address: str) -> None:
    page.goto(f"{address}/lines")
    page.keyboard.type("李娜")
    page.keyboard.press("Tab")
    page.keyboard.type("wrong wrong")
    page.keyboard.press("Enter")
    expect(page.locator("#fault")).to_have_text("Name or password is wrong.")
    page.keyboard.type(PASSWORD)  # the cursor is in the password already
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/lines")
    expect(page.locator("h1")).to_have_text("Sorting lines")
    expect(page.locator("#status-text")).to_have_text("Live")


def test_staff_see_no_users(page: playwright.Page, address: str) -> None:
    sign_in(page, address, "李娜")
    expect(page.locator(".tabs a")).to_have_text(["Your account"])
    page.goto(f"{address}/users")
    expect(page.locator("h1")).to_have_text("This page is not for your role")


def test_an_admin_adds_a_user_and_changes_the_role(page: playwright.Page, address: str) -> None:
    sign_in(page, address, after="/users")
    page.get_by_label("Name").fill("Zhao Min")
    page.locator(".inline select").select_option("qa")
    page.get_by_role("button", name="Add").click()
    expect(page.locator("#secret")).to_have_text(re.compile(rf"^{address}/link\?token=[\w-]{{43}}$"))
    row = page.locator(".rows li", has_text="Zhao Min")
    expect(row.locator(".tag")).to_have_text(["Quality"])
    page.reload()  # asks nothing, makes no second user
    row.get_by_label("Change: Zhao Min").click()
    row.locator("select").select_option("engineer")
    row.get_by_role("button", name="Set the role").click()
    expect(row.locator(".tag")).to_have_text(["Engineer"])
    row.get_by_label("Change: Zhao Min").click()
    row.get_by_role("button", name="Disable").click()
    expect(row).to_contain_text("disabled")


def test_a_key_is_shown_once_and_revoked(page: playwright.Page, address: str) -> None:
    sign_in(page, address, after="/keys")
    page.get_by_label("What for").fill("south line")
    page.keyboard.press("Enter")
    expect(page.locator("#secret")).to_have_text(re.compile(r"^pgk_[0-9a-f]{8}_[\w-]{43}$"))
    page.goto(f"{address}/keys")
    expect(page.locator("#secret")).to_have_count(0)
    row = page.locator(".rows li", has_text="south line")
    row.get_by_label("Revoke: south line").click()
    row.get_by_role("button", name="Revoke for good").click()
    expect(row).to_contain_text("revoked")


def test_a_page_that_is_open_finds_out_that_its_session_ended(
    page: playwright.Page, address: str, app: FastAPI
) -> None:
    sign_in(page, address, "李娜", after="/lines")
    expect(page.locator("#status-text")).to_have_text("Live")
    accounts = app.state.services.accounts
    account = accounts.named("李娜")
    for session in accounts.sessions_of(account.account_id):
        accounts.end_session(account.account_id, session.session_id)
    page.wait_for_url(f"{address}/sign-in?next=%2Flines")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [390, 820, 1280])
def test_nothing_sticks_out_and_targets_are_large(
    browser: playwright.Browser, address: str, width: int, language: str, theme: str
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 844}, has_touch=width < 1100, color_scheme=theme
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(f"{address}/sign-in?lang={language}")
    check_layout(page, width)
    page.locator("input[name=name]").fill("Wang Wei")
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/")
    for path in ("/account", "/users", "/keys"):
        page.goto(address + path)
        for summary in page.locator("details summary").all():
            summary.click()
        check_layout(page, width)
        assert page.locator("html").get_attribute("lang") == ("zh-CN" if language == "zh" else "en")
        assert page.locator("html").get_attribute("data-theme") == theme
    context.close()


def check_layout(page: playwright.Page, width: int) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for target in page.locator(
        "header a:visible, header button:visible, main button:visible, main select:visible, .tabs a, summary"
    ).all():
        box = target.bounding_box()
        assert box
        assert box["height"] >= 44, target.evaluate("(one) => one.outerHTML")
        assert box["x"] + box["width"] <= width
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll("button, a, input:not([type=hidden], .unseen), select, summary")]
            .filter((one) => !(one.textContent.trim() || one.getAttribute("aria-label") || one.labels?.length))
            .map((one) => one.outerHTML)"""
    )
    assert unnamed == []
