"""The page in a real browser: what a person does, from the first look to a corrected scale."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.app import create_app
from service.settings import ServiceSettings
from tests.fakes import MODEL_ID, FakeGrader
from tests.service.browsing import PATIENCE_MS, browser, expect, needs_chromium, playwright
from tests.service.running import listening, painted_png

pytestmark = needs_chromium
__all__ = ["browser"]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("page")
    (folder / "samples").mkdir()
    (folder / "samples" / "two_apples.png").write_bytes(painted_png(fruits=2))
    settings = ServiceSettings(
        data_dir=folder / "data", samples_dir=folder / "samples", min_free_mb=1, max_upload_mb=1
    )
    with listening(create_app(settings, grader=FakeGrader())) as address:
        yield address


@pytest.fixture
def page(browser: playwright.Browser, address: str) -> Iterator[playwright.Page]:
    """The page on a desktop, in English; fails on script errors and on requests to other places."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "request",
        lambda request: (
            errors.append(request.url) if not request.url.startswith((address, "blob:")) else None
        ),
    )
    page.goto(address)
    expect(page.locator(".card")).to_have_count(2)
    yield page
    context.close()
    assert errors == []


def upload(page: playwright.Page, name: str, data: bytes) -> None:
    page.set_input_files("#files", {"name": name, "mimeType": "image/png", "buffer": data})


def test_a_newcomer_sees_a_graded_sample_at_once(page: playwright.Page) -> None:
    expect(page.locator("#picture-name")).to_have_text("two apples")
    expect(page.locator("#sample-tag")).to_be_visible()
    expect(page.locator(".class-name")).to_have_text(["Extra Class", "Class I"])
    expect(page.locator("#status-text")).to_have_text("Ready")


def test_an_uploaded_picture_is_graded_and_kept_in_the_strip(page: playwright.Page) -> None:
    upload(page, "cup1.png", painted_png(fruits=3))
    expect(page.locator(".card")).to_have_count(3)
    expect(page.locator("#picture-name")).to_have_text("cup1.png")
    expect(page.locator("#sample-tag")).to_be_hidden()
    expect(page.locator("#tally")).to_have_text("Extra Class: 1 · Class I: 1 · Class II: 1")
    expect(page.locator(".card").nth(1)).to_contain_text("Class I denied: bruising")
    expect(page.locator(".thumb-name")).to_have_text(["cup1.png", "two apples"])
    record = page.locator(".card .source a").first.get_attribute("href")
    assert page.request.get(page.url.rstrip("/") + str(record)).json()["frame"] == "cup1.png"


def test_several_pictures_are_graded_one_after_the_other(page: playwright.Page) -> None:
    page.set_input_files(
        "#files",
        [
            {"name": f"{count}.png", "mimeType": "image/png", "buffer": painted_png(fruits=count)}
            for count in (1, 2, 3)
        ],
    )
    expect(page.locator(".thumb.waiting")).to_have_count(0)
    chips = [page.locator(".thumb").nth(index).locator(".chip").count() for index in range(4)]
    assert chips == [1, 2, 3, 2]


def test_views_of_one_fruit_are_one_card_with_a_stepper(page: playwright.Page) -> None:
    page.locator("input[name=one_fruit]").check()
    page.set_input_files(
        "#files",
        [
            {"name": f"{view}.png", "mimeType": "image/png", "buffer": painted_png(fruits=1, shade=view)}
            for view in (1, 2)
        ],
    )
    expect(page.locator(".card")).to_have_count(1)
    expect(page.locator("#view-number")).to_have_text("1 / 2")
    page.locator("#view-on").click()
    expect(page.locator("#view-number")).to_have_text("2 / 2")


def test_touching_a_fruit_finds_its_card_and_keys_move_on(page: playwright.Page) -> None:
    page.locator(".spot").nth(1).click()
    expect(page.locator(".card.chosen .class-name")).to_have_text("Class I")
    page.locator("h2#picture-name").click()
    page.keyboard.press("ArrowUp")
    expect(page.locator(".card.chosen .class-name")).to_have_text("Extra Class")
    upload(page, "other.png", painted_png(fruits=3))
    expect(page.locator(".card")).to_have_count(3)
    page.keyboard.press("ArrowRight")
    expect(page.locator("#picture-name")).to_have_text("two apples")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#picture-name")).to_have_text("other.png")


def test_marks_can_be_taken_away(page: playwright.Page) -> None:
    image = page.locator("#picture img")
    expect(image).to_have_attribute("src", re.compile("overlays"))
    page.keyboard.press("m")
    expect(image).to_have_attribute("src", re.compile("pictures"))
    expect(page.locator("#marks")).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".spot .number")).to_have_text(["1", "2"])


def test_help_opens_and_closes_with_a_key(page: playwright.Page) -> None:
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()


def test_enter_asks_for_pictures(page: playwright.Page) -> None:
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Shift")  # the watching begins with the first message to the page
        page.keyboard.press("Enter")
    assert chooser.value.is_multiple()


def test_a_broken_picture_is_explained_and_can_be_tried_again(page: playwright.Page) -> None:
    upload(page, "broken.png", b"no picture")
    expect(page.locator("#problem-title")).to_have_text("This picture cannot be read")
    expect(page.locator("#problem-todo")).to_contain_text("JPEG or PNG")
    expect(page.locator(".thumb.failed")).to_have_count(1)
    page.locator("#problem-retry").click()
    expect(page.locator("#problem-title")).to_have_text("This picture cannot be read")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#problem")).to_be_hidden()


def test_a_file_that_is_too_large_is_not_even_sent(page: playwright.Page) -> None:
    upload(page, "large.png", b"x" * 1_000_001)
    expect(page.locator("#problem-title")).to_have_text("This picture is too large")
    expect(page.locator("#problem-todo")).to_contain_text("1 MB")


def test_a_scale_is_measured_in_the_picture_and_gives_millimetres(page: playwright.Page) -> None:
    expect(page.locator(".card").first).to_contain_text("no scale")
    page.locator("#measure").click()
    box = page.locator("#picture").bounding_box()
    assert box
    left, right, middle = (
        box["x"] + box["width"] * 0.1,
        box["x"] + box["width"] * 0.9,
        box["y"] + box["height"] / 2,
    )
    page.mouse.click(left, middle)
    page.mouse.click(right, middle)
    page.locator("#ruler-mm").fill("192")
    page.locator("#ruler button[type=submit]").click()
    assert float(page.locator("#scale").input_value()) == pytest.approx(0.5, rel=0.01)
    page.locator("#again").click()
    expect(page.locator("#sample-tag")).to_be_hidden()
    expect(page.locator(".card").first).to_contain_text(re.compile(r"Diameter50\.\d mm"))


def test_a_class_set_says_the_coverage_of_its_model(page: playwright.Page) -> None:
    def said(text: str) -> None:
        measured = [{"model_id": MODEL_ID, "coverage": 0.85}]
        page.evaluate(
            "async (models) => (await import('/static/coverage.js')).keepCoverage(models)", measured
        )
        upload(page, "kept.png", painted_png(fruits=3))
        expect(page.locator(".class-set")).to_have_text([text])

    said("True class, for 85 % of fruit: Extra Class / Class I")
    page.get_by_text("中文").click()
    expect(page.locator("#status-text")).to_have_text("就绪")
    said("真实等级（对 85 % 的果实成立）：特级 / 一级")


def test_the_language_changes_and_the_results_stay(page: playwright.Page) -> None:
    upload(page, "kept.png", painted_png(fruits=3))
    expect(page.locator(".card")).to_have_count(3)
    page.get_by_text("中文").click()
    expect(page.locator("#picture-name")).to_have_text("kept.png")
    expect(page.locator(".class-name")).to_have_text(["特级", "一级", "二级"])
    expect(page.locator(".class-set")).to_have_text(["真实等级可能为：特级 / 一级"])
    expect(page.locator("#status-text")).to_have_text("就绪")
    page.get_by_text("English").click()
    expect(page.locator(".class-name")).to_have_text(["Extra Class", "Class I", "Class II"])


def test_light_and_dark_are_remembered(page: playwright.Page) -> None:
    before = page.locator("html").get_attribute("data-theme")
    page.locator("#theme").click()
    after = page.locator("html").get_attribute("data-theme")
    assert {before, after} == {"light", "dark"}
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", str(after))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [390, 768, 1024, 1440])
def test_nothing_sticks_out_and_targets_are_large(
    browser: playwright.Browser, address: str, width: int, language: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 844}, has_touch=width < 1100)
    page = context.new_page()
    page.goto(f"{address}/?lang={language}")
    page.wait_for_selector(".card", timeout=PATIENCE_MS)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for target in page.locator("header a, header button, .intake button").all():
        box = target.bounding_box()
        assert box
        assert box["height"] >= 44
        assert box["x"] + box["width"] <= width
    context.close()


def test_everything_that_can_be_used_has_a_name(page: playwright.Page) -> None:
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll("button, a, input, select, video ~ *")]
            .filter((one) => one.matches("button, a, input, select"))
            .filter((one) => !(one.textContent.trim() || one.getAttribute("aria-label") || one.labels?.length))
            .map((one) => one.outerHTML)"""
    )
    assert unnamed == []
    assert page.locator("#tally").get_attribute("aria-live") == "polite"
    assert page.locator("#problem").get_attribute("role") == "alert"


def test_pictures_of_a_service_that_is_gone_are_explained(
    browser: playwright.Browser, tmp_path: Path
) -> None:
    settings = ServiceSettings(data_dir=tmp_path / "data", samples_dir=tmp_path / "none", min_free_mb=1)
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    with listening(create_app(settings, grader=FakeGrader())) as gone:
        page.goto(gone)
        expect(page.locator("#empty")).to_be_visible(timeout=PATIENCE_MS)
        expect(page.locator("#no-samples")).to_be_visible(timeout=PATIENCE_MS)
    upload(page, "late.png", painted_png(fruits=1))
    expect(page.locator("#problem-title")).to_have_text("The grader does not answer", timeout=PATIENCE_MS)
    context.close()
