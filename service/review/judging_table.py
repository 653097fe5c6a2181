"""The SKU table that judged a fruit, found again by its hash; else the one of its name that is in force now."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from pydantic import ValidationError

from grader.errors import GraderError
from grader.sku_file import load_sku_table
from grader.sku_table import SkuTable
from service.errors import ReviewError
from service.skus.rule_files import RuleFiles
from service.skus.schemas import TableRef
from service.store.judges import JudgedBy


class JudgingTables:
    """Tables by name and hash, each read once. files: installed and published ones."""

    def __init__(self, files: RuleFiles) -> None:
        self._files = files
        self._known: dict[tuple[str, str], SkuTable] = {}
        self._lock = Lock()

    def table(self, judge: JudgedBy) -> SkuTable:
        """Its `sha256` says which one it is. Raises ReviewError: there is none of this name any more."""
        name, sha256 = judge.sku_table_id, judge.sku_table_sha256
        with self._lock:
            if (name, sha256) in self._known:
                return self._known[name, sha256]
        ways: tuple[Callable[[], SkuTable], ...] = (
            lambda: load_sku_table(name),
            lambda: self._files.table(TableRef(name=name, sha256=sha256)),
            lambda: self._files.table(TableRef(name=name)),
        )
        found = None
        for read in ways:
            try:
                found = read()
            except (GraderError, ValidationError):
                continue
            if found.sha256 == sha256:
                with self._lock:
                    self._known[name, sha256] = found
                break
        if found is None:
            raise ReviewError(
                f"class: expected the SKU table {name!r} that judged this fruit, it is not there"
            )
        return found
