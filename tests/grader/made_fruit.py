"""Measurements made by hand or by hypothesis: terse builders for the tests of standards, grades, SKUs and records."""

from __future__ import annotations

from dataclasses import replace
from math import pi

from hypothesis import strategies as st

from grader.types import (
    ColourMeasurement,
    Crop,
    Defect,
    DefectKind,
    FruitMeasurement,
    FruitRecord,
    GradeDecision,
    Interval,
    Landmark,
    LandmarkKind,
    NettingMeasurement,
    Reason,
    SizeMeasurement,
    SkuAssignment,
)


def exactly(value: float) -> Interval:
    return Interval(value=value, low=value, high=value)


def about(value: float, half: float) -> Interval:
    return Interval(value=value, low=value - half, high=value + half)


def make_defect(
    kind: str,
    *,
    area_mm2: float | None = 10.0,
    fraction: float = 0.001,
    length_mm: float | None = 4.0,
    diameters: float = 0.05,
    elongated: bool = False,
    confidence: float = 0.95,
) -> Defect:
    return Defect(
        kind=DefectKind(kind),
        area_mm2=area_mm2,
        area_fraction=fraction,
        length_mm=length_mm,
        length_diameters=diameters,
        elongated=elongated,
        confidence=confidence,
        box_xyxy_px=(10, 10, 20, 20),
    )


def make_fruit(
    *defects: Defect,
    crop: Crop = Crop.APPLE,
    variety: str | None = "golden_delicious",
    diameter_mm: Interval | None = exactly(76.2),
    weight_g: Interval | None = None,
    blush: float = 1.0,
    light_red: float = 0.0,
    seen: float = 1.0,
    touches_edge: bool = False,
    crop_confidence: float = 1.0,
    net_cover: float | None = None,
    flags: tuple[str, ...] = (),
) -> FruitMeasurement:
    """A sound, fully seen apple of 76.2 mm (3 inches) unless told otherwise."""
    return FruitMeasurement(
        frame_id="cup1.jpg",
        fruit_index=0,
        crop=crop,
        variety=variety,
        box_xyxy_px=(0, 0, 400, 400),
        touches_edge=touches_edge,
        view_count=10,
        surface_seen_fraction=seen,
        crop_confidence=crop_confidence,
        size=SizeMeasurement(
            diameter_px=400.0, equatorial_diameter_mm=diameter_mm, shape_index=0.9, weight_g=weight_g
        ),
        colour=ColourMeasurement(
            blush_fraction=blush, light_red_fraction=light_red, ground_lab=None, blush_lab=None
        ),
        netting=None if net_cover is None else NettingMeasurement(cover_fraction=net_cover),
        defects=defects,
        landmarks=(),
        model_id="fruitnet/test",
        quality_flags=flags,
    )


def without_scale(fruit: FruitMeasurement) -> FruitMeasurement:
    """The same fruit from a camera that was never calibrated."""
    return replace(
        fruit,
        size=SizeMeasurement(diameter_px=fruit.size.diameter_px, shape_index=fruit.size.shape_index),
        defects=tuple(replace(defect, area_mm2=None, length_mm=None) for defect in fruit.defects),
        quality_flags=tuple(sorted({*fruit.quality_flags, "no_scale"})),
    )


def shares(low: float = 0.0, high: float = 1.0) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_subnormal=False)


@st.composite
def defects_on(draw: st.DrawFn, diameter_mm: float, seen: float) -> Defect:
    """A defect whose mm, mm2 and shares fit a sphere of this diameter."""
    fraction = draw(st.one_of(shares(0.0, 0.02), shares(0.0, 0.6)))
    diameters = draw(shares(0.0, 1.5))
    return Defect(
        kind=draw(st.sampled_from(DefectKind)),
        area_mm2=fraction * seen * (pi * diameter_mm * diameter_mm),
        area_fraction=fraction,
        length_mm=diameters * diameter_mm,
        length_diameters=diameters,
        elongated=draw(st.booleans()),
        confidence=draw(shares(0.2, 1.0)),
        box_xyxy_px=(1, 1, 5, 5),
    )


@st.composite
def fruits(
    draw: st.DrawFn,
    crop: Crop,
    varieties: tuple[str | None, ...],
    diameters_mm: tuple[float, float] = (50.0, 120.0),
    max_defects: int = 6,
) -> FruitMeasurement:
    """Any fruit a camera could hand over, with a scale."""
    seen = draw(st.one_of(st.just(1.0), shares(0.1, 1.0)))
    diameter = draw(shares(*diameters_mm))
    weight = draw(st.one_of(st.none(), shares(20.0, 6000.0)))
    return replace(
        make_fruit(
            *draw(st.lists(defects_on(diameter, seen), max_size=max_defects)),
            crop=crop,
            variety=draw(st.sampled_from(varieties)),
            diameter_mm=about(diameter, draw(shares(0.0, 2.0))),
            weight_g=None if weight is None else about(weight, draw(shares(0.0, 20.0))),
            blush=draw(shares()),
            light_red=draw(shares()),
            seen=seen,
            touches_edge=draw(st.sampled_from([False, False, True])),
            crop_confidence=draw(st.one_of(st.just(1.0), shares())),
            net_cover=draw(st.one_of(st.none(), shares())),
            flags=tuple(
                sorted(draw(st.sets(st.sampled_from(["blurred", "clipped", "black_frame", "other"]))))
            ),
        )
    )


def _numbers(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False, allow_infinity=False)


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    low, value, high = sorted(draw(st.lists(_numbers(0.0, 1e4), min_size=3, max_size=3)))
    return Interval(value=value, low=low, high=high)


_LABS = st.none() | st.tuples(_numbers(0, 100), _numbers(-128, 127), _numbers(-128, 127))
_BOXES = st.tuples(*[st.integers(0, 5000)] * 4)
_WORDS = st.text(max_size=12)


@st.composite
def any_defects(draw: st.DrawFn) -> Defect:
    return Defect(
        kind=draw(st.sampled_from(DefectKind)),
        area_mm2=draw(st.none() | _numbers(0, 1e5)),
        area_fraction=draw(_numbers(0, 1)),
        length_mm=draw(st.none() | _numbers(0, 1e3)),
        length_diameters=draw(_numbers(0, 10)),
        elongated=draw(st.booleans()),
        confidence=draw(_numbers(0, 1)),
        box_xyxy_px=draw(_BOXES),
    )


@st.composite
def records(draw: st.DrawFn) -> FruitRecord:
    """Any record at all, also ones no camera would give."""
    maybe = st.none() | intervals()
    value = st.none() | _numbers(-1e4, 1e4) | _WORDS
    return FruitRecord(
        measurement=FruitMeasurement(
            frame_id=draw(_WORDS),
            fruit_index=draw(st.integers(0, 99)),
            crop=draw(st.sampled_from(Crop)),
            variety=draw(st.none() | _WORDS),
            box_xyxy_px=draw(_BOXES),
            touches_edge=draw(st.booleans()),
            view_count=draw(st.integers(0, 40)),
            surface_seen_fraction=draw(_numbers(0, 1)),
            crop_confidence=draw(_numbers(0, 1)),
            size=SizeMeasurement(
                diameter_px=draw(_numbers(0, 1e4)),
                equatorial_diameter_mm=draw(maybe),
                ring_diameter_mm=draw(maybe),
                length_mm=draw(maybe),
                shape_index=draw(st.none() | _numbers(0, 3)),
                volume_cm3=draw(maybe),
                weight_g=draw(maybe),
            ),
            colour=ColourMeasurement(
                blush_fraction=draw(_numbers(0, 1)),
                light_red_fraction=draw(_numbers(0, 1)),
                ground_lab=draw(_LABS),
                blush_lab=draw(_LABS),
                blush_interval=draw(maybe),
            ),
            netting=draw(
                st.none() | _numbers(0, 1).map(lambda cover: NettingMeasurement(cover_fraction=cover))
            ),
            defects=tuple(draw(st.lists(any_defects(), max_size=4))),
            landmarks=tuple(
                Landmark(
                    kind=draw(st.sampled_from(LandmarkKind)),
                    box_xyxy_px=draw(_BOXES),
                    confidence=draw(_numbers(0, 1)),
                )
                for _ in range(draw(st.integers(0, 2)))
            ),
            model_id=draw(_WORDS),
            quality_flags=tuple(draw(st.lists(_WORDS, max_size=3))),
        ),
        grade=GradeDecision(
            standard_id=draw(_WORDS),
            grade_class=draw(_WORDS),
            confidence=draw(_numbers(0, 1)),
            review=draw(st.booleans()),
            reasons=tuple(
                Reason(
                    rule=draw(_WORDS),
                    value=draw(value),
                    limit=draw(value),
                    denies=draw(st.none() | _WORDS),
                    verified=draw(st.booleans()),
                )
                for _ in range(draw(st.integers(0, 3)))
            ),
            class_set=tuple(draw(st.lists(_WORDS, max_size=3))),
        ),
        sku=SkuAssignment(
            code=draw(_WORDS),
            table_id=draw(_WORDS),
            outlet=draw(_WORDS),
            size_code=draw(st.none() | _WORDS),
            colour_code=draw(st.none() | _WORDS),
            pack=draw(st.none() | _WORDS),
        ),
    )
