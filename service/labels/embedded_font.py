"""Fonts of PDFs: the letters that a text needs, known to reportlab under a name."""

from __future__ import annotations

from hashlib import sha256
from io import BytesIO

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from service.labels.pdf_font import truetype_of
from service.labels.typeface import Face

ASCII = "".join(chr(code) for code in range(0x20, 0x7F))


def embedded_font(face: Face, letters: str) -> str:
    """The name of a font that can write the letters. reportlab keeps fonts by name for the whole process.

    ASCII is always in it, so that texts that differ in numbers share one; the PDF gets the letters it shows.
    """
    others = "".join(sorted(set(letters) - set(ASCII)))
    name = f"Label{face.number}{sha256(f'{face.path}{others}'.encode()).hexdigest()[:16]}"
    if name not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont(name, BytesIO(truetype_of(face, ASCII + others, name))))
    return name
