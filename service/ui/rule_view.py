"""What the pages of rules show: the list, the fields of the editor, packouts side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from grader.errors import GraderError
from grader.reason_text import Language, class_name
from grader.rules import Measure, Standard
from grader.simulate import Share, Simulation
from grader.sku_table import SkuTable
from grader.versions import RuleKind, in_force
from service.skus.rule_draft import RuleDraft
from service.skus.rule_files import RuleFiles
from service.skus.rule_form import ChoiceRow, EdgeRow, LimitRow, choice_rows, edge_rows, limit_rows
from service.skus.schemas import StandardDraft, StandardRef, TableDraft, TableRef

MOST_ROWS = 40
_EVIDENCE = {
    "S": ("read in the standard itself", "已查阅标准原文"),
    "S2": ("read on a page that reports it", "转引自二手资料"),
    "R": ("recalled, not read: check it", "凭记忆，未查原文，请核对"),
    "D": ("derived, or set by us", "推算或自定"),
}

_MEASURES = {
    Measure.TOTAL_AREA_CM2: ("area of all together", "总面积"),
    Measure.LARGEST_AREA_CM2: ("area of the largest", "最大一处面积"),
    Measure.CIRCLE_DIAMETER_MM: ("circle as large as all together", "合并后等面积圆的直径"),
    Measure.TOTAL_LENGTH_MM: ("length of all together", "总长度"),
    Measure.TOTAL_AREA_FRACTION: ("share of the surface", "占果面比例"),
    Measure.COUNT: ("number of spots", "处数"),
    Measure.KIND_COUNT: ("kinds of defect", "缺陷种类数"),
    Measure.EQUATORIAL_DIAMETER_MM: ("diameter", "横径"),
    Measure.RING_DIAMETER_MM: ("diameter of the ring it passes", "过圈直径"),
    Measure.LENGTH_MM: ("length", "纵径"),
    Measure.WEIGHT_G: ("weight", "单果重"),
    Measure.SHAPE_INDEX: ("length over diameter", "果形指数"),
    Measure.BLUSH_FRACTION: ("good red", "着色面积"),
    Measure.RED_FRACTION: ("good and light red", "着色面积（含浅红）"),
    Measure.NET_COVER_FRACTION: ("netting", "网纹覆盖"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Editor:
    """The fields of a rule file. classes: (id, name), best first, for standards."""

    classes: tuple[tuple[str, str], ...] = ()
    limits: tuple[LimitRow, ...] = ()
    edges: tuple[EdgeRow, ...] = ()
    choices: tuple[ChoiceRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PackoutRow:
    """A line of two packouts. kind: class, outlet or sku. Shares 0-1 of all fruit."""

    kind: str
    name: str
    before: int
    after: int
    share_before: float
    share_after: float


def evidence_of(language: Language) -> Mapping[str, str]:
    """What the letters of evidence mean, in words."""
    return {letter: words[language == "zh"] for letter, words in _EVIDENCE.items()}


def measure_words(language: Language) -> Mapping[str, str]:
    """What is measured, in words, by measure."""
    return {measure.value: words[language == "zh"] for measure, words in _MEASURES.items()}


def rule_list(files: RuleFiles, language: Language) -> dict[str, object]:
    """Every standard and SKU table with what is in force, for the template."""
    standards = [
        {
            "standard": one,
            "title": _title(one, language),
            "change": in_force(files.folder, RuleKind.STANDARD, one.standard_id),
            "letters": [letter for letter in _EVIDENCE if any(letter in rule.evidence for rule in one.rules)],
        }
        for one in files.rules.standards()
    ]
    tables = [
        {"name": name, "change": in_force(files.folder, RuleKind.SKU_TABLE, name), **_sizes_of(files, name)}
        for name in files.table_names()
    ]
    return {"standards": standards, "tables": tables, "evidence": evidence_of(language)}


def editor(drafted: RuleDraft, files: RuleFiles, language: Language) -> Editor | None:
    """The fields of a draft; None for one that cannot be read."""
    try:
        if drafted.kind is RuleKind.SKU_TABLE:
            table = files.table(TableRef(draft=TableDraft(text=drafted.text, sizes=dict(drafted.sizes))))
            return Editor(edges=edge_rows(table), choices=choice_rows(table))
        standard = files.standard(StandardRef(draft=StandardDraft(text=drafted.text)))
    except (GraderError, ValueError):
        return None
    classes = tuple((one, class_name(one, standard, language)) for one in standard.class_ids)
    return Editor(classes=classes, limits=limit_rows(standard))


def packout_rows(found: Simulation) -> list[PackoutRow]:
    """Both packouts by class, outlet and SKU; of SKUs the most frequent ones."""
    before, after = found.before.packout, found.after.packout
    parts = (
        ("class", before.by_class, after.by_class),
        ("outlet", before.by_outlet, after.by_outlet),
        ("sku", before.by_sku, after.by_sku),
    )
    return [row for kind, old, new in parts for row in _side_by_side(kind, old, new)]


def _side_by_side(kind: str, old: tuple[Share, ...], new: tuple[Share, ...]) -> list[PackoutRow]:
    olds, news = ({share.name: share for share in shares} for shares in (old, new))
    none = Share(name="", count=0, fraction=0.0, weight_g=0.0, weighed=0)
    rows = [
        PackoutRow(
            kind=kind,
            name=name,
            before=olds.get(name, none).count,
            after=news.get(name, none).count,
            share_before=olds.get(name, none).fraction,
            share_after=news.get(name, none).fraction,
        )
        for name in dict.fromkeys((*olds, *news))
    ]
    if kind == "class":
        return [row for row in rows if row.before or row.after]
    return sorted(rows, key=lambda row: -max(row.before, row.after))[:MOST_ROWS]


def _sizes_of(files: RuleFiles, name: str) -> dict[str, object]:
    table: SkuTable = files.rules.sku_table(name)
    return {"sizes": [codes.sizes_id for codes in table.size_codes], "rules": len(table.rules)}


def _title(standard: Standard, language: Language) -> str:
    return standard.names.zh if language == "zh" else standard.names.en
