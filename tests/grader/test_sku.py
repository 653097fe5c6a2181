"""SKU tables: each fruit has exactly one SKU, and faults of a table are named with file and line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import SkuTableError
from grader.sku import assign_sku, check_sku_table, classes_left_to_last_rule, load_sku_table
from grader.standard import list_standards
from grader.types import REJECT, UNGRADED, Crop, GradeDecision
from tests.grader.made_fruit import exactly, make_fruit

DEFAULT = load_sku_table("default")
CLASSES = sorted({class_id for standard in list_standards() for class_id in standard.class_ids})


def decision(grade_class: str) -> GradeDecision:
    return GradeDecision(standard_id="x", grade_class=grade_class, confidence=1.0, review=False, reasons=())


@pytest.mark.parametrize(
    ("crop", "variety", "grade_class", "diameter", "weight", "code", "outlet", "size_code"),
    [
        ("apple", "fuji", REJECT, 78.2, None, "APL-FUJI-REJ", "cull", "75"),
        ("apple", "富士", "extra", 80.0, None, "APL-FUJI-EX-80", "pack_premium", "80"),
        ("apple", "Royal Gala", "I", 79.99, None, "APL-GALA-I-75", "pack_first", "75"),
        ("apple", None, "II", None, None, "APL-ANY-II-NS", "pack_second", None),
        ("apple", "Zaphod", "I", 72.0, None, "APL-OTH-I-70", "pack_first", "70"),
        ("apple", "fuji", UNGRADED, 72.0, None, "APL-FUJI-UNG", "recirculate", "70"),
        ("apple", "fuji", "utility", 72.0, None, "APL-FUJI-UTL", "juice", "70"),
        ("melon", "巴楚留香瓜", "marketable", 150.0, 2500.0, "MEL-BACHU-MKT-2.5kg", "pack_first", "2.5kg"),
        ("melon", "哈密瓜", "my_class", 150.0, None, "MEL-HAMI-MY_CLASS-NS", "manual", None),
    ],
)
def test_default_table(crop, variety, grade_class, diameter, weight, code, outlet, size_code) -> None:  # type: ignore[no-untyped-def]
    fruit = make_fruit(
        crop=Crop(crop),
        variety=variety,
        diameter_mm=None if diameter is None else exactly(diameter),
        weight_g=None if weight is None else exactly(weight),
    )
    sku = assign_sku(fruit, decision(grade_class), DEFAULT)
    assert (sku.code, sku.outlet, sku.size_code, sku.table_id) == (code, outlet, size_code, "default")


@settings(max_examples=300, deadline=None)
@given(
    crop=st.sampled_from(Crop),
    variety=st.none() | st.sampled_from(["fuji", "花牛", "hami"]) | st.text(max_size=8),
    grade_class=st.sampled_from([*CLASSES, REJECT, UNGRADED]) | st.from_regex(r"\A[a-z0-9_]{1,8}\Z"),
    diameter=st.none() | st.floats(1.0, 400.0),
    weight=st.none() | st.floats(1.0, 20_000.0),
)
def test_each_fruit_has_exactly_one_sku(crop, variety, grade_class, diameter, weight) -> None:  # type: ignore[no-untyped-def]
    fruit = make_fruit(
        crop=crop,
        variety=variety,
        diameter_mm=None if diameter is None else exactly(diameter),
        weight_g=None if weight is None else exactly(weight),
    )
    first = assign_sku(fruit, decision(grade_class), DEFAULT)
    assert first == assign_sku(replace(fruit, frame_id="again"), decision(grade_class), DEFAULT)
    assert first.code
    assert "{" not in first.code
    assert first.outlet in DEFAULT.outlets
    assert (first.outlet == "cull") is (grade_class == REJECT)
    assert (first.outlet == "recirculate") is (grade_class == UNGRADED)


def test_no_class_of_a_shipped_standard_falls_to_the_last_rule() -> None:
    for standard in list_standards():
        assert classes_left_to_last_rule(DEFAULT, standard) == ()


GOOD = """\
schema = "sku-table/1"
id = "site"
size_codes = ["size_apple_5mm"]
outlets = ["a", "b"]

[crop_codes]
apple = "APL"

[variety_codes]
FUJI = ["fuji", "富士"]

[[rules]]
crops = ["apple"]
varieties = ["FUJI"]
classes = ["extra", "I"]
sizes = ["80", "85"]
code = "FUJI-BIG"
outlet = "a"

[[rules]]
varieties = ["FUJI"]
code = "FUJI-{class}"
outlet = "b"

[[rules]]
code = "REST"
outlet = "b"
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('\n[[rules]]\ncode = "REST"\noutlet = "b"\n', "", "20: gap: the last rule must take every fruit"),
        ('varieties = ["FUJI"]\ncode', "code", "24: overlap: rule 3 (REST) is never reached"),
        (
            'code = "REST"',
            'classes = ["I"]\nvarieties = ["FUJI"]\ncode = "X"\noutlet = "a"\n\n[[rules]]\ncode = "REST"',
            "25: overlap: rule 3 (X) is never reached",
        ),
        ('["FUJI"]\nclasses', '["FUJY"]\nclasses', "14: varieties: no fruit ever has the code FUJY"),
        ('sizes = ["80", "85"]', 'sizes = ["81"]', "16: sizes: no fruit ever has the code 81"),
        ('"FUJI-{class}"', '"FUJI-{grade}"', "22: code: expected only the fields class, colour, crop, pack,"),
        ('"FUJI-{class}"', '"FUJI-{class"', "22: code: "),
        ('"FUJI-{class}"', '"FUJI-{}"', "22: code: expected only the fields"),
        ('outlet = "a"', 'outlet = "c"', "18: outlet: expected one of a, b, got 'c'"),
        ('["size_apple_5mm"]', '["size_nut"]', "3: size_codes: no size table 'size_nut'"),
        ('classes = ["extra", "I"]', 'clases = ["extra", "I"]', "15: unknown key 'clases'"),
        ('["fuji", "富士"]', '["fuji"]\nRED = ["Fuji"]', "11: 'fuji' is a name of FUJI and of RED"),
    ],
)  # fmt: skip
def test_faults_are_named_with_file_and_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "site.toml"
    assert GOOD.count(old) == 1
    path.write_text(GOOD.replace(old, new), encoding="utf-8")
    problems = check_sku_table(path)
    assert any(problem.startswith(f"site.toml:{message}") for problem in problems), problems
    with pytest.raises(SkuTableError, match=r"site\.toml"):
        load_sku_table(path)


def test_first_match_wins(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(GOOD, encoding="utf-8")
    table = load_sku_table(str(path))
    fruit = make_fruit(variety="富士", diameter_mm=exactly(84.9))
    assert assign_sku(fruit, decision("I"), table).code == "FUJI-BIG"
    assert assign_sku(fruit, decision("II"), table).code == "FUJI-II"
    assert assign_sku(replace(fruit, variety=None), decision("I"), table).code == "REST"


def test_unknown_table() -> None:
    with pytest.raises(SkuTableError, match="no SKU table 'mars'; known are apple_cartons, default"):
        load_sku_table("mars")
