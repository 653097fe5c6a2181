"""The warehouse under load: a million fruit decided again, what-if, a large lot opened, review, decisions stored while
pages are read. A real SQLite file and a real service process.

`--json` prints one object with `regrade_1m_s, whatif_100k_s, open_lot_s, next_review_ms, decisions_per_s` and what
stands beside them; without it a table that says what each holds. A figure is the median of `--runs` (of
`decisions_per_s` the one measurement), null where the service has no such route. `--folder` keeps the made lots (0.9 GB
of disk, and as much again meanwhile; the first run makes them in half a minute).
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter, process_time, sleep
from typing import Annotated, Any

import httpx
import typer
from line_service import BenchService
from skus import processor
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from warehouse_lots import LOT, MODEL_ID, OTHER_STANDARD, STANDARD, TABLE, judged_by, made_lot

from grader.grade import decide_grade
from grader.record import record_from_json
from grader.sku import assign_sku, load_sku_table
from grader.standard import load_standard
from grader.trust import Trust
from service.archive import Archive
from service.lots.regrade import regrade_lot
from service.model_cards import installed_trusts
from service.store.fruit_store import LotFruitFilter, NewLotFruit
from service.store.lot_tables import LotFruit
from service.store.regrade_store import NewDecisions

REVIEW = "/api/v1/review"
ROW_BY_ROW, ONE_BY_ONE = 1_000, 200
"""Fruit of the ways that are set beside: slow ones, so a sample is enough."""
READERS = 2
Figures = dict[str, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Fruit of the lot that is decided again, and of the one that pages show; runs; seconds of feeding."""

    many: int
    lot: int
    runs: int
    seconds: float


def measure(folder: Path, size: Size) -> Figures:
    """All figures."""
    many = made_lot(folder, size.many, records=False)
    lot = made_lot(folder, size.lot, records=True)
    found = regrading(many, folder / "scratch", size.runs) | row_by_row(lot, folder / "scratch", size.many)
    found |= pages(lot, folder, size.runs)
    return found | storing(lot, folder, size.seconds)


def regrading(data: Path, scratch: Path, runs: int) -> Figures:
    """The large lot under another standard: read and decided; the reading of it alone; decided and stored."""
    standard, table = load_standard(OTHER_STANDARD), load_sku_table(TABLE)
    with closing(Archive.open(data, min_free_bytes=0)) as archive:
        lot_id = archive.lots.lot_named(LOT).lot_id
        nothing = NewDecisions(kinds=(), kind_index=(), confidences=())
        now = datetime.now(UTC)
        read_s = _timed(
            runs, lambda: archive.regrades.decide_again(lot_id, lambda _rows: nothing, None, at=now)
        )
        used_s = process_time()
        decided_s = _timed(
            runs,
            lambda: regrade_lot(archive.regrades, lot_id, standard, table, apply=False, trusts=_trusts()),
        )
        used_s = (process_time() - used_s) / (runs + 1)
    stored = [_stored_again(data, scratch, lot_id, standard, table) for _ in range(max(1, runs // 2))]
    return {
        "regrade_1m_s": round(decided_s, 3),
        "regrade_1m_cpu_s": round(used_s, 3),
        "regrade_1m_read_s": round(read_s, 3),
        "regrade_1m_stored_s": round(median(stored), 3),
    }


def _trusts() -> dict[str, Trust]:
    """The confidence of the model in production, as for its own fruit: read anew, as the service does."""
    return {MODEL_ID: next(iter(installed_trusts(None).values()))}


def _stored_again(data: Path, scratch: Path, lot_id: int, standard: Any, table: Any) -> float:
    """In a copy, for decisions are never taken away again."""
    _copy(data, scratch)
    with closing(Archive.open(scratch, min_free_bytes=0)) as archive:
        began_s = perf_counter()
        report = regrade_lot(archive.regrades, lot_id, standard, table, apply=True, trusts=_trusts())
        took_s = perf_counter() - began_s
    assert report.changed > 0
    return took_s


def row_by_row(data: Path, scratch: Path, many: int) -> Figures:
    """What is usual instead: one fruit after the other as objects of the ORM, on a sample, in proportion to `many`."""
    _copy(data, scratch)
    standard, table = load_standard(OTHER_STANDARD), load_sku_table(TABLE)
    with closing(Archive.open(scratch, min_free_bytes=0)) as archive:
        lot = archive.lots.lot_named(LOT)
        sample = archive.fruit.page(lot.lot_id, LotFruitFilter(), limit=ROW_BY_ROW)
        one_by_one = [
            NewLotFruit(
                lot_id=lot.lot_id,
                run_id=lot.runs[0].run_id,
                lane=1,
                fruit_name="one",
                decided_at=fruit.decided_at,
                outlet=fruit.outlet,
                late=False,
                reason=None,
                record=fruit.record,
                judged_by=judged_by(),
            )
            for fruit in sample[:ONE_BY_ONE]
        ]
        began_s = perf_counter()
        for fruit in one_by_one:
            archive.fruit.add([fruit])
        one_by_one_s = perf_counter() - began_s
    began_s = perf_counter()
    engine = create_engine(f"sqlite:///{scratch / 'grader.sqlite3'}")
    with Session(engine) as session, session.begin():
        for fruit in sample:
            assert fruit.record is not None
            row = session.get_one(LotFruit, fruit.lot_fruit_id)
            measurement = record_from_json(fruit.record).measurement
            grade = decide_grade(measurement, standard)
            sku = assign_sku(measurement, grade, table)
            row.grade_class, row.sku_code, row.size_code = grade.grade_class, sku.code, sku.size_code
            row.confidence, row.review = grade.confidence, grade.review
    engine.dispose()
    return {
        "row_by_row_1m_s": round((perf_counter() - began_s) / len(sample) * many, 1),
        "one_commit_each_per_s": round(len(one_by_one) / one_by_one_s, 1),
    }


def pages(data: Path, folder: Path, runs: int) -> Figures:
    """What a person waits for, from the request to the whole answer, of a service that does nothing else."""
    with _service(folder, data) as service, httpx.Client(base_url=service.address, timeout=120) as client:
        lot = next(one for one in client.get("/api/v1/lots").json()["lots"] if one["code"] == LOT)
        here = f"/lots/{lot['lot_id']}"
        page_s = _request(client, runs, "GET", here, headers={"Accept": "text/html"})
        api_s = _request(client, runs, "GET", f"/api/v1{here}")
        review_s = _request(client, runs, "GET", REVIEW)
        return {
            **_what_if(client, runs, lot["lot_id"]),
            "open_lot_s": api_s if page_s is None else page_s,
            "open_lot_page_s": page_s,
            "open_lot_api_s": api_s,
            "next_review_ms": None if review_s is None else round(1e3 * review_s, 1),
        }


def _what_if(client: httpx.Client, runs: int, lot_id: int) -> Figures:
    """By the route of the editor. The first answer reads the lot, the others have it in memory."""
    sides = [{"standard": {"name": name}, "table": {"name": TABLE}} for name in (STANDARD, OTHER_STANDARD)]
    wanted = {"lot_id": lot_id, "before": sides[0], "after": sides[1]}
    began_s = perf_counter()
    client.post("/api/v1/skus/simulate", json=wanted).raise_for_status()
    first_s = round(perf_counter() - began_s, 4)
    return {
        "whatif_100k_s": _request(client, runs, "POST", "/api/v1/skus/simulate", json=wanted),
        "whatif_first_s": first_s,
    }


def storing(data: Path, folder: Path, seconds: float) -> Figures:
    """Decisions that reach the database, as fast as they can, alone and while two readers look at page after page."""
    _copy(data, folder / "scratch")
    program = Path(__file__).with_name("warehouse_service.py")
    with _service(folder, folder / "scratch", program) as service:
        lots = f"{service.address}/api/v1/lots"
        while not httpx.get(lots, timeout=120).json()["storing"]["stored"]:
            sleep(0.1)
        alone = _stored_per_s(lots, seconds)
        stop = threading.Event()
        took: list[list[float]] = [[] for _ in range(READERS)]
        readers = [threading.Thread(target=_read_pages, args=(service.address, stop, mine)) for mine in took]
        for reader in readers:
            reader.start()
        watched = _stored_per_s(lots, seconds)
        stop.set()
        for reader in readers:
            reader.join()
    every = sorted(one for mine in took for one in mine)
    return {
        "decisions_per_s": round(watched, 1),
        "decisions_alone_per_s": round(alone, 1),
        "pages_per_s": round(len(every) / seconds, 1),
        "page_ms": round(1e3 * median(every), 1),
        "page_worst_ms": round(1e3 * every[-1], 1),
    }


def _stored_per_s(lots: str, seconds: float) -> float:
    began_s, before = perf_counter(), httpx.get(lots, timeout=120).json()["storing"]["stored"]
    sleep(seconds)
    after, end_s = httpx.get(lots, timeout=120).json()["storing"]["stored"], perf_counter()
    return float((after - before) / (end_s - began_s))


def _read_pages(address: str, stop: threading.Event, took: list[float]) -> None:
    """The lists and the large lot, again and again; pages that this service does not have are left out."""
    with httpx.Client(base_url=address, timeout=120) as client:
        paths = [
            "/api/v1/lots",
            "/api/v1/lots/1",
            "/api/v1/lots/1/fruits",
            "/lots",
            "/lots/1",
            "/lines/bench",
        ]
        there = [path for path in paths if client.get(path).status_code == 200]
        while not (stop.is_set() and took):
            for path in there:
                began_s = perf_counter()
                client.get(path).raise_for_status()
                took.append(perf_counter() - began_s)


def _service(folder: Path, data: Path, program: Path | None = None) -> BenchService:
    """Without a network: nothing here looks at pictures."""
    environment = {
        "GRADER_DATA_DIR": str(data),
        "GRADER_MODEL_DIR": "/none/fixed_0",
        "GRADER_LINE_WORKERS": "1",
        "GRADER_LOG_LEVEL": "error",
    }
    return BenchService(folder, lanes=1, views=1, environment=environment, fixed=True, program=program)


def _request(client: httpx.Client, runs: int, method: str, path: str, **more: Any) -> float | None:
    """Median s; None: there is no such route, or it does not take this."""
    if client.request(method, path, **more).status_code in (404, 405, 422):
        return None
    return round(_timed(runs, lambda: client.request(method, path, **more).raise_for_status(), warm=False), 4)


def _timed(runs: int, work: Callable[[], object], *, warm: bool = True) -> float:
    """Median s of some runs, after one that does not count."""
    if warm:
        work()
    took = []
    for _ in range(runs):
        began_s = perf_counter()
        work()
        took.append(perf_counter() - began_s)
    return median(took)


def _copy(data: Path, scratch: Path) -> None:
    shutil.rmtree(scratch, ignore_errors=True)
    shutil.copytree(data, scratch)


ROWS = (
    ("regrade_1m_s", "s", "a million stored fruit under another standard and table: read and decided"),
    ("regrade_1m_cpu_s", "s", "  of which processor time"),
    ("regrade_1m_read_s", "s", "  of which reading them from the file"),
    ("regrade_1m_stored_s", "s", "  the same, and every decision added, in one transaction"),
    ("row_by_row_1m_s", "s", "  beside it: fruit by fruit with the ORM (in proportion, from 1,000)"),
    ("whatif_100k_s", "s", "what-if on the lot: from the request to the packouts of both sides"),
    ("whatif_first_s", "s", "  the first time, when the lot is read"),
    ("open_lot_s", "s", "the lot opened: its page, or the answer of the API where there is no page"),
    ("open_lot_page_s", "s", "  page"),
    ("open_lot_api_s", "s", "  API"),
    ("next_review_ms", "ms", "the next fruit in review: from the request to the answer"),
    ("decisions_per_s", "1/s", "decisions stored while two readers look at pages without a pause"),
    ("decisions_alone_per_s", "1/s", "  the same without readers"),
    ("pages_per_s", "1/s", "  pages that the readers got"),
    ("page_ms", "ms", "  a page meanwhile, median"),
    ("page_worst_ms", "ms", "  a page meanwhile, worst"),
    ("one_commit_each_per_s", "1/s", "  beside it: one transaction for each decision, nothing else"),
)


def main(
    fruit: Annotated[int, typer.Option(min=2, help="Fruit that are decided again.")] = 1_000_000,
    lot: Annotated[int, typer.Option(min=2, help="Fruit of the lot of the pages.")] = 100_000,
    runs: Annotated[int, typer.Option(min=1)] = 5,
    seconds: Annotated[float, typer.Option(min=0.1, help="Of storing, with and without readers.")] = 10.0,
    folder: Annotated[Path | None, typer.Option(help="Keeps the made lots. [default: a passing one]")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Measure the warehouse. Expect some minutes; figures of a computer that does other things are worth little."""
    with tempfile.TemporaryDirectory() as passing:
        place = folder or Path(passing)
        place.mkdir(parents=True, exist_ok=True)
        load = round(os.getloadavg()[0], 2)
        found = measure(place, Size(many=fruit, lot=lot, runs=runs, seconds=seconds))
        shutil.rmtree(place / "scratch", ignore_errors=True)
    machine = {
        "fruit": fruit,
        "lot_fruit": lot,
        "runs": runs,
        "processor": processor(),
        "cpus_usable": len(os.sched_getaffinity(0)),
        "load_average_before": load,
    }
    if as_json:
        sys.stdout.write(json.dumps(found | machine) + "\n")
        return
    for name, unit, meaning in ROWS:
        value = "no route" if found[name] is None else f"{found[name]} {unit}"
        sys.stdout.write(f"{name:<22} {value:>12}  {meaning}\n")
    sys.stdout.write("".join(f"{name}: {value}\n" for name, value in machine.items()))


if __name__ == "__main__":
    typer.run(main)
