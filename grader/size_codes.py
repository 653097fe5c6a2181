"""Size codes (calibres) as data: which code a measured diameter or weight falls into (`grading-sizes/1`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from pathlib import Path

from grader.errors import StandardError
from grader.rules import Measure
from grader.standard import SIZES_SCHEMA, STANDARDS_FOLDER
from grader.standard_parts import EVIDENCE
from grader.toml_file import TomlTable, read_toml
from grader.types import Interval, SizeMeasurement

_SIZE_MEASURES = (
    Measure.EQUATORIAL_DIAMETER_MM,
    Measure.RING_DIAMETER_MM,
    Measure.LENGTH_MM,
    Measure.WEIGHT_G,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeBand:
    """A code for low <= size < high, in the unit of the table's measure; high is inf in an open last band."""

    code: str
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeCodes:
    """A table of size codes, smallest band first, without overlap. content: the bytes of its file."""

    sizes_id: str
    crop: str
    measure: Measure
    source: str
    evidence: str
    bands: tuple[SizeBand, ...]
    content: bytes = field(default=b"", repr=False)

    def code_of(self, size: SizeMeasurement) -> str | None:
        """The code of a measured fruit; None if the size is unknown or in no band."""
        interval = size_interval(size, self.measure)
        if interval is None:
            return None
        return next((band.code for band in self.bands if band.low <= interval.value < band.high), None)


def size_interval(size: SizeMeasurement, measure: Measure) -> Interval | None:
    """The measured size that a size measure speaks of (mm or g); None if unknown.

    Raises:
        ValueError: the measure is none of size.
    """
    if measure is Measure.EQUATORIAL_DIAMETER_MM:
        return size.equatorial_diameter_mm
    if measure is Measure.RING_DIAMETER_MM:
        return size.ring_diameter_mm
    if measure is Measure.LENGTH_MM:
        return size.length_mm
    if measure is Measure.WEIGHT_G:
        return size.weight_g
    raise ValueError(f"expected a measure of size, got {measure}")


def load_size_codes(id_or_path: str | Path) -> SizeCodes:
    """A size table by id (`size_apple_5mm`) or from a TOML file of your own.

    Raises:
        StandardError: no such table, or the file has faults (each with line).
    """
    if isinstance(id_or_path, Path) or id_or_path.endswith(".toml"):
        return _load_file(Path(id_or_path))
    tables = list_size_codes()
    for table in tables:
        if table.sizes_id == id_or_path:
            return table
    known = ", ".join(table.sizes_id for table in tables)
    raise StandardError(f"no size table {id_or_path!r}; known are {known}, or the path of a .toml file")


def list_size_codes() -> tuple[SizeCodes, ...]:
    """All size tables that come with the grader, sorted by file name.

    Raises:
        StandardError: a file has faults.
    """
    return tuple(_load_file(path) for path in sorted(STANDARDS_FOLDER.glob("size_*.toml")))


def check_size_codes(path: str | Path) -> tuple[str, ...]:
    """Every fault of a size file as "file:line: what is wrong"; empty if the file is good."""
    return _read_sizes(Path(path))[1]


def _load_file(path: Path) -> SizeCodes:
    table, problems = _read_sizes(path)
    if problems:
        raise StandardError("\n".join(problems))
    return table


def _read_sizes(path: Path) -> tuple[SizeCodes, tuple[str, ...]]:
    top = read_toml(path)
    unreadable = tuple(top.problems)
    top.text("schema", one_of=(SIZES_SCHEMA,))
    bands = read_bands(top)
    table = SizeCodes(
        sizes_id=top.text("id"),
        crop=top.text("crop"),
        measure=Measure(top.text("measure", one_of=_SIZE_MEASURES)),
        source=top.text("source"),
        evidence=top.text("evidence", one_of=EVIDENCE),
        bands=bands,
        content=path.read_bytes() if path.is_file() else b"",
    )
    top.finish()
    return table, unreadable or tuple(top.problems)


def read_bands(table: TomlTable, *, high: float = 1e6) -> tuple[SizeBand, ...]:
    """The list `codes` of a table: bands between 0 and `high`, smallest first, with different codes."""
    bands = tuple(_band(row, high) for row in table.tables("codes"))
    for lower, upper in pairwise(bands):
        if lower.high > upper.low:
            table.problem(
                f"codes: {lower.code} up to {lower.high:g} overlaps {upper.code} from {upper.low:g}", "codes"
            )
    if len({band.code for band in bands}) != len(bands):
        table.problem("codes: the same code twice", "codes")
    return bands


def _band(table: TomlTable, most: float) -> SizeBand:
    code = table.text("code")
    low = table.number("from", low=0.0, high=most)
    high = table.number("to", low=0.0, high=most) if table.has("to") else inf
    if low >= high:
        table.problem(f"size {code}: expected from < to, got {low:g} and {high:g}", "to")
    table.finish()
    return SizeBand(code=code, low=low, high=high)
