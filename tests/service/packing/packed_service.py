"""A service with a company, a published SKU table with packs, and a lot that was packed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from random import Random

from fastapi import FastAPI

from grader.sku_file import load_sku_table
from grader.versions import publish_sku_table
from service.app import create_app
from service.rule_follower import VERSIONS_FOLDER
from service.services import Services
from service.settings import ServiceSettings
from service.store.judges import JudgedBy
from service.store.lot_store import StoredLot
from service.store.regrade_store import MeasuredRows, NewDecisions, Rules
from tests.fakes import FakeGrader
from tests.service.lot_fruit import AT, new_lot
from tests.service.packing.packed_lot import COMPANY, STANDARD, decided_as, graded, write_table

PACKED_AT = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)


def packing_app(folder: Path, *, company: str | None = COMPANY, count: int = 4) -> tuple[FastAPI, JudgedBy]:
    """The application, and what judges its fruit."""
    data = folder / "data"
    data.mkdir(parents=True)
    if company is not None:
        (data / "company.toml").write_text(company, encoding="utf-8")
    draft = write_table(folder / "draft", count=count)
    publish_sku_table(draft, data / VERSIONS_FOLDER, who="Wang", reason="packs", replaces=None)
    settings = ServiceSettings(data_dir=data, samples_dir=folder / "none", min_free_mb=1)
    judge = JudgedBy(
        model_id="fruitnet/1.5.0+sha256:4f1c9a7d20be",
        standard_id=STANDARD.standard_id,
        standard_sha256=STANDARD.sha256,
        sku_table_id="packing",
        sku_table_sha256=load_sku_table(draft).sha256,
    )
    return create_app(settings, grader=FakeGrader()), judge


def add_lot(services: Services, code: str = "L1", *, lane: int = 1, **more: object) -> StoredLot:
    """An open lot."""
    new = new_lot(code, **{"grower": "花果山", "variety": "富士 Fuji", "net_weight_kg": 40.0, **more})
    return services.archive.lots.open(new, line_id="north", lanes=[lane], at=AT)


def add_fruit(
    services: Services, lot: StoredLot, judge: JudgedBy, classes: list[str], *, diameter_mm: float = 77.0
) -> tuple[int, ...]:
    """Fruit of these classes, 200 g each."""
    return services.archive.fruit.add(
        [
            graded(lot, number, judge, grade_class=one, diameter_mm=diameter_mm)
            for number, one in enumerate(classes)
        ]
    )


def add_mixed_fruit(services: Services, lot: StoredLot, judge: JudgedBy, count: int) -> None:
    """Fruit as they come: two classes, some culls, some that go round again, sizes a little different."""
    random = Random(7)
    services.archive.fruit.add(
        [
            graded(
                lot,
                number,
                judge,
                grade_class=random.choices(["extra", "I", "reject"], [6, 3, 1])[0],
                diameter_mm=round(random.uniform(75.0, 79.9), 1),
                weight_g=round(random.uniform(178.0, 231.0), 1),
                reason="late" if random.random() < 0.03 else None,
            )
            for number in range(count)
        ]
    )


def decide_again(services: Services, lot: StoredLot, judge: JudgedBy, fruit: int, grade_class: str) -> None:
    """A fruit of a lot gets another class."""

    def decide(rows: MeasuredRows) -> NewDecisions:
        pairs = zip(rows.numbers, rows.classes, strict=True)
        return decided_as(rows, [grade_class if number == fruit else was for number, was in pairs])

    rules = Rules(
        standard_id=judge.standard_id,
        standard_sha256=judge.standard_sha256,
        sku_table_id=judge.sku_table_id,
        sku_table_sha256=judge.sku_table_sha256,
    )
    services.archive.regrades.decide_again(lot.lot_id, decide, rules, at=PACKED_AT)


def pack(services: Services, lot: StoredLot, *, close: bool = False) -> tuple[str, ...]:
    """Codes of the cartons that are full; of a closed lot also the rest."""
    if close:
        services.archive.lots.close(lot.lot_id, at=PACKED_AT)
    return services.packing.packer.pack(lot.lot_id, rest=close, at=PACKED_AT)
