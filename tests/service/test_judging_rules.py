"""What judged a fruit is found by its hash, wherever it is kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from grader.errors import UnknownVersionError
from grader.sku import SKU_TABLES_FOLDER, load_sku_table
from grader.standard import list_standards
from grader.versions import publish_sku_table
from service.judging_rules import JudgingRules
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
    judging = JudgingRules(tmp_path / "versions", list_standards)
    judge = replace(JUDGE, sku_table_id=INSTALLED.table_id)
    for sha256 in (first, second, INSTALLED.sha256):
        assert judging.table(replace(judge, sku_table_sha256=sha256)).sha256 == sha256
    with pytest.raises(UnknownVersionError, match="no file with the hash"):
        judging.table(replace(judge, sku_table_sha256="0" * 64))


def test_a_standard_that_is_gone_is_known_by_name_for_words_only(tmp_path: Path) -> None:
    standards = list_standards()
    judging = JudgingRules(tmp_path / "versions", lambda: standards)
    judge = replace(JUDGE, standard_id=standards[0].standard_id, standard_sha256=standards[0].sha256)
    assert judging.standard(judge) == standards[0]
    with pytest.raises(UnknownVersionError, match="no file with the hash"):
        judging.standard(replace(judge, standard_sha256="0" * 64))
    assert judging.of_name(standards[0].standard_id) == standards[0]
    assert judging.of_name("never") is None
