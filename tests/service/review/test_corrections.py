"""Answers in the database: one after the other, all or nothing, taken back, and none twice. On both databases."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Barrier, Thread

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL

from grader.sku import load_sku_table
from grader.standard import load_standard
from service.archive import Archive
from service.errors import ConflictError, NotFoundError, ReviewError
from service.lots.regrade import regrade_lot
from service.review.answering import decide_answer
from service.store.correction_store import Decide, NewAnswer
from service.store.database import open_database
from service.store.review_store import StoredAnswer
from tests.service.lot_fruit import AT, JUDGE, open_lot
from tests.service.review.review_fruit import KEY, fill, open_archive, seen

CLASSES = ("extra", "I", "II", "reject")
TABLE = load_sku_table("default")


@pytest.fixture
def archive(empty_database: URL, tmp_path: Path) -> Iterator[Archive]:
    archive = open_archive(tmp_path, empty_database.render_as_string(hide_password=False))
    yield archive
    archive.close()


def wanted(
    number: int, answer: str, seen: int = 0, *, key: int = 1, who: str = "Li", **more: object
) -> NewAnswer:
    asked = {"answer": answer, "marks": [], **more}
    return NewAnswer(
        lot_fruit_id=number,
        key=KEY.format(key),
        answer=answer,
        seen=seen,
        lot=None,
        who=who,
        at=AT,
        note="",
        asked=asked,
    )


def deciding(answer: str, grade_class: str | None = None) -> Decide:
    return lambda fruit: decide_answer(fruit, answer, grade_class, CLASSES, lambda _: TABLE)


def answer(
    archive: Archive, number: int, said: str, seen: int = 0, *, key: int = 1, who: str = "Li"
) -> StoredAnswer:
    """said: an answer, or a class to change to."""
    change = said in CLASSES
    new = wanted(number, "change" if change else said, seen, key=key, who=who, said=said)
    return archive.corrections.add(new, deciding(new.answer, said if change else None))


def newest(archive: Archive, number: int) -> tuple[object, ...]:
    fruit, decisions = archive.fruit.fruit(1, number)
    return (fruit.grade_class, fruit.sku_code, fruit.review, [one.why for one in decisions])


def test_confirming_keeps_everything_and_asks_nobody_again(archive: Archive) -> None:
    number = fill(archive)[0]
    stored = answer(archive, number, "confirm")
    assert (stored.number, stored.machine_class, stored.person_class) == (1, "I", "I")
    assert newest(archive, number) == ("I", "APL-I-75", False, ["machine", "correction"])
    assert number not in archive.review.next("all", None, after=0, limit=9)


def test_another_class_has_its_sku_and_size_from_the_table(archive: Archive) -> None:
    number = fill(archive)[0]
    answer(archive, number, "II")
    fruit, (_, decision) = archive.fruit.fruit(1, number)
    assert (fruit.grade_class, fruit.confidence, fruit.review) == ("II", 1.0, False)
    assert fruit.sku_code == decision.sku_code != "APL-I-75"
    assert "-II-" in str(fruit.sku_code)
    assert decision.judged_by == replace(JUDGE, sku_table_sha256=TABLE.sha256)


def test_who_cannot_tell_leaves_the_decision_as_it_is(archive: Archive) -> None:
    number = fill(archive)[0]
    assert answer(archive, number, "cannot_tell").person_class is None
    assert newest(archive, number) == ("I", "APL-I-75", False, ["machine", "correction"])
    assert archive.fruit.fruit(1, number)[0].confidence == 0.9


def test_taking_back_restores_all_of_it_and_only_once(archive: Archive) -> None:
    number = fill(archive)[0]
    before = archive.review.fruit(number).state
    answer(archive, number, "II")
    answer(archive, number, "reject", 1, key=2)
    answer(archive, number, "undo", 2, key=3)
    assert archive.review.fruit(number).state.grade_class == "II"
    with pytest.raises(ConflictError, match="expected an answer to take back, there is none"):
        answer(archive, number, "undo", 3, key=4)
    other = fill(archive, code="L2")[0]
    answer(archive, other, "II", key=5)
    answer(archive, other, "undo", 1, key=6)
    assert archive.review.fruit(other).state == replace(before, sku_code="APL-I-75")
    assert other in archive.review.next("doubtful", None, after=0, limit=9)


def test_of_two_tablets_the_slower_one_learns_who_was_quicker(archive: Archive) -> None:
    number = fill(archive)[0]
    answer(archive, number, "II", who="Wang Wei")
    with pytest.raises(
        ConflictError, match=r"expected 0 answers before this one, there are 1; Wang Wei answered II"
    ):
        answer(archive, number, "confirm", key=2)
    assert newest(archive, number)[3] == ["machine", "correction"]


def test_two_at_the_same_time(archive: Archive) -> None:
    number = fill(archive)[0]
    start = Barrier(2)
    results: list[str] = []

    def one(key: int) -> None:
        start.wait()
        try:
            answer(archive, number, "II", key=key)
            results.append("stored")
        except ConflictError:
            results.append("refused")

    threads = [Thread(target=one, args=(key,)) for key in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["refused", "stored"]
    assert newest(archive, number)[3] == ["machine", "correction"]


def test_the_same_answer_sent_twice_is_stored_once(archive: Archive) -> None:
    number = fill(archive)[0]
    first = answer(archive, number, "II")
    assert answer(archive, number, "II") == first
    assert newest(archive, number)[3] == ["machine", "correction"]
    with pytest.raises(
        ConflictError, match=r"key: expected a new one, key-00000001 is that of the answer 'change'"
    ):
        answer(archive, number, "reject", 1)


@pytest.mark.parametrize(
    ("said", "lot", "problem"),
    [
        ("confirm", "L9", "expected one of lot L9, it belongs to lot L1"),
        ("undo", None, "expected an answer to take back, there is none"),
    ],
)
def test_answers_that_do_not_fit(archive: Archive, said: str, lot: str | None, problem: str) -> None:
    number = fill(archive)[0]
    with pytest.raises(ConflictError, match=problem):
        archive.corrections.add(replace(wanted(number, said), lot=lot), deciding(said))
    assert newest(archive, number)[3] == ["machine"]


def test_a_class_of_another_standard_and_a_fruit_of_another_site(archive: Archive) -> None:
    number = fill(archive)[0]
    with pytest.raises(ReviewError, match="class: expected one of extra, I, II, reject, got 'US Fancy'"):
        archive.corrections.add(wanted(number, "change"), deciding("change", "US Fancy"))
    with pytest.raises(NotFoundError, match="no judged fruit 4711 here"):
        answer(archive, 4711, "confirm")
    assert newest(archive, number)[3] == ["machine"]


def test_what_is_judged_blind_is_not_confirmed_and_counts_for_the_agreement(archive: Archive) -> None:
    numbers = fill(archive, doubtful=1, audits=4)
    doubtful, same, other, unsure, back = numbers
    assert archive.review.next("audit", None, after=0, limit=9) == (same, other, unsure, back)
    with pytest.raises(ConflictError, match="expected a class, for it is judged blind, got 'confirm'"):
        answer(archive, same, "confirm")
    answer(archive, same, "I", key=1)
    answer(archive, other, "II", key=2)
    answer(archive, unsure, "cannot_tell", key=3)
    answer(archive, back, "II", key=4)
    answer(archive, doubtful, "II", key=5)
    assert archive.review.agreement() == {("I", "I"): 1, ("I", "II"): 2, ("I", None): 1}
    answer(archive, back, "undo", 1, key=6)
    assert archive.review.agreement(1) == {("I", "I"): 1, ("I", "II"): 1, ("I", None): 1}
    again = archive.review.fruit(back)
    assert (again.audited, again.blind) == (True, False)
    assert archive.review.next("all", None, after=0, limit=9) == (back,)


def test_decided_again_the_corrected_ones_stay_and_answers_to_closed_lots_are_taken(archive: Archive) -> None:
    first, second, third = fill(archive)
    answer(archive, first, "reject")
    archive.lots.close(1, at=AT)
    answer(archive, second, "II", key=2)
    report = regrade_lot(archive.regrades, 1, load_standard("apple_eu_2023_2429"), TABLE, apply=True)
    assert (report.fruit, report.kept) == (1, 2)
    assert [newest(archive, one)[0] for one in (first, second)] == ["reject", "II"]
    assert newest(archive, third)[3] == ["machine", "regrade"]


def test_a_fruit_that_is_doubtful_and_in_the_sample_waits_once_and_blind(archive: Archive) -> None:
    lot = open_lot(archive.lots)
    both, plain = archive.fruit.add(
        [seen(archive, lot, 1, audit=True, review=True), seen(archive, lot, 2, review=True)]
    )
    counts = archive.review.waiting()
    assert (counts.doubtful, counts.audit) == (1, 1)
    assert archive.review.next("doubtful", None, after=0, limit=9) == (plain,)
    assert archive.review.next("all", lot.lot_id, after=0, limit=9) == (both, plain)
    assert archive.review.next("all", lot.lot_id, after=both, limit=9) == (plain,)
    assert archive.review.next("all", 99, after=0, limit=9) == ()


@pytest.mark.parametrize(
    "change", ["UPDATE review_answer SET blind = NOT blind", "DELETE FROM review_answer"]
)
def test_answers_are_only_added(archive: Archive, empty_database: URL, change: str) -> None:
    answer(archive, fill(archive)[0], "II")
    engine = open_database(empty_database)
    with pytest.raises(Exception, match="answers are only added"), engine.begin() as connection:
        connection.execute(text(change))
    engine.dispose()


DIE_IN_THE_MIDDLE = """
import os, signal, sys
from pathlib import Path
import service.store.correction_store as store
from tests.service.review.review_fruit import open_archive
from tests.service.review.test_corrections import answer

archive = open_archive(Path(sys.argv[1]), sys.argv[2])
number = int(sys.argv[3])
def die(*arguments):
    os.kill(os.getpid(), signal.SIGKILL)
store.Judges.number = die
answer(archive, number, "II")
"""


def test_a_process_that_is_killed_in_the_middle_leaves_nothing_half_done(
    archive: Archive, empty_database: URL, tmp_path: Path
) -> None:
    number = fill(archive)[0]
    url = empty_database.render_as_string(hide_password=False)
    killed = subprocess.run(
        [sys.executable, "-c", DIE_IN_THE_MIDDLE, str(tmp_path), url, str(number)],
        cwd=Path(__file__).parents[3],
        check=False,
    )
    assert killed.returncode == -9
    fruit = archive.review.fruit(number)
    assert (fruit.corrections, fruit.answers, fruit.state.grade_class) == (0, (), "I")
    assert answer(archive, number, "II").number == 1


def test_every_index_of_the_queue_is_used(archive: Archive, empty_database: URL) -> None:
    if not empty_database.drivername.startswith("sqlite"):
        pytest.skip("PostgreSQL plans by the size of its tables")
    fill(archive)
    engine = open_database(empty_database)
    plans = []
    for where in ("lot_fruit.review", "lot_fruit.review AND lot_id = 1"):
        with engine.connect() as connection:
            rows = connection.execute(
                text(
                    f"EXPLAIN QUERY PLAN SELECT lot_fruit_id FROM lot_fruit WHERE {where} ORDER BY lot_fruit_id LIMIT 5"
                )
            )
            plans.append(" ".join(str(row[3]) for row in rows))
    engine.dispose()
    assert "ix_lot_fruit_review_oldest" in plans[0]
    assert "ix_lot_fruit_review " in plans[1]
