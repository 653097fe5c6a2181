"""Class, size and variety -> sellable unit (SKU) and outlet, by a table: first match wins, the last rule takes all."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from pathlib import Path
from string import Formatter

from grader.errors import SkuTableError, StandardError
from grader.rules import Standard, plain_name
from grader.size_codes import SizeCodes, load_size_codes
from grader.toml_file import TomlTable, read_toml
from grader.types import REJECT, UNGRADED, FruitMeasurement, GradeDecision, SizeMeasurement, SkuAssignment

SKU_SCHEMA = "sku-table/1"
SKU_TABLES_FOLDER = Path(__file__).parent / "sku_tables"
ANY_VARIETY = "ANY"
NO_SIZE = "NS"

_FIELDS = frozenset({"crop", "variety", "class", "size"})
_ELSE = "\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuRule:
    """One rule. An empty set means any. sizes may hold `NS`: fruit without a size code.

    code: text with {crop}, {variety}, {class}, {size}. outlet: where the fruit leaves the line.
    """

    crops: frozenset[str]
    varieties: frozenset[str]
    classes: frozenset[str]
    sizes: frozenset[str]
    code: str
    outlet: str

    def matches(self, crop: str, variety: str, grade_class: str, size: str) -> bool:
        """True if the rule takes this fruit; variety and size are codes."""
        return (
            (not self.crops or crop in self.crops)
            and (not self.varieties or variety in self.varieties)
            and (not self.classes or grade_class in self.classes)
            and (not self.sizes or size in self.sizes)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuTable:
    """All rules of a site, in order, with the codes that stand for crops, varieties and classes in a SKU.

    size_codes: the size tables in use; the first of a fruit's crop that knows its size gives the size code.
    variety_codes: (code, names in plain form).
    """

    table_id: str
    crop_codes: tuple[tuple[str, str], ...]
    variety_codes: tuple[tuple[str, frozenset[str]], ...]
    other_variety: str
    class_codes: tuple[tuple[str, str], ...]
    size_codes: tuple[SizeCodes, ...]
    outlets: tuple[str, ...]
    rules: tuple[SkuRule, ...]

    def variety_code(self, variety: str | None) -> str:
        """The code of a variety by any of its names; `ANY` if unknown, the table's `other_variety` if not listed."""
        if variety is None:
            return ANY_VARIETY
        plain = plain_name(variety)
        return next((code for code, names in self.variety_codes if plain in names), self.other_variety)

    def size_code(self, crop: str, size: SizeMeasurement) -> str | None:
        """The size code of a fruit; None without a size or outside all bands."""
        codes = (table.code_of(size) for table in self.size_codes if table.crop == crop)
        return next((code for code in codes if code is not None), None)


def assign_sku(measurement: FruitMeasurement, decision: GradeDecision, table: SkuTable) -> SkuAssignment:
    """The one SKU and outlet of a fruit. Total: the last rule of a table takes everything."""
    crop = str(measurement.crop)
    variety = table.variety_code(measurement.variety)
    size_code = table.size_code(crop, measurement.size)
    size = size_code or NO_SIZE
    rule = next(rule for rule in table.rules if rule.matches(crop, variety, decision.grade_class, size))
    code = rule.code.format_map(
        {
            "crop": dict(table.crop_codes).get(crop, crop.upper()),
            "variety": variety,
            "class": dict(table.class_codes).get(decision.grade_class, decision.grade_class.upper()),
            "size": size,
        }
    )
    return SkuAssignment(code=code, table_id=table.table_id, outlet=rule.outlet, size_code=size_code)


def load_sku_table(id_or_path: str | Path) -> SkuTable:
    """A SKU table by id (`default`) or from a TOML file of your own.

    Raises:
        SkuTableError: no such table, or the file has faults (each with line).
    """
    if isinstance(id_or_path, Path) or id_or_path.endswith(".toml"):
        path = Path(id_or_path)
    else:
        path = SKU_TABLES_FOLDER / f"{id_or_path}.toml"
        if not path.is_file():
            known = ", ".join(sorted(file.stem for file in SKU_TABLES_FOLDER.glob("*.toml")))
            raise SkuTableError(
                f"no SKU table {id_or_path!r}; known are {known}, or the path of a .toml file"
            )
    table, problems = _read_table(path)
    if problems:
        raise SkuTableError("\n".join(problems))
    return table


def check_sku_table(path: str | Path) -> tuple[str, ...]:
    """Every fault of a SKU file as "file:line: what is wrong"; empty if the file is good."""
    return _read_table(Path(path))[1]


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


def _read_table(path: Path) -> tuple[SkuTable, tuple[str, ...]]:
    top = read_toml(path)
    unreadable = tuple(top.problems)
    top.text("schema", one_of=(SKU_SCHEMA,))
    outlets = top.texts("outlets")
    rows = top.tables("rules")
    table = SkuTable(
        table_id=top.text("id"),
        crop_codes=_codes(top, "crop_codes"),
        variety_codes=_variety_codes(top),
        other_variety=top.text("other_variety", default="OTH"),
        class_codes=_codes(top, "class_codes"),
        size_codes=tuple(_sizes(top)),
        outlets=outlets,
        rules=tuple(_rule(row, outlets) for row in rows),
    )
    top.finish()
    if not top.problems:
        _check_reach(table, rows)
    return table, unreadable or tuple(top.problems)


def _codes(top: TomlTable, key: str) -> tuple[tuple[str, str], ...]:
    given = top.table(key, required=False)
    if given is None:
        return ()
    codes = tuple((name, given.text(name)) for name in given.keys())
    if len({code for _, code in codes}) != len(codes):
        top.problem(f"{key}: the same code twice", key)
    return codes


def _variety_codes(top: TomlTable) -> tuple[tuple[str, frozenset[str]], ...]:
    given = top.table("variety_codes", required=False)
    if given is None:
        return ()
    codes = tuple((code, frozenset(plain_name(name) for name in given.texts(code))) for code in given.keys())
    owner: dict[str, str] = {}
    for code, names in codes:
        for name in sorted(names):
            if owner.setdefault(name, code) != code:
                given.problem(f"{name!r} is a name of {owner[name]} and of {code}", code)
    return codes


def _sizes(top: TomlTable) -> list[SizeCodes]:
    found: list[SizeCodes] = []
    for name in top.texts("size_codes"):
        try:
            found.append(load_size_codes(name))
        except StandardError as error:
            top.problem(f"size_codes: {error}", "size_codes")
    return found


def _rule(row: TomlTable, outlets: tuple[str, ...]) -> SkuRule:
    code = row.text("code")
    try:
        fields = {name for _, name, spec, how in Formatter().parse(code) if name is not None or spec or how}
    except ValueError as error:
        row.problem(f"code: {error} in {code!r}", "code")
        fields = set()
    if stray := fields - _FIELDS:
        wanted = ", ".join(sorted(_FIELDS))
        row.problem(f"code: expected only the fields {wanted}, got {', '.join(map(str, stray))}", "code")
    rule = SkuRule(
        crops=frozenset(row.texts("crops")),
        varieties=frozenset(row.texts("varieties")),
        classes=frozenset(row.texts("classes")),
        sizes=frozenset(row.texts("sizes")),
        code=code,
        outlet=row.text("outlet", one_of=outlets),
    )
    row.finish()
    return rule


def _check_reach(table: SkuTable, rows: tuple[TomlTable, ...]) -> None:
    """Gap: the last rule must take all. Overlap: every rule must be the first match of some fruit."""
    codes = {code for code, _ in table.variety_codes} | {ANY_VARIETY, table.other_variety}
    sizes = {band.code for sizes in table.size_codes for band in sizes.bands} | {NO_SIZE}
    for rule, row in zip(table.rules, rows, strict=True):
        for key, given, known in (("varieties", rule.varieties, codes), ("sizes", rule.sizes, sizes)):
            if stray := given - known:
                names = f"{', '.join(sorted(stray))}; known are {', '.join(sorted(known))}"
                row.problem(f"{key}: no fruit ever has the code {names}", key)
    last = table.rules[-1]
    if last.crops or last.varieties or last.classes or last.sizes:
        rows[-1].problem("gap: the last rule must take every fruit, but it has conditions")
    cases = product(
        sorted({_ELSE}.union(*(rule.crops for rule in table.rules))),
        sorted({_ELSE}.union(*(rule.varieties for rule in table.rules))),
        sorted({_ELSE}.union(*(rule.classes for rule in table.rules))),
        sorted({_ELSE}.union(*(rule.sizes for rule in table.rules))),
    )
    reached = {
        next((index for index, rule in enumerate(table.rules) if rule.matches(*case)), None) for case in cases
    }
    for index, row in enumerate(rows):
        if index not in reached:
            row.problem(
                f"overlap: rule {index + 1} ({table.rules[index].code}) is never reached, earlier rules take all"
            )
