"""Records: the example of the contract, identity round trips, and refusals that name the field."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from math import inf, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import RecordError
from grader.grade import decide_grade
from grader.record import record_from_json, record_to_json, rounded_record
from grader.rounding import rounded_measurement, to_places
from grader.standard import load_standard
from grader.types import Crop, Defect, FruitMeasurement, FruitRecord
from tests.grader.made_fruit import fruits, records

EU = load_standard("apple_eu_2023_2429")
EXAMPLE = json.loads("""
{"schema": "fruit/1", "frame": "lot7/cup12_v3.jpg", "fruit_index": 0, "crop": "apple", "variety": null,
 "box_xyxy_px": [102, 88, 420, 401], "touches_edge": false, "view_count": 1, "surface_seen_fraction": 0.48,
 "size": {"equatorial_diameter_mm": {"value": 78.2, "low": 77.4, "high": 79.0}, "ring_diameter_mm": null,
          "length_mm": null, "diameter_px": 412.0, "shape_index": 0.91,
          "weight_g": {"value": 214, "low": 203, "high": 226}},
 "colour": {"blush_fraction": 0.71, "light_red_fraction": 0.10, "ground_lab": [71.0, -8.1, 44.2],
            "blush_lab": [38.0, 41.5, 20.3]},
 "netting": null,
 "defects": [{"kind": "rot", "area_mm2": 310.0, "area_fraction": 0.034, "length_mm": 24.0, "confidence": 0.93,
              "box_xyxy_px": [200, 180, 260, 240]}],
 "landmarks": [{"kind": "stem_cavity", "box_xyxy_px": [240, 90, 290, 130]}],
 "grade": {"standard_id": "apple_eu_2023_2429", "class": "reject", "confidence": 0.97, "review": false,
           "reasons": [{"rule": "rot", "value": 1, "limit": 0, "denies": "II"}]},
 "sku": {"code": "APL-FUJI-REJ", "table_id": "default", "outlet": "cull"},
 "model_id": "fruitnet/1.0.0+sha256:ab12", "quality_flags": []}
""")


def test_the_example_of_the_contract_is_read_and_written_back() -> None:
    record = record_from_json(EXAMPLE)
    assert record.grade.reasons[0].verified is True
    assert record.measurement.defects[0].length_diameters == pytest.approx(24.0 / 78.2)
    written = record_to_json(record)
    for key, value in EXAMPLE.items():
        if key in ("size", "colour", "grade", "sku"):
            assert value.items() <= written[key].items() or key == "grade"
        elif key not in ("defects", "landmarks"):
            assert written[key] == value
    assert written["grade"]["class"] == "reject"
    assert written["grade"]["reasons"] == [
        {"rule": "rot", "value": 1, "limit": 0, "denies": "II", "verified": True}
    ]
    assert EXAMPLE["defects"][0].items() <= written["defects"][0].items()
    assert set(EXAMPLE) <= set(written)


@settings(max_examples=200, deadline=None)
@given(records())
def test_type_json_type_is_the_identity_after_rounding(record: FruitRecord) -> None:
    data = record_to_json(record)
    text = json.dumps(data, ensure_ascii=False, allow_nan=False)
    back = record_from_json(json.loads(text))
    assert back == rounded_record(record)
    assert json.dumps(record_to_json(back), ensure_ascii=False) == text
    assert rounded_record(back) == back
    assert "-0.0," not in text


@settings(max_examples=100, deadline=None)
@given(fruits(Crop.APPLE, (None, "fuji", "gala")))
def test_a_stored_measurement_gets_the_same_decision_again(fruit: FruitMeasurement) -> None:
    live = rounded_measurement(fruit)
    decision = decide_grade(live, EU)
    sku = record_from_json(EXAMPLE).sku
    data = json.loads(json.dumps(record_to_json(FruitRecord(measurement=live, grade=decision, sku=sku))))
    stored = record_from_json(data).measurement
    assert stored == live
    assert decide_grade(stored, EU) == decision


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.integers(0, 6))
def test_rounding_keeps_order_and_is_done_after_one_time(one: float, other: float, places: int) -> None:
    low, high = sorted((one, other))
    assert to_places(low, places) <= to_places(high, places)
    assert to_places(to_places(one, places), places) == to_places(one, places)


def test_rounding_has_no_minus_zero() -> None:
    assert str(to_places(-0.001, 2)) == "0.0"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("schema",), "fruit/2", "schema: expected 'fruit/1', got 'fruit/2'"),
        (("crop",), "Durian!", "crop: expected the name of a crop (a-z, 0-9, _), got 'Durian!'"),
        (("frame",), None, "frame: expected a text, got None"),
        (("fruit_index",), -1, "fruit_index: expected a whole number >= 0, got -1"),
        (("fruit_index",), True, "fruit_index: expected a whole number"),
        (("view_count",), 1.5, "view_count: expected a whole number >= 0, got 1.5"),
        (("touches_edge",), 0, "touches_edge: expected true or false, got 0"),
        (("surface_seen_fraction",), 1.01, "surface_seen_fraction: expected a number 0-1, got 1.01"),
        (("box_xyxy_px",), [1, 2, 3], "box_xyxy_px: expected four whole numbers"),
        (("box_xyxy_px",), [1, 2, 3, 4.5], "box_xyxy_px: expected four whole numbers"),
        (("size",), [], "size: expected an object, got []"),
        (("size", "diameter_px"), "big", "size.diameter_px: expected a finite number, got 'big'"),
        (("size", "diameter_px"), -1, "size.diameter_px: expected a number >= 0, got -1"),
        (("size", "weight_g", "low"), 300, "size.weight_g: expected finite low <= value <= high"),
        (("size", "weight_g", "low"), nan, "size.weight_g.low: expected a finite number, got nan"),
        (("colour", "blush_fraction"), 71, "colour.blush_fraction: expected a number 0-1, got 71"),
        (("colour", "ground_lab"), [1, 2], "colour.ground_lab: expected three numbers"),
        (("netting",), {"cover_fraction": 2}, "netting.cover_fraction: expected a number 0-1"),
        (("defects",), {}, "defects: expected a list, got {}"),
        (("defects", 0), 7, "defects[0]: expected an object, got 7"),
        (("defects", 0, "kind"), "wart", "defects[0].kind: expected one of bruise, rot"),
        (("defects", 0, "area_mm2"), -1, "defects[0].area_mm2: expected a number >= 0"),
        (("landmarks", 0, "kind"), "nose", "landmarks[0].kind: expected one of stem_cavity, calyx_basin"),
        (("grade", "class"), 1, "grade.class: expected a text, got 1"),
        (("grade", "reasons", 0, "value"), [1], "grade.reasons[0].value: expected a finite number"),
        (("grade", "reasons", 0, "verified"), "yes", "grade.reasons[0].verified: expected true or false"),
        (("sku", "code"), None, "sku.code: expected a text, got None"),
        (("quality_flags",), "no_scale", "quality_flags: expected a list of texts"),
    ],
)
def test_a_wrong_field_is_named(path: tuple[str | int, ...], value: object, message: str) -> None:
    data = deepcopy(EXAMPLE)
    place = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(RecordError) as caught:
        record_from_json(data)
    assert message in str(caught.value)


@pytest.mark.parametrize("key", sorted(EXAMPLE))
def test_a_missing_field_is_named(key: str) -> None:
    data = {name: value for name, value in EXAMPLE.items() if name != key}
    with pytest.raises(RecordError, match=f"{key}: missing"):
        record_from_json(data)


def test_keys_of_newer_writers_are_left_aside() -> None:
    assert record_from_json({**EXAMPLE, "fruit_id": "abc"}) == record_from_json(EXAMPLE)


@pytest.mark.parametrize("value", [nan, inf])
def test_a_number_that_json_has_not_is_not_written(value: float) -> None:
    record = record_from_json(EXAMPLE)
    defect: Defect = replace(record.measurement.defects[0], area_mm2=value)
    broken = replace(record, measurement=replace(record.measurement, defects=(defect,)))
    with pytest.raises(RecordError, match=r"defects\[0\]\.area_mm2: expected a finite number"):
        record_to_json(broken)
