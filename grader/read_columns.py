"""What one rule of a standard reads from many fruit: `reading.py` over columns, equal to the last bit."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, pi

import numpy as np

from grader.fruit_columns import KIND_ORDER, Booleans, Doubles, FruitColumns
from grader.reading import MM2_PER_CM2, SD_PER_95_INTERVAL
from grader.rules import Limit, Measure, Rule, Shape


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadColumns:
    """Readings of n fruit in the unit of the measure. value: float64 (n,), NaN where unknown. low, high: sure bounds.

    sd: standard deviation, 0 where none. running, confidence: float64 (n, m) over defects from the most to the least
    certain, None for measures that are not of defects.
    """

    value: Doubles
    low: Doubles
    high: Doubles
    sd: Doubles
    running: Doubles | None = None
    confidence: Doubles | None = None

    @property
    def known(self) -> Booleans:
        """bool (n,): a value was measured."""
        return ~np.isnan(self.value)


def read_columns(
    fruit: FruitColumns, rule: Rule, limit: Limit, diameter_range_mm: tuple[float, float]
) -> ReadColumns:
    """The readings that `limit` of `rule` is compared with; see `reading.read_rule`."""
    measure = limit.measure
    if measure.of_defects:
        return _read_defects(fruit, rule, measure, diameter_range_mm)
    sizes = {
        Measure.EQUATORIAL_DIAMETER_MM: fruit.diameter_mm,
        Measure.RING_DIAMETER_MM: fruit.ring_mm,
        Measure.LENGTH_MM: fruit.length_mm,
        Measure.WEIGHT_G: fruit.weight_g,
    }
    if measure in sizes:
        value, low, high = sizes[measure].T
        unknown = np.isnan(value)
        return ReadColumns(
            value=value,
            low=np.where(unknown, 0.0, low),
            high=np.where(unknown, inf, high),
            sd=np.where(unknown, 0.0, (high - low) / SD_PER_95_INTERVAL),
        )
    if measure is Measure.SHAPE_INDEX:
        unknown = np.isnan(fruit.shape_index)
        return ReadColumns(
            value=fruit.shape_index,
            low=np.where(unknown, 0.0, fruit.shape_index),
            high=np.where(unknown, inf, fruit.shape_index),
            sd=np.zeros(len(fruit)),
        )
    if measure is Measure.NET_COVER_FRACTION:
        return _read_fraction(fruit.net_cover, fruit.surface_seen)
    if measure is Measure.RED_FRACTION:
        return _read_fraction(np.minimum(fruit.blush + fruit.light_red, 1.0), fruit.surface_seen)
    return _read_fraction(fruit.blush, fruit.surface_seen)


def _read_fraction(value: Doubles, seen: Doubles) -> ReadColumns:
    unknown = np.isnan(value)
    return ReadColumns(
        value=value,
        low=np.where(unknown, 0.0, value * seen),
        high=np.where(unknown, 1.0, value * seen + (1.0 - seen)),
        sd=np.zeros(len(value)),
    )


def _read_defects(
    fruit: FruitColumns, rule: Rule, measure: Measure, diameter_range_mm: tuple[float, float]
) -> ReadColumns:
    wanted = np.array([*(kind in rule.kinds for kind in KIND_ORDER), False])  # the last is -1, no defect
    chosen = wanted[fruit.defect_kind]
    if rule.shape is not Shape.ANY:
        chosen &= fruit.defect_elongated == (rule.shape is Shape.ELONGATED)
    if measure is Measure.COUNT:
        return _exact(fruit, _running_sums(chosen.astype(np.float64)))
    if measure is Measure.KIND_COUNT:
        seen_kinds = [
            np.maximum.accumulate(chosen & (fruit.defect_kind == kind), axis=1)
            for kind in range(len(KIND_ORDER))
        ]
        return _exact(fruit, np.sum(seen_kinds, axis=0).astype(np.float64))
    if measure is Measure.TOTAL_AREA_FRACTION:
        running = _running_sums(np.where(chosen, fruit.defect_fraction, 0.0))
        fraction = _read_fraction(running[:, -1], fruit.surface_seen)
        return ReadColumns(
            value=fraction.value,
            low=fraction.low,
            high=fraction.high,
            sd=fraction.sd,
            running=running,
            confidence=fruit.defect_confidence,
        )
    sizes = _sizes(fruit, rule, measure)
    unknown = (chosen & np.isnan(sizes)).any(axis=1)
    lowest, highest = (
        _gather(
            np.where(chosen, np.where(np.isnan(sizes), _size_at(fruit, measure, diameter), sizes), 0.0),
            measure,
        )
        for diameter in diameter_range_mm
    )
    return ReadColumns(
        value=np.where(unknown, np.nan, lowest[:, -1]),
        low=lowest[:, -1],
        high=highest[:, -1],
        sd=np.zeros(len(fruit)),
        running=lowest,
        confidence=fruit.defect_confidence,
    )


def _exact(fruit: FruitColumns, running: Doubles) -> ReadColumns:
    total = running[:, -1]
    return ReadColumns(
        value=total,
        low=total,
        high=total,
        sd=np.zeros(len(fruit)),
        running=running,
        confidence=fruit.defect_confidence,
    )


def _sizes(fruit: FruitColumns, rule: Rule, measure: Measure) -> Doubles:
    """float64 (n, m): area in mm2 or length in mm; NaN without a scale, unless the limits scale with the fruit."""
    by_length = measure is Measure.TOTAL_LENGTH_MM
    measured = fruit.defect_length_mm if by_length else fruit.defect_area_mm2
    reference = rule.reference_diameter_mm
    if reference is None:
        return measured
    diameter = fruit.diameter_mm[:, 0]
    ratio = reference / np.where(diameter > 0.0, diameter, np.nan)
    scaled = measured * (ratio if by_length else ratio * ratio)[:, None]
    return np.where(np.isnan(scaled), _size_at(fruit, measure, reference), scaled)


def _size_at(fruit: FruitColumns, measure: Measure, diameter_mm: float) -> Doubles:
    """float64 (n, m): area in mm2 (length in mm) if each fruit, taken as a sphere (K09), had this diameter."""
    if measure is Measure.TOTAL_LENGTH_MM:
        return fruit.defect_diameters * diameter_mm
    return fruit.defect_fraction * fruit.surface_seen[:, None] * (pi * diameter_mm * diameter_mm)


def _gather(sizes: Doubles, measure: Measure) -> Doubles:
    """float64 (n, m): running value in the unit of the measure."""
    if measure is Measure.LARGEST_AREA_CM2:
        return np.maximum.accumulate(sizes, axis=1) / MM2_PER_CM2
    running = _running_sums(sizes)
    if measure is Measure.TOTAL_AREA_CM2:
        return running / MM2_PER_CM2
    if measure is Measure.CIRCLE_DIAMETER_MM:
        return 2.0 * np.sqrt(running / pi)
    return running


def _running_sums(values: Doubles) -> Doubles:
    """float64 (n, m): `np.cumsum` along the rows; a loop over few columns is many times faster."""
    sums = values.copy()
    for column in range(1, values.shape[1]):
        sums[:, column] += sums[:, column - 1]
    return sums
