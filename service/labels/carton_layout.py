"""Where everything stands on the label of a carton."""

from __future__ import annotations

from service.errors import LabelDataError
from service.labels.carton_content import CartonContent
from service.labels.drawing import LabelDrawing, Matrix, Words
from service.labels.element_string import Element
from service.labels.label_language import LabelLanguage
from service.labels.label_stock import CartonStock, size_mm
from service.labels.label_words import origin_words, title
from service.labels.layout_parts import (
    BARS_SPACE_MM,
    EDGE_MM,
    MARGIN_MM,
    Area,
    Row,
    bars_with_text,
    class_block,
    fits_in_bars,
    headline_and_rows,
)
from service.labels.symbol_size import linear_width_mm, matrix_width_mm
from service.labels.symbols import gs1_128, gs1_datamatrix
from service.labels.typeface import Typeface

GAP_MM = 2.0
RIGHT_COLUMN_MM = 29.0  # of the large label; the largest DataMatrix that a carton needs has 36 modules


def draw_carton(
    content: CartonContent, stock: CartonStock, language: LabelLanguage, typeface: Typeface
) -> LabelDrawing:
    """Words, a GS1 DataMatrix of everything, a GS1-128 of the GTIN and, on the large label, one of the lot.

    Raises:
        LabelDataError: a text too long to be read, or a lot too long for a GS1-128 on the large label.
        LabelFontError: the faces lack a character.
    """
    width, height = size_mm(stock)
    modules = gs1_datamatrix(content.elements)
    side = matrix_width_mm(len(modules))
    gtin = content.elements[:1]
    if stock is CartonStock.SMALL:
        lines = [(gtin, height - EDGE_MM - BARS_SPACE_MM)]
        bars_mm = linear_width_mm(len(gs1_128(gtin)))
        bars_centre = EDGE_MM + bars_mm / 2
        block = Area(
            left_mm=EDGE_MM + bars_mm,
            top_mm=lines[0][1],
            width_mm=width - MARGIN_MM - EDGE_MM - bars_mm,
            height_mm=height - MARGIN_MM - lines[0][1],
        )
        matrix_centre = width - GAP_MM - side / 2
        text_right = width - 2 * GAP_MM - side
    else:
        lot = _lot_line(content, width)
        lot_top = height - EDGE_MM - BARS_SPACE_MM
        lines = [(gtin, lot_top - GAP_MM - BARS_SPACE_MM), (lot, lot_top)]
        bars_centre = width / 2
        block = Area(
            left_mm=width - MARGIN_MM - RIGHT_COLUMN_MM,
            top_mm=MARGIN_MM + side + GAP_MM,
            width_mm=RIGHT_COLUMN_MM,
            height_mm=lines[0][1] - 2 * GAP_MM - MARGIN_MM - side,
        )
        matrix_centre = block.left_mm + RIGHT_COLUMN_MM / 2
        text_right = block.left_mm - GAP_MM
    text = Area(
        left_mm=MARGIN_MM,
        top_mm=GAP_MM,
        width_mm=text_right - MARGIN_MM,
        height_mm=lines[0][1] - GAP_MM - GAP_MM,
    )
    filled, class_words = class_block(
        Row(field="grade_class", title=title("grade_class", language), value=content.grade_class),
        Row(field="size", title=title("size", language), value=content.size),
        typeface,
        block,
    )
    symbols = [
        bars_with_text(
            elements, typeface, centre_mm=bars_centre, top_mm=top, room_mm=bars_centre * 2 - EDGE_MM
        )
        for elements, top in lines
    ]
    return LabelDrawing(
        title=f"{content.gtin} {content.lot}",
        width_mm=width,
        height_mm=height,
        filled=filled,
        words=(
            *_texts(content, language, typeface, text),
            *class_words,
            *(words for _, words in symbols),
        ),
        bars=tuple(bars for bars, _ in symbols),
        matrices=(Matrix(modules=modules, centre_mm=matrix_centre, middle_mm=GAP_MM + side / 2),),
    )


def _texts(
    content: CartonContent, language: LabelLanguage, typeface: Typeface, area: Area
) -> tuple[Words, ...]:
    name = content.variety if content.produce is None else f"{content.produce} {content.variety}"
    values = {
        "net_weight_kg": None if content.net_weight_kg is None else f"{content.net_weight_kg:f} kg",
        "count": None if content.count is None else str(content.count),
        "lot": content.lot,
        "packed_on": content.packed_on.isoformat(),
        "origin": origin_words(content.origin, language),
        "packer": content.packer,
        "serial": content.serial,
    }
    rows = tuple(
        Row(field=field, title=title(field, language), value=value)
        for field, value in values.items()
        if value is not None
    )
    return headline_and_rows("variety", name, rows, typeface, area)


def _lot_line(content: CartonContent, width: float) -> tuple[Element, ...]:
    """What the second GS1-128 carries: lot, and the day before it where both fit. Raises LabelDataError."""
    day, lot = (next(part for part in content.elements if part.ai == ai) for ai in ("13", "10"))
    for line in ((day, lot), (lot,)):
        if fits_in_bars(line, width):
            return line
    raise LabelDataError(
        "lot",
        f"expected a lot whose GS1-128 fits {width:g} mm (about 9 letters or 20 digits), got {content.lot!r}; "
        f"shorten it or take the label {CartonStock.SMALL}, which has the lot in its DataMatrix",
    )
