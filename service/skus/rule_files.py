"""Finds, checks and simulates SKU tables and standards for the API. What is published lies in one folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.difference import Difference
from grader.errors import GraderError, RecordError, UnknownVersionError
from grader.fruit_columns import columns_from
from grader.record import record_from_json
from grader.rules import Standard
from grader.simulate import Simulation, simulate
from grader.sku_diff import diff_sku_tables
from grader.sku_faults import find_sku_faults
from grader.sku_file import load_sku_table
from grader.sku_table import SkuTable
from grader.standard import load_standard
from grader.standard_diff import diff_standards
from grader.standard_faults import find_standard_faults
from grader.versions import (
    Change,
    RuleKind,
    in_force,
    load_published_standard,
    load_published_table,
    publish_sku_table,
    publish_standard,
    published_ids,
    read_changes,
    roll_back,
)
from service.errors import BadFruitError
from service.skus.drafts import standard_draft, table_draft
from service.skus.schemas import (
    CheckOut,
    DifferenceOut,
    PublishStandard,
    PublishTable,
    RollBack,
    SimulateIn,
    StandardDraft,
    StandardRef,
    TableDraft,
    TableRef,
)

MOST_FRUIT = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFiles:
    """folder: of the published versions. installed: the standards that come with the program."""

    folder: Path
    installed: tuple[Standard, ...]

    def changes(self, kind: RuleKind) -> dict[str, tuple[Change, ...]]:
        """All changes of this kind by name, newest first. Raises VersionError."""
        return {name: self.changes_of(kind, name) for name in published_ids(self.folder, kind)}

    def changes_of(self, kind: RuleKind, name: str) -> tuple[Change, ...]:
        """Newest first. Raises UnknownVersionError where nothing of this name was published."""
        changes = read_changes(self.folder, kind, name)
        if not changes:
            raise UnknownVersionError(f"no {kind} {name!r} was published here")
        return tuple(reversed(changes))

    def check_table(self, draft: TableDraft) -> CheckOut:
        """Faults, or what would change. Raises SkuTableError for a size table named by a path."""
        with table_draft(draft.text, draft.sizes) as path:
            if faults := find_sku_faults(path, self.standards()):
                return _faulty(faults)
            table = load_sku_table(path)
        return self._sound(
            RuleKind.SKU_TABLE,
            table.table_id,
            table.sha256,
            lambda: diff_sku_tables(self.table(TableRef(name=table.table_id)), table),
        )

    def check_standard(self, draft: StandardDraft) -> CheckOut:
        """Faults, or what would change."""
        with standard_draft(draft.text) as path:
            if faults := find_standard_faults(path):
                return _faulty(faults)
            standard = load_standard(path)
        return self._sound(
            RuleKind.STANDARD,
            standard.standard_id,
            standard.sha256,
            lambda: diff_standards(self.standard(StandardRef(name=standard.standard_id)), standard),
        )

    def _sound(
        self, kind: RuleKind, name: str, sha256: str, differences: Callable[[], Sequence[Difference]]
    ) -> CheckOut:
        """The answer for a draft without faults. differences: to what it would replace."""
        newest = in_force(self.folder, kind, name)
        try:
            found = differences()
        except GraderError:  # nothing of this name yet
            found = ()
        return CheckOut(
            faults=[],
            name=name,
            sha256=sha256,
            in_force=None if newest is None else newest.sha256,
            differences=[DifferenceOut.of(one) for one in found],
        )

    def publish_table(self, asked: PublishTable) -> Change:
        """Raises SkuTableError for faults, VersionConflictError, VersionError, OutputError."""
        with table_draft(asked.draft.text, asked.draft.sizes) as path:
            return publish_sku_table(
                path,
                self.folder,
                who=asked.who,
                reason=asked.reason,
                replaces=asked.replaces,
                standards=self.standards(),
            )

    def publish_standard(self, asked: PublishStandard) -> Change:
        """Raises StandardError for faults, VersionConflictError, VersionError, OutputError."""
        with standard_draft(asked.draft.text) as path:
            return publish_standard(
                path, self.folder, who=asked.who, reason=asked.reason, replaces=asked.replaces
            )

    def roll_back(self, kind: RuleKind, asked: RollBack) -> Change:
        """Raises UnknownVersionError, VersionConflictError, VersionError, OutputError."""
        return roll_back(
            self.folder,
            kind,
            asked.name,
            who=asked.who,
            reason=asked.reason,
            replaces=asked.replaces,
            to=asked.to,
        )

    def simulate(self, asked: SimulateIn) -> Simulation:
        """Drafts of standards may be simulated too.

        Raises:
            BadFruitError: a fruit is no record. StandardError, SkuTableError, VersionError: a side cannot be used.
        """
        if len(asked.fruits) > MOST_FRUIT:
            raise BadFruitError(f"fruits: expected at most {MOST_FRUIT:,}, got {len(asked.fruits):,}")
        before = self.standard(asked.before.standard)
        fruit = []
        for place, record in enumerate(asked.fruits):
            try:
                fruit.append(record_from_json(record).measurement)
            except RecordError as error:
                raise BadFruitError(f"fruits[{place}]: {error}") from error
        return simulate(
            columns_from(fruit, before.crop),
            before,
            self.table(asked.before.table),
            self.standard(asked.after.standard),
            self.table(asked.after.table),
            allow_draft=True,
        )

    def standards(self) -> Sequence[Standard]:
        """Installed and published standards: the crops and classes that a table may name."""
        names = published_ids(self.folder, RuleKind.STANDARD)
        return (*self.installed, *(load_published_standard(self.folder, name) for name in names))

    def table(self, ref: TableRef) -> SkuTable:
        """Raises SkuTableError, VersionError."""
        if ref.draft is not None:
            with table_draft(ref.draft.text, ref.draft.sizes) as path:
                return load_sku_table(path)
        name = ref.name or ""
        if ref.sha256 is not None or in_force(self.folder, RuleKind.SKU_TABLE, name) is not None:
            return load_published_table(self.folder, name, ref.sha256)
        return load_sku_table(name)

    def standard(self, ref: StandardRef) -> Standard:
        """Raises StandardError, VersionError."""
        if ref.draft is not None:
            with standard_draft(ref.draft.text) as path:
                return load_standard(path)
        name = ref.name or ""
        if ref.sha256 is not None or in_force(self.folder, RuleKind.STANDARD, name) is not None:
            return load_published_standard(self.folder, name, ref.sha256)
        found = (one for one in self.installed if name in (one.standard_id, *one.aliases))
        return next(found, None) or load_standard(name)


def _faulty(faults: Sequence[str]) -> CheckOut:
    return CheckOut(faults=list(faults), name=None, sha256=None, in_force=None, differences=[])
