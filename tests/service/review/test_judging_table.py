"""The table that judged a fruit is found by its hash, wherever it is kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from service.review.judging_table import JudgingTables

from grader.sku import SKU_TABLES_FOLDER, load_sku_table
from grader.standard import list_standards
from grader.versions import publish_sku_table
from service.errors import ReviewError
from service.skus.rule_files import RuleFiles
from tests.service.lot_fruit import JUDGE

INSTALLED = load_sku_table("default")
TEXT = (SKU_TABLES_FOLDER / "default.toml").read_text(encoding="utf-8")


def publish(folder: Path, text: str, replaces: str | None) -> str:
    draft = folder / "default.toml"
    draft.write_text(text, encoding="utf-8")
    published = publish_sku_table(draft, folder / "versions", who="li", reason="ours", replaces=replaces)
    return published.sha256


def test_the_version_that_judged_not_the_one_in_force(tmp_path: Path) -> None:
    first = publish(tmp_path, TEXT.replace("{crop}-", "{crop}1-"), None)
    second = publish(tmp_path, TEXT.replace("{crop}-", "{crop}2-"), first)
    tables = JudgingTables(RuleFiles(folder=tmp_path / "versions", installed=tuple(list_standards())))
    judge = replace(JUDGE, sku_table_id=INSTALLED.table_id)
    for sha256 in (first, second, INSTALLED.sha256):
        assert tables.table(replace(judge, sku_table_sha256=sha256)).sha256 == sha256
    assert tables.table(replace(judge, sku_table_sha256="0" * 64)).sha256 == second
    with pytest.raises(ReviewError, match="expected the SKU table 'gone' that judged this fruit"):
        tables.table(replace(judge, sku_table_id="gone"))
