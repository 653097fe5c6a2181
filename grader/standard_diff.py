"""What differs between two versions of a standard, for people: limits moved (with units, stricter or looser), rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from grader.difference import Difference, amount, changed, compared, listed, paired, plain
from grader.rules import HandCheck, Limit, LotTolerance, Measure, Names, Rule, Standard, Uniformity, Variety

_HEAD = (
    ("crop", Names(en="crop", zh="作物")),
    ("names", Names(en="name", zh="名称")),
    ("source", Names(en="source", zh="来源")),
    ("edition", Names(en="edition", zh="版本")),
    ("status", Names(en="status", zh="状态")),
    ("minimum_surface_seen_fraction", Names(en="share of the surface asked for", zh="要求的可见果面比例")),
    ("diameter_range_mm", Names(en="smallest and largest fruit on sale, mm", zh="上市果径范围，mm")),
    ("default_tags", Names(en="tags of a fruit of unknown variety", zh="品种未知时的标签")),
    ("aliases", Names(en="aliases", zh="别名")),
)


def diff_standards(old: Standard, new: Standard) -> tuple[Difference, ...]:
    """Every difference of the rules, of what is said of varieties and lots, and of where they come from."""
    return (
        *_head(old, new),
        *_classes(old, new),
        *_rules(old, new),
        *_hand_checks(old, new),
        *_varieties(old.varieties, new.varieties),
        *_tolerances(old.lot_tolerances, new.lot_tolerances),
        *_uniformity(old.uniformity, new.uniformity),
    )


def _head(old: Standard, new: Standard) -> Iterator[Difference]:
    for key, what in _HEAD:
        was, now = getattr(old, key), getattr(new, key)
        if was != now:
            yield changed(key, what, _written(was), _written(now))


def _written(value: object) -> Names:
    if isinstance(value, Names):
        return value
    return listed(value) if isinstance(value, frozenset) else plain(value)


def _classes(old: Standard, new: Standard) -> Iterator[Difference]:
    olds = {one.class_id: one.names for one in old.classes}
    news = {one.class_id: one.names for one in new.classes}
    for key, was, now in paired(olds, news):
        yield from compared(f"classes/{key}", Names(en=f"class {key}", zh=f"等级 {key}"), was, now)
    common = tuple(key for key in olds if key in news), tuple(key for key in news if key in olds)
    if common[0] != common[1]:
        what = Names(en="order of the classes", zh="等级顺序")
        yield changed("classes", what, listed(common[0]), listed(common[1]))


def _keyed(rules: Sequence[Rule]) -> dict[str, Rule]:
    """Rules by key; a second one of the same key (another group of varieties) as `colour#2`."""
    found: dict[str, Rule] = {}
    for rule in rules:
        same = sum(other.key == rule.key for other in found.values())
        found[rule.key if same == 0 else f"{rule.key}#{same + 1}"] = rule
    return found


def _rules(old: Standard, new: Standard) -> Iterator[Difference]:
    for key, was, now in paired(_keyed(old.rules), _keyed(new.rules)):
        where = f"rules/{key}"
        if was is None and now is not None:
            yield from compared(where, now.names, None, _tests(now, new.class_ids))
        elif now is None and was is not None:
            yield from compared(where, was.names, _tests(was, old.class_ids), None)
        elif was is not None and now is not None:
            yield from _rule(where, was, now, old, new)


def _tests(rule: Rule, class_ids: Sequence[str]) -> Names:
    limits = [_limits(test, class_ids) for test in rule.tests]
    return Names(en=" or ".join(one.en for one in limits), zh=" 或 ".join(one.zh for one in limits))


def _limits(test: Limit, class_ids: Sequence[str]) -> Names:
    sign = "≥" if test.at_least else "≤"
    told = [amount(limit, test.measure) for limit in test.limits]
    return Names(
        en=", ".join(f"{name} {sign} {limit.en}" for name, limit in zip(class_ids, told, strict=True)),
        zh="，".join(f"{name} {sign} {limit.zh}" for name, limit in zip(class_ids, told, strict=True)),
    )


def _rule(where: str, was: Rule, now: Rule, old: Standard, new: Standard) -> Iterator[Difference]:
    names = now.names
    same_tests = [(test.measure, test.at_least) for test in was.tests] == [
        (test.measure, test.at_least) for test in now.tests
    ]
    if same_tests:
        for test, other in zip(was.tests, now.tests, strict=True):
            yield from _moved(where, names, test, other, old, new)
    else:
        what = Names(en=f"{names.en}, what is measured", zh=f"{names.zh}，测量项")
        yield changed(where, what, _tests(was, old.class_ids), _tests(now, new.class_ids))
    for key, what in (
        ("kinds", Names(en="kinds of defects", zh="缺陷种类")),
        ("shape", Names(en="shape of defects", zh="缺陷形状")),
        ("only_tags", Names(en="only varieties with", zh="仅限品种标签")),
        ("except_tags", Names(en="not varieties with", zh="除外品种标签")),
        ("reference_diameter_mm", Names(en="limits are for a fruit of, mm", zh="限值所指果径，mm")),
        ("met_if_unknown", Names(en="counts as met where unknown", zh="未知时视为符合")),
        ("doubtful", Names(en="a class set by it alone is reviewed", zh="仅凭此项定级需复核")),
        ("evidence", Names(en="evidence", zh="依据")),
        ("clause", Names(en="clause", zh="条款")),
        ("names", Names(en="name", zh="名称")),
    ):
        before_value, after_value = getattr(was, key), getattr(now, key)
        if before_value != after_value:
            named = Names(en=f"{names.en}, {what.en}", zh=f"{names.zh}，{what.zh}")
            yield changed(f"{where}/{key}", named, _written(before_value), _written(after_value))


def _moved(
    where: str, names: Names, was: Limit, now: Limit, old: Standard, new: Standard
) -> Iterator[Difference]:
    before = dict(zip(old.class_ids, was.limits, strict=True))
    after = dict(zip(new.class_ids, now.limits, strict=True))
    shown = {one.class_id: one.names for one in (*old.classes, *new.classes)}
    for class_id in after:
        if class_id not in before or before[class_id] == after[class_id]:
            continue
        stricter = (after[class_id] > before[class_id]) == now.at_least
        yield changed(
            f"{where}/{class_id}",
            Names(
                en=f"{shown[class_id].en}, {names.en}, {'at least' if now.at_least else 'at most'}",
                zh=f"{shown[class_id].zh}，{names.zh}，{'下限' if now.at_least else '上限'}",
            ),
            amount(before[class_id], was.measure),
            amount(after[class_id], now.measure),
            Names(en="stricter", zh="更严") if stricter else Names(en="looser", zh="更宽"),
        )


def _hand_checks(old: Standard, new: Standard) -> Iterator[Difference]:
    olds = {check.key: check for check in old.hand_checks}
    news = {check.key: check for check in new.hand_checks}
    for key, was, now in paired(olds, news):
        names = (now or olds[key]).names
        yield from compared(
            f"hand_checks/{key}",
            Names(en=f"{names.en} (by hand)", zh=f"{names.zh}（人工）"),
            None if was is None else _asked(was, old),
            None if now is None else _asked(now, new),
        )


def _asked(check: HandCheck, standard: Standard) -> Names:
    pairs = list(zip(standard.class_ids, check.requires, strict=True))
    met = Names(en="met", zh="视为符合") if check.assumed_met else Names(en="not met", zh="视为不符合")
    return Names(
        en=", ".join(f"{name}: {'any' if one is None else one.en}" for name, one in pairs)
        + f"; if unknown {met.en}",
        zh="，".join(f"{name}：{'不限' if one is None else one.zh}" for name, one in pairs)
        + f"；未知时{met.zh}",
    )


def _varieties(old: Sequence[Variety], new: Sequence[Variety]) -> Iterator[Difference]:
    for key, was, now in paired({one.key: one for one in old}, {one.key: one for one in new}):
        before, after = (
            None if one is None else plain(f"{', '.join(one.names)} [{', '.join(sorted(one.tags))}]")
            for one in (was, now)
        )
        yield from compared(f"varieties/{key}", Names(en=f"variety {key}", zh=f"品种 {key}"), before, after)


def _tolerances(old: Sequence[LotTolerance], new: Sequence[LotTolerance]) -> Iterator[Difference]:
    def keyed(lines: Sequence[LotTolerance]) -> dict[str, LotTolerance]:
        return {f"{one.class_id}/{one.line}": one for one in lines}

    for key, was, now in paired(keyed(old), keyed(new)):
        before, after = (
            None if one is None else amount(one.at_most_fraction, Measure.TOTAL_AREA_FRACTION)
            for one in (was, now)
        )
        named = Names(en=f"lot tolerance {key}, at most", zh=f"批次容许度 {key}，上限")
        yield from compared(f"lot_tolerances/{key}", named, before, after)


def _uniformity(old: Sequence[Uniformity], new: Sequence[Uniformity]) -> Iterator[Difference]:
    def keyed(lines: Sequence[Uniformity]) -> dict[str, Uniformity]:
        return {f"{'+'.join(one.classes)}/{one.pack}/{one.measure}/{one.low:g}": one for one in lines}

    for key, was, now in paired(keyed(old), keyed(new)):
        before, after = (None if one is None else amount(one.max_spread, one.measure) for one in (was, now))
        named = Names(en=f"largest spread in a carton, {key}", zh=f"箱内最大差异，{key}")
        yield from compared(f"uniformity/{key}", named, before, after)
