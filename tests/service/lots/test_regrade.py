"""Stored fruit decided again: as one by one, all or none, and what a person corrected stays."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine, inspect
from sqlalchemy.engine import URL
from typer.testing import CliRunner

from grader.errors import StandardError
from grader.grade import decide_grade
from grader.record import record_from_json
from grader.rounding import rounded_measurement
from grader.sku import assign_sku, load_sku_table
from grader.standard import load_standard
from grader.trust import trusted_decision
from service.cli import app
from service.lots.regrade import RegradeReport, regrade_lot
from service.store.database import database_url, open_database
from service.store.fruit_store import FruitStore
from service.store.lot_store import LotStore, StoredLot
from service.store.regrade_store import RegradeStore
from tests.grader.made_fruit import make_fruit
from tests.grader.test_grade_columns import random_fruit
from tests.grader.test_trust import by_constant, made_trust
from tests.service.lot_fruit import JUDGE, judged, not_judged, open_lot
from tests.service.test_fruit_store import correct

EU = load_standard("apple_eu_2023_2429")
US = load_standard("apple_us_7cfr51")
TABLE = load_sku_table("default")


@pytest.fixture
def lot(engine: Engine) -> StoredLot:
    return open_lot(LotStore(engine))


def fill(engine: Engine, lot: StoredLot, count: int = 300) -> tuple[int, ...]:
    random = Random(41)
    fruit = [rounded_measurement(random_fruit(random, EU)) for _ in range(count)]
    fruit = [replace(one, variety=None) for one in fruit]
    new = [judged(lot, number, measurement=one) for number, one in enumerate(fruit)]
    return FruitStore(engine).add([*new, not_judged(lot, count)])


def test_a_fruit_keeps_the_confidence_that_its_model_is_known_for(engine: Engine, lot: StoredLot) -> None:
    numbers = fill(engine, lot, 60)
    trust = made_trust(weights=by_constant(-1.0, 0.3, 0.8, 0.2, -0.5))
    report = regrade_lot(
        RegradeStore(engine),
        lot.lot_id,
        EU,
        TABLE,
        apply=True,
        trusts={JUDGE.model_id: trust, "other/1": trust},
    )
    reviews = 0
    for number in numbers[:60]:
        fruit, decisions = FruitStore(engine).fruit(lot.lot_id, number)
        assert fruit.record is not None
        measurement = record_from_json(fruit.record).measurement
        alone = trusted_decision(
            decide_grade(measurement, EU), measurement.surface_seen_fraction, EU.class_ids, trust
        )
        assert decisions[-1].confidence == pytest.approx(alone.confidence, abs=1e-9)
        assert decisions[-1].review == alone.review
        reviews += alone.review
    assert report.review == reviews


def test_every_fruit_gets_what_it_would_get_alone(engine: Engine, lot: StoredLot) -> None:
    numbers = fill(engine, lot)
    report = regrade_lot(RegradeStore(engine), lot.lot_id, US, TABLE, apply=True)
    assert (report.fruit, report.kept, report.applied) == (300, 0, True)
    store = FruitStore(engine)
    for number in numbers[:300:7]:
        fruit, (first, second) = store.fruit(lot.lot_id, number)
        assert fruit.record is not None
        measurement = record_from_json(fruit.record).measurement
        grade = decide_grade(measurement, US)
        sku = assign_sku(measurement, grade, TABLE)
        assert (second.why, second.grade_class, second.confidence, second.review) == (
            "regrade",
            grade.grade_class,
            grade.confidence,
            grade.review,
        )
        assert (second.sku_code, second.size_code) == (sku.code, sku.size_code)
        assert (fruit.grade_class, fruit.sku_code, fruit.size_code, fruit.review) == (
            second.grade_class,
            second.sku_code,
            second.size_code,
            second.review,
        )
        assert (first.why, first.judged_by) == ("machine", JUDGE)
        assert second.judged_by == replace(
            JUDGE,
            standard_id=US.standard_id,
            standard_sha256=US.sha256,
            sku_table_sha256=TABLE.sha256,
        )
    packout = store.packout(lot.lot_id)
    by_class: Counter[str] = Counter()
    for row in packout.rows:
        by_class[row.grade_class] += row.fruit
    assert by_class == report.classes_after
    assert packout.again == {"no_view": 1}


def test_a_dry_run_says_the_same_and_changes_nothing(engine: Engine, lot: StoredLot) -> None:
    numbers = fill(engine, lot)
    store, before = FruitStore(engine), FruitStore(engine).packout(lot.lot_id)
    dry = regrade_lot(RegradeStore(engine), lot.lot_id, EU, TABLE, apply=False)
    assert store.packout(lot.lot_id) == before
    assert len(store.fruit(lot.lot_id, numbers[0])[1]) == 1
    assert replace(dry, applied=True) == regrade_lot(RegradeStore(engine), lot.lot_id, EU, TABLE, apply=True)
    check_sums(dry)
    again = regrade_lot(RegradeStore(engine), lot.lot_id, EU, TABLE, apply=False)
    assert (again.changed, again.moves, again.classes_before) == (0, (), dry.classes_after)


def check_sums(report: RegradeReport) -> None:
    assert sum(report.classes_before.values()) == sum(report.classes_after.values()) == report.fruit == 300
    assert 0 < sum(move.fruit for move in report.moves) == report.changed <= 300


def test_what_a_person_corrected_stays(engine: Engine, lot: StoredLot) -> None:
    numbers = fill(engine, lot)
    for number in numbers[:3]:
        correct(engine, number, 1)
    correct(engine, numbers[0], 2)
    report = regrade_lot(RegradeStore(engine), lot.lot_id, US, TABLE, apply=True)
    assert (report.fruit, report.kept) == (297, 3)
    assert [len(FruitStore(engine).fruit(lot.lot_id, number)[1]) for number in numbers[:4]] == [1, 1, 1, 2]


def test_other_lots_stay_as_they_are(engine: Engine, lot: StoredLot) -> None:
    other = open_lot(LotStore(engine), "L2", lanes=(2,))
    (number,) = FruitStore(engine).add([judged(other, 1)])
    fill(engine, lot, 20)
    regrade_lot(RegradeStore(engine), lot.lot_id, US, TABLE, apply=True)
    assert len(FruitStore(engine).fruit(other.lot_id, number)[1]) == 1


def test_all_or_none(engine: Engine, lot: StoredLot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.store.regrade_store.ROWS", 10)
    store = FruitStore(engine)
    numbers = store.add([judged(lot, number) for number in range(25)])
    store.add([judged(lot, 26, measurement=make_fruit(variety="Zaphod"))])
    with pytest.raises(StandardError, match="unknown variety 'Zaphod'"):
        regrade_lot(RegradeStore(engine), lot.lot_id, EU, TABLE, apply=True)
    assert {len(store.fruit(lot.lot_id, number)[1]) for number in numbers} == {1}
    assert store.judged_by(lot.lot_id) == (JUDGE,)


def test_many_are_read_in_parts_and_each_once(
    engine: Engine, lot: StoredLot, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(engine, lot)
    whole = regrade_lot(RegradeStore(engine), lot.lot_id, US, TABLE, apply=False)
    monkeypatch.setattr("service.store.regrade_store.ROWS", 7)
    assert regrade_lot(RegradeStore(engine), lot.lot_id, US, TABLE, apply=False) == whole


def test_an_empty_lot(engine: Engine, lot: StoredLot) -> None:
    report = regrade_lot(RegradeStore(engine), lot.lot_id, EU, TABLE, apply=True)
    assert (report.fruit, report.changed, report.moves) == (0, 0, ())


def command(url: URL, folder: Path, *arguments: str) -> tuple[int, str, str]:
    given = url.render_as_string(hide_password=False)
    done = CliRunner(env={"GRADER_DATABASE_URL": given}).invoke(
        app, ["regrade", "--data-dir", str(folder), *arguments]
    )
    return done.exit_code, done.stdout, done.stderr


def test_the_command(empty_database: URL, tmp_path: Path) -> None:
    engine = open_database(empty_database)
    lot = open_lot(LotStore(engine))
    numbers = fill(engine, lot)
    code, out, err = command(empty_database, tmp_path, "--lot", "L1", "--standard", US.standard_id)
    assert code == 0, err
    assert out.startswith("300 fruit would be decided again (--apply does it) by apple_us_7cfr51 and default")
    assert "300 fruit in " in err
    assert len(FruitStore(engine).fruit(lot.lot_id, numbers[0])[1]) == 1
    code, out, err = command(empty_database, tmp_path, "--lot", "L1", "--apply", "--json")
    assert (code, json.loads(out)["standard_id"]) == (0, EU.standard_id), err
    assert len(FruitStore(engine).fruit(lot.lot_id, numbers[0])[1]) == 2
    engine.dispose()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--lot", "L9"), "error: no lot 'L9'"),
        (("--lot", "L1", "--standard", "none"), "error: no standard 'none'"),
        (("--lot", "L1", "--sku-table", "none"), "error: no SKU table 'none'"),
    ],
)
def test_what_the_command_refuses(tmp_path: Path, arguments: tuple[str, ...], problem: str) -> None:
    url = database_url(None, tmp_path)
    engine = open_database(url)
    open_lot(LotStore(engine))
    engine.dispose()
    code, out, err = command(url, tmp_path, *arguments)
    assert (code, out) == (1, "")
    assert problem in err


def indexes(engine: Engine) -> dict[str, tuple[object, str]]:
    """Columns and condition of the indexes over fruit of lots."""
    return {
        str(index["name"]): (
            index["column_names"],
            str(index["dialect_options"].get(f"{engine.dialect.name}_where")),
        )
        for index in inspect(engine).get_indexes("lot_fruit")
    }


def test_the_indexes_that_rested_are_there_again(engine: Engine, lot: StoredLot) -> None:
    fill(engine, lot, 40)
    before = indexes(engine)
    regrade_lot(RegradeStore(engine), lot.lot_id, US, TABLE, apply=True)
    assert indexes(engine) == before
    assert {"ix_lot_fruit_review", "ix_lot_fruit_packout"} < set(before)


def test_a_small_lot_beside_a_large_one_is_decided_alike(engine: Engine, lot: StoredLot) -> None:
    """Then the indexes stay as they are."""
    fill(engine, lot, 120)
    small = open_lot(LotStore(engine), "L2", lanes=(2,))
    numbers = fill(engine, small, 30)
    assert regrade_lot(RegradeStore(engine), small.lot_id, US, TABLE, apply=True).fruit == 30
    fruit, decisions = FruitStore(engine).fruit(small.lot_id, numbers[3])
    assert [one.why for one in decisions] == ["machine", "regrade"]
    assert fruit.grade_class == decisions[-1].grade_class
    untouched = FruitStore(engine).judged_by(lot.lot_id)
    assert [judge.standard_id for judge in untouched] == [JUDGE.standard_id]
