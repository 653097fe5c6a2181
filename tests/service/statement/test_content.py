"""What a statement says adds up, and every cause is the one that the rules give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert
from sqlalchemy.engine import URL

from grader.record import record_from_json
from grader.sku import load_sku_table
from grader.standard import list_standards, load_standard
from service.archive import Archive
from service.errors import StatementError
from service.judging_rules import JudgingRules
from service.lots.regrade import regrade_lot
from service.statement.causes import Cause, CauseKind
from service.statement.content import Statement
from service.statement.lot_statement import lot_statement
from service.statement.prices import Prices, read_prices
from service.store.fruit_store import LotFruitFilter
from service.store.lot_store import StoredLot
from service.store.lot_tables import Correction, FruitDecision
from tests.service.lot_fruit import AT, judged, new_lot, not_judged, some_fruit
from tests.service.made_lot import fill_lot

STANDARDS = list_standards()


@pytest.fixture
def archive(empty_database: URL, tmp_path: Path) -> Iterator[Archive]:
    opened = Archive.open(
        tmp_path, min_free_bytes=1, database=empty_database.render_as_string(hide_password=False)
    )
    yield opened
    opened.close()


@pytest.fixture
def lot(archive: Archive) -> StoredLot:
    """Of 400 apples, judged by the default standard."""
    lot = archive.lots.open(new_lot(variety="fuji"), line_id="north", lanes=(1,), at=AT)
    fill_lot(archive, lot, 400)
    return lot


def made(archive: Archive, lot: StoredLot, *prices: str) -> Statement:
    return lot_statement(
        archive, JudgingRules(Path("none"), lambda: STANDARDS), lot.lot_id, read_prices(prices)
    )


def assert_adds_up(statement: Statement, archive: Archive) -> None:
    packout = archive.fruit.packout(statement.lot.lot_id)
    assert statement.fruit == sum(row.fruit for row in packout.rows)
    assert statement.again == packout.again
    by_class = Counter({line.grade_class: line.fruit for line in statement.classes})
    found: Counter[str] = Counter()
    for row in packout.rows:
        found[row.grade_class] += row.fruit
    assert +by_class == found
    assert sum(line.fruit for line in statement.sizes) == statement.fruit
    assert sum(line.weighed for line in statement.sizes) == statement.weighed
    best = statement.classes[0].fruit
    assert sum(line.fruit for line in statement.causes) == statement.fruit - best
    for place, line in enumerate(statement.classes):
        assert sum(one.by_class[place] for one in statement.causes) == (line.fruit if place else 0)
    assert abs(sum(row.weight_g for row in packout.rows) / 1000 - float(statement.weight_kg)) < 0.01


def rules_of(statement: Statement) -> dict[str | None, int]:
    return {line.cause.rule: line.fruit for line in statement.causes}


def test_counts_weights_and_causes_add_up(archive: Archive, lot: StoredLot) -> None:
    statement = made(archive, lot)
    assert_adds_up(statement, archive)
    assert statement.fruit > 300
    assert [line.grade_class for line in statement.classes] == ["extra", "I", "II", "reject"]
    assert (statement.provisional, statement.amount) == (True, None)
    archive.lots.close(lot.lot_id, at=AT)
    assert not made(archive, lot).provisional


def test_the_causes_are_those_of_the_records(archive: Archive, lot: StoredLot) -> None:
    fruit = archive.fruit.page(lot.lot_id, LotFruitFilter(), limit=500)
    records = [record_from_json(one.record) for one in fruit if one.record and one.reason is None]
    expected = Counter(one.grade.reasons[0].rule for one in records if one.grade.grade_class != "extra")
    assert rules_of(made(archive, lot)) == expected
    assert len(expected) > 4


def test_a_lot_that_was_decided_again_has_the_causes_of_the_new_rules(
    archive: Archive, lot: StoredLot
) -> None:
    """By the rules that judged it at first the causes are the same; by others they are of the others."""
    before = rules_of(made(archive, lot))
    table = load_sku_table("default")
    regrade_lot(archive.regrades, lot.lot_id, load_standard("apple_eu_2023_2429"), table, apply=True)
    assert rules_of(made(archive, lot)) == before
    american = load_standard("apple_us_7cfr51")
    regrade_lot(archive.regrades, lot.lot_id, american, table, apply=True)
    statement = made(archive, lot)
    assert_adds_up(statement, archive)
    assert [line.grade_class for line in statement.classes] == [*american.class_ids, "reject"]
    assert {line.cause.standard_id for line in statement.causes} == {american.standard_id}
    assert set(rules_of(statement)) <= {rule.key for rule in american.rules}


def test_rules_that_are_not_here_any_more_give_no_causes(archive: Archive) -> None:
    """The hashes of these records are of no file."""
    lot = archive.lots.open(new_lot(), line_id="north", lanes=(1,), at=AT)
    archive.fruit.add(some_fruit(lot, 200))
    statement = made(archive, lot)
    assert_adds_up(statement, archive)
    assert [line.cause for line in statement.causes] == [Cause(kind=CauseKind.NOT_KNOWN)]
    assert [rules.exact for rules in statement.rules] == [False]


def test_what_a_person_changed_is_told_as_theirs(archive: Archive, engine: Engine) -> None:
    lot = archive.lots.open(new_lot(), line_id="north", lanes=(1,), at=AT)
    (number,) = archive.fruit.add([judged(lot, 1, grade_class="II")])
    judge_id = next(iter(archive.lot_reader.judges(lot.lot_id)))
    with engine.begin() as connection:
        connection.execute(
            insert(FruitDecision).values(
                lot_fruit_id=number,
                decided_at=AT,
                why="correction",
                grade_class="II",
                sku_code="APL-II",
                size_code=None,
                confidence=1.0,
                review=False,
                judge_id=judge_id,
            )
        )
        connection.execute(
            insert(Correction).values(
                lot_fruit_id=number,
                number=1,
                who="李娜",
                corrected_at=AT,
                before_json="{}",
                after_json="{}",
                why="scab",
            )
        )
    (line,) = made(archive, lot).causes
    assert (line.cause.kind, line.fruit) == (CauseKind.PERSON, 1)
    (correction,) = archive.lot_reader.corrections(number)
    assert (correction.who, correction.why, correction.corrected_at) == ("李娜", "scab", AT)


def test_amounts_are_reckoned_from_what_is_printed(archive: Archive) -> None:
    lot = archive.lots.open(new_lot(), line_id="north", lanes=(1,), at=AT)
    archive.fruit.add(
        [
            judged(lot, 1, grade_class="extra", weight_g=333.3),
            judged(lot, 2, grade_class="extra", weight_g=None),
            judged(lot, 3, grade_class="I", weight_g=150.0),
            judged(lot, 4, grade_class="I", weight_g=999.0, reason="late"),
            not_judged(lot, 5),
        ]
    )
    statement = made(archive, lot, "extra:6.5", "I:0.1")
    extra, first, second, reject = statement.classes
    assert (extra.fruit, extra.weighed, extra.weight_kg, extra.amount) == (
        2,
        1,
        Decimal("0.333"),
        Decimal("2.16"),
    )
    assert (first.weight_kg, first.amount) == (Decimal("0.150"), Decimal("0.02"))  # halves up
    assert (second.amount, reject.amount) == (None, None)
    assert statement.amount == Decimal("2.18")
    assert (statement.fruit, statement.weighed, statement.again) == (3, 2, {"late": 1, "no_view": 1})


def test_an_empty_lot(archive: Archive) -> None:
    lot = archive.lots.open(new_lot(), line_id="north", lanes=(1,), at=AT)
    statement = made(archive, lot)
    assert (statement.fruit, statement.weight_kg, statement.causes, statement.sizes) == (
        0,
        Decimal(0),
        (),
        (),
    )
    assert [line.fruit for line in statement.classes] == [0]


@pytest.mark.parametrize(
    ("texts", "currency", "message"),
    [
        (
            ["extra:-1"],
            "CNY",
            "price of class extra: expected 0 to 100000 CNY a kg in steps of 0.01, got '-1'",
        ),
        (["extra:100000.01"], "CNY", "price of class extra: expected 0 to 100000"),
        (["extra:1.234"], "CNY", "got '1.234'"),
        (["extra:1e3"], "CNY", "got '1e3'"),
        (["extra:NaN"], "CNY", "got 'NaN'"),
        (["extra:１"], "CNY", "got '１'"),
        (["extra"], "CNY", "price: expected CLASS:AMOUNT such as extra:6.50, got 'extra'"),
        (["I:1", "I:2"], "CNY", "price of class I: expected one price, got two"),
        ([], "YUAN", "currency: expected three letters such as CNY or USD, got 'YUAN'"),
    ],
)
def test_prices_that_are_none(texts: list[str], currency: str, message: str) -> None:
    with pytest.raises(StatementError) as told:
        read_prices(texts, currency)
    assert message in str(told.value)


def test_a_price_for_a_class_that_the_lot_has_not(archive: Archive, lot: StoredLot) -> None:
    with pytest.raises(
        StatementError, match=r"expected a class of the lot \(extra, I, II, reject\), got 'III'"
    ):
        made(archive, lot, "III:5")
    assert made(archive, lot, "reject:0").amount == Decimal("0.00")
    assert Prices() == read_prices([])
