"""Texts of the page in English and Chinese. The English text is the key; `.po` files hold the others."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from babel.core import negotiate_locale
from babel.messages.pofile import read_po

from service.schemas import Language

LANGUAGES: tuple[Language, ...] = ("en", "zh")
FOLDER = Path(__file__).parent / "translations"


def load_catalogue(language: str) -> dict[str, str]:
    """Text by English text. English itself needs none: the result is empty."""
    file = FOLDER / language / "LC_MESSAGES" / "messages.po"
    if language == LANGUAGES[0]:
        return {}
    with file.open("rb") as stream:
        catalogue = read_po(stream, locale=language)
    return {str(message.id): str(message.string) for message in catalogue if message.id and message.string}


def choose_language(query: str | None, cookie: str | None, accept: str | None) -> Language:
    """The first that is known: `?lang=`, the cookie, the browser's `Accept-Language`, English.

    >>> choose_language(None, None, "zh-CN,zh;q=0.9,en;q=0.8")
    'zh'
    """
    accepted = negotiate_locale(_accepted(accept or ""), LANGUAGES, sep="-")
    for wanted in (query, cookie, accepted):
        for language in LANGUAGES:
            if wanted == language:
                return language
    return LANGUAGES[0]


def translate(catalogue: Mapping[str, str], text: str) -> str:
    """The text in the catalogue's language, or itself."""
    return catalogue.get(text, text)


def _accepted(header: str) -> list[str]:
    """Language tags of an Accept-Language header, best first, each also without its region."""
    weighted = []
    for part in header.split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            weighted.append((float(weight or 1), tag))
        except ValueError:
            continue
    weighted.sort(key=lambda pair: -pair[0])
    return [form for _, tag in weighted for form in (tag, tag.partition("-")[0])]
