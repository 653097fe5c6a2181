"""Standards and SKU tables by name under the versions in force; each version is read once."""

from __future__ import annotations

from pathlib import Path

from grader.errors import StandardError
from grader.rules import Standard
from grader.rules_in_force import AS_INSTALLED, RulesInForce
from grader.sku_file import load_sku_table
from grader.sku_table import SkuTable
from grader.standard import is_path, list_standards, load_standard
from grader.versions import RuleKind, load_published_standard, load_published_table


class RuleShelf:
    """Keeps what it has read. One per process or thread."""

    def __init__(self) -> None:
        self._installed: tuple[Standard, ...] | None = None
        self._standards: dict[tuple[Path | None, str, str], Standard] = {}
        self._sku_tables: dict[tuple[Path | None, str, str], SkuTable] = {}

    def standards(self, rules: RulesInForce) -> tuple[Standard, ...]:
        """All of them, sorted by id: the published ones, and what is installed and was never published.

        Raises:
            StandardError: an installed file has faults. VersionError: a published one was changed.
        """
        if self._installed is None:
            self._installed = list_standards()
        pinned = rules.pinned(RuleKind.STANDARD)
        published = [self._published_standard(rules, name, sha256) for name, sha256 in pinned.items()]
        installed = [one for one in self._installed if one.standard_id not in pinned]
        return tuple(sorted((*published, *installed), key=lambda one: one.standard_id))

    def standard(self, rules: RulesInForce, name: str) -> Standard:
        """By id, alias, or the path of a file.

        Raises:
            StandardError: there is none; the message lists the known ones. Else as `standards`.
        """
        if is_path(name):
            return self._file(name)
        known = self.standards(rules)
        found = next((one for one in known if name in (one.standard_id, *one.aliases)), None)
        if found is None:
            names = ", ".join(one.standard_id for one in known)
            raise StandardError(f"no standard {name!r}; known are {names}, or the path of a .toml file")
        return found

    def default_standard(self, rules: RulesInForce, crop: str) -> Standard:
        """The one for a crop where none is named.

        Raises:
            StandardError: there is none, or more than one. Else as `standards`.
        """
        known = self.standards(rules)
        found = [one for one in known if one.default_for_crop and one.crop == crop]
        if len(found) != 1:
            crops = ", ".join(sorted({one.crop for one in known if one.default_for_crop}))
            raise StandardError(
                f"expected one default standard for crop {str(crop)!r}, found {len(found)}; crops with one are {crops}"
            )
        return found[0]

    def sku_table(self, rules: RulesInForce, name: str) -> SkuTable:
        """By id, or the path of a file. Raises SkuTableError, VersionError."""
        sha256 = rules.pinned(RuleKind.SKU_TABLE).get(name)
        key = (rules.folder, name, sha256 or "")
        if key not in self._sku_tables:
            assert sha256 is None or rules.folder is not None
            self._sku_tables[key] = (
                load_sku_table(name)
                if sha256 is None or rules.folder is None
                else load_published_table(rules.folder, name, sha256)
            )
        return self._sku_tables[key]

    def check(self, rules: RulesInForce) -> None:
        """Read everything that is in force, so that it is refused before a fruit needs it.

        Raises:
            StandardError: also when a crop has lost its default standard, or has two. SkuTableError, VersionError
        """
        for crop in {
            one.crop
            for one in (*self.standards(AS_INSTALLED), *self.standards(rules))
            if one.default_for_crop
        }:
            self.default_standard(rules, crop)
        for name, _ in rules.sku_tables:
            self.sku_table(rules, name)

    def _published_standard(self, rules: RulesInForce, name: str, sha256: str) -> Standard:
        key = (rules.folder, name, sha256)
        if key not in self._standards:
            assert rules.folder is not None
            self._standards[key] = load_published_standard(rules.folder, name, sha256)
        return self._standards[key]

    def _file(self, path: str) -> Standard:
        key = (None, path, "")
        if key not in self._standards:
            self._standards[key] = load_standard(path)
        return self._standards[key]
