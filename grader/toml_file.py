"""Read a TOML file strictly: every key has a type, unknown keys are faults, each fault names file and line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from math import isfinite
from pathlib import Path

KeyPath = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""^\s*("[^"]*"|'[^']*'|[A-Za-z0-9_-]+)((?:\s*\.\s*[A-Za-z0-9_"'-]+)*)\s*=""")


class TomlTable:
    """One table of a TOML file while it is read. Faults are collected, not raised, so that all are seen at once.

    Call `finish()` after the last key was taken: what is left over is an unknown key.
    """

    def __init__(
        self,
        values: Mapping[str, object],
        *,
        path: Path,
        where: KeyPath = (),
        lines: Mapping[KeyPath, int],
        problems: list[str],
    ) -> None:
        self._values = values
        self._path = path
        self._where = where
        self._lines = lines
        self._taken: set[str] = set()
        self.problems = problems

    def problem(self, message: str, key: str | None = None) -> None:
        """Note a fault at `key` (or at the head of this table), with file name and line (counted from 1)."""
        at: KeyPath = self._where if key is None else (*self._where, key)
        while at and at not in self._lines:
            at = at[:-1]
        self.problems.append(f"{self._path.name}:{self._lines.get(at, 1)}: {message}")

    def has(self, key: str) -> bool:
        """True if the key is written in this table."""
        return key in self._values

    def keys(self) -> tuple[str, ...]:
        """The keys as written, in order."""
        return tuple(self._values)

    def _take(self, key: str, wanted: str, *, required: bool) -> object | None:
        self._taken.add(key)
        value = self._values.get(key)
        if value is None and required:
            self.problem(f"missing key {key!r}: expected {wanted}")
        return value

    def text(self, key: str, *, one_of: Sequence[str] = (), default: str | None = None) -> str:
        """A non-empty string, one of `one_of` if given; `default` where the key may be absent."""
        value = self._take(key, "a text", required=default is None)
        stand_in = default or next(iter(one_of), "")
        if value is None:
            return stand_in
        if not isinstance(value, str) or not value.strip():
            self.problem(f"{key}: expected a text, got {value!r}", key)
            return stand_in
        if one_of and value not in one_of:
            self.problem(f"{key}: expected one of {', '.join(one_of)}, got {value!r}", key)
            return stand_in
        return value

    def number(self, key: str, *, low: float, high: float, default: float | None = None) -> float:
        """A finite number in low <= number <= high."""
        value = self._take(key, f"a number {low:g}-{high:g}", required=default is None)
        if value is None:
            return low if default is None else default
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            self.problem(f"{key}: expected a finite number, got {value!r}", key)
            return low
        if not low <= value <= high:
            self.problem(f"{key}: expected {low:g}-{high:g}, got {value!r}", key)
            return low
        return float(value)

    def flag(self, key: str, *, default: bool) -> bool:
        """true or false."""
        value = self._take(key, "true or false", required=False)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.problem(f"{key}: expected true or false, got {value!r}", key)
            return default
        return value

    def day(self, key: str) -> date:
        """A TOML date such as 2026-01-31."""
        value = self._take(key, "a date", required=True)
        if type(value) is date:
            return value
        if value is not None:
            self.problem(f"{key}: expected a date such as 2026-01-31, got {value!r}", key)
        return date.min

    def texts(self, key: str, *, one_of: Sequence[str] = ()) -> tuple[str, ...]:
        """A list of different texts; absent means an empty list."""
        value = self._take(key, "a list of texts", required=False)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            self.problem(f"{key}: expected a list of texts, got {value!r}", key)
            return ()
        for item in value:
            if one_of and item not in one_of:
                self.problem(f"{key}: expected only {', '.join(one_of)}, got {item!r}", key)
                return ()
        if len(set(value)) != len(value):
            self.problem(f"{key}: the same entry twice in {value!r}", key)
        return tuple(value)

    def raw(self, key: str) -> object | None:
        """The value as TOML has it, for keys that take more than one type; None if absent."""
        return self._take(key, "a value", required=False)

    def table(self, key: str, *, required: bool = True) -> TomlTable | None:
        """A sub-table; None where it is absent or of another type."""
        value = self._take(key, "a table", required=required)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.problem(f"{key}: expected a table, got {value!r}", key)
            return None
        return self._sub(value, (*self._where, key))

    def tables(self, key: str, *, required: bool = True) -> tuple[TomlTable, ...]:
        """A list of tables, written as [[key]] or as a list of inline tables."""
        value = self._take(key, "a list of tables", required=required)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.problem(f"{key}: expected a list of tables, got {value!r}", key)
            return ()
        if required and not value:
            self.problem(f"{key}: expected at least one table, got none", key)
        return tuple(self._sub(item, (*self._where, key, index)) for index, item in enumerate(value))

    def _sub(self, values: Mapping[str, object], where: KeyPath) -> TomlTable:
        return TomlTable(values, path=self._path, where=where, lines=self._lines, problems=self.problems)

    def finish(self) -> None:
        """Note every key that nobody asked for."""
        for key in self._values:
            if key not in self._taken:
                known = ", ".join(sorted(self._taken))
                self.problem(f"unknown key {key!r}; known here: {known}", key)


def read_toml(path: Path) -> TomlTable:
    """The top table of a file. A file that cannot be read or parsed is an empty table with that problem noted."""
    problems: list[str] = []
    values: dict[str, object] = {}
    text = ""
    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        problems.append(f"{path.name}:{found.group(1) if found else 1}: not valid TOML: {error}")
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{path}: cannot be read: {error}")
    return TomlTable(values, path=path, lines=dict(_key_lines(text)), problems=problems)


def _key_lines(text: str) -> Iterator[tuple[KeyPath, int]]:
    """(path of a key, line from 1) of every table header and every key at the start of a line."""
    counts: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for line, content in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(content):
            names = tuple(part.strip().strip("\"'") for part in header.group(2).split("."))
            table = ()
            for depth, name in enumerate(names):
                table = (*table, name)
                last = depth == len(names) - 1
                if header.group(1) == "[[" and last:
                    counts[table] = counts.get(table, -1) + 1
                if table in counts:
                    table = (*table, counts[table])
            yield table, line
        elif key := _KEY.match(content):
            yield (*table, key.group(1).strip("\"'")), line
