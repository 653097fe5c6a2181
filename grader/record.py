"""FruitRecord <-> JSON object of schema `fruit/1`: the one form in which a fruit is stored, sent and replayed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import isfinite

from grader.errors import RecordError
from grader.json_fields import JsonFields
from grader.rounding import rounded_measurement, rounded_reason, to_places
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

SCHEMA = "fruit/1"

JsonObject = dict[str, object]


def record_to_json(record: FruitRecord) -> JsonObject:
    """The record as an object that `json.dumps` takes: numbers rounded (`rounding.py`), keys always in one order.

    Raises:
        RecordError: a number is NaN or infinite; the message names the field.
    """
    fruit = rounded_measurement(record.measurement)
    grade, sku = record.grade, record.sku
    result: JsonObject = {
        "schema": SCHEMA,
        "frame": fruit.frame_id,
        "fruit_index": fruit.fruit_index,
        "crop": fruit.crop.value,
        "crop_confidence": fruit.crop_confidence,
        "variety": fruit.variety,
        "box_xyxy_px": list(fruit.box_xyxy_px),
        "touches_edge": fruit.touches_edge,
        "view_count": fruit.view_count,
        "surface_seen_fraction": fruit.surface_seen_fraction,
        "size": {
            "equatorial_diameter_mm": _interval_json(fruit.size.equatorial_diameter_mm),
            "ring_diameter_mm": _interval_json(fruit.size.ring_diameter_mm),
            "length_mm": _interval_json(fruit.size.length_mm),
            "diameter_px": fruit.size.diameter_px,
            "shape_index": fruit.size.shape_index,
            "volume_cm3": _interval_json(fruit.size.volume_cm3),
            "weight_g": _interval_json(fruit.size.weight_g),
        },
        "colour": {
            "blush_fraction": fruit.colour.blush_fraction,
            "light_red_fraction": fruit.colour.light_red_fraction,
            "ground_lab": None if fruit.colour.ground_lab is None else list(fruit.colour.ground_lab),
            "blush_lab": None if fruit.colour.blush_lab is None else list(fruit.colour.blush_lab),
            "blush_interval": _interval_json(fruit.colour.blush_interval),
        },
        "netting": None if fruit.netting is None else {"cover_fraction": fruit.netting.cover_fraction},
        "defects": [
            {
                "kind": defect.kind.value,
                "area_mm2": defect.area_mm2,
                "area_fraction": defect.area_fraction,
                "length_mm": defect.length_mm,
                "length_diameters": defect.length_diameters,
                "elongated": defect.elongated,
                "confidence": defect.confidence,
                "box_xyxy_px": list(defect.box_xyxy_px),
            }
            for defect in fruit.defects
        ],
        "landmarks": [
            {"kind": mark.kind.value, "box_xyxy_px": list(mark.box_xyxy_px), "confidence": mark.confidence}
            for mark in fruit.landmarks
        ],
        "grade": {
            "standard_id": grade.standard_id,
            "standard_sha256": grade.standard_sha256,
            "class": grade.grade_class,
            "confidence": to_places(grade.confidence, 4),
            "review": grade.review,
            "class_set": list(grade.class_set),
            "reasons": [_reason_json(rounded_reason(reason)) for reason in grade.reasons],
        },
        "sku": {
            "code": sku.code,
            "table_id": sku.table_id,
            "table_sha256": sku.table_sha256,
            "outlet": sku.outlet,
            "size_code": sku.size_code,
            "colour_code": sku.colour_code,
            "pack": sku.pack,
        },
        "model_id": fruit.model_id,
        "quality_flags": list(fruit.quality_flags),
    }
    _refuse_not_finite(result, "")
    return result


def record_from_json(data: Mapping[str, object]) -> FruitRecord:
    """The record of a `fruit/1` object. Unknown keys are left aside, so newer writers may add some.

    Keys that came after the first files may be absent: crop_confidence and landmark confidence (1), volume_cm3,
    size_code, colour_code, pack (null), verified (true), elongated (false), length_diameters (from length and
    diameter, else 0), blush_interval (null), class_set (empty).

    Raises:
        RecordError: another schema, or a field that is missing or wrong; the message names the field.
    """
    fields = JsonFields(data, "")
    if (schema := fields.get("schema")) != SCHEMA:
        raise RecordError(f"schema: expected {SCHEMA!r}, got {schema!r}")
    size = _read_size(fields.object("size"))
    return FruitRecord(
        measurement=FruitMeasurement(
            frame_id=fields.text("frame"),
            fruit_index=fields.whole("fruit_index"),
            crop=_read_crop(fields),
            variety=fields.optional("variety", fields.text),
            box_xyxy_px=fields.box("box_xyxy_px"),
            touches_edge=fields.flag("touches_edge"),
            view_count=fields.whole("view_count"),
            surface_seen_fraction=fields.fraction("surface_seen_fraction"),
            crop_confidence=fields.fraction("crop_confidence") if "crop_confidence" in data else 1.0,
            size=size,
            colour=_read_colour(fields.object("colour")),
            netting=None
            if fields.get("netting") is None
            else NettingMeasurement(cover_fraction=fields.object("netting").fraction("cover_fraction")),
            defects=tuple(_read_defect(item, size) for item in fields.objects("defects")),
            landmarks=tuple(_read_landmark(item) for item in fields.objects("landmarks")),
            model_id=fields.text("model_id"),
            quality_flags=fields.texts("quality_flags"),
        ),
        grade=_read_grade(fields.object("grade")),
        sku=_read_sku(fields.object("sku")),
    )


def rounded_record(record: FruitRecord) -> FruitRecord:
    """The record as it comes back from storage: `record_from_json(record_to_json(record))`, without the detour."""
    return replace(
        record,
        measurement=rounded_measurement(record.measurement),
        grade=replace(
            record.grade,
            confidence=to_places(record.grade.confidence, 4),
            reasons=tuple(rounded_reason(reason) for reason in record.grade.reasons),
        ),
    )


def _interval_json(interval: Interval | None) -> JsonObject | None:
    if interval is None:
        return None
    return {"value": interval.value, "low": interval.low, "high": interval.high}


def _reason_json(reason: Reason) -> JsonObject:
    return {
        "rule": reason.rule,
        "value": reason.value,
        "limit": reason.limit,
        "denies": reason.denies,
        "verified": reason.verified,
    }


def _refuse_not_finite(value: object, where: str) -> None:
    if isinstance(value, float) and not isfinite(value):
        raise RecordError(f"{where}: expected a finite number, got {value}")
    if isinstance(value, dict):
        for key, item in value.items():
            _refuse_not_finite(item, f"{where}.{key}".lstrip("."))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _refuse_not_finite(item, f"{where}[{index}]")


def _read_size(fields: JsonFields) -> SizeMeasurement:
    return SizeMeasurement(
        diameter_px=fields.amount("diameter_px"),
        equatorial_diameter_mm=fields.optional("equatorial_diameter_mm", fields.interval),
        ring_diameter_mm=fields.optional("ring_diameter_mm", fields.interval),
        length_mm=fields.optional("length_mm", fields.interval),
        shape_index=fields.optional("shape_index", fields.amount),
        volume_cm3=fields.optional("volume_cm3", fields.interval) if fields.has("volume_cm3") else None,
        weight_g=fields.optional("weight_g", fields.interval),
    )


def _read_colour(fields: JsonFields) -> ColourMeasurement:
    return ColourMeasurement(
        blush_fraction=fields.fraction("blush_fraction"),
        light_red_fraction=fields.fraction("light_red_fraction"),
        ground_lab=fields.optional("ground_lab", fields.lab),
        blush_lab=fields.optional("blush_lab", fields.lab),
        blush_interval=fields.optional("blush_interval", fields.interval)
        if fields.has("blush_interval")
        else None,
    )


def _read_defect(fields: JsonFields, size: SizeMeasurement) -> Defect:
    length_mm = fields.optional("length_mm", fields.amount)
    diameter_mm = 0.0 if size.equatorial_diameter_mm is None else size.equatorial_diameter_mm.value
    derived = length_mm / diameter_mm if length_mm is not None and diameter_mm > 0.0 else 0.0
    return Defect(
        kind=fields.one_of("kind", DefectKind),
        area_mm2=fields.optional("area_mm2", fields.amount),
        area_fraction=fields.fraction("area_fraction"),
        length_mm=length_mm,
        length_diameters=fields.amount("length_diameters") if fields.has("length_diameters") else derived,
        elongated=fields.flag("elongated") if fields.has("elongated") else False,
        confidence=fields.fraction("confidence"),
        box_xyxy_px=fields.box("box_xyxy_px"),
    )


def _read_crop(fields: JsonFields) -> Crop:
    try:
        return Crop(fields.text("crop"))
    except ValueError:
        raise fields.wrong("crop", "the name of a crop (a-z, 0-9, _)") from None


def _read_landmark(fields: JsonFields) -> Landmark:
    return Landmark(
        kind=fields.one_of("kind", LandmarkKind),
        box_xyxy_px=fields.box("box_xyxy_px"),
        confidence=fields.fraction("confidence") if fields.has("confidence") else 1.0,
    )


def _read_grade(fields: JsonFields) -> GradeDecision:
    return GradeDecision(
        standard_id=fields.text("standard_id"),
        grade_class=fields.text("class"),
        confidence=fields.fraction("confidence"),
        review=fields.flag("review"),
        reasons=tuple(
            Reason(
                rule=item.text("rule"),
                value=item.optional("value", item.value_or_text),
                limit=item.optional("limit", item.value_or_text),
                denies=item.optional("denies", item.text),
                verified=item.flag("verified") if item.has("verified") else True,
            )
            for item in fields.objects("reasons")
        ),
        class_set=fields.texts("class_set") if fields.has("class_set") else (),
        standard_sha256=fields.text("standard_sha256") if fields.has("standard_sha256") else "",
    )


def _read_sku(fields: JsonFields) -> SkuAssignment:
    return SkuAssignment(
        code=fields.text("code"),
        table_id=fields.text("table_id"),
        outlet=fields.text("outlet"),
        size_code=_text_or_none(fields, "size_code"),
        colour_code=_text_or_none(fields, "colour_code"),
        pack=_text_or_none(fields, "pack"),
        table_sha256=fields.text("table_sha256") if fields.has("table_sha256") else "",
    )


def _text_or_none(fields: JsonFields, key: str) -> str | None:
    return fields.optional(key, fields.text) if fields.has(key) else None
