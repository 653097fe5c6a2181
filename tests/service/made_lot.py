"""Lots of any size whose fruit are measured and judged as on a line: for tests of pages and for benchmarks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import cos
from random import Random

from grader.grade import decide_grade
from grader.record import record_to_json, rounded_record
from grader.rules import Standard
from grader.sku import assign_sku, load_sku_table
from grader.sku_table import SkuTable
from grader.standard import load_default_standard
from grader.types import FruitRecord
from service.archive import Archive
from service.store.fruit_store import NewLotFruit
from service.store.judges import JudgedBy
from service.store.lot_store import StoredLot
from tests.grader.made_fruit import about, make_defect, make_fruit

BEGAN = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
FRUIT_PER_S = 8
DIFFERENT = 1_000
"""So many fruit are judged; a lot repeats them."""
KINDS = ("bruise", "scar", "russet", "scab", "rot", "spots", "insect")


def made_record(random: Random, standard: Standard, table: SkuTable) -> FruitRecord:
    """An apple as a line would measure and judge it."""
    diameter = random.gauss(78, 6)
    defects = []
    for _ in range(random.choice((0, 0, 1, 1, 2, 4))):
        kind, area = random.choice(KINDS), random.expovariate(1 / 60)
        if kind in ("rot", "insect") and random.random() < 0.8:
            continue
        defects.append(
            make_defect(
                kind,
                area_mm2=area,
                fraction=min(area / (3.14 * diameter**2), 1),
                length_mm=area**0.5,
                diameters=area**0.5 / diameter,
                elongated=random.random() < 0.2,
                confidence=random.uniform(0.6, 0.99),
            )
        )
    weight = 0.42e-3 * diameter**3
    fruit = make_fruit(
        *defects,
        variety="fuji",
        diameter_mm=about(diameter, 0.8),
        weight_g=about(weight, 8.0) if random.random() < 0.97 else None,
        blush=min(max(random.gauss(0.7, 0.15), 0), 1),
    )
    grade = decide_grade(fruit, standard)
    return rounded_record(FruitRecord(measurement=fruit, grade=grade, sku=assign_sku(fruit, grade, table)))


def fill_lot(
    archive: Archive,
    lot: StoredLot,
    count: int,
    *,
    began: datetime = BEGAN,
    per_s: float = FRUIT_PER_S,
    seed: int = 1,
) -> datetime:
    """Store so many fruit of a lot, one in twenty of which went round again; returns when the last came."""
    standard, table = load_default_standard(lot.crop), load_sku_table("default")
    random = Random(seed)
    records = [made_record(random, standard, table) for _ in range(min(DIFFERENT, count))]
    judge = JudgedBy(
        model_id=records[0].measurement.model_id,
        standard_id=standard.standard_id,
        standard_sha256=standard.sha256,
        sku_table_id=table.table_id,
        sku_table_sha256=table.sha256,
    )
    at = began
    for start in range(0, count, 2_000):
        fruit = []
        for number in range(start, min(start + 2_000, count)):
            record = random.choice(records)
            again = random.choice(("no_view", "late", "no_fruit")) if random.random() < 0.05 else None
            seen = again == "late" or again is None
            at += timedelta(seconds=(1 + 0.3 * cos(number / 150)) * random.uniform(0.6, 1.4) / per_s)
            fruit.append(
                NewLotFruit(
                    lot_id=lot.lot_id,
                    run_id=lot.runs[0].run_id,
                    lane=lot.runs[0].lane,
                    fruit_name=str(number + 1),
                    decided_at=at,
                    outlet="recirculate" if again else record.sku.outlet,
                    late=again == "late",
                    reason=again,
                    record=record_to_json(record) if seen else None,
                    judged_by=judge if seen else None,
                )
            )
        archive.fruit.add(fruit)
    return at
