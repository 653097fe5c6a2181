"""By which versions fruit are judged: a small value that goes with every fruit, so that all of it is judged by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.versions import RuleKind, in_force, published_ids

Pins = tuple[tuple[str, str], ...]
"""Name and hash of published versions, sorted by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesInForce:
    """The published version of every standard and SKU table by hash; what was never published is as installed.

    folder: of the versions (`versions.py`); None: nothing is published, only what comes with the program.
    """

    folder: Path | None = None
    standards: Pins = ()
    sku_tables: Pins = ()

    def pinned(self, kind: RuleKind) -> Mapping[str, str]:
        """Hash by name."""
        return dict(self.sku_tables if kind is RuleKind.SKU_TABLE else self.standards)


AS_INSTALLED = RulesInForce()


def read_rules_in_force(folder: Path) -> RulesInForce:
    """What is in force now. Raises VersionError that names the file that cannot be read."""
    return RulesInForce(
        folder=folder,
        standards=_pins(folder, RuleKind.STANDARD),
        sku_tables=_pins(folder, RuleKind.SKU_TABLE),
    )


def _pins(folder: Path, kind: RuleKind) -> Pins:
    newest = ((name, in_force(folder, kind, name)) for name in published_ids(folder, kind))
    return tuple((name, change.sha256) for name, change in newest if change is not None)
