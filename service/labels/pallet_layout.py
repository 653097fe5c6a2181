"""Where everything stands on the label of a pallet (GS1 logistic label: words above, symbols below, the SSCC last)."""

from __future__ import annotations

from service.errors import LabelDataError
from service.labels.drawing import LabelDrawing
from service.labels.element_string import Element
from service.labels.label_language import LabelLanguage
from service.labels.label_stock import PalletStock, size_mm
from service.labels.label_words import title
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
from service.labels.pallet_content import PalletContent
from service.labels.typeface import Typeface

GAP_MM = 1.5
MOST_CONTENT_SYMBOLS = 2


def draw_pallet(
    content: PalletContent, stock: PalletStock, language: LabelLanguage, typeface: Typeface
) -> LabelDrawing:
    """Words, one or two GS1-128 of what is on the pallet, one of its SSCC.

    Raises:
        LabelDataError: a text too long to be read, or a lot too long for the symbols of the label.
        LabelFontError: the faces lack a character.
    """
    width, height = size_mm(stock)
    lines = (*_content_lines(content, stock, width), (content.sscc_element,))
    step = BARS_SPACE_MM + GAP_MM
    first_top = height - EDGE_MM + GAP_MM - step * len(lines)
    symbols = [
        bars_with_text(
            line,
            typeface,
            centre_mm=width / 2,
            top_mm=first_top + number * step,
            room_mm=width - 2 * MARGIN_MM,
        )
        for number, line in enumerate(lines)
    ]
    block_mm = width * 0.27
    text_mm = first_top - MARGIN_MM - GAP_MM
    block = Area(
        left_mm=width - MARGIN_MM - block_mm,
        top_mm=MARGIN_MM,
        width_mm=block_mm,
        height_mm=min(text_mm, block_mm * 1.9),
    )
    filled, class_words = class_block(
        Row(field="grade_class", title=title("grade_class", language), value=content.grade_class),
        Row(field="size", title=title("size", language), value=content.size),
        typeface,
        block,
    )
    name = content.variety if content.produce is None else f"{content.produce} {content.variety}"
    text = Area(
        left_mm=MARGIN_MM,
        top_mm=MARGIN_MM,
        width_mm=width - 3 * MARGIN_MM - block_mm,
        height_mm=text_mm,
    )
    return LabelDrawing(
        title=content.sscc,
        width_mm=width,
        height_mm=height,
        filled=filled,
        words=(
            *headline_and_rows("variety", name, _rows(content, language), typeface, text),
            *class_words,
            *(words for _, words in symbols),
        ),
        bars=tuple(bars for bars, _ in symbols),
        matrices=(),
    )


def _rows(content: PalletContent, language: LabelLanguage) -> tuple[Row, ...]:
    values = {
        "packer": content.packer,
        "sscc": content.sscc,
        "gtin": content.gtin,
        "carton_count": str(content.carton_count),
        "lot": content.lot,
        "gross_weight_kg": None if content.gross_weight_kg is None else f"{content.gross_weight_kg:f} kg",
    }
    return tuple(
        Row(field=field, title=title(field, language), value=value)
        for field, value in values.items()
        if value is not None
    )


def _content_lines(
    content: PalletContent, stock: PalletStock, width: float
) -> tuple[tuple[Element, ...], ...]:
    """The elements in as few symbols as fit the width, in order; (02) and (37) are never parted."""
    first, second, *others = content.content_elements
    lines: list[tuple[Element, ...]] = [(first, second)]
    for element in others:
        longer = (*lines[-1], element)
        if fits_in_bars(longer, width):
            lines[-1] = longer
        else:
            lines.append((element,))
    if len(lines) > MOST_CONTENT_SYMBOLS or not all(fits_in_bars(line, width) for line in lines):
        wider = "" if stock is PalletStock.A5 else f" or take the label {PalletStock.A5}"
        raise LabelDataError(
            "lot",
            f"expected a lot whose symbols fit the label {stock}, got {content.lot!r}; shorten it{wider}",
        )
    return tuple(lines)
