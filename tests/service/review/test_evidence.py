"""Which fruit keep pictures, what a full disk costs, and how long pictures stay."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from os import utime
from pathlib import Path
from threading import Event

import pytest
from typer.testing import CliRunner

from grader.pipeline import GradeOptions
from service.archive import Archive
from service.cli import app
from service.errors import StorageError
from service.line.line_grader import ViewWork
from service.review.evidence import Evidence, is_audited
from service.review.retention import Retention, is_over
from service.review.tidy import DailyTidy, TidyReport, tidy
from service.store.evidence_store import KeptFruit
from service.store.picture_folder import PictureFolder
from tests.service.lot_fruit import AT, open_lot
from tests.service.review.review_fruit import open_archive, seen
from tests.service.review.test_corrections import answer

RULE = Retention(judged_days=730, doubtful_days=90)


def work(data: bytes, view: int = 0) -> ViewWork:
    return ViewWork(camera="top", view=view, name="x", data=data, options=GradeOptions())


def test_the_random_sample_is_the_same_every_time_and_of_the_size_that_was_asked() -> None:
    names = [str(number) for number in range(20_000)]
    drawn = [name for name in names if is_audited(3, name, 0.01)]
    assert drawn == [name for name in names if is_audited(3, name, 0.01)]
    assert 150 <= len(drawn) <= 250
    assert set(drawn) <= {name for name in names if is_audited(3, name, 0.02)}
    assert drawn != [name for name in names if is_audited(4, name, 0.01)]
    assert not any(is_audited(3, name, 0.0) for name in names)
    assert all(is_audited(3, name, 1.0) for name in names)


def test_a_full_disk_costs_the_picture_and_is_told(tmp_path: Path) -> None:
    full = PictureFolder(tmp_path, min_free_bytes=1_000_000, measure_free_bytes=lambda _: 500_000)
    evidence = Evidence(full, audit_fraction=0.0)
    assert evidence.save([work(b"abc")]) == ()
    counts = evidence.counts()
    assert (counts.kept, counts.missed) == (0, 1)
    assert "expected 1 MB of free disk space, got 0 MB" in str(counts.problem)


def test_pictures_that_wait_for_the_disk_are_bounded(tmp_path: Path) -> None:
    evidence = Evidence(PictureFolder(tmp_path), audit_fraction=0.0, most_waiting_bytes=10)
    assert evidence.take_on([work(b"12345678")])
    assert not evidence.take_on([work(b"123")])
    evidence.leave([work(b"12345678")])
    assert evidence.take_on([work(b"123")])
    assert evidence.counts().missed == 1


@pytest.mark.parametrize(
    ("judged", "days", "over"), [(False, 90, False), (False, 91, True), (True, 730, False), (True, 731, True)]
)
def test_how_long_pictures_are_kept(judged: bool, days: int, over: bool) -> None:
    fruit = KeptFruit(lot_fruit_id=1, decided_at=AT, corrected=judged, audited=False)
    assert is_over(fruit, RULE, AT + timedelta(days=days)) is over
    sampled = replace(fruit, corrected=False, audited=judged)
    assert is_over(sampled, RULE, AT + timedelta(days=days)) is over


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return open_archive(tmp_path)


def make_old(folder: Path, moment_s: float = AT.timestamp()) -> None:
    for file in (folder / "evidence").glob("??/*"):
        utime(file, (moment_s, moment_s))


def test_tidying_gives_up_what_is_over_and_keeps_what_another_fruit_needs(
    archive: Archive, tmp_path: Path
) -> None:
    lot = open_lot(archive.lots)
    now = datetime.now(UTC)
    fruit = [
        seen(archive, lot, 1, pictures=[b"alone", b"shared"]),
        seen(archive, lot, 2, pictures=[b"shared"]),
        seen(archive, lot, 3, pictures=[b"shared"]),
    ]
    doubtful, corrected, twin = archive.fruit.add(
        [replace(one, decided_at=now - timedelta(days=100)) for one in fruit]
    )
    answer(archive, corrected, "confirm")
    stray = archive.views.save(b"of a fruit that never came")
    young = archive.views.save(b"young")
    make_old(tmp_path)
    archive.views.save(b"young")
    report = tidy(archive.evidence, archive.views, RULE, now)
    assert (report.fruit, report.pictures, report.files) == (2, 3, 2)
    assert report.freed_bytes == len(b"alone") + len(b"of a fruit that never came")
    left = archive.evidence.pictures([doubtful, corrected, twin])
    assert [[one.gone_at is None for one in left[number]] for number in (doubtful, corrected, twin)] == [
        [False, False],
        [True],
        [False],
    ]
    assert archive.views.read(left[corrected][0].picture_hash) == b"shared"
    assert not archive.views.has(stray)
    assert archive.views.has(young)
    again = tidy(archive.evidence, archive.views, RULE, now)
    assert (again.fruit, again.pictures, again.files, again.freed_bytes) == (0, 0, 0, 0)


def test_the_command_tidies_the_data_folder(archive: Archive, tmp_path: Path) -> None:
    fruit = seen(archive, open_lot(archive.lots), 1, pictures=[b"old"])
    archive.fruit.add([replace(fruit, decided_at=AT - timedelta(days=1000))])
    make_old(tmp_path, 0.0)
    done = CliRunner().invoke(app, ["tidy", "--data-dir", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert done.stdout == "1 pictures of 1 fruit given up, 1 files deleted (0.0 MB)\n"
    assert list((tmp_path / "evidence").glob("??/*")) == []


def test_the_service_tidies_soon_and_a_database_that_is_away_ends_nothing() -> None:
    tried = Event()

    def work() -> TidyReport:
        tried.set()
        raise StorageError("away, as ordered")

    daily = DailyTidy(work, first_s=0.0)
    daily.start()
    assert tried.wait(60)
    daily.stop()
    again = DailyTidy(work)
    tried.clear()
    again.start()
    again.stop()
    assert not tried.is_set()
