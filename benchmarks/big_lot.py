"""What people ask of a large lot, in seconds: `python -m benchmarks.big_lot [--fruit 100000] [--data DIR]`."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

import httpx

from service.app import create_app
from service.archive import Archive
from service.settings import ServiceSettings
from service.store.lot_store import NewLot
from tests.fakes import FakeGrader
from tests.service.made_lot import BEGAN, fill_lot
from tests.service.running import listening

TRIES = 5


def main() -> None:
    """Build the lot where there is none, open its pages as a browser does, print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fruit", type=int, default=100_000)
    parser.add_argument("--data", type=Path, help="Keep the data here, for the next time.")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = wanted.data or Path(temporary)
        build(folder, wanted.fruit)
        settings = ServiceSettings(data_dir=folder, samples_dir=folder / "none", min_free_mb=1)
        with listening(create_app(settings, grader=FakeGrader())) as address:
            print(json.dumps(times(address), indent=1))  # noqa: T201


def build(folder: Path, count: int) -> None:
    """A closed lot, unless there is one."""
    archive = Archive.open(folder, min_free_bytes=1)
    if not archive.lots.lots(limit=1):
        new = NewLot(
            code="LX-BIG",
            grower="王家果园",
            crop="apple",
            variety="fuji",
            arrived_at=BEGAN,
            net_weight_kg=20_000,
        )
        lot = archive.lots.open(new, line_id="north", lanes=(1,), at=BEGAN)
        fill_lot(archive, lot, count)
        archive.lots.close(lot.lot_id, at=BEGAN + timedelta(hours=4))
    archive.close()


def times(address: str) -> dict[str, float]:
    """Medians of some tries, the first one left out."""
    found: dict[str, float] = {}
    with httpx.Client(base_url=address, timeout=120) as client:
        for name, path in (
            ("list_s", "/lots"),
            ("open_lot_s", "/lots/1"),
            ("fruit_s", "/lots/1/fruits"),
            ("fruit_of_a_sku_s", "/lots/1/fruits?sku=APL-FUJI-II-60"),
            ("fruit_of_no_size_s", "/lots/1/fruits?size=none"),
            ("statement_s", "/lots/1/statement"),
        ):
            found[name] = round(
                median(list(tries(lambda path=path: client.get(path).raise_for_status()))[1:]), 3
            )  # type: ignore[misc]
    return found


def tries(ask: Callable[[], object]) -> list[float]:
    """Seconds of each."""
    taken = []
    for _ in range(TRIES + 1):
        started = perf_counter()
        ask()
        taken.append(perf_counter() - started)
    return taken


if __name__ == "__main__":
    main()
