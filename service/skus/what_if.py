"""What would change if other rules were in force: for fruit that are sent, for a lot, or for a season."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from time import perf_counter

from grader.errors import RecordError
from grader.fruit_columns import FruitColumns, Integers, columns_from
from grader.record import record_from_json
from grader.rules import Standard
from grader.simulate import Simulation, simulate
from grader.sku_table import SkuTable
from service.errors import BadFruitError, NotFoundError
from service.lots.measured_lots import MeasuredLotsReader
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


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """Decides stored fruit under two sides; stores nothing."""

    files: RuleFiles
    lots: LotStore
    reader: MeasuredLotsReader

    def answer(self, asked: SimulateIn) -> WhatIfFound:
        """As the API asks. Drafts of standards may be simulated too.

        Raises:
            BadFruitError: a fruit is no record, or there are too many. NotFoundError: there is no such lot, or none in
                the season. StandardError, SkuTableError, VersionError: a side cannot be used.
        """
        began_s = perf_counter()
        sides = Sides(
            standard_before=self.files.standard(asked.before.standard),
            table_before=self.files.table(asked.before.table),
            standard_after=self.files.standard(asked.after.standard),
            table_after=self.files.table(asked.after.table),
        )
        rules_ms = _since_ms(began_s)
        if asked.fruits is not None:
            return _decided(
                _columns_of(asked.fruits, sides.standard_before.crop), None, 0, sides, rules_ms, 0
            )
        lot_ids = (asked.lot_id,) if asked.lot_id is not None else self.season_lots(asked.season)
        return self.of_lots(lot_ids, sides, rules_ms=rules_ms)

    def of_lots(self, lot_ids: Sequence[int], sides: Sides, *, rules_ms: float = 0.0) -> WhatIfFound:
        """The fruit of stored lots. Raises NotFoundError for a lot that is not there; else as `answer`."""
        began_s = perf_counter()
        if len(lot_ids) == 1:
            self.lots.lot(lot_ids[0])
        lots = self.reader.read(lot_ids, sides.standard_before.crop)
        return _decided(lots.columns, lots.numbers, lots.corrected, sides, rules_ms, _since_ms(began_s))

    def season_lots(self, season: Season | None) -> tuple[int, ...]:
        """The lots of a season. Raises NotFoundError when there are none."""
        assert season is not None
        first = datetime.combine(season.first, time.min, UTC)
        until = datetime.combine(season.last, time.min, UTC) + timedelta(days=1)
        found = self.lots.arrived_between(season.crop, first, until)
        if not found:
            raise NotFoundError(
                f"season: expected lots of {season.crop} that arrived {season.first} to {season.last}, there are none"
            )
        return found


def _decided(
    columns: FruitColumns,
    numbers: Integers | None,
    corrected: int,
    sides: Sides,
    rules_ms: float,
    read_ms: float,
) -> WhatIfFound:
    began_s = perf_counter()
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
        lot_fruit_ids=numbers,
        corrected=corrected,
        rules_ms=rules_ms,
        read_ms=read_ms,
        decide_ms=_since_ms(began_s),
    )


def _columns_of(records: Sequence[Mapping[str, object]], crop: str) -> FruitColumns:
    if len(records) > MOST_RECORDS:
        raise BadFruitError(f"fruits: expected at most {MOST_RECORDS:,}, got {len(records):,}")
    fruit = []
    for place, record in enumerate(records):
        try:
            fruit.append(record_from_json(record).measurement)
        except RecordError as error:
            raise BadFruitError(f"fruits[{place}]: {error}") from error
    return columns_from(fruit, crop)


def _since_ms(began_s: float) -> float:
    return round((perf_counter() - began_s) * 1e3, 1)
