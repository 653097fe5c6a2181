"""The SKU tables that may assign now."""

from __future__ import annotations

from grader.sku import SkuRule, SkuTable
from service.schemas import SkuRuleOut, SkuTableOut
from service.skus.rule_files import RuleFiles


def list_sku_tables(files: RuleFiles) -> list[SkuTableOut]:
    """Every table, published or installed, by name.

    Raises:
        SkuTableError: a table has faults.
    """
    return [_table(name, files.rules.sku_table(name)) for name in files.table_names()]


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
