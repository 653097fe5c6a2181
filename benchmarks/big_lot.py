"""Opens a large lot and times what people ask of it: `python benchmarks/big_lot.py [--fruit 100000] [--data DIR]`."""

from __future__ import annotations

import argparse
import json
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from time import perf_counter

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
from service.store.lot_store import NewLot, StoredLot
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


def fill_lot(archive: Archive, lot: StoredLot, count: int, *, began: datetime = BEGAN, seed: int = 1) -> None:
    """Store so many fruit of a lot, one in twenty of which went round again."""
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
    for start in range(0, count, 2_000):
        fruit = []
        for number in range(start, min(start + 2_000, count)):
            record = random.choice(records)
            again = random.choice(("no_view", "late", "no_fruit")) if random.random() < 0.05 else None
            seen = again == "late" or again is None
            fruit.append(
                NewLotFruit(
                    lot_id=lot.lot_id,
                    run_id=lot.runs[0].run_id,
                    lane=lot.runs[0].lane,
                    fruit_name=str(number + 1),
                    decided_at=began + timedelta(seconds=number / FRUIT_PER_S),
                    outlet="recirculate" if again else record.sku.outlet,
                    late=again == "late",
                    reason=again,
                    record=record_to_json(record) if seen else None,
                    judged_by=judge if seen else None,
                )
            )
        archive.fruit.add(fruit)


def main() -> None:
    """Print the times as JSON, in seconds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fruit", type=int, default=100_000)
    parser.add_argument("--data", type=Path)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = wanted.data or Path(temporary)
        archive = Archive.open(folder, min_free_bytes=1)
        lots = archive.lots.lots(limit=1)
        if not lots:
            new = NewLot(
                code="LX-BIG",
                grower="王家果园",
                crop="apple",
                variety="fuji",
                arrived_at=BEGAN,
                net_weight_kg=20000,
            )
            lot = archive.lots.open(new, line_id="north", lanes=(1,), at=BEGAN)
            fill_lot(archive, lot, wanted.fruit)
            archive.lots.close(lot.lot_id, at=BEGAN + timedelta(hours=4))
            archive.close()
            archive = Archive.open(folder, min_free_bytes=1)
            lots = archive.lots.lots(limit=1)
        print(json.dumps(times(archive, lots[0].lot_id), indent=1))  # noqa: T201


def times(archive: Archive, lot_id: int) -> dict[str, float]:
    """Every question once, in the order of a person who opens a lot."""
    from service.store.fruit_store import LotFruitFilter

    questions = {
        "lot": lambda: archive.lots.lot(lot_id),
        "packout": lambda: archive.fruit.packout(lot_id),
        "judged_by": lambda: archive.fruit.judged_by(lot_id),
        "minutes": lambda: archive.lot_reader.minutes(lot_id),
        "classes": lambda: archive.lot_reader.classes([lot_id]),
        "page": lambda: archive.fruit.page(lot_id, LotFruitFilter(), limit=50),
        "page_class": lambda: archive.fruit.page(lot_id, LotFruitFilter(grade_class="II"), limit=50),
        "page_sku_none": lambda: archive.fruit.page(lot_id, LotFruitFilter(sku_code="NONE"), limit=50),
        "page_size": lambda: archive.fruit.page(lot_id, LotFruitFilter(size_code="100"), limit=50),
        "page_review": lambda: archive.fruit.page(lot_id, LotFruitFilter(review=True), limit=50),
        "page_name": lambda: archive.fruit.page(lot_id, LotFruitFilter(fruit_name="777"), limit=50),
        "decided": lambda: sum(
            len(part) for part in archive.lot_reader.decided(lot_id, without_record=["extra"])
        ),
        "decided_all": lambda: sum(
            len(part) for part in archive.lot_reader.decided(lot_id, without_record=[])
        ),
    }
    found = {}
    for name, ask in questions.items():
        started = perf_counter()
        ask()
        found[name] = round(perf_counter() - started, 4)
    return found


if __name__ == "__main__":
    main()
