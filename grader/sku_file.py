"""Read a SKU table from its file (`sku-table/1`), strictly: each fault with file, line and key."""

from __future__ import annotations

import hashlib
from pathlib import Path
from string import Formatter

from grader.errors import SkuTableError, StandardError
from grader.rules import Measure, plain_name
from grader.size_codes import SizeCodes, load_size_codes, read_bands
from grader.sku_grid import sku_grid
from grader.sku_table import (
    ANY_VARIETY,
    NO_COLOUR,
    NO_SIZE,
    SKU_SCHEMA,
    SKU_TABLES_FOLDER,
    Arrangement,
    ColourCodes,
    Pack,
    SkuRule,
    SkuTable,
)
from grader.standard_parts import read_names
from grader.toml_file import TomlTable, read_toml

_FIELDS = frozenset({"crop", "variety", "class", "size", "colour", "pack"})
_COLOUR_MEASURES = (Measure.BLUSH_FRACTION, Measure.RED_FRACTION, Measure.NET_COVER_FRACTION)
_MOST_FRUIT, _MOST_G = 10_000, 1_000_000.0


def load_sku_table(id_or_path: str | Path) -> SkuTable:
    """A SKU table by id (`default`) or from a TOML file of your own.

    A size table in a file beside it goes before the one of that name that comes with the grader.

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
    table, top, _ = read_sku_table(path)
    if top.problems:
        raise SkuTableError("\n".join(top.problems))
    return table


def check_sku_table(path: str | Path) -> tuple[str, ...]:
    """Every fault that keeps a SKU file from loading as "file:line: what is wrong"; empty if there is none."""
    return tuple(read_sku_table(Path(path))[1].problems)


def read_sku_table(path: Path) -> tuple[SkuTable, TomlTable, tuple[TomlTable, ...]]:
    """The table as far as it can be read, its top with all faults, and a TOML table for every rule."""
    top = read_toml(path)
    unreadable = tuple(top.problems)
    top.text("schema", one_of=(SKU_SCHEMA,))
    outlets = top.texts("outlets")
    packs = _packs(top)
    rows = top.tables("rules")
    sizes = tuple(_sizes(top, path))
    table = SkuTable(
        table_id=top.text("id"),
        crop_codes=_codes(top, "crop_codes"),
        variety_codes=_variety_codes(top),
        other_variety=top.text("other_variety", default="OTH"),
        class_codes=_codes(top, "class_codes"),
        size_codes=sizes,
        outlets=outlets,
        rules=tuple(_rule(row, outlets, packs) for row in rows),
        colour_codes=_colours(top),
        packs=packs,
        files=(files := _files(path, sizes)),
        sha256=hashlib.sha256(b"\0".join(content for _, content in files)).hexdigest(),
    )
    top.finish()
    if unreadable:
        top.problems[:] = unreadable
    elif not top.problems:
        _check_reach(table, rows)
    return table, top, rows


def _files(path: Path, sizes: tuple[SizeCodes, ...]) -> tuple[tuple[str, bytes], ...]:
    own = (path.name, path.read_bytes() if path.is_file() else b"")
    return (own, *((f"{codes.sizes_id}.toml", codes.content) for codes in sizes))


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


def _sizes(top: TomlTable, path: Path) -> list[SizeCodes]:
    found: list[SizeCodes] = []
    for name in top.texts("size_codes"):
        beside = path.parent / f"{Path(name).stem}.toml"
        try:
            found.append(load_size_codes(beside if beside.is_file() and beside != path else name))
        except StandardError as error:
            top.problem(f"size_codes: {error}", "size_codes")
    return found


def _colours(top: TomlTable) -> tuple[ColourCodes, ...]:
    found = []
    for table in top.tables("colours", required=False):
        colours = ColourCodes(
            crop=table.text("crop"),
            measure=Measure(table.text("measure", one_of=_COLOUR_MEASURES)),
            bands=read_bands(table, high=1.0),
        )
        table.finish()
        found.append(colours)
    return tuple(found)


def _packs(top: TomlTable) -> tuple[Pack, ...]:
    given = top.table("packs", required=False)
    if given is None:
        return ()
    return tuple(_pack(row, key) for key in given.keys() if (row := given.table(key)) is not None)


def _pack(row: TomlTable, key: str) -> Pack:
    by_count = row.has("count")
    if by_count == row.has("net_weight_g"):
        row.problem(f"pack {key}: expected either count or net_weight_g")
    count = int(row.number("count", low=1, high=_MOST_FRUIT, default=1)) if by_count else None
    if count is not None and row.raw("count") != count:
        row.problem(f"pack {key}: count: expected a whole number, got {row.raw('count')!r}", "count")
    net = None if by_count else row.number("net_weight_g", low=1.0, high=_MOST_G, default=1.0)
    fruit = None if by_count else row.number("fruit_weight_g", low=1.0, high=_MOST_G)
    if net is not None and fruit is not None and fruit > net:
        row.problem(f"pack {key}: a fruit of {fruit:g} g does not go into {net:g} g", "fruit_weight_g")
    pack = Pack(
        key=key,
        names=read_names(row),
        arrangement=Arrangement(row.text("arrangement", one_of=tuple(Arrangement))),
        count=count,
        net_weight_g=net,
        fruit_weight_g=fruit,
    )
    row.finish()
    return pack


def _rule(row: TomlTable, outlets: tuple[str, ...], packs: tuple[Pack, ...]) -> SkuRule:
    code = row.text("code")
    try:
        fields = {name for _, name, spec, how in Formatter().parse(code) if name is not None or spec or how}
    except ValueError as error:
        row.problem(f"code: {error} in {code!r}", "code")
        fields = set()
    if stray := fields - _FIELDS:
        wanted = ", ".join(sorted(_FIELDS))
        row.problem(f"code: expected only the fields {wanted}, got {', '.join(map(str, stray))}", "code")
    keys = tuple(pack.key for pack in packs)
    if row.has("pack") and not keys:
        row.problem("pack: expected a table [packs] that says what is in it, found none", "pack")
    rule = SkuRule(
        crops=frozenset(row.texts("crops")),
        varieties=frozenset(row.texts("varieties")),
        classes=frozenset(row.texts("classes")),
        sizes=frozenset(row.texts("sizes")),
        code=code,
        outlet=row.text("outlet", one_of=outlets),
        colours=frozenset(row.texts("colours")),
        pack=row.text("pack", one_of=keys) if row.has("pack") else None,
    )
    row.finish()
    return rule


def _check_reach(table: SkuTable, rows: tuple[TomlTable, ...]) -> None:
    """Gap: the last rule must take all. Overlap: every rule must be the first match of some fruit."""
    varieties = {code for code, _ in table.variety_codes} | {ANY_VARIETY, table.other_variety}
    sizes = {band.code for codes in table.size_codes for band in codes.bands} | {NO_SIZE}
    colours = {band.code for codes in table.colour_codes for band in codes.bands} | {NO_COLOUR}
    for rule, row in zip(table.rules, rows, strict=True):
        for key, given, known in (
            ("varieties", rule.varieties, varieties),
            ("sizes", rule.sizes, sizes),
            ("colours", rule.colours, colours),
        ):
            if stray := given - known:
                names = f"{', '.join(sorted(stray))}; known are {', '.join(sorted(known))}"
                row.problem(f"{key}: no fruit ever has the code {names}", key)
    last = table.rules[-1]
    if last.crops or last.varieties or last.classes or last.sizes or last.colours:
        rows[-1].problem("gap: the last rule must take every fruit, but it has conditions")
    reached = set(sku_grid(table).rule.ravel().tolist())
    for index, row in enumerate(rows):
        if index not in reached:
            row.problem(
                f"overlap: rule {index + 1} ({table.rules[index].code}) is never reached, earlier rules take all"
            )
