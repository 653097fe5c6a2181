"""Both languages are complete, and nothing on the page escapes translation."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from babel.messages.pofile import read_po

from service.ui.extract_texts import find_texts
from service.ui.page import STATIC
from service.ui.translate import FOLDER, choose_language, load_catalogue, translate
from tests.service.running import RunningService

TEMPLATES = FOLDER.parent / "templates"


def test_every_text_has_a_chinese_text() -> None:
    catalogue = load_catalogue("zh")
    assert [text for text in find_texts() if not catalogue.get(text, "").strip()] == []


def test_no_translation_is_left_over() -> None:
    assert sorted(set(load_catalogue("zh")) - set(find_texts())) == []


def test_translations_are_chinese_and_keep_every_blank() -> None:
    for english, chinese in load_catalogue("zh").items():
        assert re.search(r"[\u4e00-\u9fff]", chinese) or chinese == "SKU", english
        assert sorted(re.findall(r"\{\w+\}", english)) == sorted(re.findall(r"\{\w+\}", chinese)), english


def test_no_entry_is_fuzzy_or_twice() -> None:
    with (FOLDER / "zh" / "LC_MESSAGES" / "messages.po").open("rb") as stream:
        messages = [message for message in read_po(stream, locale="zh") if message.id]
    assert not [message.id for message in messages if message.fuzzy]
    assert len({message.id for message in messages}) == len(messages)


class _Words(HTMLParser):
    """Collects the words a person would read."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in {"script", "style", "kbd"}
        self.words += [
            value for name, value in attrs if value and name in {"alt", "title", "placeholder", "aria-label"}
        ]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in {"script", "style", "kbd"}

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)


@pytest.mark.parametrize("template", sorted(TEMPLATES.glob("*.html")), ids=lambda path: path.name)
def test_templates_hold_no_untranslated_words(template: object) -> None:
    source = template.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    parser = _Words()
    parser.feed(re.sub(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", "", source, flags=re.DOTALL))
    words = [word.strip("–") for word in " ".join(parser.words).split() if re.search(r"\w", word)]
    # the other language's own name, units and SKU are the same in every language
    assert set(words) <= {"中文", "English", "mm", "g", "SKU"}


def test_scripts_show_no_untranslated_words() -> None:
    """A sentence in a script (capital, then words) stands inside _(…)."""
    for script in STATIC.glob("*.js"):
        code = re.sub(r"//.*|_\(\"[^\"]*\"", "", script.read_text(encoding="utf-8"))
        assert re.findall(r"[\"'`][A-Z][a-z]+ [a-z]+[^\"'`]*[\"'`]", code) == [], script.name


def test_the_page_in_chinese_is_chinese(service: RunningService) -> None:
    page = service.get("/?lang=zh")
    assert page.headers["content-language"] == "zh"
    assert 'lang="zh-CN"' in page.text
    parser = _Words()
    parser.feed(page.text)
    english = [text for text in find_texts() if len(text) > 12]
    seen = " ".join(parser.words)
    assert [text for text in english if text in seen] == []
    assert "选择图片" in seen


def test_the_choice_is_kept_in_a_cookie(service: RunningService) -> None:
    assert service.get("/?lang=zh").cookies["lang"] == "zh"
    assert service.get("/").headers["content-language"] == "zh"
    assert service.get("/?lang=en").headers["content-language"] == "en"


def test_an_unknown_language_is_english_and_sets_no_cookie(service: RunningService) -> None:
    page = service.get("/?lang=fr", headers={"Accept-Language": "fr"})
    assert page.headers["content-language"] == "en"
    assert "set-cookie" not in page.headers


@pytest.mark.parametrize(
    ("query", "cookie", "accept", "expected"),
    [
        ("zh", "en", "en", "zh"),
        (None, "zh", "en", "zh"),
        ("xx", "zh", "en", "zh"),
        (None, None, "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        (None, None, "zh-Hans-CN", "zh"),
        (None, None, "en-GB,en;q=0.9,zh;q=0.8", "en"),
        (None, None, "fr;q=0.9,zh;q=0.1,en;q=0.5", "en"),
        (None, None, "zh;q=broken", "en"),
        (None, None, "", "en"),
        (None, None, None, "en"),
    ],
)
def test_choice_of_language(query: str | None, cookie: str | None, accept: str | None, expected: str) -> None:
    assert choose_language(query, cookie, accept) == expected


def test_a_text_without_translation_stays_english() -> None:
    assert translate({"a": "b"}, "c") == "c"
