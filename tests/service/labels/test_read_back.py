"""Labels as a scanner sees them: zxing-cpp reads what zint made, from PNG and from the rasterised PDF."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from itertools import groupby

import numpy as np
import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from service.errors import LabelDataError
from service.labels.carton_content import CartonContent
from service.labels.carton_layout import draw_carton
from service.labels.drawing import LabelDrawing
from service.labels.element_string import Element, message, read_message
from service.labels.label_language import LabelLanguage
from service.labels.label_stock import CartonStock, PalletStock
from service.labels.paint_pdf import label_pdf
from service.labels.paint_png import label_png
from service.labels.pallet_layout import draw_pallet
from service.labels.symbol_size import LINEAR_HEIGHT_MM, LINEAR_LARGEST_X_MM, LINEAR_SMALLEST_X_MM, Resolution
from service.labels.symbols import gs1_128, gs1_datamatrix
from service.labels.typeface import find_typeface
from tests.service.labels.examples import CARTON, FIXED_CARTON, LONGEST_CARTON, PALLET, needs_chinese_font

pytestmark = needs_chinese_font
BOTH = LabelLanguage.BOTH


def scanned(picture: Image.Image) -> set[tuple[str, str]]:
    """(symbology, message) of every symbol; GS where FNC1 separates."""
    found = zxingcpp.read_barcodes(picture.convert("L"), text_mode=zxingcpp.TextMode.Plain)
    return {(one.symbology_identifier, one.bytes.decode("ascii")) for one in found}


def of_png(drawing: LabelDrawing, resolution: Resolution) -> Image.Image:
    return Image.open(BytesIO(label_png(drawing, find_typeface(BOTH), resolution)))


def of_pdf(drawing: LabelDrawing, dpi: float) -> Image.Image:
    document = pypdfium2.PdfDocument(label_pdf(drawing, find_typeface(BOTH)))
    try:
        assert len(document) == 1
        return document[0].render(scale=dpi / 72).to_pil()
    finally:
        document.close()


def carton_codes(content: CartonContent, stock: CartonStock) -> set[tuple[str, str]]:
    gtin, day, lot = (next(part for part in content.elements if part.ai == ai) for ai in ("01", "13", "10"))
    codes = {("]d2", message(content.elements)), ("]C1", message([gtin]))}
    return codes if stock is CartonStock.SMALL else codes | {("]C1", message([day, lot]))}


@pytest.mark.parametrize("resolution", [Resolution.DPI_203, Resolution.DPI_300])
@pytest.mark.parametrize("stock", list(CartonStock))
@pytest.mark.parametrize("content", [CARTON, FIXED_CARTON])
def test_a_carton_png_is_read_back(
    content: CartonContent, stock: CartonStock, resolution: Resolution
) -> None:
    drawing = draw_carton(content, stock, BOTH, find_typeface(BOTH))
    assert scanned(of_png(drawing, resolution)) == carton_codes(content, stock)


@pytest.mark.parametrize("dpi", [203.2, 300])
@pytest.mark.parametrize("stock", list(CartonStock))
def test_a_carton_pdf_is_read_back(stock: CartonStock, dpi: float) -> None:
    drawing = draw_carton(CARTON, stock, BOTH, find_typeface(BOTH))
    assert scanned(of_pdf(drawing, dpi)) == carton_codes(CARTON, stock)


def test_the_longest_carton_is_read_back_to_the_same_elements() -> None:
    drawing = draw_carton(LONGEST_CARTON, CartonStock.SMALL, BOTH, find_typeface(BOTH))
    codes = scanned(of_png(drawing, Resolution.DPI_203))
    assert codes == carton_codes(LONGEST_CARTON, CartonStock.SMALL)
    whole = next(text for prefix, text in codes if prefix == "]d2")
    assert read_message(f"]d2{whole}") == LONGEST_CARTON.elements


@pytest.mark.parametrize(
    ("stock", "lines"),
    [
        (PalletStock.A6, (("02", "37"), ("3301", "10"), ("00",))),
        (PalletStock.A5, (("02", "37", "3301"), ("10",), ("00",))),
    ],
)
def test_a_pallet_is_read_back_from_png_and_pdf(
    stock: PalletStock, lines: tuple[tuple[str, ...], ...]
) -> None:
    drawing = draw_pallet(PALLET, stock, BOTH, find_typeface(BOTH))
    elements = {element.ai: element for element in (*PALLET.content_elements, PALLET.sscc_element)}
    expected = {("]C1", message([elements[ai] for ai in line])) for line in lines}
    for resolution in (Resolution.DPI_203, Resolution.DPI_300):
        assert scanned(of_png(drawing, resolution)) == expected
    for dpi in (203.2, 300):
        assert scanned(of_pdf(drawing, dpi)) == expected


@pytest.mark.parametrize("resolution", list(Resolution))
def test_bars_have_the_size_and_the_quiet_zones_of_the_specifications(resolution: Resolution) -> None:
    """Measured in the picture: one X in whole dots for all bars, 31.75 mm high, ten X white on both sides."""
    drawing = draw_pallet(PALLET, PalletStock.A6, BOTH, find_typeface(BOTH))
    dots = resolution.dots_per_mm
    dark = ~np.asarray(of_png(drawing, resolution))
    assert dark.dtype == np.bool_
    for bars in drawing.bars:
        row = dark[round((bars.top_mm + bars.height_mm / 2) * dots)]
        runs = [(value, len(list(run))) for value, run in groupby(row.tolist())]
        widths = [length for _, length in runs[1:-1]]
        x = min(widths)
        assert LINEAR_SMALLEST_X_MM <= x / dots <= LINEAR_LARGEST_X_MM
        assert all(width % x == 0 and width // x <= 4 for width in widths)
        assert not runs[0][0]
        assert not runs[-1][0]
        assert min(runs[0][1], runs[-1][1]) >= 10 * x
        column = dark[:, runs[0][1]]
        tall = max(len(list(run)) for value, run in groupby(column.tolist()) if value)
        assert tall / dots == pytest.approx(LINEAR_HEIGHT_MM, abs=1 / dots)


def test_the_png_says_its_size_and_has_two_colours() -> None:
    drawing = draw_carton(CARTON, CartonStock.SMALL, BOTH, find_typeface(BOTH))
    sizes = {}
    for resolution in Resolution:
        picture = of_png(drawing, resolution)
        assert picture.mode == "1"
        sizes[resolution] = picture.size
        for pixels, stated, mm in zip(picture.size, picture.info["dpi"], (100, 70), strict=True):
            assert pixels / stated * 25.4 == pytest.approx(mm, abs=0.1)
    assert sizes[Resolution.DPI_203] == (800, 560)


def test_the_pdf_has_its_true_size_and_text_that_can_be_searched() -> None:
    drawing = draw_carton(CARTON, CartonStock.LARGE, BOTH, find_typeface(BOTH))
    data = label_pdf(drawing, find_typeface(BOTH))
    document = pypdfium2.PdfDocument(data)
    page = document[0]
    assert page.get_size() == pytest.approx((100 / 25.4 * 72, 150 / 25.4 * 72))
    text = page.get_textpage().get_text_range()
    for words in (
        "苹果 Apples 富士 Fuji",
        "包装日期 Packed",
        "(13)261122(10)2611-L7",
        "礼县果业合作社",
        "一级 I",
    ):
        assert words in text
    document.close()
    assert len(data) < 100_000  # letters of the label, not the whole font of 20 MB
    assert label_pdf(drawing, find_typeface(BOTH)) == data


def test_letters_of_a_later_label_are_not_missing() -> None:
    """Fonts are kept between labels: a label with other letters gets them, in its text and on its picture."""
    typeface = find_typeface(BOTH)
    label_pdf(draw_carton(CARTON, CartonStock.SMALL, BOTH, typeface), typeface)
    other = replace(CARTON, variety="伽师瓜 Jiashi", packer="巴楚 Bachu")
    document = pypdfium2.PdfDocument(
        label_pdf(draw_carton(other, CartonStock.SMALL, BOTH, typeface), typeface)
    )
    text = document[0].get_textpage().get_text_range()
    document.close()
    assert "伽师瓜 Jiashi" in text
    assert "巴楚 Bachu" in text


def test_a_gs1_128_takes_48_characters_and_no_more() -> None:
    twenty = Element("10", "1" * 20)
    gs1_128([Element("01", CARTON.gtin), twenty, Element("13", "261122")])  # 16 + 22 + FNC1 + 8 = 47
    with pytest.raises(LabelDataError, match=r"^code: expected at most 48 characters in a GS1-128, got 49$"):
        gs1_128([Element("01", CARTON.gtin), twenty, Element("30", "12345678")])


def test_a_datamatrix_is_square() -> None:
    for content in (CARTON, FIXED_CARTON, LONGEST_CARTON):
        rows, columns = gs1_datamatrix(content.elements).shape
        assert rows == columns <= 36
