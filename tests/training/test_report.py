"""The report: one file that asks for nothing, says everything in two languages, and stands in a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from grader.errors import OutputError
from grader.model_card import load_card
from grader.production import production_model
from tests.training.made_evaluation import made_evaluation
from tests.training.small_disk import fill, small_disk
from training.report import report_page, write_report

CHROMIUM = Path("/usr/bin/chromium")
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def page_of(**changes: object) -> str:
    return report_page(replace(made_evaluation(), **changes), load_card(production_model()), NOON)  # type: ignore[arg-type]


def test_page_and_json_lie_side_by_side(tmp_path: Path) -> None:
    path = tmp_path / "new" / "report.html"
    write_report(path, made_evaluation(), load_card(production_model()))
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    told = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert told["model_id"] == "fruitnet/9.9.9+sha256:0123456789ab"
    assert told["photographs"]["worst_defect_right"] == {
        "value": 0.9,
        "low": 0.8,
        "high": 1.0,
        "n": 20,
        "unit": "share",
    }
    assert told["simulator"]["sim_melon_found"]["value"] is None
    assert told["curves"]["1_view"]["risk_coverage"]["aurc"] == 0.25
    assert told["curves"]["1_view"]["confusion"]["I"] == {"extra": 0, "I": 1, "II": 1, "reject": 0}
    assert told["worst_cases"]["sim_class_flips"][0]["after"] == "reject"


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"file/report\.json: could not be written"):
        write_report(tmp_path / "file" / "report.html", made_evaluation(), load_card(production_model()))


def test_a_full_disk_leaves_the_page_before(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 64) as disk:
        page = disk / "report.html"
        page.write_text("before")
        fill(disk, leave_kb=16)  # enough for the JSON, not for the page
        with pytest.raises(OutputError, match=r"report\.html: could not be written: No space left on device"):
            write_report(page, made_evaluation(), load_card(production_model()))
        assert page.read_text() == "before"


def test_the_page_needs_no_other_file() -> None:
    page = page_of()
    assert re.findall(r"""(?:src|href)=["'](?!data:|#)""", page) == []
    assert "url(" not in page
    assert "@import" not in page


def test_names_are_shown_as_they_are() -> None:
    page = page_of()
    assert "<b>odd" not in page
    assert "&lt;b&gt;odd &amp; name&lt;/b&gt;.jpg" in page


def test_tables_hold_what_bars_do_not() -> None:
    page = page_of()
    bars, _, _ = page.partition("Names as in the JSON file")
    assert "1 / 2" in bars  # rot found by size
    assert "75.0 %" in bars  # its precision
    for key in ("sim_confusion_I_as_II_1_view", "sim_false_defects_apple_stem"):
        assert key in page
        assert key not in bars


def test_a_page_of_photographs_alone_has_no_empty_chapters() -> None:
    evaluation = made_evaluation()
    figures = {"photographs": evaluation.figures["photographs"]}
    page = page_of(figures=figures, answers={}, classes=(), found={}, worst={})
    assert "Simulated fruit" not in page
    assert 'id="classes"' not in page
    assert 'id="worst"' not in page


playwright = pytest.importorskip("playwright.sync_api")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(path, made_evaluation(), load_card(production_model()))
    return path.as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[playwright.Browser]:
    if not CHROMIUM.exists():
        pytest.skip("no chromium on this computer")
    with playwright.sync_playwright() as runner:
        browser = runner.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_in_a_browser_it_is_whole_and_changes_its_language(
    browser: playwright.Browser, address: str, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, locale="en-GB")
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda request: faults.append(request.url) if request.url.startswith("http") else None)
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("h1").inner_text() == "How well the grader grades"
    page.get_by_text("中文").click()
    assert page.locator("h1").inner_text() == "分级器评测报告"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    broken = "[...document.images].filter((one) => one.src && !one.naturalWidth).length"
    assert page.evaluate(broken) == 0
    page.locator(".looks img").first.click()
    assert page.locator("dialog").is_visible()
    page.locator("dialog").click()
    assert not page.locator("dialog").is_visible()
    assert faults == []
    context.close()
