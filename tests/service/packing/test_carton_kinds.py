"""The kind of carton of a SKU is what every fruit of that SKU would have got; rules are found by their hash."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import UnknownVersionError
from grader.sku import assign_sku, load_sku_table
from grader.standard import list_standards
from grader.types import Crop, FruitMeasurement, GradeDecision
from grader.versions import publish_sku_table
from service.judging_rules import JudgingRules
from service.packing.carton_kinds import carton_kinds
from tests.grader.made_fruit import fruits
from tests.grader.test_sku_faults import write
from tests.service.packing.packed_lot import judge_of, rules_with, write_table


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("site"))


@given(
    fruit=fruits(Crop.APPLE, (None, "fuji", "odd")),
    grade_class=st.sampled_from(["extra", "I", "II", "reject", "odd"]),
)
def test_every_fruit_finds_its_pack_by_its_sku(site: Path, fruit: FruitMeasurement, grade_class: str) -> None:
    table = load_sku_table(site)
    decision = GradeDecision(
        standard_id="any", grade_class=grade_class, confidence=1.0, review=False, reasons=()
    )
    sku = assign_sku(fruit, decision, table)
    kinds = carton_kinds(table, str(fruit.crop), frozenset({grade_class}))
    found = kinds.get(sku.code)
    assert (None if found is None else (found.outlet, found.pack.key)) == (
        None if sku.pack is None else (sku.outlet, sku.pack)
    )


def test_rules_are_found_by_hash_wherever_they_are(tmp_path: Path) -> None:
    old, new = write_table(tmp_path / "old", count=4), write_table(tmp_path / "new", count=6)
    published = tmp_path / "versions"
    first = publish_sku_table(old, published, who="Wang", reason="packs", replaces=None)
    publish_sku_table(new, published, who="Wang", reason="six", replaces=first.sha256)
    rules = JudgingRules(published, list_standards)
    for path in (old, new):
        assert rules.table(judge_of(path)).sha256 == judge_of(path).sku_table_sha256
    default = load_sku_table("default")
    judge = replace(judge_of(old), sku_table_id="default", sku_table_sha256=default.sha256)
    assert rules.table(judge) == default
    with pytest.raises(UnknownVersionError, match=r"^SKU table default: no file with the hash ''"):
        rules.table(replace(judge, sku_table_sha256=""))
    with pytest.raises(
        UnknownVersionError, match=r"^standard apple_eu_2023_2429: no file with the hash 'ffff"
    ):
        rules.standard(replace(judge, standard_sha256="f" * 64))


def test_a_line_s_own_file_counts_as_long_as_it_is_unchanged(tmp_path: Path) -> None:
    path = write_table(tmp_path)
    judge = judge_of(path)
    assert rules_with(path).table(judge).table_id == "packing"
    write_table(tmp_path, count=9)
    with pytest.raises(UnknownVersionError, match=r"^SKU table packing: no file with the hash"):
        rules_with(path).table(judge)
