"""Numbers in the wrong unit: cm or g where mm is meant, percent where a share is meant. Only what no fruit can have."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, pi

from grader.rules import Measure, Standard

MARGIN = 1.5
"""A size this many times beyond the smallest and the largest fruit on sale is no size of that crop. Ours."""

_LEAST_DENSITY, _MOST_DENSITY = 0.5, 1.2  # g/cm3 of a round fruit; ours, generous
_DIAMETERS = (Measure.EQUATORIAL_DIAMETER_MM, Measure.RING_DIAMETER_MM, Measure.LENGTH_MM)
_AREAS = (Measure.TOTAL_AREA_CM2, Measure.LARGEST_AREA_CM2)
_DEFECT_LENGTHS = (Measure.TOTAL_LENGTH_MM, Measure.CIRCLE_DIAMETER_MM)


def diameter_range(crop: str, standards: Sequence[Standard]) -> tuple[float, float] | None:
    """Smallest and largest fruit on sale in mm, of all standards of a crop; None for a crop without any."""
    ranges = [standard.diameter_range_mm for standard in standards if standard.crop == crop]
    return (min(low for low, _ in ranges), max(high for _, high in ranges)) if ranges else None


def unit_doubt(measure: Measure, value: float, diameters_mm: tuple[float, float]) -> str | None:
    """Why a limit cannot be meant in the unit of its measure; None where it can. 0 and infinity are never in doubt.

    >>> unit_doubt(Measure.EQUATORIAL_DIAMETER_MM, 7.5, (55.0, 100.0))
    'expected mm, 36.7-150, got 7.5: is it in cm?'
    """
    if value == 0.0 or not isfinite(value):
        return None
    low, high = diameters_mm
    mm, g = (low / MARGIN, high * MARGIN), _weights_g(diameters_mm)
    if measure in _DIAMETERS:
        return _outside(value, mm, "mm", (("cm", 10.0, mm), ("m", 1000.0, mm), ("g", 1.0, g)))
    if measure is Measure.WEIGHT_G:
        return _outside(value, g, "g", (("kg", 1000.0, g), ("mm", 1.0, mm)))
    if measure in _AREAS:  # more than a quarter of the skin of the smallest fruit, a sphere
        return _outside(value, (0.0, pi * (low / 10.0) ** 2 / 4.0), "cm2", (("mm2", 0.01, (0.0, 1e9)),))
    if measure in _DEFECT_LENGTHS:  # more than once round the largest
        return _outside(value, (0.0, pi * high), "mm", ())
    if measure.value.endswith("_fraction"):
        return _outside(value, (0.0, 1.0), "a share", (("percent", 0.01, (0.0, 1.0)),))
    return None


def _weights_g(diameters_mm: tuple[float, float]) -> tuple[float, float]:
    low, high = (pi / 6.0 * (diameter / 10.0) ** 3 for diameter in diameters_mm)
    return low * _LEAST_DENSITY / MARGIN, high * _MOST_DENSITY * MARGIN


def _outside(
    value: float,
    wanted: tuple[float, float],
    unit: str,
    others: Sequence[tuple[str, float, tuple[float, float]]],
) -> str | None:
    low, high = wanted
    if low <= value <= high:
        return None
    guess = next((name for name, factor, (least, most) in others if least <= value * factor <= most), None)
    question = "" if guess is None else f": is it in {guess}?"
    return f"expected {unit}, {low:.3g}-{high:.3g}, got {value:.6g}{question}"
