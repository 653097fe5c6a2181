"""Finds the SKU table and the standard that a decision names by hash: installed, published, or a line's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from grader.errors import GraderError, UnknownVersionError
from grader.rules import Standard
from grader.sku_file import load_sku_table
from grader.sku_table import SkuTable
from grader.standard import load_standard
from grader.versions import load_published_standard, load_published_table
from service.store.judges import JudgedBy

_Rules = TypeVar("_Rules", Standard, SkuTable)


class JudgingRules:
    """Rules by hash, each read once: what has a hash never changes.

    folder: of the published versions. current: the standards that may judge now. tables, files: names or paths of the
    SKU tables and of the standards that lines use.
    """

    def __init__(
        self,
        folder: Path,
        current: Callable[[], Sequence[Standard]],
        *,
        tables: Callable[[], Iterable[str]] = tuple,
        files: Callable[[], Iterable[str | None]] = tuple,
    ) -> None:
        self._folder, self._current = folder, current
        self._named_tables, self._named_standards = tables, files
        self._standards: dict[tuple[str, str], Standard] = {}
        self._tables: dict[tuple[str, str], SkuTable] = {}

    def table(self, judge: JudgedBy) -> SkuTable:
        """The SKU table of a decision. Raises UnknownVersionError: no file with its hash is here."""
        key = (judge.sku_table_id, judge.sku_table_sha256)
        if key not in self._tables:
            published = partial(load_published_table, self._folder, *key)
            named = (partial(load_sku_table, name) for name in dict.fromkeys((key[0], *self._named_tables())))
            self._tables[key] = _first((published, *named), "SKU table", key)
        return self._tables[key]

    def standard(self, judge: JudgedBy) -> Standard:
        """The standard of a decision. Raises UnknownVersionError: no file with its hash is here."""
        key = (judge.standard_id, judge.standard_sha256)
        if key not in self._standards:
            published = partial(load_published_standard, self._folder, *key)
            names = (name for name in (key[0], *self._named_standards()) if name is not None)
            named = (partial(load_standard, name) for name in dict.fromkeys(names))
            self._standards[key] = _first((published, *named), "standard", key)
        return self._standards[key]

    def of_name(self, standard_id: str) -> Standard | None:
        """One of this name, whatever its hash: for words, not for deciding."""
        return next((one for one in self._current() if one.standard_id == standard_id), None)


def _first(loads: Iterable[Callable[[], _Rules]], what: str, key: tuple[str, str]) -> _Rules:
    """The first that can be loaded and has this name and hash."""
    for load in loads:
        try:
            found = load()
        except GraderError:
            continue
        if (_name_of(found), found.sha256) == key:
            return found
    raise UnknownVersionError(f"{what} {key[0]}: no file with the hash {key[1]!r} is here")


def _name_of(rules: Standard | SkuTable) -> str:
    return rules.standard_id if isinstance(rules, Standard) else rules.table_id
