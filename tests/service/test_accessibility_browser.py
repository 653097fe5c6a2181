"""The pages that were there before the warehouse, as axe sees them: light and dark, English and Chinese."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from service.accounts.roles import Role
from service.app import create_app
from service.settings import ServiceSettings
from tests.fakes import FakeGrader
from tests.service.accounts.people import PASSWORD, add_person
from tests.service.browsing import (
    assert_accessible,
    browser,
    expect,
    needs_chromium,
    playwright,
    watched_page,
)
from tests.service.line.live.live_line import live_app, sending
from tests.service.running import listening, painted_png

__all__ = ["browser"]
pytestmark = needs_chromium
LOOKS = pytest.mark.parametrize(("dark", "locale"), [(False, "en-GB"), (True, "zh-CN")])


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service with a graded sample and an admin."""
    folder = tmp_path_factory.mktemp("axe")
    (folder / "samples").mkdir()
    (folder / "samples" / "two_apples.png").write_bytes(painted_png(fruits=2))
    settings = ServiceSettings(data_dir=folder / "data", samples_dir=folder / "samples", min_free_mb=1)
    app = create_app(settings, grader=FakeGrader())
    with listening(app) as address:
        add_person(app.state.services.accounts, "Wang Wei", Role.ADMIN)
        yield address


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service with a line that has seen fruit."""
    with (
        listening(live_app(tmp_path_factory.mktemp("axe_lines"))) as address,
        sending(address, "one") as line,
    ):
        for number in range(12):
            line.send(lane=1 + number % 2, grade_class="I", diameter_mm=78.0)
            line.decision()
        yield address


@LOOKS
def test_pictures_and_accounts(browser: playwright.Browser, pictures: str, dark: bool, locale: str) -> None:
    with watched_page(browser, pictures, dark=dark, locale=locale) as page:
        page.goto("/sign-in")
        assert_accessible(page)
        page.locator("input[name=name]").fill("Wang Wei")
        page.locator("input[name=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.locator(".card")).to_have_count(2)
        assert_accessible(page)
        page.keyboard.press("?")
        expect(page.locator("#help")).to_be_visible()
        assert_accessible(page)
        for path in ("/account", "/users", "/keys"):
            page.goto(path)
            assert_accessible(page)


@LOOKS
def test_lines(browser: playwright.Browser, lines: str, dark: bool, locale: str) -> None:
    no_such_line = ("404 (Not Found)",)
    with watched_page(browser, lines, dark=dark, locale=locale, expected_errors=no_such_line) as page:
        page.goto("/lines")
        expect(page.locator("#lines li").first).to_be_visible()
        assert_accessible(page)
        page.goto("/lines/one")
        expect(page.locator(".lane")).to_have_count(2)
        assert_accessible(page)
        page.goto("/lines/none")
        expect(page.locator("#blank")).to_be_visible()
        assert_accessible(page)
