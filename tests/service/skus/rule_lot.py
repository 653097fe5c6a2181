"""A lot of varied fruit for tests of what-ifs: measured at random, decided by the rules that are installed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from grader.grade import decide_grade
from grader.record import record_to_json
from grader.rule_shelf import RuleShelf
from grader.rules_in_force import AS_INSTALLED, RulesInForce
from grader.sku import assign_sku
from grader.types import Crop, FruitMeasurement, FruitRecord
from service.archive import Archive
from service.store.fruit_store import NewLotFruit
from service.store.judges import JudgedBy
from service.store.lot_store import NewLot, StoredLot
from tests.grader.made_fruit import about, make_defect, make_fruit

KINDS = ("bruise", "scar", "russet", "spots", "scab")


def random_fruit(random: Random, crop: str) -> FruitMeasurement:
    diameter_mm = min(95.0, max(52.0, random.gauss(76, 7)))
    defects = [
        make_defect(
            random.choice(KINDS),
            area_mm2=round(random.expovariate(1 / 60), 1),
            fraction=random.uniform(0, 0.01),
        )
        for _ in range(random.choice((0, 0, 0, 1, 1, 2)))
    ]
    return make_fruit(
        *defects,
        crop=Crop(crop),
        variety=None,
        diameter_mm=about(round(diameter_mm, 1), 0.6),
        weight_g=about(round(0.00044 * diameter_mm**3, 1), 6.0),
        blush=random.uniform(0.3, 1.0),
    )


def fill_lot(
    archive: Archive,
    code: str,
    count: int,
    *,
    crop: str = "apple",
    grower: str = "花果山合作社",
    rules: RulesInForce = AS_INSTALLED,
    table: str = "default",
) -> StoredLot:
    """Open a lot that arrived yesterday and store `count` fruit in it, decided by the crop's default standard."""
    at = datetime.now(UTC) - timedelta(days=1)
    new = NewLot(code=code, grower=grower, crop=crop, arrived_at=at)
    lot = archive.lots.open(new, line_id=code, lanes=(1,), at=at)
    random, shelf = Random(count), RuleShelf()
    standard, skus = shelf.default_standard(rules, crop), shelf.sku_table(rules, table)
    fruit = []
    for number in range(count):
        measurement = random_fruit(random, crop)
        grade = decide_grade(measurement, standard)
        record = FruitRecord(measurement=measurement, grade=grade, sku=assign_sku(measurement, grade, skus))
        fruit.append(
            NewLotFruit(
                lot_id=lot.lot_id,
                run_id=lot.runs[0].run_id,
                lane=1,
                fruit_name=f"cup-{number + 1}",
                decided_at=at,
                outlet=record.sku.outlet,
                late=False,
                reason=None,
                record=record_to_json(record),
                judged_by=JudgedBy.of_record(record_to_json(record)),
            )
        )
    archive.fruit.add(fruit)
    return lot
