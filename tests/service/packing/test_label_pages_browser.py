"""`/labels` and `/trace` in a real browser: print, scan a pallet together, trace it back; both languages, all sizes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.services import Services
from service.store.judges import JudgedBy
from tests.service.browsing import (
    assert_accessible,
    browser,
    expect,
    needs_chromium,
    playwright,
    show,
    watched_page,
)
from tests.service.labels.examples import needs_chinese_font
from tests.service.packing.packed_service import (
    PACKED_AT,
    add_lot,
    add_mixed_fruit,
    decide_again,
    pack,
    packing_app,
)
from tests.service.running import listening

__all__ = ["browser"]
pytestmark = [needs_chromium, needs_chinese_font]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[tuple[str, Services, JudgedBy]]:
    """A service with a lot of 90 fruit, packed twelve to a carton while it is open."""
    app, judge = packing_app(tmp_path, count=12)
    with listening(app) as address:
        services: Services = app.state.services
        lot = add_lot(services, "LX-1122-3", origin="礼县永兴镇")
        add_mixed_fruit(services, lot, judge, 90)
        pack(services, lot)
        yield address, services, judge


def extra_cartons(services: Services) -> list[str]:
    """Codes of the cartons of the best class."""
    found = services.archive.cartons.cartons(1, limit=100)
    return [one.code for one in found if one.grade_class == "extra"]


def scan(page: playwright.Page, text: str) -> None:
    """As a hand scanner does: type and Enter."""
    page.keyboard.insert_text(text)
    page.keyboard.press("Enter")


def test_from_labels_to_a_pallet_and_back_to_the_fruit(
    browser: playwright.Browser, house: tuple[str, Services, JudgedBy]
) -> None:
    address, services, judge = house
    first, second, third, *_ = extra_cartons(services)
    other = next(one.code for one in services.archive.cartons.cartons(1, limit=100) if one.grade_class == "I")
    with watched_page(browser, address, height=1090) as page:
        page.goto("/lines")
        page.get_by_role("link", name="Labels").click()
        sums = page.locator("#sums dd")
        expect(sums.first).to_have_text("90")
        numbers = [int(text.split()[0]) for text in sums.all_inner_texts()]
        assert numbers[0] == 90 == sum(numbers[1:])
        expect(page.locator("#preview img")).to_have_js_property("naturalWidth", 800)
        page.get_by_role("link", name=second, exact=True).click()
        expect(page.locator("#preview h2")).to_contain_text(second)
        expect(page.get_by_role("button", name="Print the chosen")).to_be_disabled()
        page.get_by_role("checkbox", name="Choose all").check()
        with page.expect_popup() as job:
            page.get_by_role("button", name="Print the chosen").click()
        assert job.value.url.count("code=C1-") == page.locator("#cartons tbody tr").count()
        job.value.close()

        page.locator("#scan").focus()
        scan(page, first)
        expect(page.locator("#draft ol li")).to_have_count(1)
        expect(page.locator("#scan")).to_be_focused()
        scan(page, first)
        expect(page.locator("#fault")).to_contain_text(
            f"carton {first}: expected each carton once, got it twice"
        )
        expect(page.locator("#fault p").first).to_have_text("This carton was scanned already.")
        scan(page, other)
        expect(page.locator("#fault p").first).to_have_text("This carton is of another lot or SKU.")
        expect(page.locator("#fault")).to_contain_text(f"carton {other}: expected lot 1 and SKU APL-EX-75")
        scan(page, "C9-0001")
        expect(page.locator("#fault")).to_contain_text("There is no such carton or pallet here.")
        scan(page, "(01)10614141543219(21)X")
        expect(page.locator("#fault")).to_contain_text("a label of another firm")
        scan(page, third)
        expect(page.locator("#draft ol li")).to_have_count(2)
        scan(page, second)
        expect(page.locator("#draft ol li")).to_have_count(3)
        page.get_by_role("button", name=f"Take off {third}").click()
        expect(page.locator("#draft ol li")).to_have_count(2)
        assert_accessible(page)
        page.evaluate("window.scrollTo(0, 0)")
        show(page, "labels_page", whole=False)
        page.get_by_label("Gross weight, kg").fill("5.60")
        page.get_by_role("button", name="Build the pallet (2)").click()
        expect(page.locator("#preview h2")).to_contain_text("369012340000000017")
        expect(page.locator("#preview img")).to_have_js_property("naturalWidth", 1184)
        assert_accessible(page)

        page.get_by_role("link", name="Trace a carton").click()
        expect(page.locator("h1")).to_have_text("Trace")
        expect(page.locator("#scan")).to_be_focused()
        scan(page, "369012340000000017")
        page.get_by_role("link", name=first, exact=True).click()
        expect(page.locator("#found")).to_have_text(f"Carton {first}")
        expect(page.locator("#fruit li")).to_have_count(12)
        expect(page.locator(".hash").last).to_have_text(judge.sku_table_sha256)
        page.get_by_role("link", name="3 6901234 000000001 7").click()
        page.get_by_text("Take the pallet apart").first.click()
        page.get_by_label("Why").fill("a carton fell down")
        page.get_by_label("Why").press("Enter")
        expect(page.locator(".warn")).to_contain_text("This pallet is void: a carton fell down")
        page.get_by_role("link", name=second, exact=True).click()
        page.get_by_text("Make the carton void").first.click()
        page.get_by_label("Why").fill("wet")
        page.get_by_role("button", name="Make the carton void").click()
        expect(page.locator(".warn")).to_contain_text("This carton is void: wet (this computer")


def test_trace_in_chinese_shows_what_changed_after_packing(
    browser: playwright.Browser, house: tuple[str, Services, JudgedBy]
) -> None:
    address, services, judge = house
    first, second, *_ = extra_cartons(services)
    fruit = services.archive.packing.fruit_of(services.archive.cartons.named([first])[0].carton_id)
    decide_again(services, services.archive.lots.lot(1), judge, fruit[2].lot_fruit_id, "I")
    services.archive.pallets.build(
        [first, second], company_prefix="6901234", extension=3, who="李娜", at=PACKED_AT
    )
    with watched_page(browser, address, locale="zh-CN", width=1280, height=1000) as page:
        page.goto("/trace")
        expect(page.locator("#scan")).to_be_focused()
        scan(page, first.lower())
        expect(page.locator("#changed")).to_contain_text("装箱后判定有变的果仍留在箱内")
        expect(page.locator("#fruit .changed")).to_have_count(1)
        expect(page.locator("#fruit .changed")).to_contain_text("现为")
        assert_accessible(page)
        show(page, "trace_page")
        page.goto("/labels")
        expect(page.locator("h1")).to_have_text("标签")
        page.locator("#scan").focus()
        scan(page, first)
        expect(page.locator("#fault p").first).to_have_text("此箱已在其他托盘上。")
        assert_accessible(page)


@pytest.mark.parametrize(
    ("width", "height", "dark", "locale"),
    [
        (390, 844, False, "zh-CN"),
        (390, 844, True, "en-GB"),
        (1024, 768, True, "zh-CN"),
        (1024, 768, False, "en-GB"),
    ],
)
def test_on_a_phone_and_on_a_tablet(
    browser: playwright.Browser,
    house: tuple[str, Services, JudgedBy],
    width: int,
    height: int,
    dark: bool,
    locale: str,
) -> None:
    address, services, _ = house
    first = extra_cartons(services)[0]
    services.archive.lots.close(1, at=PACKED_AT)
    with watched_page(browser, address, width=width, height=height, dark=dark, locale=locale) as page:
        for path in ("/labels", "/trace", f"/trace?scan={first}", "/trace?scan=nothing"):
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert_accessible(page)


def test_a_house_without_lots_and_without_a_company(browser: playwright.Browser, tmp_path: Path) -> None:
    app, judge = packing_app(tmp_path, company=None)
    with listening(app) as address, watched_page(browser, address) as page:
        page.goto("/labels")
        expect(page.locator("#company-fault")).to_contain_text("company.toml")
        expect(page.locator(".lead")).to_have_text("No lot was opened yet")
        assert_accessible(page)
        lot = add_lot(app.state.services)
        add_mixed_fruit(app.state.services, lot, judge, 9)
        app.state.services.archive.lots.close(1, at=PACKED_AT)
        page.reload()
        expect(page.locator("#cartons-title")).to_be_visible()
        page.get_by_role("button", name="Close them now").click()
        expect(page.locator("#cartons .tag").first).to_have_text("not full")
        expect(page.locator("#preview .fault")).to_contain_text("expected this file in the data folder")
