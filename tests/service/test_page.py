"""What the page sends, without a browser."""

from __future__ import annotations

import json
import re

import pytest

from grader.grade_settings import LIMITING_FLAGS, UNUSABLE_FLAGS
from grader.overlay_words import class_colour
from grader.sku import load_sku_table
from grader.types import Crop, DefectKind, LandmarkKind
from service.ui.page import STATIC
from tests.service.running import RunningService


def page_data(html: str) -> dict[str, object]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    assert found
    data: dict[str, object] = json.loads(found[1])
    return data


def test_nothing_is_loaded_from_another_place(service: RunningService) -> None:
    files = [service.get("/").text] + [
        path.read_text(encoding="utf-8")
        for path in STATIC.iterdir()
        if path.suffix in {".js", ".css", ".svg"}
    ]
    links = {link for text in files for link in re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s\"']*", text)}
    assert links == {"http://www.w3.org/2000/svg"}  # the name of SVG, not a place


def test_every_file_the_page_names_is_there(service: RunningService) -> None:
    named = re.findall(r'(?:src|href)="(/static/[^"]+)"', service.get("/").text)
    named += [
        f"/static/{name}"
        for path in STATIC.glob("*.js")
        for name in re.findall(r'from "\./([^"]+)"', path.read_text(encoding="utf-8"))
    ]
    assert len(named) > 8
    for path in named:
        assert service.get(path).status_code == 200, path


def test_class_colours_are_those_of_the_overlay(service: RunningService) -> None:
    colours = page_data(service.get("/").text)["class_colours"]
    assert isinstance(colours, dict)
    assert {"extra", "I", "II", "reject", "ungraded"} <= set(colours)
    assert colours["I"] == "#{:02x}{:02x}{:02x}".format(*class_colour("I"))


def test_data_cannot_break_out_of_its_element(service: RunningService) -> None:
    html = service.get("/").text
    inside = html.split('id="data">', 1)[1].split("</script>", 1)[0]
    assert "<" not in inside


@pytest.mark.parametrize(
    "pair",
    [
        ("--ink", "--ground"),
        ("--ink", "--surface"),
        ("--muted", "--surface"),
        ("--muted", "--ground"),
        ("--muted", "--raised"),
        ("--accent-ink", "--accent"),
        ("--danger", "--danger-soft"),
        ("--danger", "--surface"),
    ],
)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_contrast_is_aa(pair: tuple[str, str], theme: str) -> None:
    css = (STATIC / "page.css").read_text(encoding="utf-8")
    light, dark = (
        dict(re.findall(r"(--[\w-]+): (#[0-9a-f]{6})", block))
        for block in css.split("* { box-sizing")[0].split('[data-theme="dark"]')
    )
    colours = light if theme == "light" else light | dark
    assert contrast(colours[pair[0]], colours[pair[1]]) >= 4.5


def test_every_word_of_a_record_has_a_name_on_the_page() -> None:
    script = (STATIC / "texts.js").read_text(encoding="utf-8")
    named = set(re.findall(r"(\w+): _\(", script))
    outlets = load_sku_table("default").outlets
    words = {
        *Crop,
        *DefectKind,
        *LandmarkKind,
        *UNUSABLE_FLAGS,
        *LIMITING_FLAGS,
        *outlets,
        "no_scale",
        "no_fruit",
    }
    assert {str(word) for word in words} - named == set()


@pytest.mark.parametrize("class_id", ["extra", "I", "II", "reject", "ungraded"])
def test_numbers_on_class_colours_are_readable(class_id: str) -> None:
    assert contrast("#10150f", "#" + bytes(class_colour(class_id)).hex()) >= 4.5


def contrast(first: str, second: str) -> float:
    """WCAG 2.1 contrast ratio of two colours `#rrggbb`."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [value / 255 for value in bytes.fromhex(colour[1:])]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
