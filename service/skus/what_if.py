"""What would change if other rules were in force: for fruit that are sent, for a lot, or for a season."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from time import perf_counter

from grader.errors import RecordError
from grader.fruit_columns import Integers, columns_from
from grader.record import record_from_json
from grader.rules import Standard
from grader.simulate import Regraded, Simulation, compare, regrade, simulate
from grader.sku_table import SkuTable
from service.errors import BadFruitError, NotFoundError
from service.lots.measured_lots import MeasuredLots, MeasuredLotsReader
from service.skus.rule_files import RuleFiles
from service.skus.schemas import Season, SimulateIn
from service.store.lot_store import LotStore

MOST_RECORDS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WhatIfFound:
    """simulation: rows are fruit. lot_fruit_ids: of these rows, int64 (n,); None for fruit that were sent.

    corrected: fruit of the lots that a person corrected; no rules move them, and they do not count. rules_ms, read_ms,
    decide_ms: time taken to load the rules, read the measurements, decide on both sides.
    """

    simulation: Simulation
    lot_fruit_ids: Integers | None
    corrected: int
    rules_ms: float
    read_ms: float
    decide_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Two standards and SKU tables side by side; both standards are of one crop."""

    standard_before: Standard
    table_before: SkuTable
    standard_after: Standard
    table_after: SkuTable


class WhatIf:
    """Decides fruit under two sides; stores nothing. The last "before" stays in memory: a slider moves the other."""

    def __init__(self, files: RuleFiles, lots: LotStore, reader: MeasuredLotsReader) -> None:
        self._files, self._lots, self._reader = files, lots, reader
        self._before: tuple[MeasuredLots, str, str, Regraded] | None = None

    def answer(self, asked: SimulateIn) -> WhatIfFound:
        """As the API asks. Drafts of standards may be simulated too.

        Raises:
            BadFruitError: a fruit is no record, or there are too many. NotFoundError: there is no such lot, or none in
                the season. StandardError, SkuTableError, VersionError: a side cannot be used.
        """
        began_s = perf_counter()
        sides = Sides(
            standard_before=self._files.standard(asked.before.standard),
            table_before=self._files.table(asked.before.table),
            standard_after=self._files.standard(asked.after.standard),
            table_after=self._files.table(asked.after.table),
        )
        rules_ms = _ms(perf_counter() - began_s)
        if asked.fruits is not None:
            return _of_records(asked.fruits, sides, rules_ms)
        lot_ids = (asked.lot_id,) if asked.lot_id is not None else self.season_lots(asked.season)
        return self.of_lots(lot_ids, sides, rules_ms=rules_ms)

    def of_lots(self, lot_ids: Sequence[int], sides: Sides, *, rules_ms: float = 0.0) -> WhatIfFound:
        """The fruit of stored lots. Raises NotFoundError for a lot that is not there; else as `answer`."""
        began_s = perf_counter()
        if len(lot_ids) == 1:
            self._lots.lot(lot_ids[0])
        lots = self._reader.read(lot_ids, sides.standard_before.crop)
        read_s = perf_counter()
        before = self._side_before(lots, sides.standard_before, sides.table_before)
        after = regrade(lots.columns, sides.standard_after, sides.table_after, allow_draft=True)
        return WhatIfFound(
            simulation=compare(before, after),
            lot_fruit_ids=lots.numbers,
            corrected=lots.corrected,
            rules_ms=rules_ms,
            read_ms=_ms(read_s - began_s),
            decide_ms=_ms(perf_counter() - read_s),
        )

    def _side_before(self, lots: MeasuredLots, standard: Standard, table: SkuTable) -> Regraded:
        kept = self._before
        if kept is None or kept[0] is not lots or kept[1:3] != (standard.sha256, table.sha256):
            found = regrade(lots.columns, standard, table, allow_draft=True)
            kept = self._before = (lots, standard.sha256, table.sha256, found)
        return kept[3]

    def season_lots(self, season: Season | None) -> tuple[int, ...]:
        """The lots of a season. Raises NotFoundError when there are none."""
        assert season is not None
        first = datetime.combine(season.first, time.min, UTC)
        until = datetime.combine(season.last, time.min, UTC) + timedelta(days=1)
        found = self._lots.arrived_between(season.crop, first, until)
        if not found:
            raise NotFoundError(
                f"season: expected lots of {season.crop} that arrived {season.first} to {season.last}, there are none"
            )
        return found


def _of_records(records: Sequence[Mapping[str, object]], sides: Sides, rules_ms: float) -> WhatIfFound:
    if len(records) > MOST_RECORDS:
        raise BadFruitError(f"fruits: expected at most {MOST_RECORDS:,}, got {len(records):,}")
    began_s = perf_counter()
    fruit = []
    for place, record in enumerate(records):
        try:
            fruit.append(record_from_json(record).measurement)
        except RecordError as error:
            raise BadFruitError(f"fruits[{place}]: {error}") from error
    columns = columns_from(fruit, sides.standard_before.crop)
    read_s = perf_counter()
    found = simulate(
        columns,
        sides.standard_before,
        sides.table_before,
        sides.standard_after,
        sides.table_after,
        allow_draft=True,
    )
    return WhatIfFound(
        simulation=found,
        lot_fruit_ids=None,
        corrected=0,
        rules_ms=rules_ms,
        read_ms=_ms(read_s - began_s),
        decide_ms=_ms(perf_counter() - read_s),
    )


def _ms(seconds: float) -> float:
    return round(seconds * 1e3, 1)
