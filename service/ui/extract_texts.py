"""Finds every text marked for translation; `python -m service.ui.extract_texts` updates the `.po` files."""

from __future__ import annotations

import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from service.ui.translate import FOLDER, LANGUAGES

_METHODS = [("templates/**.html", "jinja2"), ("static/**.js", "javascript")]
_OPTIONS = {"static/**.js": {"template_string": "false"}}


def find_texts(ui_folder: Path = FOLDER.parent) -> dict[str, list[tuple[str, int]]]:
    """Every marked text and where it stands: (file, line)."""
    found: dict[str, list[tuple[str, int]]] = {}
    for file, line, text, _comments, _context in extract_from_dir(
        ui_folder, _METHODS, _OPTIONS, keywords={"_": None}
    ):
        if isinstance(text, str):
            found.setdefault(text, []).append((Path(file).as_posix(), line))
    return found


def update(language: str) -> Catalog:
    """The catalogue of a language: known translations kept, new texts empty, texts no longer used dropped."""
    file = FOLDER / language / "LC_MESSAGES" / "messages.po"
    known = Catalog(locale=language)
    if file.exists():
        with file.open("rb") as stream:
            known = read_po(stream, locale=language)
    fresh = Catalog(
        locale=language,
        fuzzy=False,
        header_comment="# Texts of the page. Made by service/ui/extract_texts.py; edit the translations only.",
    )
    for text, places in find_texts().items():
        old = known.get(text)
        files = sorted({(place, None) for place, _ in places})
        fresh.add(text, old.string if old else "", locations=files)  # type: ignore[arg-type]
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as stream:
        write_po(stream, fresh, width=110, sort_output=True, omit_header=True)
    return fresh


if __name__ == "__main__":
    for name in LANGUAGES[1:]:
        missing = [message.id for message in update(name) if message.id and not message.string]
        sys.stdout.write(
            f"{name}: {len(missing)} texts without translation\n" + "".join(f"  {one}\n" for one in missing)
        )
