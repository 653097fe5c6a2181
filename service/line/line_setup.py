"""What the file of a line names, read once when the service starts: standards, SKU table, calibrations."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from grader.calibration import load_calibration
from grader.errors import GraderError
from grader.pipeline import GradeOptions
from grader.rule_shelf import RuleShelf
from grader.rules import Standard, plain_name
from grader.rules_in_force import AS_INSTALLED, RulesInForce
from grader.types import Crop
from service.line.line_config import LineConfig


def setup_problems(line: LineConfig, rules: RulesInForce = AS_INSTALLED) -> tuple[str, ...]:
    """Everything that grading would refuse at the first fruit, in words; empty when all can be used.

    rules: the versions that judge.
    """
    problems = _rule_problems(replace(line.grading, rules=rules))
    calibrations = {options.calibration for options in (line.grading, *(one.options for one in line.cameras))}
    problems += [
        problem for path in calibrations if path is not None for problem in _calibration_problems(path)
    ]
    return tuple(sorted(problems))


def _rule_problems(options: GradeOptions) -> list[str]:
    problems: list[str] = []
    shelf = RuleShelf()
    try:
        shelf.sku_table(options.rules, options.sku_table)
    except GraderError as error:
        problems.append(str(error))
    try:
        standards = _standards(options, shelf)
        for standard in standards:
            standard.check_usable(allow_draft=options.allow_draft)
        if options.variety is not None:
            _check_variety(standards, options.variety)
    except GraderError as error:
        problems.append(str(error))
    return problems


def _standards(options: GradeOptions, shelf: RuleShelf) -> list[Standard]:
    if options.standard is not None:
        return [shelf.standard(options.rules, options.standard)]
    crops = [options.crop] if options.crop else list(Crop)
    return [shelf.default_standard(options.rules, crop) for crop in crops]


def _check_variety(standards: list[Standard], variety: str) -> None:
    """A variety that no standard lists is refused by those whose rules depend on it, as grading would refuse it.

    Raises StandardError.
    """
    name = plain_name(variety)
    if not any(name in known.plain_names for standard in standards for known in standard.varieties):
        for standard in standards:
            standard.check_variety(variety)


def _calibration_problems(path: Path) -> list[str]:
    try:
        load_calibration(path)
    except GraderError as error:
        return [str(error)]
    return []
