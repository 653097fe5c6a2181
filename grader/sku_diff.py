"""What differs between two SKU tables, for people: rows added, removed, changed and moved, limits with their units."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from grader.difference import Difference, added, amount, changed, compared, listed, paired, plain, removed
from grader.rules import Measure, Names
from grader.size_codes import SizeBand
from grader.sku_table import Pack, SkuRule, SkuTable

_CONDITIONS = (
    ("crops", Names(en="crops", zh="作物")),
    ("varieties", Names(en="varieties", zh="品种")),
    ("classes", Names(en="classes", zh="等级")),
    ("sizes", Names(en="sizes", zh="规格")),
    ("colours", Names(en="colours", zh="着色")),
)


def diff_sku_tables(old: SkuTable, new: SkuTable) -> tuple[Difference, ...]:
    """Every difference that can change a fruit's SKU, outlet or carton; empty if there is none."""
    return (
        *_lists("outlets", Names(en="outlet", zh="出口"), old.outlets, new.outlets),
        *_codes("crop_codes", Names(en="code of crop", zh="作物代码"), old.crop_codes, new.crop_codes),
        *_codes("class_codes", Names(en="code of class", zh="等级代码"), old.class_codes, new.class_codes),
        *_varieties(old, new),
        *_bands(old, new),
        *_packs(old, new),
        *_rules(old.rules, new.rules),
    )


def _lists(where: str, what: Names, old: Sequence[str], new: Sequence[str]) -> Iterator[Difference]:
    for name in new:
        if name not in old:
            yield added(f"{where}/{name}", f"{what.en} {name}", f"{what.zh} {name}")
    for name in old:
        if name not in new:
            yield removed(f"{where}/{name}", f"{what.en} {name}", f"{what.zh} {name}")


def _codes(
    where: str, what: Names, old: Sequence[tuple[str, str]], new: Sequence[tuple[str, str]]
) -> Iterator[Difference]:
    for name, was, now in paired(dict(old), dict(new)):
        named = Names(en=f"{what.en} {name}", zh=f"{what.zh} {name}")
        yield changed(f"{where}/{name}", named, plain(was), plain(now))


def _varieties(old: SkuTable, new: SkuTable) -> Iterator[Difference]:
    for code, was, now in paired(dict(old.variety_codes), dict(new.variety_codes)):
        named = Names(en=f"names of variety {code}", zh=f"品种 {code} 的名称")
        before, after = (Names(en="none", zh="无") if one is None else listed(one) for one in (was, now))
        yield changed(f"variety_codes/{code}", named, before, after)
    if old.other_variety != new.other_variety:
        named = Names(en="code of varieties that are not listed", zh="未列品种的代码")
        yield changed("other_variety", named, old.other_variety, new.other_variety)


def _bands(old: SkuTable, new: SkuTable) -> Iterator[Difference]:
    old_sizes = {codes.sizes_id: codes for codes in old.size_codes}
    new_sizes = {codes.sizes_id: codes for codes in new.size_codes}
    yield from _lists("size_codes", Names(en="size table", zh="规格表"), tuple(old_sizes), tuple(new_sizes))
    for key in new_sizes.keys() & old_sizes.keys():
        was, now = old_sizes[key], new_sizes[key]
        name = Names(en=f"size table {key}", zh=f"规格表 {key}")
        yield from _band_list(f"size_codes/{key}", name, was.bands, now.bands, was.measure, now.measure)
    common = [key for key in old_sizes if key in new_sizes]
    if common != [key for key in new_sizes if key in old_sizes]:
        what = Names(en="order of the size tables", zh="规格表顺序")
        yield changed("size_codes", what, listed(tuple(old_sizes)), listed(tuple(new_sizes)))
    old_colours = {f"{bands.crop}/{bands.measure}": bands for bands in old.colour_codes}
    new_colours = {f"{bands.crop}/{bands.measure}": bands for bands in new.colour_codes}
    for key in (*new_colours, *(key for key in old_colours if key not in new_colours)):
        measure = (new_colours.get(key) or old_colours[key]).measure
        its_old = old_colours[key].bands if key in old_colours else ()
        its_new = new_colours[key].bands if key in new_colours else ()
        name = Names(en=f"colours of {key}", zh=f"着色 {key}")
        yield from _band_list(f"colours/{key}", name, its_old, its_new, measure, measure)


def _band_list(
    where: str,
    name: Names,
    old: Sequence[SizeBand],
    new: Sequence[SizeBand],
    old_measure: Measure,
    new_measure: Measure,
) -> Iterator[Difference]:
    if old_measure is not new_measure:
        what = Names(en=f"{name.en}: measured by", zh=f"{name.zh}：测量项")
        yield changed(where, what, old_measure.value, new_measure.value)
    for code, was, now in paired({band.code: band for band in old}, {band.code: band for band in new}):
        band = Names(en=f"{name.en}, {code}", zh=f"{name.zh}，{code}")
        yield from compared(
            f"{where}/{code}",
            band,
            None if was is None else _range(was, old_measure),
            None if now is None else _range(now, new_measure),
        )


def _range(band: SizeBand, measure: Measure) -> Names:
    low, high = amount(band.low, measure), amount(band.high, measure)
    if band.high == float("inf"):
        return Names(en=f"from {low.en}", zh=f"{low.zh} 及以上")
    return Names(en=f"from {low.en} to under {high.en}", zh=f"{low.zh} 至 {high.zh}（不含）")


def _packs(old: SkuTable, new: SkuTable) -> Iterator[Difference]:
    for key, was, now in paired(
        {pack.key: pack for pack in old.packs}, {pack.key: pack for pack in new.packs}
    ):
        named = Names(en=f"carton {key}", zh=f"包装 {key}")
        before, after = (None if one is None else _pack(one) for one in (was, now))
        yield from compared(f"packs/{key}", named, before, after)


def _pack(pack: Pack) -> Names:
    layered = pack.arrangement == "layered"
    how = Names(en="in layers" if layered else "loose", zh="分层" if layered else "散装")
    if pack.count is not None:
        full = Names(en=f"{pack.count} fruit", zh=f"{pack.count} 个")
    else:
        weights = f"{pack.net_weight_g:.6g} g", f"{pack.fruit_weight_g:.6g} g"
        full = Names(
            en=f"{weights[0]} net ({weights[1]} for a fruit not weighed)",
            zh=f"净重 {weights[0]}（未称重的果按 {weights[1]} 计）",
        )
    return Names(en=f"{pack.names.en}, {full.en} {how.en}", zh=f"{pack.names.zh}，{how.zh} {full.zh}")


def _rules(old: Sequence[SkuRule], new: Sequence[SkuRule]) -> Iterator[Difference]:
    """Rules are the same where code and outlet are, else where one of the two is; what is left was added or removed."""
    pairs = _match(old, new)
    for place, rule in enumerate(new):
        if place not in pairs.values():
            yield from compared(f"rules/{place + 1}", _row(place), None, _rule(rule))
    for place, rule in enumerate(old):
        if place not in pairs:
            yield from compared(f"rules/{place + 1}", _row(place), _rule(rule), None)
    order = sorted(pairs, key=lambda place: pairs[place])
    for was_at, now_at in pairs.items():
        was, now = old[was_at], new[now_at]
        where = f"rules/{now_at + 1}"
        row = _row(now_at)
        head = Names(en=f"{row.en} ({now.code})", zh=f"{row.zh}（{now.code}）")
        for key, what in _CONDITIONS:
            before, after = getattr(was, key), getattr(now, key)
            if before != after:
                named = Names(en=f"{head.en}, {what.en}", zh=f"{head.zh}，{what.zh}")
                yield changed(f"{where}/{key}", named, listed(before), listed(after))
        for key, what in (
            ("code", Names(en="SKU", zh="SKU")),
            ("outlet", Names(en="outlet", zh="出口")),
            ("pack", Names(en="carton", zh="包装")),
        ):
            if getattr(was, key) != getattr(now, key):
                named = Names(en=f"{head.en}, {what.en}", zh=f"{head.zh}，{what.zh}")
                yield changed(f"{where}/{key}", named, plain(getattr(was, key)), plain(getattr(now, key)))
        if order.index(was_at) != sorted(pairs).index(was_at):
            named = Names(en=f"{head.en}, place in the order", zh=f"{head.zh}，顺序")
            yield changed(f"{where}/order", named, str(was_at + 1), str(now_at + 1))


def _row(place: int) -> Names:
    return Names(en=f"row {place + 1}", zh=f"第 {place + 1} 行")


def _match(old: Sequence[SkuRule], new: Sequence[SkuRule]) -> dict[int, int]:
    """Place in `old` -> place in `new`: equal rules first, then by code and outlet, by code, by conditions."""
    pairs: dict[int, int] = {}
    for keys in (
        ("crops", "varieties", "classes", "sizes", "colours", "code", "outlet", "pack"),
        ("code", "outlet"),
        ("code",),
        ("crops", "varieties", "classes", "sizes", "colours"),
    ):
        for was_at, was in enumerate(old):
            if was_at in pairs:
                continue
            for now_at, now in enumerate(new):
                if now_at not in pairs.values() and all(getattr(was, k) == getattr(now, k) for k in keys):
                    pairs[was_at] = now_at
                    break
    return pairs


def _rule(rule: SkuRule) -> Names:
    conditions = [(what, getattr(rule, key)) for key, what in _CONDITIONS if getattr(rule, key)]
    en = "; ".join(f"{what.en} {listed(values).en}" for what, values in conditions) or "every fruit"
    zh = "；".join(f"{what.zh} {listed(values).zh}" for what, values in conditions) or "所有果"
    pack_en, pack_zh = (f", carton {rule.pack}", f"，包装 {rule.pack}") if rule.pack else ("", "")
    return Names(
        en=f"{en} → {rule.code}, outlet {rule.outlet}{pack_en}",
        zh=f"{zh} → {rule.code}，出口 {rule.outlet}{pack_zh}",
    )
