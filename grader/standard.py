"""Grading standards as data: load, list and check the rule files (`grading-rules/1`)."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from math import inf, isfinite
from pathlib import Path

from grader.errors import StandardError
from grader.rules import (
    GradeClass,
    HandCheck,
    Limit,
    LotTolerance,
    Measure,
    Names,
    Rule,
    Shape,
    Standard,
    Status,
    Uniformity,
    Variety,
    plain_name,
)
from grader.toml_file import TomlTable, read_toml
from grader.types import REJECT, UNGRADED, DefectKind

__all__ = [
    "Standard",
    "check_standard",
    "list_standards",
    "load_default_standard",
    "load_standard",
]

RULES_SCHEMA = "grading-rules/1"
SIZES_SCHEMA = "grading-sizes/1"
STANDARDS_FOLDER = Path(__file__).parent / "standards"
EVIDENCE = ("S", "S2", "R", "D")

_KINDS = tuple(kind.value for kind in DefectKind)
_MEASURES = tuple(measure.value for measure in Measure)


def load_standard(id_or_path: str | Path) -> Standard:
    """A standard by id (`apple_eu_2023_2429`), by alias (`unece_ffv50`), or from a TOML file of your own.

    Raises:
        StandardError: no such standard (the message lists the known ones), or the file has faults (each with line).
    """
    if (
        isinstance(id_or_path, Path)
        or id_or_path.endswith(".toml")
        or "/" in id_or_path
        or "\\" in id_or_path
    ):
        return _load_file(Path(id_or_path))
    standards = list_standards()
    for standard in standards:
        if id_or_path == standard.standard_id or id_or_path in standard.aliases:
            return standard
    known = ", ".join(standard.standard_id for standard in standards)
    raise StandardError(f"no standard {id_or_path!r}; known are {known}, or the path of a .toml file")


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
        raise StandardError(f"expected one default standard for crop {crop!r}, found {len(found)}")
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
    if not top.keys() and top.problems:
        top.problems[:] = top.problems[:1]
    schema = top.text("schema", one_of=(RULES_SCHEMA,))
    status = Status(top.text("status", one_of=tuple(Status)))
    classes = tuple(_grade_class(table) for table in top.tables("classes"))
    class_ids = tuple(grade_class.class_id for grade_class in classes)
    if len(set(class_ids)) != len(class_ids) or {REJECT, UNGRADED} & set(class_ids):
        top.problem(
            f"classes: ids must differ and not be {REJECT!r} or {UNGRADED!r}, got {class_ids}", "classes"
        )
    varieties = tuple(_variety(table) for table in top.tables("varieties", required=False))
    default_tags = frozenset(top.texts("default_tags"))
    known_tags = default_tags.union(*(variety.tags for variety in varieties))
    standard = Standard(
        standard_id=top.text("id"),
        aliases=top.texts("aliases"),
        crop=top.text("crop"),
        names=_names(top),
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
        rules=tuple(_rule(table, class_ids, known_tags, status) for table in top.tables("rules")),
        hand_checks=tuple(
            _hand_check(table, class_ids) for table in top.tables("hand_checks", required=False)
        ),
        varieties=varieties,
        default_tags=default_tags,
        minimum_surface_seen_fraction=top.number("minimum_surface_seen_fraction", low=0.0, high=1.0),
        diameter_range_mm=_diameter_range(top),
        lot_tolerances=tuple(_tolerance(table) for table in top.tables("lot_tolerances", required=False)),
        uniformity=tuple(_uniformity(table, class_ids) for table in top.tables("uniformity", required=False)),
        path=path,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
    )
    if schema and status is not Status.ENABLED and standard.default_for_crop:
        top.problem(f"default_for_crop: a {status} may not be the default", "default_for_crop")
    _check_variety_names(top, varieties)
    top.finish()
    return standard, tuple(top.problems)


def _grade_class(table: TomlTable) -> GradeClass:
    grade_class = GradeClass(class_id=table.text("id"), names=_names(table))
    table.finish()
    return grade_class


def _names(table: TomlTable) -> Names:
    return Names(en=table.text("name_en"), zh=table.text("name_zh"))


def _variety(table: TomlTable) -> Variety:
    variety = Variety(key=table.text("key"), names=table.texts("names"), tags=frozenset(table.texts("tags")))
    table.finish()
    return variety


def _check_variety_names(top: TomlTable, varieties: tuple[Variety, ...]) -> None:
    owner: dict[str, str] = {}
    for variety in varieties:
        for name in {plain_name(name) for name in (variety.key, *variety.names)}:
            if owner.setdefault(name, variety.key) != variety.key:
                top.problem(
                    f"varieties: {name!r} is a name of {owner[name]} and of {variety.key}", "varieties"
                )


def _rule(table: TomlTable, class_ids: tuple[str, ...], known_tags: frozenset[str], status: Status) -> Rule:
    key = table.text("key")
    first = _limit(table, key, class_ids, status)
    tests = [first]
    if (other := table.table("or_else", required=False)) is not None:
        tests.append(_limit(other, key, class_ids, status))
        if any(test.measure.of_defects for test in tests):
            other.problem(
                f"rule {key}: or_else takes two measures of the whole fruit, none of defects", "measure"
            )
        other.finish()
    kinds = frozenset(DefectKind(kind) for kind in table.texts("kinds", one_of=_KINDS))
    if first.measure.of_defects != bool(kinds):
        wanted = "at least one of " + ", ".join(_KINDS) if first.measure.of_defects else "no kinds"
        table.problem(f"rule {key}: measure {first.measure} takes {wanted}", "kinds")
    reference = table.number("reference_diameter_mm", low=0.0, high=1000.0, default=0.0)
    unknown = table.text("if_unknown", one_of=("met", "not_met"), default="not_met" if kinds else "met")
    only, excepted = frozenset(table.texts("only_tags")), frozenset(table.texts("except_tags"))
    if stray := (only | excepted) - known_tags:
        table.problem(f"rule {key}: no variety has the tag {', '.join(sorted(stray))}", "only_tags")
    rule = Rule(
        key=key,
        names=_names(table),
        tests=tuple(tests),
        kinds=kinds,
        shape=Shape(table.text("shape", one_of=tuple(Shape), default=Shape.ANY)),
        only_tags=only,
        except_tags=excepted,
        reference_diameter_mm=reference or None,
        met_if_unknown=unknown == "met",
        doubtful=table.flag("doubtful", default=False),
        evidence=_evidence(table, class_ids),
        clause=table.text("clause"),
    )
    table.finish()
    return rule


def _evidence(table: TomlTable, class_ids: tuple[str, ...]) -> tuple[str, ...]:
    """One letter for the whole rule, or a table with one per class where the sources are mixed."""
    if not isinstance(table.raw("evidence"), dict):
        return (table.text("evidence", one_of=EVIDENCE),) * len(class_ids)
    given = table.table("evidence")
    assert given is not None
    letters = tuple(given.text(class_id, one_of=EVIDENCE) for class_id in class_ids)
    given.finish()
    return letters


def _limit(table: TomlTable, key: str, class_ids: tuple[str, ...], status: Status) -> Limit:
    measure = Measure(table.text("measure", one_of=_MEASURES))
    at_least = table.has("minimum")
    if table.has("maximum") == at_least:
        table.problem(f"rule {key}: expected either maximum or minimum = {{ class = limit, ... }}")
    side = "minimum" if at_least else "maximum"
    given = table.table(side)
    free = -inf if at_least else inf
    limits: list[float] = []
    to_fill: list[str] = []
    before = len(table.problems)
    for class_id in class_ids:
        value = given.raw(class_id) if given else free
        if value == "to_fill" and status is Status.TEMPLATE:
            to_fill.append(class_id)
        if value == "any" or class_id in to_fill:
            value = free
        elif (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not (isfinite(value) and value >= 0)
        ):
            if given:
                got = "nothing" if value is None else repr(value)
                given.problem(f'rule {key}, {class_id}: expected a number >= 0 or "any", got {got}', class_id)
            value = free
        limits.append(float(value))
    for (better, tight), (worse, wide) in pairwise(zip(class_ids, limits, strict=True)):
        if (
            given
            and len(table.problems) == before
            and not to_fill
            and (tight < wide if at_least else tight > wide)
        ):
            given.problem(
                f"rule {key}: class {better} ({tight:g}) allows more than class {worse} ({wide:g})", worse
            )
    if given:
        given.finish()
    return Limit(measure=measure, limits=tuple(limits), at_least=at_least, to_fill=tuple(to_fill))


def _hand_check(table: TomlTable, class_ids: tuple[str, ...]) -> HandCheck:
    key = table.text("key")
    in_english, in_chinese = _asked(table, "requires", class_ids), _asked(table, "requires_zh", class_ids)
    requires = tuple(
        None if english == "any" else Names(en=english, zh=chinese)
        for english, chinese in zip(in_english, in_chinese, strict=True)
    )
    if any(better is None and worse is not None for better, worse in pairwise(requires)):
        table.problem(
            f"hand check {key}: a better class asks for nothing, a worse one for something", "requires"
        )
    check = HandCheck(
        key=key,
        names=_names(table),
        requires=requires,
        assumed_met=table.text("if_unknown", one_of=("met", "not_met")) == "met",
        evidence=table.text("evidence", one_of=EVIDENCE),
        clause=table.text("clause"),
    )
    if not check.assumed_met and None not in requires:
        table.problem(
            f"hand check {key}: never seen and not_met, so no fruit could get any class", "if_unknown"
        )
    table.finish()
    return check


def _asked(table: TomlTable, key: str, class_ids: tuple[str, ...]) -> tuple[str, ...]:
    given = table.table(key)
    if given is None:
        return ("any",) * len(class_ids)
    asked = tuple(given.text(class_id) for class_id in class_ids)
    given.finish()
    return asked


def _diameter_range(top: TomlTable) -> tuple[float, float]:
    table = top.table("diameter_range_mm")
    if table is None:
        return (1.0, 1000.0)
    smallest = table.number("from", low=1.0, high=1000.0)
    largest = table.number("to", low=1.0, high=1000.0)
    if smallest >= largest:
        table.problem(f"diameter_range_mm: expected from < to, got {smallest:g} and {largest:g}")
    table.finish()
    return (smallest, largest)


def _tolerance(table: TomlTable) -> LotTolerance:
    tolerance = LotTolerance(
        class_id=table.text("class"),
        line=table.text("line"),
        at_most_fraction=table.number("at_most_fraction", low=0.0, high=1.0),
        evidence=table.text("evidence", one_of=EVIDENCE),
    )
    table.finish()
    return tolerance


def _uniformity(table: TomlTable, class_ids: tuple[str, ...]) -> Uniformity:
    line = Uniformity(
        classes=table.texts("classes", one_of=class_ids),
        pack=table.text("pack"),
        measure=Measure(table.text("measure", one_of=_MEASURES)),
        low=table.number("from", low=0.0, high=1e6),
        high=table.number("to", low=0.0, high=1e6, default=1e6),
        max_spread=table.number("max_spread", low=0.0, high=1e6),
    )
    table.finish()
    return line
