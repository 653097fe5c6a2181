"""The parts of a rule file, read strictly: classes, rules with limits, varieties, hand checks, lot tolerances."""

from __future__ import annotations

from itertools import pairwise
from math import inf, isfinite

from grader.rules import (
    Counted,
    GradeClass,
    HandCheck,
    Limit,
    LotTolerance,
    Measure,
    Names,
    Rule,
    Shape,
    Status,
    Uniformity,
    Variety,
    plain_name,
)
from grader.toml_file import TomlTable
from grader.types import DefectKind

EVIDENCE = ("S", "S2", "R", "D")
"""Seen in the standard's own text, seen second-hand, recalled, derived or ours."""

_LINES_COUNT = {"total": Counted.CLASS, "decay": Counted.DECAY, "size": Counted.SIZE}
_LINES_ZH = {"total": "不合格合计", "decay": "腐烂", "size": "规格不符"}
_KINDS = tuple(kind.value for kind in DefectKind)
_MEASURES = tuple(measure.value for measure in Measure)


def read_grade_class(table: TomlTable) -> GradeClass:
    """One class: id and names."""
    grade_class = GradeClass(class_id=table.text("id"), names=read_names(table))
    table.finish()
    return grade_class


def read_names(table: TomlTable) -> Names:
    """The display names of a table."""
    return Names(en=table.text("name_en"), zh=table.text("name_zh"))


def read_variety(table: TomlTable) -> Variety:
    """One variety."""
    key, names = table.text("key"), table.texts("names")
    variety = Variety(
        key=key,
        names=names,
        plain_names=frozenset(plain_name(name) for name in (key, *names)),
        tags=frozenset(table.texts("tags")),
    )
    table.finish()
    return variety


def read_rule(
    table: TomlTable, class_ids: tuple[str, ...], known_tags: frozenset[str], status: Status
) -> Rule:
    """One rule: what it measures and its limits, best class first and never looser than a worse one."""
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
        names=read_names(table),
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


def read_hand_check(table: TomlTable, class_ids: tuple[str, ...]) -> HandCheck:
    """One requirement that is checked by hand."""
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
        names=read_names(table),
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


def read_diameter_range(top: TomlTable) -> tuple[float, float]:
    """Smallest and largest fruit on sale in mm."""
    table = top.table("diameter_range_mm")
    if table is None:
        return (1.0, 1000.0)
    smallest = table.number("from", low=1.0, high=1000.0)
    largest = table.number("to", low=1.0, high=1000.0)
    if smallest >= largest:
        table.problem(f"diameter_range_mm: expected from < to, got {smallest:g} and {largest:g}")
    table.finish()
    return (smallest, largest)


def read_tolerance(table: TomlTable, class_ids: tuple[str, ...]) -> LotTolerance:
    """One tolerance of a lot. Lines called total, decay and size say by their name what they count."""
    line = table.text("line")
    tolerance = LotTolerance(
        class_id=table.text("class", one_of=(*class_ids, "all")),
        line=line,
        at_most_fraction=table.number("at_most_fraction", low=0.0, high=1.0),
        evidence=table.text("evidence", one_of=EVIDENCE),
        line_zh=table.text("line_zh", default=_LINES_ZH.get(line, line)),
        counts=Counted(
            table.text("counts", one_of=tuple(Counted), default=_LINES_COUNT.get(line, Counted.BY_HAND))
        ),
        below=table.text("below", one_of=class_ids) if table.has("below") else None,
    )
    if tolerance.below is not None and tolerance.counts is not Counted.CLASS:
        table.problem(f'below: expected with counts = "class" only, got counts {tolerance.counts}', "below")
    table.finish()
    return tolerance


def read_uniformity(table: TomlTable, class_ids: tuple[str, ...]) -> Uniformity:
    """One line on the spread within a package."""
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
