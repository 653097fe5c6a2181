"""A statement as PDF: A4 pages, text as text with its letters embedded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Image, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table

from service.labels.embedded_font import embedded_font
from service.labels.label_language import LabelLanguage
from service.labels.typeface import Typeface, find_typeface
from service.statement.sheet import Sheet, SheetTable
from service.statement.words import word

INK, MUTED, LINE, HEAD, WARN = (
    HexColor(one) for one in ("#18201c", "#525e57", "#c3cac6", "#edf2ef", "#a33a00")
)
MARGIN: float = 16 * mm
FONT_SIZE = 9
WIDTH: float = A4[0] - 2 * MARGIN
PICTURES_IN_A_ROW = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetPicture:
    """One picture of a fruit. jpeg: JPEG or PNG file."""

    caption: str
    jpeg: bytes


def statement_pdf(sheet: Sheet, pictures: Sequence[SheetPicture] = ()) -> bytes:
    """The statement on as many pages as it takes, pictures last; the same sheet and pictures give the same bytes.

    Raises:
        LabelFontError: no font of this computer can write its text.
    """
    typeface = find_typeface(LabelLanguage.CHINESE if sheet.language == "zh" else LabelLanguage.ENGLISH)
    letters = _letters(sheet, pictures)
    for bold in (False, True):
        typeface.width_mm(letters, 1.0, bold=bold)  # refuses letters that the face lacks
    fonts = {bold: embedded_font(typeface.face(bold), letters) for bold in (False, True)}
    out = BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=14 * mm,
        bottomMargin=18 * mm,
        title=f"{sheet.title} {sheet.facts[0][1]}",
        creator="produce-grader",
        invariant=1,
    )

    def foot(canvas: Canvas, _document: object) -> None:
        canvas.setFont(fonts[False], 8)
        canvas.setFillColor(MUTED)
        canvas.drawString(MARGIN, 10 * mm, f"{sheet.title} · {sheet.facts[0][1]}")
        canvas.drawRightString(
            A4[0] - MARGIN, 10 * mm, word("page", sheet.language, number=canvas.getPageNumber())
        )

    document.build(_story(sheet, pictures, fonts, typeface), onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


def _letters(sheet: Sheet, pictures: Sequence[SheetPicture]) -> str:
    parts = [word("examples", sheet.language), word("examples_note", sheet.language)]
    parts += [one.caption for one in pictures]
    parts += [sheet.title, sheet.warning, "·–", word("page", sheet.language, number=0)]
    parts += [text for fact in sheet.facts for text in fact]
    for table in sheet.tables:
        parts += [table.title, *table.headers, *table.notes, *(cell for row in table.rows for cell in row)]
    return "".join(sorted(set("".join(parts))))


def _story(
    sheet: Sheet, pictures: Sequence[SheetPicture], fonts: dict[bool, str], typeface: Typeface
) -> list[Flowable]:
    plain = ParagraphStyle(
        "plain", fontName=fonts[False], fontSize=FONT_SIZE, leading=12, textColor=INK, wordWrap=_wrap(sheet)
    )
    strong = ParagraphStyle("strong", parent=plain, fontName=fonts[True])
    title = ParagraphStyle("title", parent=strong, fontSize=18, leading=24)
    head = ParagraphStyle("head", parent=strong, fontSize=11.5, leading=16, spaceBefore=9, spaceAfter=4)
    warn = ParagraphStyle(
        "warn",
        parent=strong,
        textColor=WARN,
        borderColor=WARN,
        borderWidth=0.8,
        borderPadding=6,
        spaceBefore=8,
        spaceAfter=10,
    )
    note = ParagraphStyle("note", parent=plain, fontSize=8, leading=11, textColor=MUTED, spaceBefore=3)
    story: list[Flowable] = [Paragraph(escape(sheet.title), title), Spacer(1, 3 * mm)]
    if sheet.warning:
        story.append(Paragraph(escape(sheet.warning), warn))
    story.append(_facts(sheet, plain, strong))
    for table in sheet.tables:
        parts = [
            Paragraph(escape(table.title), head),
            _table(table, plain, strong, _first_width(table, typeface)),
        ]
        parts += [Paragraph(escape(text), note) for text in table.notes]
        story.append(KeepTogether(parts))
    if pictures:
        shown = [Paragraph(escape(word("examples", sheet.language)), head), _pictures(pictures, plain)]
        shown.append(Paragraph(escape(word("examples_note", sheet.language)), note))
        story.append(KeepTogether(shown))
    return story


def _pictures(pictures: Sequence[SheetPicture], plain: ParagraphStyle) -> Table:
    """Three beside each other, each above its caption."""
    width = WIDTH / PICTURES_IN_A_ROW
    cells = [
        [
            Image(BytesIO(one.jpeg), width=width - 4 * mm, height=0.75 * width, kind="proportional"),
            Paragraph(escape(one.caption), plain),
        ]
        for one in pictures
    ]
    cells += [[] for _ in range(-len(cells) % PICTURES_IN_A_ROW)]
    rows = [cells[at : at + PICTURES_IN_A_ROW] for at in range(0, len(cells), PICTURES_IN_A_ROW)]
    return Table(
        rows,
        [width] * PICTURES_IN_A_ROW,
        style=[("VALIGN", (0, 0), (-1, -1), "TOP"), *_tight()],
        hAlign="LEFT",
    )


def _wrap(sheet: Sheet) -> str | None:
    """Chinese breaks between any two letters; English between words."""
    return "CJK" if sheet.language == "zh" else None


def _facts(sheet: Sheet, plain: ParagraphStyle, strong: ParagraphStyle) -> Table:
    """Two pairs beside each other."""
    pairs = [
        (Paragraph(escape(name), plain), Paragraph(escape(value), strong)) for name, value in sheet.facts
    ]
    blank = ("", "")
    rows = [
        [*pairs[at], *(pairs[at + 1] if at + 1 < len(pairs) else blank)] for at in range(0, len(pairs), 2)
    ]
    widths = [WIDTH * share for share in (0.16, 0.34, 0.16, 0.34)]
    return Table(rows, widths, style=[("VALIGN", (0, 0), (-1, -1), "TOP"), *_tight()], hAlign="LEFT")


def _first_width(table: SheetTable, typeface: Typeface) -> float:
    """Of the first column, as wide as its longest text, within bounds; the others share what is left."""
    texts = [table.headers[0], *(row[0] for row in table.rows)]
    widest = max(typeface.width_mm(text, FONT_SIZE, bold=True) for text in texts)
    return min(max(widest + 10, 0.14 * WIDTH), 0.38 * WIDTH)


def _table(table: SheetTable, plain: ParagraphStyle, strong: ParagraphStyle, first: float) -> Table:
    right = {
        style: ParagraphStyle(f"{style.name} right", parent=style, alignment=TA_RIGHT, wordWrap=None)
        for style in (plain, strong)
    }

    def cell(text: str, number: bool, style: ParagraphStyle) -> Paragraph:
        return Paragraph(escape(text), right[style] if number else style)

    last = len(table.rows) - 1 if table.total else -1
    rows = [[cell(text, number, strong) for text, number in zip(table.headers, table.numbers, strict=True)]]
    rows += [
        [
            cell(text, number, strong if at == last else plain)
            for text, number in zip(row, table.numbers, strict=True)
        ]
        for at, row in enumerate(table.rows)
    ]
    others = (WIDTH - first) / (len(table.headers) - 1)
    style: list[Any] = [
        ("BACKGROUND", (0, 0), (-1, 0), HEAD),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        *_tight(),
    ]
    if table.total:
        style.append(("LINEABOVE", (0, -1), (-1, -1), 0.9, INK))
    widths = [first, *(others for _ in table.headers[1:])]
    return Table(rows, widths, style=style, repeatRows=1, hAlign="LEFT")


def _tight() -> list[Any]:
    return [
        ("TOPPADDING", (0, 0), (-1, -1), 2.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ("LEFTPADDING", (0, 0), (-1, -1), 4),
        ("RIGHTPADDING", (0, 0), (-1, -1), 4),
    ]
