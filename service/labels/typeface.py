"""The letters of labels: a regular and a bold face of this computer, what they can write and how wide it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTCollection, TTFont

from grader.label_card import find_fonts
from service.errors import LabelFontError
from service.labels.label_language import LabelLanguage

_MAINLAND = ("SC", "CN")  # of the faces in one file those with the letter forms of mainland China


@dataclass(frozen=True, slots=True)
class Face:
    """One face: a font file, and its place in it where the file holds several."""

    path: Path
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Typeface:
    """The faces of a label. bold is the regular one where no bold one is installed."""

    regular: Face
    bold: Face

    def face(self, bold: bool) -> Face:
        """The face of bold or of other text."""
        return self.bold if bold else self.regular

    def width_mm(self, text: str, size_mm: float, *, bold: bool) -> float:
        """Width of a line at a height of the em. Raises LabelFontError: the face lacks a character."""
        face = self.face(bold)
        characters, widths, em = _metrics(face)
        if missing := sorted({letter for letter in text if ord(letter) not in characters}):
            raise LabelFontError(
                f"{face.path.name} cannot write {' '.join(missing)} of {text!r}; "
                "expected a font for Chinese, such as Debian's fonts-noto-cjk"
            )
        return size_mm / em * float(sum(widths[characters[ord(letter)]][0] for letter in text))


def find_typeface(language: LabelLanguage, folders: Iterable[str] | None = None) -> Typeface:
    """The faces for labels in a language on this computer. A Chinese face also writes English.

    Args:
        folders: where to look instead of the folders in which systems keep fonts.

    Raises:
        LabelFontError: no face for Chinese although the label has Chinese words, or no scalable face at all.
    """
    found = find_fonts("zh") if folders is None else find_fonts("zh", folders)
    if found.language != "zh" and language is not LabelLanguage.ENGLISH:
        raise LabelFontError(
            "expected a font for Chinese, such as Debian's fonts-noto-cjk, found none; "
            "install one, or ask for English labels"
        )
    if found.path is None:
        raise LabelFontError(
            "expected a font file, such as Debian's fonts-noto-cjk or fonts-dejavu-core, found none"
        )
    strong = found.path.with_name(
        found.path.name.replace("Regular", "Bold").replace("Sans.ttf", "Sans-Bold.ttf")
    )
    return Typeface(regular=_face(found.path), bold=_face(strong) if strong.is_file() else _face(found.path))


def open_face(face: Face) -> TTFont:
    """The font of a face, its tables read when they are asked for; to be closed."""
    return TTFont(face.path, fontNumber=face.number, lazy=True)


@cache
def _face(path: Path) -> Face:
    if path.suffix != ".ttc":
        return Face(path, 0)
    with TTCollection(path, lazy=True) as fonts:
        names = [str(font["name"].getDebugName(1)) for font in fonts.fonts]
    mainland = (number for number, name in enumerate(names) if name.endswith(_MAINLAND))
    return Face(path, next(mainland, 0))


@cache
def _metrics(face: Face) -> tuple[dict[int, str], dict[str, tuple[int, int]], int]:
    """Characters -> glyphs, glyphs -> (advance, left side), units of the em."""
    with open_face(face) as font:
        return font.getBestCmap(), font["hmtx"].metrics, font["head"].unitsPerEm
