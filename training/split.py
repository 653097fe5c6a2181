"""Splits imported sets for training and judging by physical fruit, lot and source, never by picture.

Units that must stay together are those that share a fruit, a lot or a source. They are dealt out so that each side gets
its share of every class as well as units allow: rarest class first, each unit to the side that lacks most of it
(iterative stratification, Sechidis, Tsoumakas and Vlahavas 2011, with units in the place of examples).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from grader.image_io import write_bytes
from training.frozen import FILE, freeze, frozen_json, load_frozen
from training.json_file import read_json, tables, text
from training.labelled_picture import SetError

Width = Literal["fruit", "lot", "source"]
KEYS_OF: dict[Width, tuple[str, ...]] = {
    "fruit": ("group",),
    "lot": ("group", "lot"),
    "source": ("group", "lot", "source"),
}
"""What a unit shares. The widest is the hardest test: other growers, other days, another camera."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitReport:
    """What was split. pictures: by side. classes: by class, pictures in train and in val. warnings: for people."""

    units: int
    pictures: dict[str, int]
    classes: dict[str, tuple[int, int]]
    folds: int
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        return {
            "units": self.units,
            "pictures": self.pictures,
            "classes": {name: {"train": train, "val": val} for name, (train, val) in self.classes.items()},
            "folds": self.folds,
            "warnings": list(self.warnings),
        }


def split_sets(
    folders: Sequence[Path], *, val: float, folds: int, seed: int, by: Width = "source", force: bool = False
) -> SplitReport:
    """Write `split` into the index of each set, `folds.json` and `frozen.json` beside it.

    val: share of the pictures for judging, over 0 and under 1. folds: parts of the pictures for training, 0 for none.
    seed: decides between equal choices. by: what stays together. force: also sets that have a frozen list.
    Raises SetError for a set that cannot be read or is split already, and when there are too few units.
    """
    if not 0 < val < 1:
        raise SetError(f"--val: expected a share over 0 and under 1, got {val}")
    if folds == 1 or folds < 0:
        raise SetError(f"--folds: expected 0 or at least 2, got {folds}")
    kept = [str(folder / FILE) for folder in folders if load_frozen(folder)]
    if kept and not force:
        raise SetError(
            f"{kept[0]}: expected a set that was not split, models are judged by this list (--force makes a new one)"
        )
    indices = [_read_index(folder) for folder in folders]
    entries = [entry for index in indices for entry in index]
    if len({entry["id"] for entry in entries}) < len(entries):
        raise SetError("expected every picture in one set, got the same id in two")
    unit = units_of(entries, KEYS_OF[by])
    units = max(unit, default=-1) + 1
    if units < max(2, folds + 1 if folds else 2):
        finer = "; --by lot or --by fruit splits finer" if by == "source" else ""
        raise SetError(
            f"expected at least {max(2, folds + 1)} groups of pictures that share no {' or '.join(KEYS_OF[by])}, "
            f"got {units}{finer}"
        )
    classes = [tuple(entry.get("classes", ())) for entry in entries]
    rng = np.random.default_rng(seed)
    side = deal(unit, classes, (1 - val, val), rng)
    train = [n for n in range(len(entries)) if side[unit[n]] == 0]
    fold = (
        deal([unit[n] for n in train], [classes[n] for n in train], (1 / folds,) * folds, rng)
        if folds
        else {}
    )
    for n, entry in enumerate(entries):
        entry["split"] = "val" if side[unit[n]] else "train"
    fold_of = {entries[n]["id"]: fold[unit[n]] for n in train} if folds else {}
    for folder, index in zip(folders, indices, strict=True):
        _write(folder, index, {"seed": seed, "by": by, "val": val, "folds": folds}, fold_of)
    return _report(entries, units, folds)


def units_of(entries: Sequence[Mapping[str, Any]], keys: Sequence[str]) -> list[int]:
    """Number of the unit of each entry: entries that share the value of a key, directly or in a chain, share it.

    An empty or missing value is shared with nobody.
    """
    parent = list(range(len(entries)))

    def root(n: int) -> int:
        while parent[n] != n:
            parent[n] = parent[parent[n]]
            n = parent[n]
        return n

    first: dict[tuple[str, str], int] = {}
    for n, entry in enumerate(entries):
        for key in keys:
            if value := entry.get(key):
                parent[root(n)] = root(first.setdefault((key, value), n))
    numbers: dict[int, int] = {}
    return [numbers.setdefault(root(n), len(numbers)) for n in range(len(entries))]


def deal(
    unit: Sequence[int],
    classes: Sequence[Sequence[str]],
    shares: Sequence[float],
    rng: np.random.Generator,
) -> dict[int, int]:
    """Side of each unit. unit, classes: of every picture. shares: of the sides, summing to 1. No side stays empty
    while there are as many units as sides."""
    counts: dict[int, Counter[str]] = {}
    for number, names in zip(unit, classes, strict=True):
        counts.setdefault(number, Counter()).update({*names, ""})  # "": the picture itself
    total = sum(counts.values(), Counter[str]())
    wanted = [{name: share * count for name, count in total.items()} for share in shares]
    order = list(counts)
    rng.shuffle(order)
    largest_last = {
        name: sorted((n for n in reversed(order) if counts[n][name]), key=lambda n: counts[n][name])
        for name in total
    }
    left = Counter({name: len(units) for name, units in largest_last.items()})
    sides: dict[int, int] = {}
    while len(sides) < len(counts):
        name = min(left, key=lambda each: (each == "", left[each], each))
        number = next(n for n in iter(largest_last[name].pop, None) if n not in sides)
        empty = sorted(set(range(len(shares))) - set(sides.values()))
        choice = empty if len(empty) >= len(counts) - len(sides) else range(len(shares))
        side = max(choice, key=lambda each: (wanted[each][name], wanted[each][""]))
        sides[number] = side
        for each, count in counts[number].items():
            wanted[side][each] -= count
            left[each] -= 1
            if not left[each]:
                del left[each]
    return sides


def _read_index(folder: Path) -> list[dict[str, Any]]:
    path = folder / "index.json"
    if not path.is_file():
        raise SetError(f"{path}: expected a set made by `python -m training import`, found none")
    index = tables(read_json(path), str(path))
    for number, entry in enumerate(index, start=1):
        for key in ("id", "group"):
            text(entry.get(key), f"{path}: picture {number}: {key}")
    return index


def _write(
    folder: Path, index: list[dict[str, Any]], said: Mapping[str, object], fold_of: Mapping[str, int]
) -> None:
    """The index goes last: until then training refuses the set, its frozen pictures are not in the split val."""
    judged = [entry["id"] for entry in index if entry["split"] == "val"]
    own = {entry["id"]: fold_of[entry["id"]] for entry in index if entry["id"] in fold_of}
    write_bytes(folder / "folds.json", json.dumps({**said, "fold_of": own}, indent=1).encode())
    write_bytes(folder / FILE, frozen_json(freeze(folder, judged)).encode())
    write_bytes(folder / "index.json", json.dumps(index, indent=1).encode())


def _report(entries: Sequence[Mapping[str, Any]], units: int, folds: int) -> SplitReport:
    pictures: Counter[str] = Counter(entry["split"] for entry in entries)
    names = sorted({name for entry in entries for name in entry.get("classes", ())})
    sides = {
        side: Counter(
            name for entry in entries if entry["split"] == side for name in set(entry.get("classes", ()))
        )
        for side in ("train", "val")
    }
    classes = {name: (sides["train"][name], sides["val"][name]) for name in names}
    warnings = tuple(
        f"class {name!r}: no picture in {'train' if not train else 'val'}"
        for name, (train, val) in classes.items()
        if not train or not val
    )
    return SplitReport(units=units, pictures=dict(pictures), classes=classes, folds=folds, warnings=warnings)
