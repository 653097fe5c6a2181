"""Class, size, colour, variety -> sellable unit (SKU) and outlet, by a table: first match wins, the last takes all."""

from __future__ import annotations

from grader.rules import Standard
from grader.sku_file import check_sku_table, load_sku_table
from grader.sku_table import (
    NO_COLOUR,
    NO_SIZE,
    SKU_SCHEMA,
    SKU_TABLES_FOLDER,
    Pack,
    SkuRule,
    SkuTable,
)
from grader.types import REJECT, UNGRADED, FruitMeasurement, GradeDecision, SkuAssignment

__all__ = [
    "SKU_SCHEMA",
    "SKU_TABLES_FOLDER",
    "Pack",
    "SkuRule",
    "SkuTable",
    "assign_sku",
    "check_sku_table",
    "classes_left_to_last_rule",
    "load_sku_table",
]


def assign_sku(measurement: FruitMeasurement, decision: GradeDecision, table: SkuTable) -> SkuAssignment:
    """The one SKU and outlet of a fruit. Total: the last rule of a table takes everything."""
    crop = str(measurement.crop)
    variety = table.variety_code(measurement.variety)
    size_code, colour_code = table.size_code(crop, measurement.size), table.colour_code(measurement)
    case = (crop, variety, decision.grade_class, size_code or NO_SIZE, colour_code or NO_COLOUR)
    rule = next(rule for rule in table.rules if rule.matches(*case))
    return SkuAssignment(
        code=table.code(rule, *case),
        table_id=table.table_id,
        outlet=rule.outlet,
        size_code=size_code,
        colour_code=colour_code,
        pack=rule.pack,
        table_sha256=table.sha256,
    )


def classes_left_to_last_rule(table: SkuTable, standard: Standard) -> tuple[str, ...]:
    """Classes of a standard (with reject and ungraded) that no rule but the last one of the table ever takes."""
    return tuple(
        grade_class
        for grade_class in (*standard.class_ids, REJECT, UNGRADED)
        if not any(
            (not rule.crops or standard.crop in rule.crops)
            and (not rule.classes or grade_class in rule.classes)
            for rule in table.rules[:-1]
        )
    )
