"""The counts of a line by day, in files that outlive the service: every trigger is accounted for at every restart.

One file a day (UTC): the first row holds all counts up to then, each further row one trigger or one decision, written
before the decision is sent. A killed service loses no row. Fruit that were open when it died are told apart when the
book is opened again: the PLC let them recirculate, they count as `no_read` with the reason `service_lost`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from io import FileIO
from pathlib import Path
from typing import Any

from grader.errors import OutputError
from grader.image_io import write_bytes
from service.errors import StorageError
from service.line.protocol import Decision
from service.line.quiet_log import QuietLog

SCHEMA = "line_day/1"
SERVICE_LOST = "service_lost"
"""Why a fruit recirculated that was open when the service died."""
MOST_ROWS = 20_000
"""Rows after which a file is written anew as one: some 1 MB."""
_DECIDED = ("graded", "abstained", "no_read")


def _utc_day() -> date:
    return datetime.now(UTC).date()


@dataclass(slots=True)
class DayCounts:
    """One lane on one day: carried + triggers = graded + abstained + no_read + open.

    carried: fruit that were open when the day began. late, undelivered, outlets, recirculated: as in `LaneCounts`.
    """

    carried: int = 0
    triggers: int = 0
    graded: int = 0
    abstained: int = 0
    no_read: int = 0
    late: int = 0
    undelivered: int = 0
    outlets: Counter[str] = field(default_factory=Counter)
    recirculated: Counter[str] = field(default_factory=Counter)

    @property
    def open(self) -> int:
        """Fruit without a decision."""
        return self.carried + self.triggers - self.graded - self.abstained - self.no_read

    def to_json(self) -> dict[str, object]:
        """As it stands in the first row of a file."""
        numbers: dict[str, object] = {name: getattr(self, name) for name in _NUMBERS}
        return {**numbers, "outlets": dict(self.outlets), "recirculated": dict(self.recirculated)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> DayCounts:
        """The inverse. Raises KeyError, TypeError, ValueError."""
        numbers = {name: int(data[name]) for name in _NUMBERS}
        return cls(**numbers, outlets=Counter(data["outlets"]), recirculated=Counter(data["recirculated"]))


_NUMBERS = ("carried", "triggers", *_DECIDED, "late", "undelivered")


class DayBook:
    """Keeps the counts of one line in `folder`. today: the day in UTC.

    A disk that takes nothing is logged, and counts go on in memory; they are written when it takes them again.
    """

    def __init__(
        self,
        folder: Path,
        lanes: tuple[int, ...],
        recirculate: str,
        *,
        log: QuietLog,
        today: Callable[[], date] = _utc_day,
    ) -> None:
        """Open the book, and count what was open when it was left as lost. Raises StorageError."""
        self._folder, self._lanes, self._recirculate = folder, lanes, recirculate
        self._log, self._today = log, today
        self._file: FileIO | None = None
        self._rows = 0
        self._closed = False
        self._day = today()
        self._counts: dict[int, DayCounts] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            newest = max(self._files(), default=None)
            if newest is not None:
                self._counts, self._day = self._read(newest), date.fromisoformat(newest.stem)
                self._count_lost()
            for lane in lanes:
                self._counts.setdefault(lane, DayCounts())
            self._write_anew()
        except (OSError, OutputError) as error:
            raise StorageError(f"{folder}: counts of a line cannot be kept: {error}") from error

    def triggered(self, lane: int) -> None:
        """A new fruit."""
        self._note(["t", lane])

    def decided(self, decision: Decision, outcome: str) -> None:
        """A decision. outcome: `graded`, `abstained` or `no_read`."""
        self._note(["d", decision.lane, outcome, decision.outlet, decision.reason, int(decision.late)])

    def undelivered(self, decision: Decision) -> None:
        """A decision reached nobody."""
        self._note(["u", decision.lane, decision.outlet])

    def days(self, limit: int = 31) -> dict[date, dict[int, DayCounts]]:
        """Counts by day and lane, newest day first."""
        self._turn_page()
        found = {self._day: self._counts}
        for path in sorted(self._files(), reverse=True)[:limit]:
            found.setdefault(date.fromisoformat(path.stem), {})
        return {day: counts or self._read(self._path(day)) for day, counts in list(found.items())[:limit]}

    def close(self) -> None:
        """Write everything as one row. What is still noted after this is written as one row each time."""
        self._closed = True
        self._try(self._write_anew)

    def _note(self, row: list[object]) -> None:
        self._turn_page()
        self._count(self._counts, row)
        if self._file is None or self._rows >= MOST_ROWS:
            self._try(self._write_anew)
        else:
            self._try(lambda: self._append(row))

    def _turn_page(self) -> None:
        """A new day: fruit that are open are carried over."""
        today = self._today()
        if today == self._day:
            return
        carried = {lane: counts.open for lane, counts in self._counts.items()}
        self._try(self._write_anew)
        self._day = today
        self._counts = {lane: DayCounts(carried=carried.get(lane, 0)) for lane in self._lanes}
        self._try(self._write_anew)

    def _count(self, lanes: dict[int, DayCounts], row: list[Any]) -> None:
        """Raises KeyError, IndexError, TypeError, ValueError for a row that is none."""
        kind, counts = row[0], lanes[row[1]]
        if kind == "t":
            counts.triggers += 1
        elif kind == "d":
            _, _, outcome, outlet, reason, late = row
            if outcome not in _DECIDED:
                raise ValueError(outcome)
            setattr(counts, outcome, getattr(counts, outcome) + 1)
            counts.outlets[outlet] += 1
            counts.late += late
            if reason is not None:
                counts.recirculated[reason] += 1
        elif kind == "u":
            counts.undelivered += 1
            counts.outlets[row[2]] -= 1
            counts.outlets[self._recirculate] += 1
        else:
            raise ValueError(kind)

    def _count_lost(self) -> None:
        for lane, counts in self._counts.items():
            if lost := counts.open:
                counts.no_read += lost
                counts.recirculated[SERVICE_LOST] += lost
                counts.outlets[self._recirculate] += lost
                self._log.warn("line_fruit_lost", self._folder.name, lane, fruit=lost, day=str(self._day))
        self._write_anew()
        if (today := self._today()) != self._day:
            self._day, self._counts = today, {}

    def _read(self, path: Path) -> dict[int, DayCounts]:
        """The counts of a file. What comes after a torn row (the power failed) is not counted, and said."""
        rows = path.read_bytes().splitlines()
        try:
            lanes = {
                int(lane): DayCounts.from_json(counts)
                for lane, counts in json.loads(rows[0])["lanes"].items()
            }
        except (IndexError, KeyError, TypeError, ValueError, AttributeError):
            path.replace(path.with_suffix(".broken"))
            self._log.warn("line_counts_unreadable", self._folder.name, file=str(path.with_suffix(".broken")))
            return {}
        for number, row in enumerate(rows[1:], 2):
            try:
                self._count(lanes, json.loads(row))
            except (KeyError, IndexError, TypeError, ValueError):
                self._log.warn("line_counts_torn", self._folder.name, file=str(path), row=number)
                break
        return lanes

    def _append(self, row: list[object]) -> None:
        assert self._file is not None
        self._file.write(json.dumps(row).encode() + b"\n")
        self._rows += 1

    def _write_anew(self) -> None:
        """The file of the day with one row, whole or not at all. Raises OSError, OutputError."""
        if self._file is not None:
            self._file.close()
            self._file = None
        lanes = {str(lane): counts.to_json() for lane, counts in self._counts.items()}
        path = self._path(self._day)
        write_bytes(path, json.dumps({"schema": SCHEMA, "lanes": lanes}).encode() + b"\n")
        if not self._closed:
            self._file, self._rows = FileIO(path, "a"), 0

    def _try(self, write: Callable[[], None]) -> None:
        try:
            write()
        except (OSError, OutputError) as error:
            if self._file is not None:
                self._file.close()
            self._file = None  # all is written anew next time
            self._log.warn("line_counts_not_kept", self._folder.name, problem=str(error))

    def _path(self, day: date) -> Path:
        return self._folder / f"{day.isoformat()}.jsonl"

    def _files(self) -> list[Path]:
        return list(self._folder.glob("????-??-??.jsonl"))
