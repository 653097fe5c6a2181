"""A face as a small TrueType font with only the characters that a label needs, for embedding in a PDF."""

from __future__ import annotations

from io import BytesIO

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib.tables._g_l_y_f import Glyph

from service.labels.typeface import Face, open_face

LARGEST_ERROR_EM = 0.001  # by which quadratic outlines may leave the cubic ones of OpenType fonts
MISSING = ".notdef"


def truetype_of(face: Face, characters: str, name: str) -> bytes:
    """A TrueType font that can write these characters (which the face has) and calls itself `name`.

    Chinese fonts are mostly OpenType with cubic outlines, which PDF writers cannot embed: their outlines are
    turned into quadratic ones.
    """
    with open_face(face) as font:
        em, glyph_set, known = font["head"].unitsPerEm, font.getGlyphSet(), font.getBestCmap()
        wanted = {ord(letter): known[ord(letter)] for letter in sorted(set(characters) | {" "})}
        order = [MISSING, *sorted(set(wanted.values()) - {MISSING})]
        glyphs: dict[str, Glyph] = {}
        for glyph in order:
            pen = TTGlyphPen(None)
            glyph_set[glyph].draw(Cu2QuPen(pen, LARGEST_ERROR_EM * em, reverse_direction="CFF " in font))
            glyphs[glyph] = pen.glyph()
        builder = FontBuilder(em, isTTF=True)
        builder.setupGlyphOrder(order)
        builder.setupCharacterMap(wanted)
        builder.setupGlyf(glyphs)
        builder.setupHorizontalMetrics({glyph: font["hmtx"].metrics[glyph] for glyph in order})
        builder.setupHorizontalHeader(ascent=font["hhea"].ascent, descent=font["hhea"].descent)
        builder.setupNameTable({"familyName": name, "styleName": "Regular", "psName": name})
        builder.setupOS2(sTypoAscender=font["hhea"].ascent, sTypoDescender=font["hhea"].descent)
        builder.setupPost()
        out = BytesIO()
        builder.save(out)
        return out.getvalue()
