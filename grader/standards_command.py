"""`grader standards list | show ID | check FILE... | diff OLD NEW`: look at rule files and test your own."""

from __future__ import annotations

import json
import sys
from math import isinf
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from grader.errors import StandardError
from grader.rules import Limit, Rule, Standard, Status
from grader.size_codes import check_size_codes, list_size_codes
from grader.sku_faults import find_sku_faults
from grader.sku_table import SKU_SCHEMA
from grader.skus_command import In, Language, print_differences, tried
from grader.standard import SIZES_SCHEMA, list_standards, load_standard
from grader.standard_diff import diff_standards
from grader.standard_faults import find_standard_faults
from grader.toml_file import read_toml

app = typer.Typer(no_args_is_help=True, help="The grading standards: list, show, check.")

WRONG_USE = 2
HAS_FAULTS = 1
FILE_WIDTH = 180

AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout instead of a table.")]


@app.command(name="list")
def list_command(as_json: AsJson = False) -> None:
    """All rule files and size tables that come with the grader."""
    standards = list_standards()
    if as_json:
        _print_json([_summary(standard) for standard in standards])
        return
    table = Table("id", "crop", "status", "evidence", "classes", "name", title="Grading standards")
    for standard in standards:
        name = f"{standard.names.en}\n{standard.names.zh}"
        status = f"{standard.status}{' (default)' if standard.default_for_crop else ''}"
        classes = ", ".join(standard.class_ids)
        table.add_row(standard.standard_id, standard.crop, status, _evidence(standard), classes, name)
    console = _console()
    console.print(table)
    sizes = Table("id", "crop", "measure", "evidence", "codes", title="Size tables")
    for codes in list_size_codes():
        names = ", ".join(band.code for band in codes.bands)
        sizes.add_row(codes.sizes_id, codes.crop, codes.measure, codes.evidence, names)
    console.print(sizes)


@app.command()
def show(
    standard: Annotated[str, typer.Argument(help="Id, alias or file of a standard.")], as_json: AsJson = False
) -> None:
    """Every limit of one standard, with its source."""
    try:
        loaded = load_standard(standard)
    except StandardError as error:
        Console(stderr=True).print(str(error), style="red", markup=False, highlight=False)
        raise typer.Exit(WRONG_USE) from error
    if as_json:
        _print_json({**_summary(loaded), "rules": [_rule_json(rule, loaded) for rule in loaded.rules]})
        return
    console = _console()
    console.print(f"{loaded.names.en} / {loaded.names.zh}", style="bold", markup=False)
    console.print(f"{loaded.source}; {loaded.edition}; {loaded.clause}", markup=False)
    console.print(f"checked by {loaded.checked_by}, {loaded.checked_on}", markup=False)
    if loaded.status is not Status.ENABLED:
        console.print(f"{loaded.status}: {loaded.status_reason}", style="yellow", markup=False)
    if loaded.recalled_rules:
        names = ", ".join(loaded.recalled_rules)
        console.print(f"recalled, not read: {names}", style="yellow", markup=False)
    if loaded.note:
        console.print(loaded.note, markup=False)
    table = Table("rule", "measure", *loaded.class_ids, "varieties", "evidence", "clause")
    for rule in loaded.rules:
        only = ", ".join(sorted(rule.only_tags)) or "all"
        excepted = ", ".join(sorted(rule.except_tags))
        varieties = f"{only} except {excepted}" if excepted else only
        for test in rule.tests:
            limits = [_limit_text(test, index) for index in range(len(loaded.classes))]
            letters = "/".join(dict.fromkeys(rule.evidence))
            table.add_row(
                f"{rule.names.en}\n{rule.names.zh}", test.measure, *limits, varieties, letters, rule.clause
            )
    for check in loaded.hand_checks:
        asked = ["-" if names is None else f"{names.en}\n{names.zh}" for names in check.requires]
        assumed = f"by hand, if unknown {'met' if check.assumed_met else 'not met'}"
        name = f"{check.names.en}\n{check.names.zh}"
        table.add_row(name, assumed, *asked, "all", check.evidence, check.clause)
    console.print(table)


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Rule files, size tables or SKU tables (.toml).")],
    as_json: AsJson = False,
) -> None:
    """Test files of your own. Exit 0: all good; 1: faults, each with file and line."""
    found = {str(path): _problems(path) for path in files}
    if as_json:
        _print_json(found)
    else:
        for name, problems in found.items():
            sys.stdout.write("".join(f"{line}\n" for line in problems) or f"{name}: good\n")
    if any(found.values()):
        raise typer.Exit(HAS_FAULTS)


@app.command()
def diff(
    old: Annotated[str, typer.Argument(help="Id or file of a standard.")],
    new: Annotated[str, typer.Argument(help="The newer one.")],
    language: In = Language.EN,
    as_json: AsJson = False,
) -> None:
    """What changes from one standard to another. Exit 0: nothing; 1: something."""
    print_differences(
        tried(lambda: diff_standards(load_standard(old), load_standard(new))), language, as_json
    )


def _console() -> Console:
    """A console that does not fold tables when the output goes to a file."""
    return Console() if sys.stdout.isatty() else Console(width=FILE_WIDTH)


def _problems(path: Path) -> tuple[str, ...]:
    schema = read_toml(path).text("schema", default="-")
    if schema == SIZES_SCHEMA:
        return check_size_codes(path)
    return find_sku_faults(path) if schema == SKU_SCHEMA else find_standard_faults(path)


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def _evidence(standard: Standard) -> str:
    badge = {"S2": " second-hand source", "R": " recalled, locked", "D": " ours"}.get(standard.evidence, "")
    return f"{standard.evidence}{badge}"


def _summary(standard: Standard) -> dict[str, object]:
    return {
        "standard_id": standard.standard_id,
        "aliases": list(standard.aliases),
        "crop": standard.crop,
        "name_en": standard.names.en,
        "name_zh": standard.names.zh,
        "status": standard.status.value,
        "status_reason": standard.status_reason,
        "default_for_crop": standard.default_for_crop,
        "source": standard.source,
        "edition": standard.edition,
        "evidence": standard.evidence,
        "recalled_rules": list(standard.recalled_rules),
        "classes": [
            {"id": grade_class.class_id, "name_en": grade_class.names.en, "name_zh": grade_class.names.zh}
            for grade_class in standard.classes
        ],
        "sha256": standard.sha256,
    }


def _rule_json(rule: Rule, standard: Standard) -> dict[str, object]:
    return {
        "key": rule.key,
        "name_en": rule.names.en,
        "name_zh": rule.names.zh,
        "tests": [
            {
                "measure": test.measure.value,
                "at_least": test.at_least,
                "limits": {
                    class_id: None if isinf(limit) else limit
                    for class_id, limit in zip(standard.class_ids, test.limits, strict=True)
                },
            }
            for test in rule.tests
        ],
        "kinds": sorted(kind.value for kind in rule.kinds),
        "only_tags": sorted(rule.only_tags),
        "except_tags": sorted(rule.except_tags),
        "evidence": list(rule.evidence),
        "clause": rule.clause,
    }


def _limit_text(test: Limit, index: int) -> str:
    limit = test.limits[index]
    if isinf(limit):
        return "to fill" if test.to_fill else "any"
    return f"{'≥' if test.at_least else '≤'} {limit:.4g}"
