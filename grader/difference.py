"""One difference between two versions of a rule file, in English and in Chinese, and how its values are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import isinf
from typing import TypeVar

from grader.rules import Measure, Names

Part = TypeVar("Part")


class Kind(StrEnum):
    """What happened to a part."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """where: path of the part, such as `rules/bruise/I`, the same in every language. text: a whole sentence."""

    kind: Kind
    where: str
    text: Names


def added(where: str, en: str, zh: str) -> Difference:
    """Something that only the newer version has."""
    return Difference(kind=Kind.ADDED, where=where, text=Names(en=f"Added: {en}", zh=f"新增：{zh}"))


def removed(where: str, en: str, zh: str) -> Difference:
    """Something that only the older version has."""
    return Difference(kind=Kind.REMOVED, where=where, text=Names(en=f"Removed: {en}", zh=f"删除：{zh}"))


def changed(
    where: str, what: Names, old: str | Names, new: str | Names, note: Names | None = None
) -> Difference:
    """A value that moved, from what to what; note: what that means."""
    was, now = (Names(en=one, zh=one) if isinstance(one, str) else one for one in (old, new))
    en, zh = f"{what.en}: {was.en} → {now.en}", f"{what.zh}：{was.zh} → {now.zh}"
    if note is not None:
        en, zh = f"{en} ({note.en})", f"{zh}（{note.zh}）"
    return Difference(kind=Kind.CHANGED, where=where, text=Names(en=en, zh=zh))


def compared(where: str, what: Names, was: Names | None, now: Names | None) -> Iterator[Difference]:
    """Added, removed or changed, by the words for both sides; nothing where they say the same."""
    if was is None and now is not None:
        yield added(where, f"{what.en}: {now.en}", f"{what.zh}：{now.zh}")
    elif now is None and was is not None:
        yield removed(where, f"{what.en}: {was.en}", f"{what.zh}：{was.zh}")
    elif was is not None and now is not None and was != now:
        yield changed(where, what, was, now)


def paired(
    old: Mapping[str, Part], new: Mapping[str, Part]
) -> Iterator[tuple[str, Part | None, Part | None]]:
    """Key, older and newer part of everything that is not the same in both, in the order of the newer version."""
    for key in (*new, *(key for key in old if key not in new)):
        if key not in old or key not in new or old[key] != new[key]:
            yield key, old.get(key), new.get(key)


def amount(value: float, measure: Measure) -> Names:
    """A limit with its unit; shares in percent; without a limit where it is infinite."""
    if isinf(value):
        return Names(en="no limit", zh="不限")
    if measure.value.endswith("_fraction"):
        text = f"{100.0 * value:.6g} %"
    else:
        text = f"{value:.6g} {measure.unit}".rstrip()
    return Names(en=text, zh=text)


def listed(values: frozenset[str] | tuple[str, ...]) -> Names:
    """Names of a set; any where it is empty."""
    text = ", ".join(sorted(values) if isinstance(values, frozenset) else values)
    return Names(en=text or "any", zh=text or "任意")


def plain(value: object) -> Names:
    """A text or number as it is; none where there is none."""
    return Names(en="none", zh="无") if value is None or value == "" else Names(en=str(value), zh=str(value))
