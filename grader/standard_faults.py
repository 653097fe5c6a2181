"""What a grading standard must not have when it is published: numbers in another unit."""

from __future__ import annotations

from pathlib import Path

from grader.standard import check_standard, load_standard
from grader.toml_file import read_toml
from grader.unit_doubt import unit_doubt


def find_standard_faults(path: Path) -> tuple[str, ...]:
    """Every fault of a rule file as "file:line: key: what is wrong"; none: publish it, if it is enabled."""
    if faults := check_standard(path):
        return faults
    standard = load_standard(path)
    top = read_toml(path)
    for rule, row in zip(standard.rules, top.tables("rules"), strict=True):
        for test in rule.tests:
            side = "minimum" if test.at_least else "maximum"
            for class_id, limit in zip(standard.class_ids, test.limits, strict=True):
                if (doubt := unit_doubt(test.measure, limit, standard.diameter_range_mm)) is not None:
                    row.problem(f"{side}: rule {rule.key}, class {class_id}, {test.measure}: {doubt}", side)
    return tuple(top.problems)
