"""A real browser for tests of pages: Debian's Chromium, what it complains about, whether all can use a page."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CHROMIUM = Path("/usr/bin/chromium")
PATIENCE_MS = 30_000
SCREENSHOTS = "GRADER_SCREENSHOTS"
"""Environment variable: the folder that `show` writes to, as a rule docs/. Without it nothing is written."""

needs_chromium = pytest.mark.skipif(not CHROMIUM.exists(), reason="no chromium on this computer")
playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect


@pytest.fixture(scope="module")
def browser() -> Iterator[playwright.Browser]:
    with playwright.sync_playwright() as runner:
        browser = runner.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@contextmanager
def watched_page(
    browser: playwright.Browser,
    address: str,
    *,
    locale: str = "en-GB",
    width: int = 1280,
    height: int = 900,
    dark: bool = False,
    expected_errors: tuple[str, ...] = (),
) -> Iterator[playwright.Page]:
    """A page of a browser of its own. At the end it fails on script errors, on errors in the console and on requests
    to other places. expected_errors: parts of console messages that belong to the case (a refused form is one)."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale=locale,
        color_scheme="dark" if dark else "light",
        base_url=address,
    )
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda told: problems.append(told.text) if told.type == "error" else None)
    page.on(
        "request",
        lambda request: (
            problems.append(request.url) if not request.url.startswith((address, "blob:", "data:")) else None
        ),
    )
    yield page
    context.close()
    unexpected = [one for one in problems if not any(part in one for part in expected_errors)]
    assert unexpected == [], unexpected


def assert_accessible(page: playwright.Page) -> None:
    """No finding of axe, at the rules of WCAG 2.2 A and AA and its best practices."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    found = axe.Axe().run(page).response["violations"]
    told = [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]
    assert told == [], told


def show(page: playwright.Page, name: str, *, whole: bool = True) -> None:
    """Write the picture of a page for the documentation, where it is asked for. name: of the file, without `.jpg`."""
    folder = os.environ.get(SCREENSHOTS)
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.jpg"), type="jpeg", quality=85, full_page=whole)
