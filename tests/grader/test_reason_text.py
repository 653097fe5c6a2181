"""Reasons in words, English and Chinese."""

from __future__ import annotations

import pytest

from grader.grade import decide_grade
from grader.reason_text import class_name, reason_text
from grader.standard import list_standards, load_standard
from grader.types import Crop, FruitMeasurement, Reason
from tests.grader.made_fruit import exactly, make_defect, make_fruit, without_scale

EU = load_standard("apple_eu_2023_2429")


def lines(fruit: FruitMeasurement, language: str, standard=EU) -> list[str]:  # type: ignore[no-untyped-def]
    return [reason_text(reason, standard, language) for reason in decide_grade(fruit, standard).reasons]


@pytest.mark.parametrize(
    ("fruit", "english", "chinese"),
    [
        (
            make_fruit(make_defect("bruise", area_mm2=120.0)),
            "Class I denied: bruising, total area 1.2 cm² > 1 cm²",
            "一级不符合：碰压伤总面积 1.2 cm² > 1 cm²",
        ),
        (
            make_fruit(variety="fuji", blush=0.4),
            "Extra Class denied: red colour (group B), share of the surface 40 % < 50 %",
            "特级不符合：着色面积比例（B组） 40 % < 50 %",
        ),
        (
            make_fruit(diameter_mm=exactly(58.0)),
            "Class II denied: minimum size 58 mm < 60 mm",
            "二级不符合：最小果径 58 mm < 60 mm",
        ),
        (make_fruit(make_defect("rot")), "Class II denied: rot 1 > 0", "二级不符合：腐烂 1 > 0"),
        (
            without_scale(make_fruit(make_defect("bruise", fraction=0.1))),
            "Class II denied: bruising, total area > 1.5 cm² at any size of fruit",
            "二级不符合：碰压伤总面积 任何果径下均超过 1.5 cm²",
        ),
        (
            without_scale(make_fruit(make_defect("bruise", fraction=0.0035))),
            "Class I denied: bruising, total area unknown, 1 cm² is asked for",
            "一级不符合：碰压伤总面积 未知，要求 1 cm²",
        ),
        (make_fruit(), "Not verified: stalk, intact is asked for", "未核实：果梗，要求 完整"),
        (
            make_fruit(seen=0.48),
            "Not verified: share of the surface seen 48 %, 90 % is asked for",
            "未核实：可见果面比例 48 %，要求 90 %",
        ),
        (
            make_fruit(crop=Crop.MELON),
            "Cannot be judged, kind of fruit: melon, expected apple",
            "无法定级，水果种类：melon，要求 apple",
        ),
    ],
)
def test_first_reason(fruit: FruitMeasurement, english: str, chinese: str) -> None:
    assert lines(fruit, "en")[0] == english
    assert lines(fruit, "zh")[0] == chinese


def test_the_group_of_the_denied_class_is_named() -> None:
    export = load_standard("apple_cn_export_aaa")
    said = lines(make_fruit(variety="fuji", blush=0.6), "en", export)[0]
    assert said == "Grade AAA denied: red colour, share of the surface 60 % < 70 %"


def test_names_of_classes() -> None:
    assert class_name("extra", EU, "zh") == "特级"
    assert class_name("reject", EU) == "Reject"
    assert class_name("ungraded", EU, "zh") == "未定级"
    assert class_name("mine", EU) == "mine"


def test_an_unknown_rule_is_named_by_its_key() -> None:
    reason = Reason(rule="new_rule", value=0.5, limit=0.4, denies="I")
    assert "new_rule" in reason_text(reason, EU)


def test_every_rule_has_chinese_words() -> None:
    for standard in list_standards():
        for line in (*standard.rules, *standard.hand_checks):
            assert any("\u4e00" <= character <= "\u9fff" for character in line.names.zh), line.key
