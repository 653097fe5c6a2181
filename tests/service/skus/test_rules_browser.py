"""The pages of rules in a real browser: a limit moves, the packout follows; publish, roll back, faults in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from grader.standard import load_standard
from service.app import create_app
from service.settings import ServiceSettings
from tests.fakes import FakeGrader
from tests.service.browsing import (
    assert_accessible,
    browser,
    expect,
    needs_chromium,
    playwright,
    show,
    watched_page,
)
from tests.service.running import listening
from tests.service.skus.rule_lot import fill_lot

__all__ = ["browser"]
pytestmark = needs_chromium

STANDARD = "apple_eu_2023_2429"
EDITOR = f"/rules/standards/{STANDARD}"
COUNT = 600


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    settings = ServiceSettings(data_dir=tmp_path / "data", samples_dir=tmp_path / "none", min_free_mb=1)
    return create_app(settings, grader=FakeGrader())


@pytest.fixture
def address(app: FastAPI) -> Iterator[str]:
    with listening(app) as where:
        fill_lot(app.state.services.archive, "L-2026-118", COUNT)
        yield where


def bruise(page: playwright.Page) -> playwright.Locator:
    """The limit of bruising for Class I: its number."""
    return page.locator('input[name="field:rules.3.maximum.I"]')


def settled(page: playwright.Page) -> None:
    """Everything that was asked for is on the screen."""
    expect(page.locator("#result .headline")).to_be_visible()
    expect(page.locator(".htmx-request")).to_have_count(0)


def test_a_slider_moves_and_the_packout_follows(
    browser: playwright.Browser, address: str, app: FastAPI
) -> None:
    with watched_page(browser, address, width=1440, height=1000) as page:
        page.goto("/rules")
        assert_accessible(page)
        page.get_by_role("link", name="EU marketing standard for apples").click()
        result = page.locator("#result")
        expect(result.locator(".headline")).to_contain_text(f"0 of {COUNT} fruit go elsewhere")
        slider = page.locator(".dial", has=bruise(page)).get_by_role("slider")
        slider.focus()
        for _ in range(12):
            page.keyboard.press("ArrowLeft")
        expect(bruise(page)).to_have_value("0.4")
        expect(result.locator(".differences")).to_contain_text("Class I, bruising, total area")
        expect(result.locator(".headline")).not_to_contain_text(f"0 of {COUNT}")
        expect(page.locator("#text")).to_have_value(re.compile(r"extra = 0, I = 0\.4, II = 1\.5"))
        result.get_by_role("button", name=re.compile("Show these fruit")).first.click()
        expect(page.locator("#moved tbody tr").first).to_contain_text("Class I denied: bruising")
        assert_accessible(page)
        show(page, "rules_whatif", whole=False)
        settled(page)
        page.get_by_label("Why (kept for ever)").first.fill("customer in Chengdu")
        page.get_by_role("button", name="Publish").click()
        expect(page.locator(".well").first).to_contain_text("Published")
        expect(page.locator(".history li").first).to_contain_text("this computer")
        judging = app.state.services.rules.standard(STANDARD)
        assert judging.rules[3].tests[0].limits == (0.0, 0.4, 1.5)
        assert_accessible(page)
        page.goto("/rules")
        expect(page.locator(".force", has_text="this computer")).to_be_visible()
        show(page, "rules_page", whole=False)
        page.goto(EDITOR)
        settled(page)

        page.locator(".history").get_by_text("Back to this version").first.click()
        page.locator(".history").get_by_label("Why (kept for ever)").fill("too strict")
        page.get_by_role("button", name="Yes, put it in force again").click()
        expect(page.locator(".well").first).to_contain_text("older version is in force again")
        assert app.state.services.rules.standard(STANDARD).sha256 == load_standard(STANDARD).sha256


def test_a_fault_is_told_at_once_in_both_languages_and_the_text_fills_the_form(
    browser: playwright.Browser, address: str
) -> None:
    with watched_page(browser, address, locale="zh-CN", dark=True) as page:
        page.goto(EDITOR)
        expect(page.locator("h1")).to_have_text("欧盟苹果销售标准（UNECE FFV-50）")
        bruise(page).fill("9")
        fault = page.locator("#result .fault")
        expect(fault).to_contain_text("不能发布")
        expect(fault).to_contain_text("class I (9) allows more than class II (1.5)")
        bruise(page).fill("0.8")
        expect(page.locator("#result .differences")).to_contain_text("碰压伤总面积")
        page.get_by_text("文件文本").click()
        text = page.locator("#text")
        expect(text).to_have_value(re.compile("I = 0.8, II = 1.5"))
        text.fill(text.input_value().replace("I = 0.8, II = 1.5", "I = 0.7, II = 1.5"))
        expect(bruise(page)).to_have_value("0.7")
        text.fill(text.input_value()[:900])
        expect(page.locator("#result .fault li").first).to_be_visible()
        assert_accessible(page)


def test_who_came_second_is_told_and_keeps_the_draft(
    browser: playwright.Browser, address: str, app: FastAPI
) -> None:
    refused = ("409", "Conflict")
    with (
        watched_page(browser, address, expected_errors=refused) as page,
        watched_page(browser, address) as other,
    ):
        for one, limit in ((page, "0.8"), (other, "0.6")):
            one.goto(EDITOR)
            bruise(one).fill(limit)
            expect(one.locator("#result .differences")).to_be_visible()
            settled(one)
            one.get_by_label("Why (kept for ever)").first.fill(f"limit {limit}")
        other.get_by_role("button", name="Publish").click()
        expect(other.locator(".well").first).to_contain_text("Published")
        page.get_by_role("button", name="Publish").click()
        expect(page.locator("#problem")).to_contain_text("somebody put another version in force")
        expect(page.locator("#problem")).to_contain_text("limit 0.6")
        expect(bruise(page)).to_have_value("0.8")
        assert app.state.services.rules.standard(STANDARD).rules[3].tests[0].limits[1] == 0.6


def test_a_sku_table_moves_sizes_and_outlets(browser: playwright.Browser, address: str) -> None:
    with watched_page(browser, address) as page:
        page.goto("/rules/skus/default")
        expect(page.locator("#result .headline")).to_contain_text(f"0 of {COUNT}")
        page.get_by_label("size_apple_5mm, 70 | 75, mm").first.fill("76")
        expect(page.locator("#result .headline")).not_to_contain_text(f"0 of {COUNT}")
        page.get_by_label("Outlet 3").select_option("manual")
        expect(page.locator("#result .differences")).to_contain_text("outlet: pack_premium → manual")
        settled(page)
        page.get_by_label("Of which fruit").select_option("season:apple")
        expect(page.get_by_label("from", exact=True)).to_be_visible()
        settled(page)
        expect(page.locator("#result .headline")).to_contain_text(f"of {COUNT} fruit go elsewhere")
        page.get_by_label("to", exact=True).fill("2020-01-01")
        expect(page.locator("#result .warn")).to_contain_text("expected lots of apple that arrived")
        assert_accessible(page)


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1024, 768)])
def test_narrow_pages_do_not_scroll_sideways(
    browser: playwright.Browser, address: str, width: int, height: int
) -> None:
    with watched_page(browser, address, width=width, height=height) as page:
        for path in ("/rules", EDITOR, "/rules/skus/default"):
            page.goto(path)
            if path != "/rules":
                expect(page.locator("#result .headline")).to_be_visible()
            wide = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert wide == 0, path
            assert_accessible(page)
