"""Grading standards as data: load, list and check the rule files (`grading-rules/1`)."""

from __future__ import annotations

import hashlib
from pathlib import Path

from grader.errors import StandardError
from grader.rules import Standard, Status, Variety
from grader.standard_parts import (
    EVIDENCE,
    read_diameter_range,
    read_grade_class,
    read_hand_check,
    read_names,
    read_rule,
    read_tolerance,
    read_uniformity,
    read_variety,
)
from grader.toml_file import TomlTable, read_toml
from grader.types import REJECT, UNGRADED

__all__ = [
    "Standard",
    "check_standard",
    "is_path",
    "list_standards",
    "load_default_standard",
    "load_standard",
]

RULES_SCHEMA = "grading-rules/1"
SIZES_SCHEMA = "grading-sizes/1"
STANDARDS_FOLDER = Path(__file__).parent / "standards"


def load_standard(id_or_path: str | Path) -> Standard:
    """A standard by id (`apple_eu_2023_2429`), by alias (`unece_ffv50`), or from a TOML file of your own.

    Raises:
        StandardError: no such standard (the message lists the known ones), or the file has faults (each with line).
    """
    if isinstance(id_or_path, Path) or is_path(id_or_path):
        return _load_file(Path(id_or_path))
    standards = list_standards()
    for standard in standards:
        if id_or_path == standard.standard_id or id_or_path in standard.aliases:
            return standard
    known = ", ".join(standard.standard_id for standard in standards)
    raise StandardError(f"no standard {id_or_path!r}; known are {known}, or the path of a .toml file")


def is_path(name: str) -> bool:
    """Whether a name of rules is the path of a file, not an id."""
    return name.endswith(".toml") or "/" in name or "\\" in name


def list_standards() -> tuple[Standard, ...]:
    """All rule files that come with the grader, sorted by id, drafts and templates too.

    Raises:
        StandardError: a file has faults, or an id or alias occurs twice.
    """
    paths = sorted(STANDARDS_FOLDER.glob("*.toml"))
    standards = tuple(_load_file(path) for path in paths if _schema_of(path) != SIZES_SCHEMA)
    names = [name for standard in standards for name in (standard.standard_id, *standard.aliases)]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise StandardError(f"{STANDARDS_FOLDER}: id or alias used twice: {', '.join(twice)}")
    return standards


def load_default_standard(crop: str) -> Standard:
    """The standard used for a crop ("apple", "melon") when none is named.

    Raises:
        StandardError: no file, or more than one, is the enabled default of this crop.
    """
    found = [standard for standard in list_standards() if standard.default_for_crop and standard.crop == crop]
    if len(found) != 1:
        raise StandardError(f"expected one default standard for crop {str(crop)!r}, found {len(found)}")
    return found[0]


def check_standard(path: str | Path) -> tuple[str, ...]:
    """Every fault of a rule file as "file:line: what is wrong"; empty if the file is good."""
    return _read_standard(Path(path))[1]


def _schema_of(path: Path) -> str:
    return read_toml(path).text("schema", default="-")


def _load_file(path: Path) -> Standard:
    standard, problems = _read_standard(path)
    if problems:
        raise StandardError("\n".join(problems))
    return standard


def _read_standard(path: Path) -> tuple[Standard, tuple[str, ...]]:
    top = read_toml(path)
    unreadable = tuple(top.problems)
    schema = top.text("schema", one_of=(RULES_SCHEMA,))
    status = Status(top.text("status", one_of=tuple(Status)))
    classes = tuple(read_grade_class(table) for table in top.tables("classes"))
    class_ids = tuple(grade_class.class_id for grade_class in classes)
    if len(set(class_ids)) != len(class_ids) or {REJECT, UNGRADED} & set(class_ids):
        top.problem(
            f"classes: ids must differ and not be {REJECT!r} or {UNGRADED!r}, got {class_ids}", "classes"
        )
    varieties = tuple(read_variety(table) for table in top.tables("varieties", required=False))
    default_tags = frozenset(top.texts("default_tags"))
    known_tags = default_tags.union(*(variety.tags for variety in varieties))
    standard = Standard(
        standard_id=top.text("id"),
        aliases=top.texts("aliases"),
        crop=top.text("crop"),
        names=read_names(top),
        source=top.text("source"),
        edition=top.text("edition"),
        clause=top.text("clause"),
        evidence=top.text("evidence", one_of=EVIDENCE),
        checked_by=top.text("checked_by"),
        checked_on=top.day("checked_on"),
        status=status,
        status_reason=top.text("status_reason", default="" if status is Status.ENABLED else None),
        default_for_crop=top.flag("default_for_crop", default=False),
        note=top.text("note", default=""),
        classes=classes,
        rules=tuple(read_rule(table, class_ids, known_tags, status) for table in top.tables("rules")),
        hand_checks=tuple(
            read_hand_check(table, class_ids) for table in top.tables("hand_checks", required=False)
        ),
        varieties=varieties,
        default_tags=default_tags,
        minimum_surface_seen_fraction=top.number("minimum_surface_seen_fraction", low=0.0, high=1.0),
        diameter_range_mm=read_diameter_range(top),
        lot_tolerances=tuple(
            read_tolerance(table, class_ids) for table in top.tables("lot_tolerances", required=False)
        ),
        uniformity=tuple(
            read_uniformity(table, class_ids) for table in top.tables("uniformity", required=False)
        ),
        path=path,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
    )
    if schema and status is not Status.ENABLED and standard.default_for_crop:
        top.problem(f"default_for_crop: a {status} may not be the default", "default_for_crop")
    _check_variety_names(top, varieties)
    top.finish()
    return standard, unreadable or tuple(top.problems)


def _check_variety_names(top: TomlTable, varieties: tuple[Variety, ...]) -> None:
    owner: dict[str, str] = {}
    for variety in varieties:
        for name in sorted(variety.plain_names):
            if owner.setdefault(name, variety.key) != variety.key:
                top.problem(
                    f"varieties: {name!r} is a name of {owner[name]} and of {variety.key}", "varieties"
                )
