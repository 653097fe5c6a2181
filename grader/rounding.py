"""How many digits a stored number keeps. Round *before* deciding, so that live and re-graded decisions agree."""

from __future__ import annotations

from dataclasses import replace

from grader.types import (
    ColourMeasurement,
    Defect,
    FruitMeasurement,
    Interval,
    Lab,
    NettingMeasurement,
    Reason,
    SizeMeasurement,
)

MM_PLACES = 2
MM2_PLACES = 1
BULK_PLACES = 1  # g, cm3, px
LAB_PLACES = 2
RATIO_PLACES = 4
SHARE_PLACES = 6  # area of a defect: 1 mm2 is 0.000005 of a large fruit
REASON_PLACES = 6


def to_places(value: float, places: int) -> float:
    """Round half to even at so many decimals; never gives -0.0. Monotone, and the same when done twice."""
    return round(float(value), places) + 0.0


def rounded_measurement(measurement: FruitMeasurement) -> FruitMeasurement:
    """The measurement with every number at the digits it is stored with.

    mm 0.01; mm2 0.1; g, cm3, px 0.1; Lab 0.01; ratios, shares and confidences 0.0001; share of a defect 0.000001.
    Decide on this one: then a stored fruit decided again gives exactly the same class.
    """
    return replace(
        measurement,
        surface_seen_fraction=to_places(measurement.surface_seen_fraction, RATIO_PLACES),
        crop_confidence=to_places(measurement.crop_confidence, RATIO_PLACES),
        size=_size(measurement.size),
        colour=_colour(measurement.colour),
        netting=None
        if measurement.netting is None
        else NettingMeasurement(cover_fraction=to_places(measurement.netting.cover_fraction, RATIO_PLACES)),
        defects=tuple(_defect(defect) for defect in measurement.defects),
        landmarks=tuple(
            replace(mark, confidence=to_places(mark.confidence, RATIO_PLACES))
            for mark in measurement.landmarks
        ),
    )


def rounded_reason(reason: Reason) -> Reason:
    """The reason with its numbers at six decimals."""
    value, limit = reason.value, reason.limit
    return replace(
        reason,
        value=value if value is None or isinstance(value, str) else to_places(value, REASON_PLACES),
        limit=limit if limit is None or isinstance(limit, str) else to_places(limit, REASON_PLACES),
    )


def _interval(interval: Interval | None, places: int) -> Interval | None:
    if interval is None:
        return None
    return Interval(
        value=to_places(interval.value, places),
        low=to_places(interval.low, places),
        high=to_places(interval.high, places),
    )


def _size(size: SizeMeasurement) -> SizeMeasurement:
    return SizeMeasurement(
        diameter_px=to_places(size.diameter_px, BULK_PLACES),
        equatorial_diameter_mm=_interval(size.equatorial_diameter_mm, MM_PLACES),
        ring_diameter_mm=_interval(size.ring_diameter_mm, MM_PLACES),
        length_mm=_interval(size.length_mm, MM_PLACES),
        shape_index=None if size.shape_index is None else to_places(size.shape_index, RATIO_PLACES),
        volume_cm3=_interval(size.volume_cm3, BULK_PLACES),
        weight_g=_interval(size.weight_g, BULK_PLACES),
    )


def _colour(colour: ColourMeasurement) -> ColourMeasurement:
    return ColourMeasurement(
        blush_fraction=to_places(colour.blush_fraction, RATIO_PLACES),
        light_red_fraction=to_places(colour.light_red_fraction, RATIO_PLACES),
        ground_lab=_lab(colour.ground_lab),
        blush_lab=_lab(colour.blush_lab),
        blush_interval=_interval(colour.blush_interval, RATIO_PLACES),
    )


def _lab(lab: Lab | None) -> Lab | None:
    if lab is None:
        return None
    return (to_places(lab[0], LAB_PLACES), to_places(lab[1], LAB_PLACES), to_places(lab[2], LAB_PLACES))


def _defect(defect: Defect) -> Defect:
    return replace(
        defect,
        area_mm2=None if defect.area_mm2 is None else to_places(defect.area_mm2, MM2_PLACES),
        area_fraction=to_places(defect.area_fraction, SHARE_PLACES),
        length_mm=None if defect.length_mm is None else to_places(defect.length_mm, MM_PLACES),
        length_diameters=to_places(defect.length_diameters, RATIO_PLACES),
        confidence=to_places(defect.confidence, RATIO_PLACES),
    )
