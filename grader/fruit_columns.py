"""Measurements of many fruit as columns of numbers (structure of arrays), for deciding millions at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray

from grader.grade_settings import LIMITING_FLAGS, UNUSABLE_FLAGS
from grader.types import DefectKind, FruitMeasurement, Interval

Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

KIND_ORDER = tuple(DefectKind)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FruitColumns:
    """Many measurements as arrays with n rows; NaN is an unknown number.

    variety_index: int64 (n,), position in `varieties`, -1 where the variety is unknown. is_crop: bool (n,).
    is_usable, is_limited: bool (n,), by the quality flags. diameter_mm, ring_mm, length_mm, weight_g: float64 (n, 3):
    value, low, high. defect_*: (n, m), rows sorted from the most to the least certain defect, padded with
    defect_kind -1 (positions in KIND_ORDER), m >= 1. Areas mm2, lengths mm, fractions and confidences 0-1.
    crops, crop_index: int64 (n,), position of each fruit's crop in `crops`; () and None where only `is_crop` is known.
    """

    crop: str
    varieties: tuple[str, ...]
    variety_index: Integers
    is_crop: Booleans
    is_usable: Booleans
    is_limited: Booleans
    touches_edge: Booleans
    crop_confidence: Doubles
    surface_seen: Doubles
    diameter_mm: Doubles
    ring_mm: Doubles
    length_mm: Doubles
    weight_g: Doubles
    shape_index: Doubles
    blush: Doubles
    light_red: Doubles
    net_cover: Doubles
    defect_kind: Integers
    defect_elongated: Booleans
    defect_area_mm2: Doubles
    defect_fraction: Doubles
    defect_length_mm: Doubles
    defect_diameters: Doubles
    defect_confidence: Doubles
    crops: tuple[str, ...] = ()
    crop_index: Integers | None = None

    def __len__(self) -> int:
        return len(self.surface_seen)

    def rows(self, start: int, stop: int) -> FruitColumns:
        """Rows start <= i < stop, without copying."""
        part = slice(start, stop)
        return FruitColumns(
            crop=self.crop,
            varieties=self.varieties,
            variety_index=self.variety_index[part],
            is_crop=self.is_crop[part],
            is_usable=self.is_usable[part],
            is_limited=self.is_limited[part],
            touches_edge=self.touches_edge[part],
            crop_confidence=self.crop_confidence[part],
            surface_seen=self.surface_seen[part],
            diameter_mm=self.diameter_mm[part],
            ring_mm=self.ring_mm[part],
            length_mm=self.length_mm[part],
            weight_g=self.weight_g[part],
            shape_index=self.shape_index[part],
            blush=self.blush[part],
            light_red=self.light_red[part],
            net_cover=self.net_cover[part],
            defect_kind=self.defect_kind[part],
            defect_elongated=self.defect_elongated[part],
            defect_area_mm2=self.defect_area_mm2[part],
            defect_fraction=self.defect_fraction[part],
            defect_length_mm=self.defect_length_mm[part],
            defect_diameters=self.defect_diameters[part],
            defect_confidence=self.defect_confidence[part],
            crops=self.crops,
            crop_index=None if self.crop_index is None else self.crop_index[part],
        )


def columns_from(measurements: Sequence[FruitMeasurement], crop: str) -> FruitColumns:
    """Columns of measurements, in order; fruit of another crop are kept and come out `ungraded`."""
    varieties = tuple(sorted({fruit.variety for fruit in measurements if fruit.variety is not None}))
    position = {variety: index for index, variety in enumerate(varieties)}
    crops = tuple(sorted({str(fruit.crop) for fruit in measurements}))
    ranked = [sorted(fruit.defects, key=lambda defect: -defect.confidence) for fruit in measurements]
    shape = (len(measurements), max((1, *(len(defects) for defects in ranked))))
    kinds = np.full(shape, -1, dtype=np.int64)
    elongated = np.zeros(shape, dtype=np.bool_)
    numbers = np.zeros((5, *shape))
    for row, defects in enumerate(ranked):
        for column, defect in enumerate(defects):
            kinds[row, column] = KIND_ORDER.index(defect.kind)
            elongated[row, column] = defect.elongated
            numbers[:, row, column] = (
                number_or_nan(defect.area_mm2),
                defect.area_fraction,
                number_or_nan(defect.length_mm),
                defect.length_diameters,
                defect.confidence,
            )
    nettings = [fruit.netting for fruit in measurements]
    return FruitColumns(
        crop=crop,
        varieties=varieties,
        variety_index=np.array(
            [-1 if fruit.variety is None else position[fruit.variety] for fruit in measurements],
            dtype=np.int64,
        ),
        is_crop=np.array([fruit.crop == crop for fruit in measurements], dtype=np.bool_),
        is_usable=np.array(
            [UNUSABLE_FLAGS.isdisjoint(fruit.quality_flags) for fruit in measurements], dtype=np.bool_
        ),
        is_limited=np.array(
            [not LIMITING_FLAGS.isdisjoint(fruit.quality_flags) for fruit in measurements], dtype=np.bool_
        ),
        touches_edge=np.array([fruit.touches_edge for fruit in measurements], dtype=np.bool_),
        crop_confidence=_column([fruit.crop_confidence for fruit in measurements]),
        surface_seen=_column([fruit.surface_seen_fraction for fruit in measurements]),
        diameter_mm=_intervals([fruit.size.equatorial_diameter_mm for fruit in measurements]),
        ring_mm=_intervals([fruit.size.ring_diameter_mm for fruit in measurements]),
        length_mm=_intervals([fruit.size.length_mm for fruit in measurements]),
        weight_g=_intervals([fruit.size.weight_g for fruit in measurements]),
        shape_index=_column([fruit.size.shape_index for fruit in measurements]),
        blush=_column([fruit.colour.blush_fraction for fruit in measurements]),
        light_red=_column([fruit.colour.light_red_fraction for fruit in measurements]),
        net_cover=_column([None if netting is None else netting.cover_fraction for netting in nettings]),
        defect_kind=kinds,
        defect_elongated=elongated,
        defect_area_mm2=numbers[0],
        defect_fraction=numbers[1],
        defect_length_mm=numbers[2],
        defect_diameters=numbers[3],
        defect_confidence=numbers[4],
        crops=crops,
        crop_index=np.array([crops.index(fruit.crop) for fruit in measurements], dtype=np.int64),
    )


def number_or_nan(value: float | None) -> float:
    """A number as a column has it: NaN where it is unknown."""
    return nan if value is None else value


def interval_or_nan(interval: Interval | None) -> tuple[float, float, float]:
    """Value, low and high as a column has them: NaN where they are unknown."""
    return (nan, nan, nan) if interval is None else (interval.value, interval.low, interval.high)


def _column(values: Sequence[float | None]) -> Doubles:
    return np.array([number_or_nan(value) for value in values], dtype=np.float64)


def _intervals(values: Sequence[Interval | None]) -> Doubles:
    rows = [interval_or_nan(value) for value in values]
    return np.array(rows, dtype=np.float64).reshape(len(rows), 3)
