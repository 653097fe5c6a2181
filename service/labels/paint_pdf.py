"""A label as PDF of its true size: shapes as vectors, text as text with its letters embedded."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from itertools import groupby

from reportlab.pdfgen.canvas import FILL_NON_ZERO, Canvas
from reportlab.pdfgen.pathobject import PDFPathObject

from service.labels.drawing import LabelDrawing
from service.labels.embedded_font import embedded_font
from service.labels.symbol_size import LINEAR_X_MM, MATRIX_X_MM
from service.labels.symbols import Modules
from service.labels.typeface import Typeface

MM = 72 / 25.4


def label_pdf(drawing: LabelDrawing, typeface: Typeface) -> bytes:
    """The label as a PDF of one page; the same drawing gives the same bytes."""
    return labels_pdf([drawing], typeface)


def labels_pdf(drawings: Sequence[LabelDrawing], typeface: Typeface) -> bytes:
    """Labels as a PDF, one or more, a page each."""
    out = BytesIO()
    canvas = Canvas(out, invariant=1, pageCompression=1)
    canvas.setTitle(drawings[0].title)
    canvas.setCreator("produce-grader")
    for drawing in drawings:
        _add_page(canvas, drawing, typeface)
    canvas.save()
    return out.getvalue()


def _add_page(canvas: Canvas, drawing: LabelDrawing, typeface: Typeface) -> None:
    canvas.setPageSize((drawing.width_mm * MM, drawing.height_mm * MM))
    canvas.translate(0, drawing.height_mm * MM)
    canvas.scale(MM, -MM)  # mm from the top left corner from here on
    shapes = canvas.beginPath()
    for box in drawing.filled:
        shapes.rect(box.left_mm, box.top_mm, box.width_mm, box.height_mm)
    for bars in drawing.bars:
        left = bars.centre_mm - len(bars.modules) * LINEAR_X_MM / 2
        _add_runs(shapes, bars.modules, left, bars.top_mm, LINEAR_X_MM, bars.height_mm)
    for matrix in drawing.matrices:
        half = len(matrix.modules) * MATRIX_X_MM / 2
        for number, row in enumerate(matrix.modules):
            top = matrix.middle_mm - half + number * MATRIX_X_MM
            _add_runs(shapes, row, matrix.centre_mm - half, top, MATRIX_X_MM, MATRIX_X_MM)
    canvas.drawPath(
        shapes, fill=1, stroke=0, fillMode=FILL_NON_ZERO
    )  # one path: no hair lines between its rectangles
    _write(canvas, drawing, typeface)
    canvas.showPage()


def _write(canvas: Canvas, drawing: LabelDrawing, typeface: Typeface) -> None:
    letters = "".join(words.text for words in drawing.words)
    fonts = {
        bold: embedded_font(typeface.face(bold), letters) for bold in {words.bold for words in drawing.words}
    }
    for words in drawing.words:
        canvas.saveState()
        canvas.translate(words.left_mm, words.baseline_mm)
        canvas.scale(1, -1)
        canvas.setFont(fonts[words.bold], words.size_mm)
        canvas.setFillGray(1 if words.white else 0)
        canvas.drawString(0, 0, words.text)
        canvas.restoreState()


def _add_runs(
    shapes: PDFPathObject, modules: Modules, left: float, top: float, module_mm: float, height_mm: float
) -> None:
    """Each run of dark modules as one rectangle."""
    at = 0
    for dark, run in groupby(modules.tolist()):
        length = len(list(run))
        if dark:
            shapes.rect(left + at * module_mm, top, length * module_mm, height_mm)
        at += length
