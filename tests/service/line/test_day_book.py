from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service.errors import StorageError
from service.line.day_book import MOST_ROWS, DayBook, DayCounts
from service.line.protocol import Decision
from service.line.quiet_log import QuietLog

FIRST, SECOND = date(2026, 1, 31), date(2026, 2, 1)


class Calendar:
    """The day; and every book of a test, to give back their files after it."""

    def __init__(self) -> None:
        self.day = FIRST
        self.books: list[DayBook] = []

    def today(self) -> date:
        return self.day


def decision(outlet: str = "juice", *, reason: str | None = None, late: bool = False) -> Decision:
    return Decision(
        fruit_id="a",
        lane=1,
        outlet=outlet,
        sku=None,
        grade_class=None,
        eject_at_encoder=None,
        late=late,
        reason=reason,
    )


@pytest.fixture
def calendar() -> Iterator[Calendar]:
    calendar = Calendar()
    yield calendar
    for book in calendar.books:
        book.close()


def open_book(folder: Path, calendar: Calendar) -> DayBook:
    book = DayBook(folder / "small", (1, 2), "again", log=QuietLog(), today=calendar.today)
    calendar.books.append(book)
    return book


def run_some(book: DayBook) -> None:
    """Four fruit: graded, late, graded but not delivered, still open."""
    for _ in range(4):
        book.triggered(1)
    book.decided(decision(), "graded")
    book.decided(decision("again", reason="late", late=True), "abstained")
    book.decided(decision(), "graded")
    book.undelivered(decision())


def test_nothing_is_lost_without_an_end_and_what_was_open_is_named(
    tmp_path: Path, calendar: Calendar
) -> None:
    run_some(open_book(tmp_path, calendar))  # never closed
    with capture_logs() as log:
        again = open_book(tmp_path, calendar)
    counts = again.days()[FIRST][1]
    assert counts == DayCounts(
        triggers=4,
        graded=2,
        abstained=1,
        no_read=1,
        late=1,
        undelivered=1,
        outlets=counts.outlets,
        recirculated=counts.recirculated,
    )
    assert +counts.outlets == {"again": 3, "juice": 1}
    assert counts.recirculated == {"late": 1, "service_lost": 1}
    assert (counts.open, again.days()[FIRST][2]) == (0, DayCounts())
    assert [(line["event"], line["fruit"]) for line in log] == [("line_fruit_lost", 1)]
    again.triggered(1)
    again.decided(decision(), "graded")
    again.close()
    again.undelivered(decision())  # a client that left after the line was stopped
    with capture_logs() as log:
        last = open_book(tmp_path, calendar).days()[FIRST][1]
    assert (last.triggers, last.graded, last.no_read, last.open, log) == (5, 3, 1, 0, [])
    assert last.undelivered == 2


def test_fruit_are_carried_over_midnight(tmp_path: Path, calendar: Calendar) -> None:
    book = open_book(tmp_path, calendar)
    book.triggered(1)
    calendar.day = SECOND
    book.triggered(1)
    book.decided(decision(), "graded")
    days = book.days()
    assert list(days) == [SECOND, FIRST]
    assert (days[FIRST][1].triggers, days[FIRST][1].open) == (1, 1)
    assert (days[SECOND][1].carried, days[SECOND][1].triggers, days[SECOND][1].open) == (1, 1, 1)
    assert list(book.days(limit=1)) == [SECOND]


def test_a_service_that_was_off_over_midnight(tmp_path: Path, calendar: Calendar) -> None:
    open_book(tmp_path, calendar).triggered(1)
    calendar.day = SECOND
    days = open_book(tmp_path, calendar).days()
    assert (days[FIRST][1].no_read, days[FIRST][1].open) == (1, 0)
    assert days[SECOND] == {1: DayCounts(), 2: DayCounts()}


def test_a_long_day_is_one_short_file(tmp_path: Path, calendar: Calendar) -> None:
    book = open_book(tmp_path, calendar)
    for _ in range(MOST_ROWS + 3):
        book.triggered(1)
    rows = (tmp_path / "small" / "2026-01-31.jsonl").read_bytes().splitlines()
    assert len(rows) == 1 + 2
    assert open_book(tmp_path, calendar).days()[FIRST][1].no_read == MOST_ROWS + 3


@pytest.mark.parametrize(
    "tail", [b'["t"', b"\0\0\0", b'["t",9]\n["t",1]', b'["d",1,"odd","a",null,0]', b'["x",1]', b"[]"]
)
def test_rows_from_a_torn_one_on_are_not_counted(tmp_path: Path, calendar: Calendar, tail: bytes) -> None:
    book = open_book(tmp_path, calendar)
    book.triggered(1)
    file = tmp_path / "small" / "2026-01-31.jsonl"
    file.write_bytes(file.read_bytes() + tail)
    with capture_logs() as log:
        counts = open_book(tmp_path, calendar).days()[FIRST][1]
    assert (counts.triggers, counts.no_read) == (1, 1)
    assert [line["event"] for line in log] == ["line_counts_torn", "line_fruit_lost"]
    assert log[0]["row"] == 3


@pytest.mark.parametrize("content", [b"", b"{}", b"\0\0", b"[]", b'{"lanes": {"1": {}}}'])
def test_a_file_without_a_beginning_is_put_aside(tmp_path: Path, calendar: Calendar, content: bytes) -> None:
    file = tmp_path / "small" / "2026-01-31.jsonl"
    file.parent.mkdir()
    file.write_bytes(content)
    with capture_logs() as log:
        assert open_book(tmp_path, calendar).days()[FIRST][1] == DayCounts()
    assert [line["event"] for line in log] == ["line_counts_unreadable"]
    assert file.with_suffix(".broken").read_bytes() == content


def test_a_disk_that_takes_nothing_stops_nothing(tmp_path: Path, calendar: Calendar) -> None:
    book = open_book(tmp_path, calendar)
    folder = tmp_path / "small"
    calendar.day = SECOND
    folder.rename(tmp_path / "elsewhere")
    folder.write_text("in the way")
    with capture_logs() as log:
        book.triggered(1)
        book.triggered(1)
    assert [line["event"] for line in log] == ["line_counts_not_kept"]
    folder.unlink()
    book.triggered(1)
    assert open_book(tmp_path, calendar).days()[SECOND][1].triggers == 3


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path, calendar: Calendar) -> None:
    (tmp_path / "small").write_text("in the way")
    with pytest.raises(StorageError, match=r"small: counts of a line cannot be kept"):
        open_book(tmp_path, calendar)
