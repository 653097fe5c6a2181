"""Finds, checks and publishes SKU tables and standards. What is published lies in one folder and judges at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.difference import Difference
from grader.errors import GraderError, SkuTableError, StandardError, UnknownVersionError
from grader.reason_text import Language
from grader.rules import Names, Standard, Status
from grader.sku_diff import diff_sku_tables
from grader.sku_faults import find_sku_faults
from grader.sku_file import load_sku_table
from grader.sku_table import SKU_TABLES_FOLDER, SkuTable
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
from service.rule_follower import RuleFollower
from service.skus.drafts import standard_draft, table_draft
from service.skus.schemas import (
    CheckOut,
    DifferenceOut,
    PublishStandard,
    PublishTable,
    RollBack,
    StandardDraft,
    StandardRef,
    TableDraft,
    TableRef,
)

AS_INSTALLED = "as installed"
"""Why what comes with the program is a version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentRules:
    """A standard or SKU table that judges now. sizes: texts of its size tables by id. crops: that it is for."""

    standard: Standard | None
    names: Names
    text: str
    sizes: Mapping[str, str]
    crops: frozenset[str]

    def title(self, language: Language) -> str:
        """For people."""
        return self.names.zh if language == "zh" else self.names.en


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFiles:
    """rules: those in force; its folder is where versions are published."""

    rules: RuleFollower

    @property
    def folder(self) -> Path:
        """Of the published versions."""
        return self.rules.folder

    def changes(self, kind: RuleKind) -> dict[str, tuple[Change, ...]]:
        """All changes of this kind by name, newest first. Raises VersionError."""
        return {name: self.changes_of(kind, name) for name in published_ids(self.folder, kind)}

    def changes_of(self, kind: RuleKind, name: str) -> tuple[Change, ...]:
        """Newest first. Raises UnknownVersionError where nothing of this name was published."""
        changes = read_changes(self.folder, kind, name)
        if not changes:
            raise UnknownVersionError(f"no {kind} {name!r} was published here")
        return tuple(reversed(changes))

    def present(self, kind: RuleKind, name: str) -> PresentRules:
        """What judges now, as text. Raises UnknownVersionError where there is nothing of this name."""
        try:
            if kind is RuleKind.STANDARD:
                standard = self.rules.standard(name)
                if standard.standard_id != name:  # an alias: rules have one page
                    raise StandardError(f"expected the id {standard.standard_id!r}, got {name!r}")
                return PresentRules(
                    standard=standard,
                    names=standard.names,
                    text=standard.path.read_text(encoding="utf-8"),
                    sizes={},
                    crops=frozenset({standard.crop}),
                )
            table = self.rules.sku_table(name)
        except (StandardError, SkuTableError) as error:
            raise UnknownVersionError(f"no {kind} {name!r} is installed or published here") from error
        (_, own), *sizes = table.files
        return PresentRules(
            standard=None,
            names=Names(en=name, zh=name),
            text=own.decode("utf-8"),
            sizes={file.removesuffix(".toml"): content.decode("utf-8") for file, content in sizes},
            crops=frozenset(one.crop for one in self.rules.standards()),
        )

    def check_table(self, draft: TableDraft) -> CheckOut:
        """Faults, or what would change. Raises SkuTableError for a size table named by a path."""
        with table_draft(draft.text, draft.sizes) as path:
            if faults := find_sku_faults(path, self.rules.standards()):
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

    def publish_table(self, asked: PublishTable, who: str) -> Change:
        """Put a draft in force; the next fruit is judged by it. What is installed becomes the version before it.

        Raises:
            SkuTableError: the draft has faults. VersionConflictError, VersionError, OutputError
        """
        with table_draft(asked.draft.text, asked.draft.sizes) as path:
            if faults := find_sku_faults(path, self.rules.standards()):
                raise SkuTableError("\n".join(faults))
            table = load_sku_table(path)
            replaces = asked.replaces or self._keep_installed_table(table, who)
            change = publish_sku_table(
                path,
                self.folder,
                who=who,
                reason=asked.reason,
                replaces=replaces,
                standards=self.rules.standards(),
            )
        self.rules.look()
        return change

    def publish_standard(self, asked: PublishStandard, who: str) -> Change:
        """As `publish_table`. Raises StandardError for a draft with faults."""
        with standard_draft(asked.draft.text) as path:
            if faults := find_standard_faults(path):
                raise StandardError("\n".join(faults))
            standard = load_standard(path)
            self._check_default(standard)
            standard.check_usable()
            replaces = asked.replaces or self._keep_installed_standard(standard, who)
            change = publish_standard(path, self.folder, who=who, reason=asked.reason, replaces=replaces)
        self.rules.look()
        return change

    def roll_back(self, kind: RuleKind, asked: RollBack, who: str) -> Change:
        """Raises UnknownVersionError, VersionConflictError, VersionError, OutputError."""
        change = roll_back(
            self.folder,
            kind,
            asked.name,
            who=who,
            reason=asked.reason,
            replaces=asked.replaces,
            to=asked.to,
        )
        self.rules.look()
        return change

    def _keep_installed_table(self, draft: SkuTable, who: str) -> str | None:
        """Publish what is installed under the name of a first draft, so that one can go back to it; its hash."""
        name = draft.table_id
        if in_force(self.folder, RuleKind.SKU_TABLE, name) is not None or name not in installed_tables():
            return None
        path = SKU_TABLES_FOLDER / f"{name}.toml"
        if load_sku_table(path).sha256 == draft.sha256 or find_sku_faults(path, self.rules.standards()):
            return None
        return publish_sku_table(
            path,
            self.folder,
            who=who,
            reason=AS_INSTALLED,
            replaces=None,
            standards=self.rules.standards(),
        ).sha256

    def _keep_installed_standard(self, draft: Standard, who: str) -> str | None:
        name = draft.standard_id
        if in_force(self.folder, RuleKind.STANDARD, name) is not None:
            return None
        found = next((one for one in self.rules.standards() if one.standard_id == name), None)
        if found is None or found.sha256 == draft.sha256 or found.status is not Status.ENABLED:
            return None
        return publish_standard(found.path, self.folder, who=who, reason=AS_INSTALLED, replaces=None).sha256

    def _check_default(self, draft: Standard) -> None:
        """A crop has one default standard. Raises StandardError."""
        present = next((one for one in self.rules.standards() if one.standard_id == draft.standard_id), None)
        if present is not None and present.default_for_crop:
            if not draft.default_for_crop or draft.crop != present.crop:
                raise StandardError(
                    f"default_for_crop: expected true and crop {present.crop!r}, nothing else is its default; got "
                    f"{str(draft.default_for_crop).lower()} and crop {draft.crop!r}"
                )
        others = (one for one in self.rules.standards() if one.standard_id != draft.standard_id)
        taken = next((one for one in others if one.default_for_crop and one.crop == draft.crop), None)
        if draft.default_for_crop and taken is not None:
            raise StandardError(
                f"default_for_crop: expected false, {taken.standard_id} is the default of {draft.crop} already"
            )

    def table_names(self) -> tuple[str, ...]:
        """Every table that may assign now, sorted."""
        return tuple(sorted({*installed_tables(), *published_ids(self.folder, RuleKind.SKU_TABLE)}))

    def table(self, ref: TableRef) -> SkuTable:
        """Raises SkuTableError, VersionError."""
        if ref.draft is not None:
            with table_draft(ref.draft.text, ref.draft.sizes) as path:
                return load_sku_table(path)
        name = ref.name or ""
        if ref.sha256 is not None:
            return load_published_table(self.folder, name, ref.sha256)
        return self.rules.sku_table(name)

    def standard(self, ref: StandardRef) -> Standard:
        """Raises StandardError, VersionError."""
        if ref.draft is not None:
            with standard_draft(ref.draft.text) as path:
                return load_standard(path)
        name = ref.name or ""
        if ref.sha256 is not None:
            return load_published_standard(self.folder, name, ref.sha256)
        return self.rules.standard(name)


def installed_tables() -> tuple[str, ...]:
    """Names of the SKU tables that come with the program, sorted."""
    return tuple(sorted(path.stem for path in SKU_TABLES_FOLDER.glob("*.toml")))


def _faulty(faults: Sequence[str]) -> CheckOut:
    return CheckOut(faults=list(faults), name=None, sha256=None, in_force=None, differences=[])
