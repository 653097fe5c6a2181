"""The pages of the lines in a real browser, with fruit from a real client of a real server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

import httpx
import pytest

from tests.service.browsing import CHROMIUM, PATIENCE_MS, browser, expect, playwright
from tests.service.line.live.live_line import Sender, live_app, sending
from tests.service.running import listening

__all__ = ["browser"]
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="no chromium on this computer")

FRUIT_PER_S = 10
CLASSES = ("extra", "extra", "I", "II", "reject")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with listening(live_app(tmp_path_factory.mktemp("line_page"))) as where:
        yield where


@pytest.fixture(scope="module")
def one(address: str) -> Iterator[Sender]:
    """The client of the line `one`."""
    with sending(address, "one") as line:
        yield line


@pytest.fixture
def page(browser: playwright.Browser) -> Iterator[playwright.Page]:
    """On a desktop, in English; fails on errors of scripts and of the console, not on requests that fail."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert [error for error in errors if "Failed to load resource" not in error] == []


def send_for(line: Sender, seconds: float, **orders: object) -> None:
    """FRUIT_PER_S fruit a second, each answered."""
    pause = Event()
    for index in range(round(seconds * FRUIT_PER_S)):
        line.send(lane=1 + index % 2, grade_class=CLASSES[index % 5], diameter_mm=78.0 + index % 7, **orders)
        line.decision()
        pause.wait(1 / FRUIT_PER_S)


def shown_counts(page: playwright.Page, lane: int) -> dict[str, int]:
    rows = page.locator(f"#lane-{lane} .counts div")
    return {
        str(row.get_attribute("data-count")): int((row.locator("dd").text_content() or "").replace(",", ""))
        for row in rows.all()
    }


def settled(page: playwright.Page, lane: int, triggers: int) -> None:
    expect(page.locator(f"#lane-{lane} [data-count=triggers] dd")).to_have_text(f"{triggers:,}")
    expect(page.locator(f"#lane-{lane} [data-count=graded] dd")).to_have_text(f"{triggers:,}")


def test_ten_fruit_a_second_and_the_numbers_are_those_of_the_ledger(
    page: playwright.Page, address: str
) -> None:
    with sending(address, "busy") as line:
        send_for(line, 0.4)
        page.goto(f"{address}/lines/busy")
        expect(page.locator("#status-text")).to_have_text("Live")
        expect(page.locator(".lane")).to_have_count(2)
        send_for(line, 1.5)
        nodes = page.evaluate("document.querySelectorAll('*').length")
        send_for(line, 1.5)
        lanes = {lane["lane"]: lane for lane in httpx.get(f"{address}/api/v1/lines/busy").json()["lanes"]}
        for lane in (1, 2):
            settled(page, lane, lanes[lane]["triggers"])
            shown = shown_counts(page, lane)
            for key in ("triggers", "graded", "abstained", "no_read", "late", "undelivered"):
                assert shown[key] == lanes[lane][key], key
            assert shown["refused"] == sum(lanes[lane]["refused"].values()) == 0
        assert (
            page.evaluate("document.querySelectorAll('*').length") <= nodes + 12
        )  # reasons, not a list that grows
        expect(page.locator("#lane-1 .frame img")).to_be_visible()
        expect(page.locator("#lane-1 .last")).to_have_attribute("data-number", re.compile(r"\d+"))
        assert page.locator("#lane-1 .size").text_content()
        legend = page.locator("#lane-1 .legend li").all_text_contents()
        assert {re.sub(r"[\d., %<]+$", "", text) for text in legend} == {
            "Extra Class",
            "Class I",
            "Class II",
            "Reject",
        }
        assert int(page.locator("#rate").text_content() or 0) > 0
        expect(page.locator("#belt")).to_have_text(re.compile("runs|stands"))
        expect(page.locator("#cameras li")).to_have_count(1)
        expect(page.locator("#all-well")).to_be_visible()


def test_the_picture_and_the_words_are_of_one_fruit(page: playwright.Page, address: str, one: Sender) -> None:
    one.send(grade_class="II", diameter_mm=80.0)
    one.decision()
    page.goto(f"{address}/lines/one")
    last = page.locator("#lane-1 .last")
    before = page.locator("#lane-1 [data-count=triggers] dd").text_content() or ""
    expect(last.locator("img")).to_be_visible()
    expect(last.locator(".grade")).to_have_text("Class II")
    expect(last.locator(".size")).to_have_text("80.0 mm")
    expect(last.locator(".goes")).to_have_text("APL-ANY-II→ packing line, first")
    expect(last.locator(".reasons")).to_contain_text("Class I denied")
    picture = page.request.get(f"{address}/api/v1/lines/one/lanes/1/preview.jpg")
    assert picture.headers["x-fruit-number"] == last.get_attribute("data-number")
    page.keyboard.press("h")
    expect(page.locator("#hold")).to_have_attribute("aria-pressed", "true")
    one.send(grade_class="extra", diameter_mm=81.0)
    one.decision()
    settled(page, 1, int(before) + 1)
    expect(last.locator(".size")).to_have_text("80.0 mm")
    page.locator("#hold").click()
    expect(last.locator(".size")).to_have_text("81.0 mm")
    expect(last.locator(".grade")).to_have_text("Extra Class")


def test_what_needs_a_look_takes_colour(page: playwright.Page, address: str) -> None:
    with sending(address, "poor") as line:
        for index in range(30):
            line.send(**({"outcome": "no_fruit"} if index % 3 == 0 else {"grade_class": "extra"}))
            line.decision()
        page.goto(f"{address}/lines/poor")
        expect(page.locator("#notes li")).to_have_text(["Lane 1: 33 % of the fruit are not seen"])
        expect(page.locator("#lane-1 [data-count=no_read]")).to_have_attribute("data-level", "warn")
        assert page.locator("#lane-1 [data-count=late]").get_attribute("data-level") is None
        expect(page.locator("#all-well")).to_be_hidden()
        for _ in range(3):  # two clients for one lane: refused frames
            with sending(address, "poor") as second:
                second.send()
                second._socket.recv(timeout=30)
        expect(page.locator("#lane-1 [data-count=refused]")).to_have_attribute("data-level", "warn")
        expect(page.locator("#notes")).to_contain_text("Lane 1: 3 frames were refused")


def test_nobody_sends_yet_and_no_such_line(page: playwright.Page, address: str) -> None:
    page.goto(f"{address}/lines/later")
    expect(page.locator("#blank-lead")).to_have_text("There is no line “later” yet")
    expect(page.locator("#status-text")).to_have_text("Not there yet")
    with sending(address, "later") as line:
        expect(page.locator("#blank-lead")).to_have_text("Nobody sends to this line yet")
        line.send()
        line.decision()
        expect(page.locator(".lane")).to_have_count(1)
        expect(page.locator("#blank")).to_be_hidden()


def test_the_language_changes(page: playwright.Page, address: str, one: Sender) -> None:
    one.send(grade_class="I", diameter_mm=80.0)
    one.decision()
    page.goto(f"{address}/lines/one")
    page.get_by_text("中文").click()
    expect(page.locator("#status-text")).to_have_text("实时")
    expect(page.locator("#lane-1 h2")).to_have_text("通道 1")
    expect(page.locator("#lane-1 .grade")).to_have_text("一级")
    assert page.locator("#lane-1 .reasons").text_content()
    page.get_by_text("English").click()
    expect(page.locator("#lane-1 .grade")).to_have_text("Class I")


def test_keys(page: playwright.Page, address: str, one: Sender) -> None:
    for lane in (1, 2):
        one.send(lane=lane)
        one.decision()
    page.goto(f"{address}/lines/one")
    expect(page.locator(".lane")).to_have_count(2)
    page.keyboard.press("2")
    expect(page.locator("#lane-2")).to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("h")
    expect(page.locator("#hold")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()


def test_the_page_comes_back_after_a_restart(page: playwright.Page, tmp_path: Path) -> None:
    with listening(live_app(tmp_path / "first")) as address, sending(address) as line:
        port = urlsplit(address).port
        line.send(lane=1, grade_class="extra")
        line.decision()
        page.goto(f"{address}/lines/yard")
        settled(page, 1, 1)
    expect(page.locator("#banner")).to_contain_text("The connection to the grader is lost")
    expect(page.locator("#status-text")).to_have_text("Connecting again")
    with listening(live_app(tmp_path / "second"), port=port or 0) as address, sending(address) as line:
        for _ in range(3):
            line.send(lane=1, grade_class="I", diameter_mm=80.0)
            line.decision()
        settled(page, 1, 3)
        expect(page.locator("#banner")).to_be_hidden()
        expect(page.locator("#lane-1 .grade")).to_have_text("Class I")
        page.goto("about:blank")


def test_the_list_of_lines(page: playwright.Page, tmp_path: Path) -> None:
    with listening(live_app(tmp_path)) as address:
        page.goto(f"{address}/lines")
        expect(page.locator("#blank-lead")).to_have_text("No line is running yet")
        expect(page.locator("#blank-address")).to_have_text(
            f"{address.replace('http', 'ws')}/api/v1/lines/NAME/frames"
        )
        with sending(address, "south") as line:
            line.send()
            line.decision()
            expect(page.locator(".line-name")).to_have_text(["south"])
            expect(page.locator("#blank")).to_be_hidden()
            expect(page.locator(".line-link .counts dd")).to_have_text(["1", "1", "0", "0", "0"])
            page.locator(".line-link").click()
            expect(page.locator("#lane-1")).to_be_visible()
            page.get_by_role("link", name="Lines").click()
            expect(page.locator(".line-name")).to_have_text(["south"])
    expect(page.locator("#banner")).to_have_text("The grader does not answer")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [390, 768, 1024])
def test_nothing_sticks_out_and_targets_are_large(
    browser: playwright.Browser, address: str, one: Sender, width: int, language: str
) -> None:
    for lane in (1, 2):
        one.send(lane=lane, grade_class="reject", diameter_mm=80.0)
        one.decision()
    context = browser.new_context(viewport={"width": width, "height": 844}, has_touch=True)
    page = context.new_page()
    for path in ("/lines/one", "/lines"):
        page.goto(f"{address}{path}?lang={language}")
        page.wait_for_selector(".lane .grade strong:not(:empty), .line-link", timeout=PATIENCE_MS)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        for target in page.locator(":is(header, main) :is(a, button):visible").all():
            box = target.bounding_box()
            assert box
            assert box["height"] >= 44
            assert box["x"] + box["width"] <= width
    context.close()


def test_a_hidden_page_asks_for_no_pictures(page: playwright.Page, address: str, one: Sender) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "preview.jpg" in request.url else None)
    page.add_init_script("Object.defineProperty(document, 'hidden', { get: () => true })")
    one.send(lane=1)
    one.decision()
    page.goto(f"{address}/lines/one")
    settled_after = httpx.get(f"{address}/api/v1/lines/one").json()["lanes"][1]["triggers"]
    settled(page, 1, settled_after)
    send_for(one, 1)
    settled(page, 1, settled_after + 5)
    assert asked == []
