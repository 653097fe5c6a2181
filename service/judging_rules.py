"""Finds the SKU table and the standard that a decision names by hash: installed, published, or a line's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from grader.errors import GraderError, UnknownVersionError
from grader.rules import Standard
from grader.sku_file import load_sku_table
from grader.sku_table import SkuTable
from grader.standard import load_standard
from grader.versions import load_published_standard, load_published_table
from service.store.judges import JudgedBy


class JudgingRules:
    """Rules by hash, each read once: what has a hash never changes.

    folder: of the published versions. installed: the standards that come with the program. tables, files: names or
    paths of the SKU tables and of the standards that lines use.
    """

    def __init__(
        self,
        folder: Path,
        installed: Sequence[Standard],
        *,
        tables: Callable[[], Iterable[str]] = tuple,
        files: Callable[[], Iterable[str | None]] = tuple,
    ) -> None:
        self._folder = folder
        self._named_tables, self._named_standards = tables, files
        self._named = {one.standard_id: one for one in installed}
        self._standards = {(one.standard_id, one.sha256): one for one in installed}
        self._tables: dict[tuple[str, str], SkuTable] = {}

    def table(self, judge: JudgedBy) -> SkuTable:
        """The SKU table of a decision. Raises UnknownVersionError: no file with its hash is here."""
        key = (judge.sku_table_id, judge.sku_table_sha256)
        if key not in self._tables:
            loads: list[Callable[[], SkuTable]] = [
                lambda: load_published_table(self._folder, *key),
                *(
                    lambda name=name: load_sku_table(name)
                    for name in dict.fromkeys((judge.sku_table_id, *self._named_tables()))
                ),
            ]
            found = _first(loads, lambda table: (table.table_id, table.sha256) == key)
            if found is None:
                raise UnknownVersionError(f"SKU table {key[0]}: no file with the hash {key[1]!r} is here")
            self._tables[key] = found
        return self._tables[key]

    def standard(self, judge: JudgedBy) -> Standard:
        """The standard of a decision. Raises UnknownVersionError: no file with its hash is here."""
        key = (judge.standard_id, judge.standard_sha256)
        if key not in self._standards:
            loads: list[Callable[[], Standard]] = [
                lambda: load_published_standard(self._folder, *key),
                *(
                    lambda name=name: load_standard(name)
                    for name in self._named_standards()
                    if name is not None
                ),
            ]
            found = _first(loads, lambda standard: (standard.standard_id, standard.sha256) == key)
            if found is None:
                raise UnknownVersionError(f"standard {key[0]}: no file with the hash {key[1]!r} is here")
            self._standards[key] = found
        return self._standards[key]

    def of_name(self, standard_id: str) -> Standard | None:
        """One of this name, whatever its hash: for words, not for deciding."""
        return self._named.get(standard_id)


_Rules = TypeVar("_Rules")


def _first(loads: Iterable[Callable[[], _Rules]], fits: Callable[[_Rules], bool]) -> _Rules | None:
    """The first that can be loaded and fits."""
    for load in loads:
        try:
            found = load()
        except GraderError:
            continue
        if fits(found):
            return found
    return None
