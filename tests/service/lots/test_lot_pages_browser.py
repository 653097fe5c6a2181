"""The pages of lots in a real browser: a lot from its opening to its statement, in both languages, on every screen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from service.archive import Archive
from service.store.lot_store import StoredLot
from tests.service.browsing import (
    assert_accessible,
    browser,
    expect,
    needs_chromium,
    playwright,
    show,
    watched_page,
)
from tests.service.line.live.live_line import Sender, live_app, sending
from tests.service.lot_fruit import new_lot
from tests.service.made_lot import BEGAN, fill_lot
from tests.service.running import listening

__all__ = ["browser"]
pytestmark = needs_chromium
LANGUAGES = pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
LOTS = (
    ("20261119-2", "王家果园", "富士", "甘肃礼县永兴镇", 2_400, 3),
    ("20261120-1", "李家沟合作社", "富士", "甘肃礼县盐官镇", 1_500, 2),
    ("20261121-3", "王家果园", "Golden Delicious", "甘肃礼县永兴镇", 1_900, 1),
)


def made_lot(archive: Archive, place: int) -> StoredLot:
    code, grower, variety, origin, count, days = LOTS[place]
    began = BEGAN - timedelta(days=days)
    new = new_lot(
        code, grower=grower, variety=variety, origin=origin, net_weight_kg=0.21 * count, arrived_at=began
    )
    lot = archive.lots.open(new, line_id="north", lanes=(1, 2), at=began)
    end = fill_lot(archive, lot, count, began=began, per_s=0.5, seed=place)
    return archive.lots.close(lot.lot_id, at=end)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service with three closed lots of two growers."""
    app = live_app(tmp_path_factory.mktemp("lot_pages"))
    with listening(app) as where:
        for place in range(len(LOTS)):
            made_lot(app.state.services.archive, place)
        yield where


def pass_fruit(line: Sender, count: int, **orders: object) -> None:
    for _ in range(count):
        line.send(**orders)  # type: ignore[arg-type]
    line.decisions(count)


def triggers(page: playwright.Page) -> int:
    """Fruit that the line has seen so far."""
    answer = page.request.get("/api/v1/lines/yard").json()
    return sum(lane["triggers"] for lane in answer["lanes"])


@LANGUAGES
def test_a_lot_is_opened_watched_and_closed(browser: playwright.Browser, tmp_path: Path, locale: str) -> None:
    zh = locale == "zh-CN"
    with listening(live_app(tmp_path)) as address, watched_page(browser, address, locale=locale) as page:
        page.goto("/lots")
        expect(page.locator(".blank .lead")).to_have_text("还没有批次" if zh else "No lots yet")
        assert_accessible(page)
        page.goto("/lots/open")
        expect(page.locator(".blank .lead")).to_have_text(
            "尚无运行中的分选线" if zh else "No line is running yet"
        )
        with sending(address, "yard") as line:
            pass_fruit(line, 1)
            page.get_by_role("link", name="重新查看" if zh else "Look again").click()
            code = page.locator("input[name=code]").input_value()
            page.keyboard.type("王家果园")  # the cursor is in the grower already
            assert_accessible(page)
            page.keyboard.press("Enter")
            expect(page.locator("h1")).to_have_text(code)
            expect(page.locator("#now .lead")).to_have_text("尚无果实" if zh else "No fruit yet")
            pass_fruit(line, 3, grade_class="extra", diameter_mm=80.0)
            pass_fruit(line, 1, outcome="no_fruit")
            expect(page.locator(".tile dd").first).to_have_text("3")  # without a reload
            expect(page.locator("#now")).to_contain_text("未发现果实" if zh else "no fruit found")
            on_the_belt = line.sent
            line.send(last_view=False, grade_class="extra", diameter_mm=80.0)
            while triggers(page) <= on_the_belt:
                pass
            page.get_by_text("结批" if zh else "Close the lot", exact=True).click()
            page.keyboard.press("Tab")
            page.keyboard.press("Enter")
            expect(page.locator(".state")).to_have_text("已结批" if zh else "closed")
            expect(page.locator("#now .warn")).to_be_visible()
            line.send(fruit_id=on_the_belt, view=1, grade_class="extra", diameter_mm=80.0)
            pass_fruit(line, 1)  # of no lot
            assert line.decision().outlet != "recirculate"
            expect(page.locator(".tile dd").first).to_have_text("4")


def test_a_lot_that_somebody_else_closes(browser: playwright.Browser, tmp_path: Path) -> None:
    with listening(live_app(tmp_path)) as address, sending(address, "yard") as line:
        pass_fruit(line, 1)
        with (
            watched_page(browser, address, expected_errors=("409",)) as one,
            watched_page(browser, address, expected_errors=("409",)) as two,
        ):
            one.goto("/lots/open")
            one.get_by_label("Grower").fill("Wang")
            one.get_by_role("button", name="Open the lot").click()
            expect(one.locator("#now")).to_be_visible()
            two.goto(one.url)
            for page in (one, two):
                page.get_by_text("Close the lot", exact=True).click()
            two.evaluate("document.getElementById('now').remove()")  # a tablet that hears nothing
            one.get_by_role("button", name="Close it for good").click()
            expect(one.locator(".state")).to_have_text("closed")
            two.get_by_role("button", name="Close it for good").click()
            expect(two.locator("#fault")).to_contain_text("expected an open lot, it was closed at")


def test_a_lot_that_cannot_be_opened_keeps_what_was_typed(
    browser: playwright.Browser, tmp_path: Path
) -> None:
    with (
        listening(live_app(tmp_path)) as address,
        sending(address, "yard") as line,
        watched_page(browser, address, expected_errors=("409", "422")) as page,
    ):
        pass_fruit(line, 1)
        page.goto("/lots/open")
        for box in page.locator("fieldset input").all()[1:]:
            box.uncheck()
        page.get_by_label("Code of the lot").fill("L1")
        page.get_by_label("Grower").fill("Wang")
        page.get_by_role("button", name="Open the lot").click()
        expect(page.locator("h1")).to_have_text("L1")
        page.goto("/lots/open")
        expect(page.locator("fieldset a")).to_have_count(1)  # the lane that runs L1
        page.get_by_label("Code of the lot").fill("L1")
        page.get_by_label("Grower").fill("Chen")
        page.get_by_role("button", name="Open the lot").click()
        expect(page.locator("#fault")).to_contain_text("there is a lot 'L1' already")
        expect(page.get_by_label("Grower")).to_have_value("Chen")
        page.get_by_label("Code of the lot").fill("L2")
        page.get_by_label("Net weight, kg").fill("-3")
        page.get_by_role("button", name="Open the lot").click()
        expect(page.locator("#fault")).to_contain_text("net_weight_kg: Input should be greater than 0")
        page.get_by_label("Net weight, kg").fill("")
        for box in page.locator("fieldset input").all():
            box.uncheck()
        page.get_by_role("button", name="Open the lot").click()
        expect(page.locator("#fault")).to_contain_text("lanes: expected lanes of one line, got none")
        assert_accessible(page)


@LANGUAGES
def test_lots_are_found_and_compared(browser: playwright.Browser, address: str, locale: str) -> None:
    zh = locale == "zh-CN"
    with watched_page(browser, address, locale=locale) as page:
        page.goto("/lots")
        expect(page.locator("tbody tr")).to_have_count(3)
        page.locator("input[name=text]").fill("1120")
        page.keyboard.press("Enter")
        expect(page.locator("tbody tr")).to_have_count(1)
        page.locator("input[name=text]").fill("%")
        page.keyboard.press("Enter")
        expect(page.locator(".blank .lead")).to_have_text(
            "没有符合条件的批次" if zh else "No lot is like that"
        )
        page.goto("/lots")
        for box in page.locator("tbody input").all():
            box.check()
        page.locator("form[action='/lots/compare'] button").click()
        expect(page.locator("thead").first.locator("a")).to_have_text(
            ["20261121-3", "20261120-1", "20261119-2"]
        )
        shares = page.locator("section").first.locator("tbody td:nth-child(2)").all_text_contents()
        assert abs(sum(float(one.strip().split(" ")[0]) for one in shares) - 100) < 0.3
        assert_accessible(page)
        page.goto("/growers")
        page.get_by_role("link", name="王家果园").click()
        expect(page.locator("tbody tr")).to_have_count(2)
        assert_accessible(page)


@LANGUAGES
def test_fruit_are_found_and_explained(browser: playwright.Browser, address: str, locale: str) -> None:
    zh = locale == "zh-CN"
    with watched_page(browser, address, locale=locale) as page:
        page.goto("/lots/1/fruits?class=reject")
        expect(page.locator("tbody tr")).to_have_count(51)
        page.get_by_role("link", name="更多" if zh else "More").click()
        expect(page.locator("tbody tr")).to_have_count(101)
        assert page.url.endswith("class=reject")
        marks = set(page.locator("tbody .mark").all_text_contents())
        assert marks == {"等外" if zh else "Reject"}
        page.locator("input[name=fruit]").fill("7")
        page.locator("select[name=class]").select_option("")
        page.locator("input[name=fruit]").press("Enter")
        page.get_by_role("link", name="7", exact=True).click()
        expect(page.locator("h1")).to_contain_text("7")
        expect(page.locator("h2")).to_have_text(
            ["原因", "测量值", "测量值与限值对照", "全部判定（最新在前）"]
            if zh
            else ["Why", "Measured", "Measured against the limits", "Every decision, newest first"]
        )
        assert_accessible(page)


def test_another_standard_is_tried_then_applied(browser: playwright.Browser, address: str) -> None:
    with watched_page(browser, address) as page:
        page.goto("/lots/2/decide")
        page.locator("select[name=standard]").select_option("apple_us_7cfr51")
        page.get_by_role("button", name="Try it").click()
        changed = page.locator(".tile dd").nth(1).text_content()
        assert changed not in (None, "0")
        page.goto("/lots/2")
        expect(page.locator("#now")).not_to_contain_text("apple_us_7cfr51")
        page.go_back()
        page.get_by_role("button", name="Decide again for good").click()
        expect(page.locator(".well")).to_contain_text("fruit were decided again")
        assert_accessible(page)
        page.goto("/lots/2")
        expect(page.locator("#now")).to_contain_text("apple_us_7cfr51")
        page.goto("/lots/2/statement")
        expect(page.locator("main")).to_contain_text("apple_us_7cfr51")
        expect(page.locator("main")).not_to_contain_text("not known any more")
        page.goto("/lots/2/fruits?review=yes")
        page.locator("tbody a").first.click()
        expect(page.locator("tbody").last.locator("tr")).to_have_count(2)


@LANGUAGES
def test_a_statement_with_prices(browser: playwright.Browser, address: str, locale: str) -> None:
    with watched_page(browser, address, locale=locale, expected_errors=("422",)) as page:
        page.goto("/lots/1/statement")
        expect(page.locator(".total").first.locator("td")).to_have_count(5)
        for name, price in (("extra", "6.50"), ("I", "5.2"), ("II", "3"), ("reject", "0.80")):
            page.locator(f"input[name='price.{name}']").fill(price)
        page.keyboard.press("Enter")
        expect(page.locator(".total").first.locator("td")).to_have_count(7)
        cells = page.locator("table").first.locator("tbody tr")
        rows = [row.locator("td").all_text_contents() for row in cells.all()]
        amounts = [float(row[6].replace(",", "")) for row in rows]
        assert round(sum(amounts[:-1]), 2) == amounts[-1]
        assert all(
            round(float(row[4].replace(",", "")) * float(row[5]), 2)
            == pytest.approx(float(row[6].replace(",", "")), abs=0.005)
            for row in rows[:-1]
        )
        with page.expect_download() as download:
            page.get_by_role("link", name="PDF").click()
        assert Path(download.value.path()).read_bytes().startswith(b"%PDF")
        assert_accessible(page)
        page.locator("input[name='price.I']").fill("-1")
        page.keyboard.press("Enter")
        expect(page.locator("#fault")).to_contain_text("price of class I: expected 0 to 100000 CNY a kg")
        expect(page.locator("input[name='price.I']")).to_have_value("-1")
        expect(page.get_by_role("link", name="PDF")).to_have_count(0)


PLACES = (
    "/lots",
    "/lots/open",
    "/lots/1",
    "/lots/1/fruits",
    "/lots/1/fruits/7",
    "/lots/1/decide?standard=apple_eu_2023_2429&sku_table=default",
    "/lots/1/statement?price.extra=6.5",
    "/lots/compare?lots=1,3",
    "/growers",
    "/growers/1",
    "/lots/99",
)


@pytest.mark.parametrize(
    ("dark", "locale", "width"), [(False, "zh-CN", 390), (True, "en-GB", 390), (True, "zh-CN", 1024)]
)
def test_every_page_on_small_screens_and_in_the_dark(
    browser: playwright.Browser, address: str, dark: bool, locale: str, width: int
) -> None:
    with watched_page(
        browser, address, dark=dark, locale=locale, width=width, height=768, expected_errors=("404",)
    ) as page:
        for place in PLACES:
            page.goto(place)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, place
            assert_accessible(page)


def test_pictures_for_the_documentation(browser: playwright.Browser, address: str) -> None:
    with watched_page(browser, address, locale="zh-CN", width=1180, height=560) as page:
        page.goto("/lots")
        expect(page.locator(".stack")).to_have_count(3)
        show(page, "lots_page")
    with watched_page(browser, address, width=1120, height=1180) as page:
        page.goto("/lots/1")
        expect(page.locator(".timeline rect").first).to_be_visible()
        show(page, "lot_page", whole=False)
