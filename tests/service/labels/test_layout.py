"""Nothing on a label overlaps, leaves it, or comes into a quiet zone; what cannot be printed legibly is refused."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import combinations
from pathlib import Path

import pytest

from grader.label_card import find_fonts
from service.errors import LabelDataError, LabelFontError
from service.labels.carton_content import CartonContent
from service.labels.carton_layout import draw_carton
from service.labels.drawing import LabelDrawing, Words
from service.labels.label_language import LabelLanguage
from service.labels.label_stock import CartonStock, PalletStock
from service.labels.layout_parts import CAP_HEIGHT, SMALLEST_TEXT_MM
from service.labels.pallet_layout import draw_pallet
from service.labels.symbol_size import linear_width_mm, matrix_width_mm
from service.labels.typeface import Typeface, find_typeface
from tests.service.labels.examples import CARTON, FIXED_CARTON, LONGEST_CARTON, PALLET, needs_chinese_font

pytestmark = needs_chinese_font
Box = tuple[float, float, float, float]
SMALL, LARGE = CartonStock.SMALL, CartonStock.LARGE
DESCENDER = 0.2  # em


@pytest.fixture(scope="module")
def typeface() -> Typeface:
    return find_typeface(LabelLanguage.BOTH)


def words_box(words: Words, typeface: Typeface) -> Box:
    width = typeface.width_mm(words.text, words.size_mm, bold=words.bold)
    top, bottom = words.baseline_mm - CAP_HEIGHT * words.size_mm, words.baseline_mm
    return (words.left_mm, top, words.left_mm + width, bottom)


def boxes(drawing: LabelDrawing, typeface: Typeface) -> dict[str, Box]:
    """left, top, right, bottom in mm of each line of text and of each symbol with its quiet zone."""
    found = {
        f"text {number} {words.text}": words_box(words, typeface)
        for number, words in enumerate(drawing.words)
    }
    for number, bars in enumerate(drawing.bars):
        half = linear_width_mm(len(bars.modules)) / 2
        found[f"bars {number}"] = (
            bars.centre_mm - half,
            bars.top_mm,
            bars.centre_mm + half,
            bars.top_mm + bars.height_mm,
        )
    for matrix in drawing.matrices:
        half = matrix_width_mm(len(matrix.modules)) / 2
        x, y = matrix.centre_mm, matrix.middle_mm
        found["matrix"] = (x - half, y - half, x + half, y + half)
    return found


def overlapping(found: dict[str, Box]) -> list[str]:
    return [
        f"{name} over {other}"
        for (name, a), (other, b) in combinations(found.items(), 2)
        if min(a[2], b[2]) - max(a[0], b[0]) > 1e-6 and min(a[3], b[3]) - max(a[1], b[1]) > 1e-6
    ]


def check(drawing: LabelDrawing, typeface: Typeface) -> None:
    found = boxes(drawing, typeface)
    assert overlapping(found) == []
    outside = [
        name
        for name, (left, top, right, bottom) in found.items()
        if left < -1e-6 or top < 0 or right > drawing.width_mm + 1e-6 or bottom > drawing.height_mm
    ]
    assert outside == []
    assert min(words.size_mm for words in drawing.words) >= SMALLEST_TEXT_MM
    solid = {
        f"box {number}": (box.left_mm, box.top_mm, box.left_mm + box.width_mm, box.top_mm + box.height_mm)
        for number, box in enumerate(drawing.filled)
    }
    symbols = {name: box for name, box in found.items() if not name.startswith("text")}
    assert [clash for clash in overlapping(solid | symbols) if "box" in clash and "bars" in clash] == []
    lowest = max(words.baseline_mm + DESCENDER * words.size_mm for words in drawing.words)
    assert lowest <= drawing.height_mm


@pytest.mark.parametrize("language", list(LabelLanguage))
@pytest.mark.parametrize("stock", list(CartonStock))
@pytest.mark.parametrize(
    "content",
    [
        CARTON,
        FIXED_CARTON,
        replace(CARTON, produce=None, variety="F", packer="P", size="M", grade_class="I"),
        replace(CARTON, variety="花牛 Red Delicious", packer="甘肃省陇南市礼县花牛苹果专业合作社", size="75"),
        replace(CARTON, lot="123456789", origin="US", net_weight_kg=Decimal("9.99999")),
    ],
)
def test_cartons(
    content: CartonContent, stock: CartonStock, language: LabelLanguage, typeface: Typeface
) -> None:
    check(draw_carton(content, stock, language, typeface), typeface)


def test_the_longest_codes(typeface: Typeface) -> None:
    check(draw_carton(LONGEST_CARTON, SMALL, LabelLanguage.BOTH, typeface), typeface)


@pytest.mark.parametrize("language", list(LabelLanguage))
@pytest.mark.parametrize("stock", list(PalletStock))
@pytest.mark.parametrize("gross", [None, Decimal("1234.5")])
def test_pallets(
    gross: Decimal | None, stock: PalletStock, language: LabelLanguage, typeface: Typeface
) -> None:
    check(draw_pallet(replace(PALLET, gross_weight_kg=gross), stock, language, typeface), typeface)


def test_the_words_are_in_the_language_asked_for(typeface: Typeface) -> None:
    drawn = {
        language: {words.text for words in draw_carton(CARTON, SMALL, language, typeface).words}
        for language in LabelLanguage
    }
    assert {"包装日期 Packed", "中国 China", "等级 Class"} < drawn[LabelLanguage.BOTH]
    assert {"包装日期", "中国", "等级"} < drawn[LabelLanguage.CHINESE]
    assert {"Packed", "China", "Class"} < drawn[LabelLanguage.ENGLISH]


def test_a_long_packer_is_broken_into_two_lines(typeface: Typeface) -> None:
    texts = [words.text for words in draw_carton(CARTON, LARGE, LabelLanguage.BOTH, typeface).words]
    assert "礼县果业合作社" in texts
    assert "Lixian Fruit Co-op" in texts


def test_text_that_people_could_not_read_is_refused(typeface: Typeface) -> None:
    with pytest.raises(
        LabelDataError, match=r"^size: expected text of at most \d+ mm when printed 2 mm high, got"
    ):
        draw_carton(replace(CARTON, size="diameter 80 to 85 mm"), SMALL, LabelLanguage.BOTH, typeface)
    with pytest.raises(LabelDataError, match=r"^packer: expected text of at most"):
        draw_carton(replace(CARTON, packer="礼" * 60), SMALL, LabelLanguage.BOTH, typeface)
    with pytest.raises(LabelDataError, match=r"^variety: expected text of at most"):
        draw_carton(replace(CARTON, variety="富" * 60), SMALL, LabelLanguage.BOTH, typeface)


@pytest.mark.parametrize(("fits", "too_long"), [("ABCDEFGHI", "ABCDEFGHIJ"), ("1" * 20, None)])
def test_a_lot_too_wide_for_the_bars_of_the_large_carton_is_refused(
    fits: str, too_long: str | None, typeface: Typeface
) -> None:
    check(draw_carton(replace(CARTON, lot=fits), LARGE, LabelLanguage.BOTH, typeface), typeface)
    if too_long is not None:
        with pytest.raises(
            LabelDataError, match=r"^lot: expected a lot whose GS1-128 fits 100 mm .*'ABCDEFGHIJ'"
        ):
            draw_carton(replace(CARTON, lot=too_long), LARGE, LabelLanguage.BOTH, typeface)
        draw_carton(replace(CARTON, lot=too_long), SMALL, LabelLanguage.BOTH, typeface)


def test_a_lot_too_wide_for_a_pallet_names_the_larger_label(typeface: Typeface) -> None:
    long = replace(PALLET, lot="ABCDEFGHIJ")
    with pytest.raises(
        LabelDataError, match=r"^lot: .* fit the label 105x148, .*; shorten it or take .* 148x210$"
    ):
        draw_pallet(long, PalletStock.A6, LabelLanguage.BOTH, typeface)
    check(draw_pallet(long, PalletStock.A5, LabelLanguage.BOTH, typeface), typeface)
    with pytest.raises(LabelDataError, match=r"^lot: .* fit the label 148x210, got .*; shorten it$"):
        draw_pallet(replace(PALLET, lot="ABCDEFGHIJKLMNOPQRST"), PalletStock.A5, LabelLanguage.BOTH, typeface)


def test_without_a_chinese_font_only_english_labels_are_made(tmp_path: Path) -> None:
    latin = find_fonts("en")
    for language in (LabelLanguage.BOTH, LabelLanguage.CHINESE):
        with pytest.raises(
            LabelFontError, match=r"^expected a font for Chinese, such as Debian's fonts-noto-cjk"
        ):
            find_typeface(language, [str(tmp_path)])
    with pytest.raises(LabelFontError, match=r"^expected a font file, such as .*, found none$"):
        find_typeface(LabelLanguage.ENGLISH, [str(tmp_path)])
    if latin.path is None:
        pytest.skip("no font file with Latin letters alone on this computer")
    (tmp_path / latin.path.name).write_bytes(latin.path.read_bytes())
    typeface = find_typeface(LabelLanguage.ENGLISH, [str(tmp_path)])
    english = replace(CARTON, produce="Apples", variety="Fuji", grade_class="Class I", packer="Lixian Co-op")
    check(draw_carton(english, SMALL, LabelLanguage.ENGLISH, typeface), typeface)
    with pytest.raises(
        LabelFontError, match=r"cannot write 士 富 of 'Apples 富士'; expected a font for Chinese"
    ):
        draw_carton(replace(english, variety="富士"), SMALL, LabelLanguage.ENGLISH, typeface)


def test_of_the_faces_in_one_file_the_mainland_one_is_taken(typeface: Typeface) -> None:
    if typeface.regular.path.name != "NotoSansCJK-Regular.ttc":
        pytest.skip("another font than Noto Sans CJK")
    assert (typeface.regular.number, typeface.bold.number) == (2, 2)
    assert typeface.bold.path.name == "NotoSansCJK-Bold.ttc"
