"""What a newcomer sees in the first minute, in a real browser: a real process, the real network."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.sample.sample_fruit import ORCHARD
from tests.service.browsing import (
    SCREENSHOTS,
    assert_accessible,
    browser,
    expect,
    needs_chromium,
    playwright,
    show,
    watched_page,
)
from tests.service.sample.demo_process import demo, fill_pool

__all__ = ["browser"]
BUSY = ("503 (Service Unavailable)",)
"""On a busy computer the model is loaded later, and the picture of a fruit drawn later: the page asks again."""
pytestmark = needs_chromium


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Iterator[str]:
    """For the documentation the fruit are rendered, as a newcomer has them."""
    data = tmp_path_factory.mktemp("demo") / "data"
    if os.environ.get(SCREENSHOTS):
        from training.simulator.fruit_pool import main

        main(["--out", str(data / "sample_fruit"), "--fruit", "12", "--views", "10", *ORCHARD])
    else:
        fill_pool(data, samples)
    few = data.parent / "pictures"
    few.mkdir()
    (few / "apple_red.jpg").write_bytes((samples / "apple_red.jpg").read_bytes())
    with demo(data, few) as (_, said):
        yield said[0].split()[1].rstrip("/")


def test_the_first_page_leads_to_the_line_where_fruit_come(browser: playwright.Browser, address: str) -> None:
    with watched_page(browser, address, expected_errors=BUSY) as page:
        page.goto("/")
        note = page.get_by_role("complementary", name="Sample")
        expect(note).to_contain_text("Simulated apples come over a sample line.")
        expect(note.get_by_role("link")).to_have_text(
            ["Watch the line", "See its lots", "Look at doubtful fruit"]
        )
        expect(page.locator("#cards li").first).to_be_visible()
        assert_accessible(page)
        show(page, "first_page", whole=False)
        note.get_by_role("link", name="Watch the line").press("Enter")
        expect(page.locator("#line-name")).to_contain_text("sample")
        expect(page.locator("#lanes img").nth(1)).to_be_visible()
        assert_accessible(page)
        if os.environ.get(SCREENSHOTS):  # the first fruit that is rejected comes late
            expect(page.locator("#lanes")).to_contain_text("Reject", timeout=120_000)
        show(page, "sample_line")


@pytest.mark.parametrize("width", [390, 1024])
def test_the_note_fits_every_screen_and_is_chinese_too(
    browser: playwright.Browser, address: str, width: int
) -> None:
    chinese = watched_page(
        browser, address, locale="zh-CN", width=width, height=768, dark=True, expected_errors=BUSY
    )
    with chinese as page:
        for path in ("/", "/lines/sample"):
            page.goto(path)
            expect(page.get_by_role("complementary", name="示例")).to_contain_text("模拟苹果正在通过示例线")
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert_accessible(page)
