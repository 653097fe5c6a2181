"""A label as PNG for a label printer: black and white, one pixel a dot."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from service.labels.drawing import Bars, Filled, LabelDrawing, Matrix, Words
from service.labels.symbol_size import LINEAR_SMALLEST_X_MM, MATRIX_SMALLEST_X_MM, Resolution
from service.labels.symbols import Modules
from service.labels.typeface import Typeface

WHITE, BLACK = 255, 0


def label_png(drawing: LabelDrawing, typeface: Typeface, resolution: Resolution) -> bytes:
    """The label as PNG, one bit a pixel, its dots per inch stated in the file. Every module has the same whole dots."""
    dots = resolution.dots_per_mm
    wide, high = round(drawing.width_mm * dots), round(drawing.height_mm * dots)
    sheet = Image.new("L", (wide, high), WHITE)
    draw = ImageDraw.Draw(sheet)
    for box in drawing.filled:
        _fill(draw, box, dots)
    for words in drawing.words:
        _write(draw, words, typeface, dots)
    linear_dots, matrix_dots = (
        resolution.module_dots(x) for x in (LINEAR_SMALLEST_X_MM, MATRIX_SMALLEST_X_MM)
    )
    for bars in drawing.bars:
        _lay_bars(sheet, bars, dots, linear_dots)
    for matrix in drawing.matrices:
        _lay_matrix(sheet, matrix, dots, matrix_dots)
    out = BytesIO()
    sheet.point(lambda grey: WHITE if grey > 127 else BLACK, mode="1").save(
        out, "PNG", dpi=(dots * 25.4,) * 2
    )
    return out.getvalue()


def _fill(draw: ImageDraw.ImageDraw, box: Filled, dots: float) -> None:
    left, top = round(box.left_mm * dots), round(box.top_mm * dots)
    right, bottom = round((box.left_mm + box.width_mm) * dots), round((box.top_mm + box.height_mm) * dots)
    draw.rectangle((left, top, max(left, right - 1), max(top, bottom - 1)), fill=BLACK)


def _write(draw: ImageDraw.ImageDraw, words: Words, typeface: Typeface, dots: float) -> None:
    face = typeface.face(words.bold)
    font = ImageFont.truetype(str(face.path), words.size_mm * dots, index=face.number)
    at = (words.left_mm * dots, words.baseline_mm * dots)
    draw.text(at, words.text, font=font, fill=WHITE if words.white else BLACK, anchor="ls")


def _lay_bars(sheet: Image.Image, bars: Bars, dots: float, module_dots: int) -> None:
    tall = round(bars.height_mm * dots)
    left = round(bars.centre_mm * dots - len(bars.modules) * module_dots / 2)
    row = np.repeat(bars.modules[np.newaxis, :], tall, axis=0)
    sheet.paste(_picture(row, module_dots, 1), (left, round(bars.top_mm * dots)))


def _lay_matrix(sheet: Image.Image, matrix: Matrix, dots: float, module_dots: int) -> None:
    side = len(matrix.modules) * module_dots
    left, top = round(matrix.centre_mm * dots - side / 2), round(matrix.middle_mm * dots - side / 2)
    sheet.paste(_picture(matrix.modules, module_dots, module_dots), (left, top))


def _picture(modules: Modules, dots_wide: int, dots_high: int) -> Image.Image:
    grey = np.where(modules, BLACK, WHITE).astype(np.uint8)
    return Image.fromarray(grey.repeat(dots_wide, axis=1).repeat(dots_high, axis=0))
