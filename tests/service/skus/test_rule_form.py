"""Fields of rule files: what was not touched keeps every byte, what was is the only thing that changes."""

from __future__ import annotations

import pytest

from grader.sku import load_sku_table
from grader.standard import list_standards, load_standard
from service.skus.rule_form import choice_rows, edge_rows, fill_in, limit_rows

EU = load_standard("apple_eu_2023_2429")
EU_TEXT = EU.path.read_text(encoding="utf-8")


def changed(before: str, after: str) -> list[tuple[str, str]]:
    pairs = zip(before.splitlines(), after.splitlines(), strict=True)
    return [(old, new) for old, new in pairs if old != new]


def test_every_standard_that_ships_comes_through_its_form_untouched() -> None:
    for standard in list_standards():
        text = standard.path.read_text(encoding="utf-8")
        fields = [cell for row in limit_rows(standard) for cell in row.cells if cell is not None]
        assert fill_in(text, {cell.name: f"{cell.value:.15g}" for cell in fields}) == text
        doubled = fill_in(text, {cell.name: f"{2 * cell.value + 1:.15g}" for cell in fields})
        assert [line.partition("#")[2] for line in doubled.splitlines()] == [
            line.partition("#")[2] for line in text.splitlines()
        ]
        assert bool(changed(text, doubled)) == bool(fields)


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("rules.3.maximum.I", "0.4", "maximum = { extra = 0, I = 0.4, II = 1.5 }"),
        ("rules.3.maximum.extra", "1", "maximum = { extra = 1, I = 1.0, II = 1.5 }"),
        ("rules.7.maximum.I", "25", "maximum = { extra = 0.01, I = 0.25, II = 0.5 }"),
    ],
)
def test_a_field_changes_its_number_only(name: str, value: str, line: str) -> None:
    ((_, new),) = changed(EU_TEXT, fill_in(EU_TEXT, {name: value}))
    assert new == line


@pytest.mark.parametrize(
    "values", [{"rules.99.maximum.I": "1"}, {"rules.3.maximum.I": "much"}, {"id.x": "y"}]
)
def test_what_is_no_field_or_no_number_changes_nothing(values: dict[str, str]) -> None:
    assert fill_in(EU_TEXT, values) == EU_TEXT
    assert fill_in("not [ toml", values) == "not [ toml"


def test_an_edge_moves_both_bands_so_that_there_is_never_a_hole() -> None:
    table = load_sku_table("default")
    sizes = {name: content.decode() for name, content in table.files[1:]}
    edge = next(row for row in edge_rows(table) if (row.below, row.above) == ("70", "75"))
    assert (edge.field.value, edge.field.low, edge.field.high, edge.field.unit) == (75.0, 70.0, 80.0, "mm")
    text = sizes[f"{edge.place}.toml"]
    assert [new.strip() for _, new in changed(text, fill_in(text, {edge.field.name: "76"}))] == [
        '{ code = "70", from = 70, to = 76 },',
        '{ code = "75", from = 76, to = 80 },',
    ]


def test_an_outlet_is_chosen() -> None:
    table = load_sku_table("default")
    text = table.files[0][1].decode()
    row = choice_rows(table)[2]
    assert (row.outlet, row.outlets) == ("pack_premium", table.outlets)
    ((_, new),) = changed(text, fill_in(text, {row.name: "manual"}))
    assert new == 'outlet = "manual"'
