"""The statement on paper and in a spreadsheet, in both languages."""

from __future__ import annotations

import csv
import os
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pypdfium2
import pytest

from grader.reason_text import Language
from grader.standard import list_standards, load_standard
from service.archive import Archive
from service.errors import LabelFontError
from service.judging_rules import JudgingRules
from service.statement.content import Statement
from service.statement.limits import limit_lines, measured_lines
from service.statement.lot_statement import lot_statement
from service.statement.paint_csv import statement_csv
from service.statement.paint_pdf import statement_pdf
from service.statement.prices import read_prices
from service.statement.sheet import statement_sheet
from tests.grader.made_fruit import exactly, make_defect, make_fruit, without_scale
from tests.service.browsing import SCREENSHOTS
from tests.service.lot_fruit import AT, new_lot
from tests.service.made_lot import fill_lot


@pytest.fixture(scope="module")
def statement(tmp_path_factory: pytest.TempPathFactory) -> Statement:
    folder = tmp_path_factory.mktemp("statement")
    archive = Archive.open(folder, min_free_bytes=1)
    lot = archive.lots.open(
        new_lot("20261121-2", variety="富士", grower="王家果园", origin="甘肃礼县", net_weight_kg=430),
        line_id="north",
        lanes=(1,),
        at=AT,
    )
    fill_lot(archive, lot, 2_000)
    prices = read_prices(["extra:6.50", "I:5.20", "II:3", "reject:0.8"])
    made = lot_statement(archive, JudgingRules(folder, list_standards), lot.lot_id, prices)
    archive.close()
    return replace(made, made_at=datetime(2026, 11, 22, 9, 0, tzinfo=UTC))


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return "\n".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            (
                "Grower statement",
                "王家果园",
                "Provisional",
                "Extra Class",
                "bruising, total area",
                "at most 1 cm²",
            ),
        ),
        ("zh", ("果农分级结算单", "王家果园", "暂估", "特级", "碰压伤总面积", "不超过 1 cm²", "等级与货款")),
    ],
)
def test_the_pdf_says_all_in_its_language(
    statement: Statement, language: Language, words: tuple[str, ...]
) -> None:
    sheet = statement_sheet(statement, language)
    pdf = statement_pdf(sheet)
    said = text_of(pdf).replace("\r", "").replace("\n", "")
    assert [word for word in words if word not in said] == []
    for table in sheet.tables[:3]:
        assert [cell for row in table.rows for cell in row if cell not in said and len(cell) < 12] == []
    assert statement_pdf(sheet) == pdf
    assert len(pdf) < 200_000


def test_a_letter_that_no_font_has_is_refused(statement: Statement) -> None:
    odd = replace(statement, lot=replace(statement.lot, grower="\U0001f34e果园"))
    with pytest.raises(LabelFontError, match="cannot write"):
        statement_pdf(statement_sheet(odd, "zh"))


def test_the_csv_opens_in_excel(statement: Statement) -> None:
    data = statement_csv(statement_sheet(statement, "zh"))
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(StringIO(data.decode("utf-8-sig"))))
    assert rows[0] == ["果农分级结算单"]
    place = rows.index(["等级与货款"]) + 2
    classes = rows[place : place + 5]
    assert [row[0] for row in classes] == ["特级", "一级", "二级", "等外", "合计"]
    assert sum(int(row[1]) for row in classes[:-1]) == int(classes[-1][1]) == statement.fruit
    assert sum(round(100 * float(row[6])) for row in classes[:-1]) == round(100 * float(classes[-1][6]))


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1"])
def test_names_are_no_formulas(statement: Statement, name: str) -> None:
    odd = replace(statement, lot=replace(statement.lot, grower=name, code=name))
    cells = [
        cell
        for row in csv.reader(StringIO(statement_csv(statement_sheet(odd, "en")).decode("utf-8-sig")))
        for cell in row
    ]
    assert f"'{name}" in cells
    assert [cell for cell in cells if cell.lstrip().startswith(("=", "+", "@")) or cell == name] == []


def test_limits_in_plain_words() -> None:
    lines = {
        line.name: line.allowed for line in limit_lines(load_standard("apple_eu_2023_2429"), "富士", "en")
    }
    assert lines["bruising, total area"] == ("none", "at most 1 cm²", "at most 1.5 cm²")
    assert lines["minimum size"] == ("at least 60 mm or at least 90 g",) * 3
    assert [name for name in lines if name.startswith("red colour")] == [
        "red colour (group B), share of the surface"
    ]
    zh = {line.name: line.allowed for line in limit_lines(load_standard("apple_eu_2023_2429"), None, "zh")}
    assert zh["腐烂"] == ("不允许", "不允许", "不允许")


def test_a_fruit_against_the_limits() -> None:
    fruit = make_fruit(
        make_defect("bruise", area_mm2=120.0), variety="fuji", diameter_mm=exactly(58.0), blush=0.4
    )
    lines = {line.name: line for line in measured_lines(fruit, load_standard("apple_eu_2023_2429"), "en")}
    bruise = lines["bruising, total area"]
    assert (bruise.measured, bruise.meets) == ("1.2 cm²", (False, False, True))
    assert bruise.allowed == ("none", "at most 1 cm²", "at most 1.5 cm²")
    assert lines["minimum size"].meets == (False, False, False)
    assert lines["red colour (group B), share of the surface"].meets == (False, True, True)
    blind = measured_lines(without_scale(fruit), load_standard("apple_eu_2023_2429"), "zh")
    assert [(line.measured, line.meets) for line in blind if line.name == "最小果径"] == [
        ("", (None, None, None))
    ]


def test_the_colour_rule_is_named_for_the_variety(statement: Statement) -> None:
    causes = statement_sheet(statement, "en").tables[1]
    assert [row[0] for row in causes.rows if row[0].startswith("red colour")] == [
        "red colour (group B), share of the surface"
    ]


def test_a_statement_is_two_pages_of_a4(statement: Statement) -> None:
    closed = replace(statement, provisional=False)
    document = pypdfium2.PdfDocument(statement_pdf(statement_sheet(closed, "zh")))
    pictures = [page.render(scale=1.3).to_pil() for page in document]
    document.close()
    assert [picture.size for picture in pictures] == [(774, 1095)] * 2
    if folder := os.environ.get(SCREENSHOTS):
        pictures[0].quantize(64).save(Path(folder) / "statement.png", optimize=True)
