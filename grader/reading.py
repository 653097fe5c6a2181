"""What one rule of a standard reads from one measured fruit: a value, sure bounds of it, and how far to trust it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, pi, sqrt

from scipy.special import ndtr

from grader.rules import Limit, Measure, Rule, Shape
from grader.size_codes import size_interval
from grader.types import Defect, FruitMeasurement, Interval

MM2_PER_CM2 = 100.0
SD_PER_95_INTERVAL = 2.0 * 1.959963984540054
"""Width of a 95 % interval in standard deviations (normal distribution)."""

_SIZES = (Measure.EQUATORIAL_DIAMETER_MM, Measure.RING_DIAMETER_MM, Measure.LENGTH_MM, Measure.WEIGHT_G)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One value in the unit of the rule's measure.

    value: None if unknown. low, high: bounds that hold for sure, whatever the unseen side and the scale may be
    (high of a defect sum is only of the skin seen). sd: standard deviation, 0 where none was measured.
    running: for defects, (value, or low bound where unknown, of the n most certain defects, confidence of the n-th).
    """

    value: float | None
    low: float
    high: float
    sd: float = 0.0
    running: tuple[tuple[float, float], ...] = ()


def read_rule(
    measurement: FruitMeasurement, rule: Rule, limit: Limit, diameter_range_mm: tuple[float, float]
) -> Reading:
    """The reading that `limit` of `rule` is compared with.

    diameter_range_mm: smallest and largest fruit of the crop; bounds areas and lengths where there is no scale.
    """
    if limit.measure.of_defects:
        return _read_defects(measurement, rule, limit.measure, diameter_range_mm)
    if limit.measure in _SIZES:
        return _read_interval(size_interval(measurement.size, limit.measure))
    if limit.measure is Measure.SHAPE_INDEX:
        return _read_number(measurement.size.shape_index)
    if limit.measure is Measure.NET_COVER_FRACTION:
        netting = measurement.netting
        return _read_fraction(None if netting is None else netting.cover_fraction, measurement)
    red = measurement.colour.blush_fraction
    if limit.measure is Measure.RED_FRACTION:
        red = min(red + measurement.colour.light_red_fraction, 1.0)
    return _read_fraction(red, measurement)


def pass_chance(reading: Reading, limit: float, *, at_least: bool) -> float:
    """Chance 0-1 that a known value meets the limit, from its standard deviation (normal distribution)."""
    assert reading.value is not None
    margin = reading.value - limit if at_least else limit - reading.value
    if reading.sd > 0.0:
        return float(ndtr(margin / reading.sd))
    return 1.0 if margin >= 0.0 else 0.0


def denial_trust(reading: Reading, limit: float) -> float:
    """Confidence 0-1 of the least certain defect that is needed to exceed a maximum. 1 without defects listed."""
    return next((confidence for value, confidence in reading.running if value > limit), 1.0)


def _read_interval(interval: Interval | None) -> Reading:
    if interval is None:
        return Reading(value=None, low=0.0, high=inf)
    sd = (interval.high - interval.low) / SD_PER_95_INTERVAL
    return Reading(value=interval.value, low=interval.low, high=interval.high, sd=sd)


def _read_number(value: float | None) -> Reading:
    if value is None:
        return Reading(value=None, low=0.0, high=inf)
    return Reading(value=value, low=value, high=value)


def _read_fraction(value: float | None, measurement: FruitMeasurement) -> Reading:
    """A share of the seen skin; on the whole fruit the unseen skin may be all or nothing."""
    if value is None:
        return Reading(value=None, low=0.0, high=1.0)
    seen = measurement.surface_seen_fraction
    return Reading(value=value, low=value * seen, high=value * seen + (1.0 - seen))


def _read_defects(
    measurement: FruitMeasurement, rule: Rule, measure: Measure, diameter_range_mm: tuple[float, float]
) -> Reading:
    chosen = sorted(
        (defect for defect in measurement.defects if _is_meant(defect, rule)),
        key=lambda defect: -defect.confidence,
    )
    confidences = [defect.confidence for defect in chosen]
    if measure is Measure.COUNT:
        return _exact([float(n) for n in range(1, len(chosen) + 1)], confidences)
    if measure is Measure.KIND_COUNT:
        kinds = [defect.kind for defect in chosen]
        return _exact([float(len(set(kinds[:n]))) for n in range(1, len(kinds) + 1)], confidences)
    if measure is Measure.TOTAL_AREA_FRACTION:
        running = _running_sum([defect.area_fraction for defect in chosen])
        total = running[-1] if running else 0.0
        seen = measurement.surface_seen_fraction
        return Reading(
            value=total,
            low=total * seen,
            high=total * seen + (1.0 - seen),
            running=tuple(zip(running, confidences, strict=True)),
        )
    sizes = _sizes(measurement, chosen, rule, measure)
    known = [size for size in sizes if size is not None]
    if len(known) == len(sizes):
        return _exact(_gather(known, measure), confidences)
    lowest, highest = (
        _gather(
            [
                _size_at(measurement, defect, measure, diameter) if size is None else size
                for defect, size in zip(chosen, sizes, strict=True)
            ],
            measure,
        )
        for diameter in diameter_range_mm
    )
    running_low = tuple(zip(lowest, confidences, strict=True))
    return Reading(value=None, low=lowest[-1], high=highest[-1], running=running_low)


def _is_meant(defect: Defect, rule: Rule) -> bool:
    wanted = rule.shape is Shape.ANY or defect.elongated is (rule.shape is Shape.ELONGATED)
    return wanted and defect.kind in rule.kinds


def _exact(running: Sequence[float], confidences: Sequence[float]) -> Reading:
    total = running[-1] if running else 0.0
    return Reading(value=total, low=total, high=total, running=tuple(zip(running, confidences, strict=True)))


def _sizes(
    measurement: FruitMeasurement, chosen: Sequence[Defect], rule: Rule, measure: Measure
) -> list[float | None]:
    """Area in mm2 or length in mm of each defect; None without a scale, unless the limits scale with the fruit."""
    by_length = measure is Measure.TOTAL_LENGTH_MM
    measured = [defect.length_mm if by_length else defect.area_mm2 for defect in chosen]
    reference = rule.reference_diameter_mm
    if reference is None:
        return measured
    diameter = measurement.size.equatorial_diameter_mm
    has_scale = diameter is not None and diameter.value > 0.0
    ratio = reference / diameter.value if diameter is not None and has_scale else 0.0
    factor = ratio if by_length else ratio * ratio
    return [
        size * factor if size is not None and has_scale else _size_at(measurement, defect, measure, reference)
        for defect, size in zip(chosen, measured, strict=True)
    ]


def _size_at(measurement: FruitMeasurement, defect: Defect, measure: Measure, diameter_mm: float) -> float:
    """Area in mm2 (length in mm) of the defect if the fruit, taken as a sphere (K09), had this diameter."""
    if measure is Measure.TOTAL_LENGTH_MM:
        return defect.length_diameters * diameter_mm
    return defect.area_fraction * measurement.surface_seen_fraction * (pi * diameter_mm * diameter_mm)


def _gather(sizes: Sequence[float], measure: Measure) -> list[float]:
    """Running value in the unit of the measure over defects from the most to the least certain."""
    if measure is Measure.LARGEST_AREA_CM2:
        return [max(sizes[:n]) / MM2_PER_CM2 for n in range(1, len(sizes) + 1)]
    running = _running_sum(sizes)
    if measure is Measure.TOTAL_AREA_CM2:
        return [total / MM2_PER_CM2 for total in running]
    if measure is Measure.CIRCLE_DIAMETER_MM:
        return [2.0 * sqrt(total / pi) for total in running]
    return running


def _running_sum(values: Sequence[float]) -> list[float]:
    total = 0.0
    sums: list[float] = []
    for value in values:
        total += value
        sums.append(total)
    return sums
