"""Lots of any size for the benchmark of the warehouse: some thousand different fruit stored by the service's own code,
then copied in the database until the lot is as large as it should be. Kept in a folder: the second run finds it.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from grader.grade import decide_grade
from grader.record import record_to_json, rounded_record
from grader.sku import assign_sku, load_sku_table
from grader.standard import load_standard
from grader.types import (
    ColourMeasurement,
    Crop,
    Defect,
    DefectKind,
    FruitMeasurement,
    FruitRecord,
    Interval,
    SizeMeasurement,
)
from service.archive import Archive
from service.store.fruit_store import NewLotFruit
from service.store.judges import JudgedBy
from service.store.lot_store import NewLot

STANDARD, OTHER_STANDARD, TABLE = "apple_eu_2023_2429", "apple_us_7cfr51", "default"
LOT, LINE = "BENCH", "bench"
MODEL_ID = "fruitnet/bench"
DIFFERENT = 4_000
"""Fruit that are made one by one; a larger lot has each of them many times."""
VARIETIES = ("fuji", "gala", "golden_delicious", "huaniu", None)
AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
_FORMAT = 1
"""Goes up when what is made changes: older folders are made anew."""


def made_lot(folder: Path, fruit: int, *, records: bool) -> Path:
    """A data folder of the service with one closed lot of so many fruit. records: each with its whole record, some 1.5
    kB; without them only the first have one: re-grading reads none."""
    place = folder / f"lot_{fruit}_{'whole' if records else 'bare'}_v{_FORMAT}"
    if not place.exists():
        unfinished = folder / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        _make(unfinished, fruit, records=records)
        unfinished.rename(place)
    return place


def made_records(count: int, seed: int = 7) -> list[FruitRecord]:
    """Apples as a line hands them over, judged: 1.7 defects each (5 at most), a tenth without a scale."""
    random = np.random.default_rng(seed)
    standard, table = load_standard(STANDARD), load_sku_table(TABLE)
    found = []
    for number in range(count):
        fruit = _fruit(random, number)
        grade = decide_grade(fruit, standard)
        record = FruitRecord(measurement=fruit, grade=grade, sku=assign_sku(fruit, grade, table))
        found.append(rounded_record(record))
    return found


def judged_by() -> JudgedBy:
    """What judged them."""
    return JudgedBy(
        model_id=MODEL_ID,
        standard_id=STANDARD,
        standard_sha256=load_standard(STANDARD).sha256,
        sku_table_id=TABLE,
        sku_table_sha256=load_sku_table(TABLE).sha256,
    )


def _make(data: Path, fruit: int, *, records: bool) -> None:
    archive = Archive.open(data, min_free_bytes=0)
    new = NewLot(code=LOT, grower="Bench", crop="apple", arrived_at=AT)
    lot = archive.lots.open(new, line_id=LINE, lanes=(1,), at=AT)
    judge = judged_by()
    stored = [
        NewLotFruit(
            lot_id=lot.lot_id,
            run_id=lot.runs[0].run_id,
            lane=1,
            fruit_name=str(number),
            decided_at=AT,
            outlet=record.sku.outlet,
            late=False,
            reason=None,
            record=record_to_json(record),
            judged_by=judge,
        )
        for number, record in enumerate(made_records(min(fruit, DIFFERENT)))
    ]
    archive.fruit.add(stored)
    archive.lots.close(lot.lot_id, at=AT)
    archive.close()
    _copy_fruit(data / "grader.sqlite3", fruit, records=records)


def _copy_fruit(database: Path, wanted: int, *, records: bool) -> None:
    """In the database itself: nothing is held in memory. Synchronous off: what fails is made anew."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        there = connection.execute("SELECT max(lot_fruit_id) FROM lot_fruit").fetchone()[0]
        kinds = there
        while there < wanted:
            more = min(kinds, wanted - there)
            for table, own in (("lot_fruit", ""), ("fruit_record", ""), ("fruit_decision", "decision_id")):
                if table != "fruit_record" or records:
                    connection.execute(_copy_statement(connection, table, own), (there, more))
            there += more
            kinds = there if there < 100_000 else kinds
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _copy_statement(connection: sqlite3.Connection, table: str, own: str) -> str:
    """Copies rows of fruit 1 to ?2 to numbers ?1 higher. own: key of the table that counts by itself."""
    names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[1] != own]
    values = ["lot_fruit_id + ?1" if name == "lot_fruit_id" else name for name in names]
    return (
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} FROM {table} "
        "WHERE lot_fruit_id <= ?2"
    )


def _fruit(random: np.random.Generator, number: int) -> FruitMeasurement:
    diameter = float(np.clip(random.normal(78.0, 7.0), 45.0, 110.0))
    seen = float(random.uniform(0.88, 1.0))
    blush = float(random.beta(3.0, 1.5))
    defects = [_defect(random, diameter, seen) for _ in range(min(int(random.poisson(1.7)), 5))]
    fruit = FruitMeasurement(
        frame_id=f"bench{number}",
        fruit_index=0,
        crop=Crop.APPLE,
        variety=VARIETIES[number % len(VARIETIES)],
        box_xyxy_px=(0, 0, 400, 400),
        touches_edge=bool(random.random() < 0.01),
        view_count=8,
        surface_seen_fraction=seen,
        crop_confidence=float(random.uniform(0.9, 1.0)),
        size=SizeMeasurement(
            diameter_px=400.0,
            equatorial_diameter_mm=_around(diameter, 0.6),
            length_mm=_around(diameter * 0.9, 0.8),
            weight_g=_around(0.000_45 * diameter**3, 10.0),
            shape_index=0.9,
        ),
        colour=ColourMeasurement(
            blush_fraction=blush, light_red_fraction=(1 - blush) * 0.2, ground_lab=None, blush_lab=None
        ),
        netting=None,
        defects=tuple(defects),
        landmarks=(),
        model_id=MODEL_ID,
        quality_flags=("defect_doubtful",) if random.random() < 0.05 else (),
    )
    if random.random() >= 0.1:
        return fruit
    return replace(
        fruit,
        size=SizeMeasurement(diameter_px=400.0, shape_index=0.9),
        defects=tuple(replace(defect, area_mm2=None, length_mm=None) for defect in defects),
        quality_flags=(*fruit.quality_flags, "no_scale"),
    )


def _defect(random: np.random.Generator, diameter: float, seen: float) -> Defect:
    fraction = float(min(random.lognormal(-7.0, 1.3), 0.5))
    length = 1.6 * fraction**0.5
    return Defect(
        kind=list(DefectKind)[int(random.integers(0, len(DefectKind)))],
        area_mm2=fraction * seen * float(np.pi) * diameter**2,
        area_fraction=fraction,
        length_mm=length * diameter,
        length_diameters=length,
        elongated=bool(random.random() < 0.2),
        confidence=float(random.uniform(0.4, 1.0)),
        box_xyxy_px=(10, 10, 20, 20),
    )


def _around(value: float, half: float) -> Interval:
    return Interval(value=value, low=value - half, high=value + half)
