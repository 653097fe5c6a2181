"""Published versions of SKU tables and standards: files that never change, and an append-only log of which is in force.

    <folder>/sku_table/<id>/<sha256>/<id>.toml      and the size tables it uses, beside it
    <folder>/standard/<id>/<sha256>/<id>.toml
    <folder>/<kind>/<id>/changes/000001.json        one file a change, numbered without gaps, newest last

A version is named by the hash of what it says, so every decision can name the version that judged it. A change has at
(UTC, ISO 8601), action ("published", "rolled_back"), sha256, replaced (null: the first), who, reason. The newest change
says what is in force. Files appear whole or not at all; two who publish at once claim the same number: one gets it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from tempfile import mkdtemp, mkstemp
from typing import TypeVar

from grader.errors import (
    OutputError,
    SkuTableError,
    StandardError,
    UnknownVersionError,
    VersionConflictError,
    VersionError,
)
from grader.rules import Standard, Status
from grader.sku_faults import find_sku_faults
from grader.sku_file import load_sku_table
from grader.sku_table import SkuTable
from grader.standard import load_standard
from grader.standard_faults import find_standard_faults

Rules = TypeVar("Rules", SkuTable, Standard)

PUBLISHED, ROLLED_BACK = "published", "rolled_back"
_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
_DRAFT = ".draft-"


class RuleKind(StrEnum):
    """What is versioned."""

    SKU_TABLE = "sku_table"
    STANDARD = "standard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of what is in force. number: 1 for the first. replaced: hash of what was in force before it."""

    number: int
    at: datetime
    action: str
    sha256: str
    replaced: str | None
    who: str
    reason: str

    def to_json(self) -> dict[str, object]:
        """As it stands in its file."""
        return {**asdict(self), "at": self.at.isoformat()}


def published_ids(folder: Path, kind: RuleKind) -> tuple[str, ...]:
    """Ids of everything of this kind that was ever published here, sorted."""
    return tuple(sorted(path.parent.name for path in (folder / kind).glob("*/changes")))


def read_changes(folder: Path, kind: RuleKind, name: str) -> tuple[Change, ...]:
    """All changes, oldest first; none where nothing was published. Raises VersionError that names the file."""
    found = sorted((_home(folder, kind, name) / "changes").glob("[0-9]*.json"))
    changes = tuple(_read_change(path) for path in found)
    for number, path in enumerate(found, start=1):
        if path.name != _file_name(number):
            raise VersionError(f"{path}: number: expected change {number}, got {path.stem}")
    return changes


def in_force(folder: Path, kind: RuleKind, name: str) -> Change | None:
    """The newest change; None where nothing was published. Reads one file. Raises VersionError that names it."""
    newest = max((_home(folder, kind, name) / "changes").glob("[0-9]*.json"), default=None)
    return None if newest is None else _read_change(newest)


def load_published_table(folder: Path, name: str, sha256: str | None = None) -> SkuTable:
    """A published SKU table, the one in force or by hash.

    Raises:
        UnknownVersionError: not published. VersionError: its files were changed.
    """
    return _load(folder, RuleKind.SKU_TABLE, name, sha256, load_sku_table)


def load_published_standard(folder: Path, name: str, sha256: str | None = None) -> Standard:
    """A published standard; see `load_published_table`."""
    return _load(folder, RuleKind.STANDARD, name, sha256, load_standard)


def _load(
    folder: Path, kind: RuleKind, name: str, sha256: str | None, load: Callable[[Path], Rules]
) -> Rules:
    found = _version(folder, kind, name, sha256)
    try:
        rules = load(found / f"{name}.toml")
    except (SkuTableError, StandardError) as error:
        raise VersionError(f"{found}: expected what was published, it has faults: {error}") from error
    _check_hash(found, rules.sha256)
    return rules


def publish_sku_table(
    draft: Path,
    folder: Path,
    *,
    who: str,
    reason: str,
    replaces: str | None,
    standards: Sequence[Standard] | None = None,
    outlets: Collection[str] | None = None,
) -> Change:
    """Check a SKU file and put it in force. replaces: hash of the version it was made from, None if it is the first.

    standards, outlets: as `find_sku_faults`.

    Raises:
        SkuTableError: the draft has faults. VersionConflictError: another version is in force than `replaces`.
        VersionError: it is in force already, or its id makes no file name. ValueError: who or why is missing.
        OutputError: the folder cannot be written.
    """
    _check_said(who, reason)
    table = load_sku_table(draft)
    own, *sizes = table.files
    files = ((f"{table.table_id}.toml", own[1]), *sizes)
    home = _home(folder, RuleKind.SKU_TABLE, table.table_id)
    copy = _copy(home, files)
    try:
        file = copy / f"{table.table_id}.toml"
        if faults := find_sku_faults(file, standards, outlets):
            raise SkuTableError("\n".join(faults))
        _check_hash(copy, load_sku_table(file).sha256, wanted=table.sha256)
        return _put_in_force(home, copy, PUBLISHED, table.sha256, who, reason, replaces)
    finally:
        shutil.rmtree(copy, ignore_errors=True)


def publish_standard(draft: Path, folder: Path, *, who: str, reason: str, replaces: str | None) -> Change:
    """Check a rule file and put it in force; see `publish_sku_table`. Raises StandardError for a draft with faults."""
    _check_said(who, reason)
    standard = load_standard(draft)
    if standard.status is not Status.ENABLED:
        raise StandardError(
            f"{draft.name}: status: expected enabled, got {standard.status}: {standard.status_reason}"
        )
    home = _home(folder, RuleKind.STANDARD, standard.standard_id)
    copy = _copy(home, ((f"{standard.standard_id}.toml", draft.read_bytes()),))
    try:
        file = copy / f"{standard.standard_id}.toml"
        if faults := find_standard_faults(file):
            raise StandardError("\n".join(faults))
        _check_hash(copy, load_standard(file).sha256, wanted=standard.sha256)
        return _put_in_force(home, copy, PUBLISHED, standard.sha256, who, reason, replaces)
    finally:
        shutil.rmtree(copy, ignore_errors=True)


def roll_back(
    folder: Path,
    kind: RuleKind,
    name: str,
    *,
    who: str,
    reason: str,
    replaces: str | None,
    to: str | None = None,
) -> Change:
    """Put an older version in force again. to: its hash; None: the one before the present one.

    Raises:
        UnknownVersionError: there is none. Else as `publish_sku_table`.
    """
    _check_said(who, reason)
    stack = _stack(read_changes(folder, kind, name))
    if to is None:
        if len(stack) < 2:
            raise UnknownVersionError(
                f"{kind} {name}: expected an older version to go back to, there is none"
            )
        to = stack[-2]
    if kind is RuleKind.SKU_TABLE:
        load_published_table(folder, name, to)
    else:
        load_published_standard(folder, name, to)
    return _put_in_force(_home(folder, kind, name), None, ROLLED_BACK, to, who, reason, replaces)


def _stack(changes: Sequence[Change]) -> list[str]:
    """Hashes in force one after the other, without those that were rolled back."""
    stack: list[str] = []
    for change in changes:
        if change.action == ROLLED_BACK and change.sha256 in stack:
            while stack[-1] != change.sha256:
                stack.pop()
        else:
            stack.append(change.sha256)
    return stack


def _check_said(who: str, reason: str) -> None:
    for key, text in (("who", who), ("reason", reason)):
        if not text.strip():
            raise ValueError(f"{key}: expected a text, got nothing")


def _home(folder: Path, kind: RuleKind, name: str) -> Path:
    if not _ID.fullmatch(name):
        raise VersionError(f"id: expected 1-80 letters, digits, - and _, got {name!r}")
    return folder / kind / name


def _version(folder: Path, kind: RuleKind, name: str, sha256: str | None) -> Path:
    newest = in_force(folder, kind, name)
    if newest is None:
        known = ", ".join(published_ids(folder, kind)) or "none"
        raise UnknownVersionError(f"no {kind} {name!r} was published here; published are {known}")
    wanted = newest.sha256 if sha256 is None else sha256
    found = _home(folder, kind, name) / wanted
    if re.fullmatch(r"[0-9a-f]{64}", wanted) is None or not found.is_dir():
        raise UnknownVersionError(f"{kind} {name}: no version with the hash {wanted!r} was published")
    return found


def _check_hash(place: Path, found: str, *, wanted: str | None = None) -> None:
    wanted = wanted or place.name
    if found != wanted:
        raise VersionError(f"{place}: expected sha256 {wanted}, got {found}: the files were changed")


def _copy(home: Path, files: Sequence[tuple[str, bytes]]) -> Path:
    """A new folder beside the versions, with these files on disk for good."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        copy = Path(mkdtemp(prefix=_DRAFT, dir=home))
        copy.chmod(0o755)
        for name, content in files:
            with (copy / name).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        _sync(copy)
    except OSError as error:
        raise OutputError(f"{home}: could not be written: {error.strerror}") from error
    return copy


def _put_in_force(
    home: Path, copy: Path | None, action: str, sha256: str, who: str, reason: str, replaces: str | None
) -> Change:
    """The version's files first, then the change that names them: cut off in between, nothing has happened."""
    changes = read_changes(home.parents[1], RuleKind(home.parent.name), home.name)
    newest = changes[-1] if changes else None
    present = None if newest is None else newest.sha256
    if present != replaces:
        raise _conflict(home, newest, replaces)
    if newest is not None and newest.sha256 == sha256:
        raise VersionError(f"{home.name}: {sha256[:12]} is in force already, since {newest.at.isoformat()}")
    change = Change(
        number=len(changes) + 1,
        at=datetime.now(UTC),
        action=action,
        sha256=sha256,
        replaced=present,
        who=who.strip(),
        reason=reason.strip(),
    )
    try:
        if copy is not None and not (home / sha256).is_dir():
            try:
                copy.rename(home / sha256)
            except OSError:
                if not (home / sha256).is_dir():  # else another one put the same files there just now
                    raise
            _sync(home)
        (home / "changes").mkdir(exist_ok=True)
        _write_once(
            home / "changes" / _file_name(change.number), json.dumps(change.to_json(), ensure_ascii=False)
        )
    except FileExistsError:
        winner = in_force(home.parents[1], RuleKind(home.parent.name), home.name)
        raise _conflict(home, winner, replaces) from None
    except OSError as error:
        raise OutputError(f"{home}: could not be written: {error.strerror}") from error
    return change


def _conflict(home: Path, newest: Change | None, replaces: str | None) -> VersionConflictError:
    got = "nothing was published yet"
    if newest is not None:
        got = f"{newest.sha256[:12]} is, {newest.action} by {newest.who} at {newest.at.isoformat()} ({newest.reason})"
    wanted = "nothing" if replaces is None else replaces[:12]
    return VersionConflictError(
        f"{home.name}: expected {wanted} in force, {got}: compare, then publish again"
    )


def _write_once(path: Path, text: str) -> None:
    """The whole file or none of it. Raises FileExistsError when it is there already."""
    handle, name = mkstemp(prefix=_DRAFT, dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text + "\n")
            file.flush()
            os.fchmod(handle, 0o644)
            os.fsync(file.fileno())
        os.link(name, path)
        _sync(path.parent)
    finally:
        Path(name).unlink()


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _file_name(number: int) -> str:
    return f"{number:06d}.json"


def _read_change(path: Path) -> Change:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        change = Change(**{**raw, "at": datetime.fromisoformat(raw["at"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise VersionError(f"{path}: expected a change of what is in force, {error}") from error
    if path.name != _file_name(change.number):
        raise VersionError(f"{path}: number: expected change {int(path.stem)}, got {change.number}")
    if change.action not in (PUBLISHED, ROLLED_BACK):
        raise VersionError(f"{path}: action: expected {PUBLISHED} or {ROLLED_BACK}, got {change.action!r}")
    return change
