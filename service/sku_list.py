"""The SKU tables that are installed."""

from __future__ import annotations

from pathlib import Path

from grader.sku import SKU_TABLES_FOLDER, SkuRule, SkuTable, load_sku_table
from service.schemas import SkuRuleOut, SkuTableOut


def list_sku_tables(folder: Path = SKU_TABLES_FOLDER) -> list[SkuTableOut]:
    """Every table of `folder`, by name.

    Raises:
        SkuTableError: a table has faults.
    """
    return [_table(file.stem, load_sku_table(file)) for file in sorted(folder.glob("*.toml"))]


def _table(name: str, table: SkuTable) -> SkuTableOut:
    return SkuTableOut(
        name=name,
        outlets=list(table.outlets),
        size_tables=[codes.sizes_id for codes in table.size_codes],
        rules=[_rule(rule) for rule in table.rules],
        sha256=table.sha256,
    )


def _rule(rule: SkuRule) -> SkuRuleOut:
    return SkuRuleOut(
        crops=sorted(rule.crops),
        varieties=sorted(rule.varieties),
        classes=sorted(rule.classes),
        sizes=sorted(rule.sizes),
        code=rule.code,
        outlet=rule.outlet,
        colours=sorted(rule.colours),
        pack=rule.pack,
    )
