"""The review page in a real browser: few keys, a finger, both languages, offline for a while."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.accounts.roles import Role
from service.app import create_app
from service.settings import ServiceSettings
from tests.service.accounts.people import PASSWORD, add_person
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
from tests.service.line.live.live_line import live_app
from tests.service.review.review_fruit import fill, open_archive
from tests.service.review.shown_fruit import stock_with_samples
from tests.service.running import listening

__all__ = ["browser"]
pytestmark = needs_chromium


@pytest.fixture
def stocked(tmp_path: Path) -> Iterator[str]:
    """Fruit 1 to 6 are doubtful and said to be of class I, 7 to 9 are of the random sample."""
    archive = open_archive(tmp_path / "data")
    fill(archive, doubtful=6, audits=3)
    archive.close()
    with listening(live_app(tmp_path)) as address:
        yield address


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[str]:
    with listening(live_app(tmp_path)) as address:
        yield address


def fruit(address: str, number: int) -> Any:
    return httpx.get(f"{address}/api/v1/review/{number}", timeout=30).json()


def shows(page: playwright.Page, name: str) -> None:
    """Wait for a fruit and its picture."""
    expect(page.locator("#fruit-name")).to_have_text(f"Fruit cup-{name}, lot L1, lane 1")
    expect(page.locator("#views img")).to_be_visible()


def answered(page: playwright.Page, address: str, number: int, answers: list[tuple[str, str | None]]) -> None:
    """Wait until a fruit has these answers."""
    for _ in range(200):
        found = [(one["answer"], one["person_class"]) for one in fruit(address, number)["answers"]]
        if found == answers:
            return
        page.wait_for_load_state()
    assert found == answers


def test_one_key_confirms_and_two_change_the_class(stocked: str, browser: playwright.Browser) -> None:
    with watched_page(browser, stocked) as page:
        page.goto("/review")
        shows(page, "0")
        expect(page.locator('[data-count="doubtful"]')).to_have_text("6")
        page.keyboard.press("Enter")
        shows(page, "1")
        page.keyboard.press("3")
        expect(page.locator("#confirm")).to_contain_text("Change to Class II")
        page.keyboard.press("Enter")
        shows(page, "2")
        page.keyboard.press("4")
        page.keyboard.press("4")
        shows(page, "3")
        page.keyboard.press("0")
        shows(page, "4")
        expect(page.locator('[data-count="doubtful"]')).to_have_text("2")
        expect(page.locator("#last")).to_have_text("Fruit cup-3: cannot tell.")
        answered(page, stocked, 1, [("confirm", "I")])
        answered(page, stocked, 2, [("change", "II")])
        answered(page, stocked, 3, [("change", "reject")])
        answered(page, stocked, 4, [("cannot_tell", None)])


def test_taking_back_shows_the_fruit_again(stocked: str, browser: playwright.Browser) -> None:
    with watched_page(browser, stocked) as page:
        page.goto("/review")
        shows(page, "0")
        page.keyboard.press("4")
        page.keyboard.press("4")
        shows(page, "1")
        answered(page, stocked, 1, [("change", "reject")])
        page.keyboard.press("Control+z")
        shows(page, "0")
        answered(page, stocked, 1, [("change", "reject"), ("undo", None)])
        expect(page.locator("#opinion")).to_contain_text("took it back")
        page.keyboard.press("Enter")
        shows(page, "1")
        answered(page, stocked, 1, [("change", "reject"), ("undo", None), ("confirm", "I")])
        assert fruit(stocked, 1)["current"]["class"] == "I"


def test_an_audit_shows_nothing_of_the_machine_until_it_is_answered(
    stocked: str, browser: playwright.Browser
) -> None:
    with watched_page(browser, stocked) as page:
        page.goto("/review")
        page.get_by_role("button", name="Audit, blind").click()
        shows(page, "100")
        expect(page.locator("#opinion")).to_contain_text("judge it yourself")
        expect(page.locator("#opinion")).not_to_contain_text("Class")
        expect(page.locator("#confirm")).to_be_disabled()
        expect(page.locator("#overlay")).to_be_hidden()
        page.keyboard.press("Enter")
        shows(page, "100")
        page.keyboard.press("3")
        page.keyboard.press("Enter")
        shows(page, "101")
        expect(page.locator("#last")).to_have_text("Fruit cup-100: you said Class II, the grader Class I.")
        expect(page.locator('[data-count="audit"]')).to_have_text("2")
        answered(page, stocked, 7, [("change", "II")])


def test_offline_for_a_while_nothing_is_lost_and_nothing_sent_twice(
    stocked: str, browser: playwright.Browser
) -> None:
    with watched_page(browser, stocked, expected_errors=("ERR_INTERNET_DISCONNECTED",)) as page:
        page.goto("/review")
        shows(page, "0")
        expect(page.locator('[data-count="all"]')).to_have_text("9")
        page.wait_for_load_state("networkidle")
        page.context.set_offline(True)
        page.keyboard.press("Enter")
        shows(page, "1")
        page.keyboard.press("3")
        page.keyboard.press("3")
        expect(page.locator("#unsent")).to_have_text("2 waiting to be sent")
        expect(page.locator("#offline")).to_be_visible()
        shows(page, "2")
        page.keyboard.press("u")
        expect(page.locator("#unsent")).to_have_text("1 waiting to be sent")
        shows(page, "1")
        page.keyboard.press("4")
        page.keyboard.press("4")
        shows(page, "2")
        assert fruit(stocked, 1)["answers"] == []
        page.context.set_offline(False)
        expect(page.locator("#unsent")).to_be_hidden()
        answered(page, stocked, 1, [("confirm", "I")])
        answered(page, stocked, 2, [("change", "reject")])
        expect(page.locator("#offline")).to_be_hidden()
        assert page.evaluate("localStorage.getItem('review-outbox this computer')") == "[]"


def test_answers_that_wait_survive_the_end_of_the_page(stocked: str, browser: playwright.Browser) -> None:
    with watched_page(browser, stocked, expected_errors=("ERR_INTERNET_DISCONNECTED",)) as page:
        page.goto("/review")
        shows(page, "0")
        page.wait_for_load_state("networkidle")
        page.context.set_offline(True)
        page.keyboard.press("Enter")
        expect(page.locator("#unsent")).to_have_text("1 waiting to be sent")
        page.context.set_offline(False)
        page.goto("/review")
        shows(page, "1")
        answered(page, stocked, 1, [("confirm", "I")])


def test_somebody_else_was_quicker(stocked: str, browser: playwright.Browser) -> None:
    with watched_page(browser, stocked, expected_errors=("409",)) as page:
        page.goto("/review")
        shows(page, "0")
        body = {"key": "of-the-other", "answer": "change", "class": "reject", "seen": 0}
        assert httpx.post(f"{stocked}/api/v1/review/1", json=body, timeout=30).status_code == 200
        page.keyboard.press("Enter")
        shows(page, "1")
        expect(page.get_by_role("alert").filter(has_text="somebody was quicker")).to_contain_text(
            "answered reject"
        )
        answered(page, stocked, 1, [("change", "reject")])


def test_a_defect_is_drawn_with_a_finger(stocked: str, browser: playwright.Browser) -> None:
    with watched_page(browser, stocked) as page:
        page.goto("/review")
        shows(page, "0")
        page.keyboard.press("d")
        page.locator("#mark-kind").select_option("rot")
        box = page.locator("#views canvas").bounding_box()
        assert box is not None

        def at(x: float, y: float) -> tuple[float, float]:
            return box["x"] + x * box["width"], box["y"] + y * box["height"]

        def stroke() -> None:
            page.mouse.move(*at(0.5, 0.5))
            page.mouse.down()
            page.mouse.move(*at(0.75, 0.5), steps=4)
            page.mouse.up()

        stroke()
        stroke()
        page.get_by_role("button", name="Remove the last mark").click()
        expect(page.locator("#mark-told")).to_have_text("Marks that go with your answer: 1")
        page.get_by_role("button", name="Erase a defect").click()
        page.mouse.click(*at(0.25, 0.25))
        page.locator("#note").fill("soft")
        page.locator("#classes").get_by_role("button", name="Reject").click()
        page.get_by_role("button", name="Change to Reject").click()
        shows(page, "1")
        answered(page, stocked, 1, [("change", "reject")])
        (stored,) = fruit(stocked, 1)["answers"]
        drawn, erased = stored["marks"]
        assert (stored["note"], drawn["kind"], drawn["erase"], drawn["width_px"]) == (
            "soft",
            "rot",
            False,
            8.0,
        )
        assert drawn["points"][0] == pytest.approx([80, 60], abs=1)
        assert drawn["points"][-1] == pytest.approx([120, 60], abs=1)
        assert (erased["kind"], erased["erase"]) == (None, True)
        assert erased["points"][0] == pytest.approx([40, 30], abs=1)


def test_signed_out_answers_wait_for_the_same_person(tmp_path: Path, browser: playwright.Browser) -> None:
    archive = open_archive(tmp_path / "data")
    fill(archive)
    archive.close()
    app = live_app(tmp_path)
    with (
        listening(app) as address,
        watched_page(browser, address, expected_errors=("401",)) as page,
    ):
        accounts = app.state.services.accounts
        for name in ("Wang Wei", "Li Na"):
            add_person(accounts, name, Role.STAFF)

        def sign_in(name: str) -> None:
            page.get_by_label("Name").fill(name)
            page.get_by_label("Password").fill(PASSWORD)
            page.keyboard.press("Enter")

        page.goto("/review")
        sign_in("Wang Wei")
        shows(page, "0")
        page.context.clear_cookies()
        page.keyboard.press("Enter")
        shows(page, "1")
        expect(page.locator("#signed-out")).to_be_visible()
        page.get_by_role("link", name="Sign in again").click()
        sign_in("Li Na")
        shows(page, "0")
        page.context.clear_cookies()
        page.goto("/review")
        sign_in("Wang Wei")
        shows(page, "1")
        store = app.state.services.archive.review
        expect(page.locator('[data-count="doubtful"]')).to_have_text("2")
        assert [(one.who, one.answer) for one in store.fruit(1).answers] == [("Wang Wei", "confirm")]


def test_two_people_see_different_fruit(stocked: str, browser: playwright.Browser) -> None:
    with watched_page(browser, stocked) as left, watched_page(browser, stocked) as right:
        left.goto("/review")
        shows(left, "0")
        left.wait_for_load_state("networkidle")
        right.goto("/review")
        right.get_by_role("button", name="Doubtful").click()
        expect(right.locator("#fruit-name")).to_have_text(re.compile("cup-[45]"))
        left.reload()
        shows(left, "0")
        for _ in range(6):
            if right.locator("#blank").is_visible():
                break
            right.keyboard.press("Enter")
        expect(right.locator("#blank-lead")).to_have_text("Others are looking at the last ones")


def test_nothing_to_review(empty: str, browser: playwright.Browser) -> None:
    with watched_page(browser, empty, locale="zh-CN") as page:
        page.goto("/review")
        expect(page.locator("#blank-lead")).to_have_text("没有待复核的果")
        assert_accessible(page)


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
@pytest.mark.parametrize(
    ("width", "height", "dark"), [(1280, 900, False), (1024, 768, True), (390, 844, False)]
)
def test_everybody_can_use_it(
    stocked: str, browser: playwright.Browser, locale: str, width: int, height: int, dark: bool
) -> None:
    with watched_page(browser, stocked, locale=locale, width=width, height=height, dark=dark) as page:
        page.goto("/review")
        expect(page.locator("#views img")).to_be_visible()
        page.keyboard.press("d")
        page.keyboard.press("2")
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        small = page.evaluate(
            "[...document.querySelectorAll('main button')].filter((one) => one.offsetParent !== null)"
            ".filter((one) => one.offsetHeight < 44 || one.offsetWidth < 44).map((one) => one.textContent)"
        )
        assert small == []
        page.keyboard.press("?")
        expect(page.locator("#help")).to_be_visible()
        assert_accessible(page)
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Audit" if locale == "en-GB" else "抽检").click()
        expect(page.locator("#confirm")).to_be_disabled()
        assert_accessible(page)


@pytest.mark.skipif(SCREENSHOTS not in os.environ, reason="only for pictures of the documentation")
def test_the_picture_of_the_documentation(tmp_path: Path, browser: playwright.Browser) -> None:
    archive = open_archive(tmp_path / "data")
    stock_with_samples(archive)
    archive.close()
    settings = ServiceSettings(data_dir=tmp_path / "data", samples_dir=tmp_path / "none", preview_niceness=0)
    with listening(create_app(settings)) as address, watched_page(browser, address) as page:
        with page.expect_response(lambda answer: "/views/3/overlay" in answer.url):
            page.goto("/review")
        page.wait_for_load_state("networkidle")
        show(page, "review_page")
