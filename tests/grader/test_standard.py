"""Rule files: those that come with the grader, strict loading with file and line, and a third crop by data only."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from grader.errors import StandardError
from grader.grade import decide_grade
from grader.rules import Measure, Standard, Status, plain_name
from grader.size_codes import list_size_codes
from grader.standard import check_standard, list_standards, load_default_standard, load_standard
from tests.grader.made_fruit import exactly, make_defect, make_fruit

GOOD = """\
schema = "grading-rules/1"
id = "pear_test"
aliases = ["pear_alias"]
crop = "pear"
name_en = "Test pears"
name_zh = "测试梨"
source = "none"
edition = "1"
clause = "1"
evidence = "D"
checked_by = "the tests"
checked_on = 2026-01-31
status = "enabled"
default_tags = ["round"]
minimum_surface_seen_fraction = 0.8
diameter_range_mm = { from = 40, to = 100 }

[[classes]]
id = "A"
name_en = "A"
name_zh = "甲"

[[classes]]
id = "B"
name_en = "B"
name_zh = "乙"

[[rules]]
key = "bruise"
name_en = "bruises"
name_zh = "碰伤"
measure = "total_area_cm2"
kinds = ["bruise"]
maximum = { A = 1.0, B = 2.0 }
evidence = { A = "D", B = "R" }
clause = "2"

[[rules]]
key = "size"
name_en = "size"
name_zh = "果径"
measure = "equatorial_diameter_mm"
minimum = { A = 60, B = 55 }
or_else = { measure = "weight_g", minimum = { A = 100, B = 80 } }
only_tags = ["round"]
evidence = "D"
clause = "3"

[[hand_checks]]
key = "stalk"
name_en = "stalk"
name_zh = "果梗"
requires = { A = "intact", B = "any" }
requires_zh = { A = "完整", B = "any" }
if_unknown = "met"
evidence = "D"
clause = "4"

[[varieties]]
key = "williams"
names = ["Williams", "巴梨"]
tags = ["round"]

[[lot_tolerances]]
class = "A"
line = "total"
at_most_fraction = 0.05
evidence = "D"

[[uniformity]]
classes = ["A"]
pack = "layered"
measure = "equatorial_diameter_mm"
from = 0
max_spread = 5
"""


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


@pytest.fixture
def write(tmp_path: Path):  # type: ignore[no-untyped-def]
    def _write(text: str) -> Path:
        path = tmp_path / "pears.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return _write


# ---- what comes with the grader


@pytest.mark.parametrize(
    ("standard_id", "status", "evidence"),
    [
        ("apple_eu_2023_2429", "enabled", "S"),
        ("apple_us_7cfr51", "enabled", "S"),
        ("apple_cn_export_aaa", "enabled", "S2"),
        ("apple_cn_gbt10651_2008", "draft", "R"),
        ("apple_cn_zce_futures", "template", "S2"),
        ("melon_general_eu", "enabled", "S"),
        ("melon_house_skin", "enabled", "D"),
        ("melon_us_cantaloup", "enabled", "S"),
        ("melon_us_honeydew", "enabled", "S"),
        ("melon_unece_ffv23", "draft", "R"),
        ("melon_hami_house", "template", "D"),
    ],
)
def test_shipped_standard(standard_id: str, status: str, evidence: str) -> None:
    standard = load_standard(standard_id)
    assert (standard.status.value, standard.evidence) == (status, evidence)
    assert standard.names.zh != standard.names.en
    assert standard.source
    assert len(standard.sha256) == 64


def test_all_shipped_files_are_listed_once() -> None:
    listed = [standard.standard_id for standard in list_standards()]
    assert len(listed) == 13
    assert listed == sorted(set(listed))
    assert all(standard.path.stem == standard.standard_id for standard in list_standards())


def test_no_enabled_standard_rests_on_recalled_numbers() -> None:
    for standard in list_standards():
        if standard.status is Status.ENABLED:
            assert standard.recalled_rules == ()
    assert "bruise" in load_standard("apple_cn_gbt10651_2008").recalled_rules


def test_alias_defaults_and_unknown_id() -> None:
    assert load_standard("unece_ffv50").standard_id == "apple_eu_2023_2429"
    assert load_default_standard("apple").standard_id == "apple_eu_2023_2429"
    assert load_default_standard("melon").standard_id == "melon_general_eu"
    with pytest.raises(StandardError, match="no standard 'apple_mars'; known are apple_cn_export_aaa"):
        load_standard("apple_mars")
    with pytest.raises(StandardError, match="expected one default standard for crop 'durian', found 0"):
        load_default_standard("durian")


def test_lot_tolerances_are_those_of_the_standard() -> None:
    eu = {
        (line.class_id, line.line): line.at_most_fraction
        for line in load_standard("apple_eu_2023_2429").lot_tolerances
    }
    assert eu["extra", "total"] == 0.05
    assert eu["I", "total"] == eu["II", "total"] == 0.1
    assert eu["II", "decay"] == 0.02
    melon = load_standard("melon_general_eu").lot_tolerances
    assert [line.at_most_fraction for line in melon] == [0.1, 0.02]


@pytest.mark.parametrize(
    ("name", "tag"),
    [("富士", "B"), ("红富士", "B"), ("FUJI", "B"), ("花牛", "A"), ("hua-niu", "A"), ("红元帅", "A"), ("嘎啦", "C"),
     ("Royal  Gala", "B"), ("royal_gala", "B"), ("黄元帅", "D"), ("ＦＵＪＩ", "B")],
)  # fmt: skip
def test_varieties_are_found_by_any_name(name: str, tag: str) -> None:
    assert load_standard("apple_eu_2023_2429").tags_of(name) == {tag}


def test_plain_name_drops_case_width_and_signs() -> None:
    assert plain_name(" Ｒoyal-Gala_'1' ") == "royalgala1"


def test_the_manual_names_every_standard_measure_and_size_table() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "standards.md").read_text(encoding="utf-8")
    names = [standard.standard_id for standard in list_standards()]
    names += [table.sizes_id for table in list_size_codes()] + [measure.value for measure in Measure]
    assert [name for name in names if f"`{name}`" not in manual] == []


# ---- files of one's own


def test_a_third_crop_needs_only_a_file(write) -> None:  # type: ignore[no-untyped-def]
    standard = load_standard(write(GOOD))
    assert (standard.crop, standard.class_ids, standard.checked_on) == ("pear", ("A", "B"), date(2026, 1, 31))
    assert standard.recalled_rules == ("bruise",)
    pear = replace(make_fruit(make_defect("bruise", area_mm2=150.0), variety="巴梨"), crop="pear")
    assert decide_grade(pear, standard).grade_class == "B"
    light = replace(make_fruit(diameter_mm=exactly(50.0), weight_g=exactly(79.0), variety=None), crop="pear")
    assert (
        decide_grade(light, standard).grade_class == "ungraded"
    )  # the variety decides whether the size rule holds


def test_a_good_file_has_no_problems(write) -> None:  # type: ignore[no-untyped-def]
    assert check_standard(write(GOOD)) == ()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('crop = "pear"\n', "", "missing key 'crop'"),
        ('edition = "1"', "edition = 1", "edition: expected a text, got 1"),
        ('edition = "1"', 'editon = "1"', "unknown key 'editon'"),
        ('schema = "grading-rules/1"', 'schema = "grading-rules/9"', "schema: expected one of grading-rules/1"),
        ("checked_on = 2026-01-31", 'checked_on = "yesterday"', "checked_on: expected a date"),
        ("checked_on = 2026-01-31", "checked_on = 2026-01-31T00:00:00Z", "checked_on: expected a date"),
        ('status = "enabled"', 'status = "perhaps"', "status: expected one of enabled, draft, template"),
        ('status = "enabled"', 'status = "draft"', "missing key 'status_reason'"),
        ("= 0.8", "= 1.2", "minimum_surface_seen_fraction: expected 0-1, got 1.2"),
        ("= 0.8", "= true", "minimum_surface_seen_fraction: expected a finite number, got True"),
        ("= 0.8", "= nan", "minimum_surface_seen_fraction: expected a finite number, got nan"),
        ("{ from = 40, to = 100 }", "{ from = 100, to = 100 }", "expected from < to"),
        ('id = "B"\n', 'id = "A"\n', "classes: ids must differ"),
        ('id = "B"\n', 'id = "reject"\n', "classes: ids must differ and not be 'reject'"),
        ("{ A = 1.0, B = 2.0 }", "{ A = 2.1, B = 2.0 }", "class A (2.1) allows more than class B (2)"),
        ("{ A = 1.0, B = 2.0 }", '{ A = "any", B = 2.0 }', "class A (inf) allows more than class B (2)"),
        ("{ A = 60, B = 55 }\nor", "{ A = 54, B = 55 }\nor", "class A (54) allows more than class B (55)"),
        ("{ A = 1.0, B = 2.0 }", "{ A = 1.0 }", "rule bruise, B: expected a number >= 0 or \"any\", got nothing"),
        ("{ A = 1.0, B = 2.0 }", "{ A = 1.0, B = nan }", "rule bruise, B: expected a number >= 0 or \"any\", got nan"),
        ("{ A = 1.0, B = 2.0 }", "{ A = 1.0, B = inf }", "rule bruise, B: expected a number >= 0 or \"any\", got inf"),
        ("{ A = 1.0, B = 2.0 }", "{ A = -1.0, B = 2.0 }", "rule bruise, A: expected a number >= 0"),
        ("{ A = 1.0, B = 2.0 }", "{ A = true, B = 2.0 }", "rule bruise, A: expected a number >= 0"),
        ("{ A = 1.0, B = 2.0 }", '{ A = "to_fill", B = 2.0 }', "rule bruise, A: expected a number >= 0"),
        ("{ A = 1.0, B = 2.0 }", "{ A = 1.0, B = 2.0, C = 3.0 }", "unknown key 'C'; known here: A, B"),
        ("maximum = {", "maximun = {", "expected either maximum or minimum"),
        ('measure = "total_area_cm2"', 'measure = "area"', "measure: expected one of total_area_cm2"),
        ('kinds = ["bruise"]', 'kinds = ["bruises"]', "kinds: expected only bruise, rot"),
        ('kinds = ["bruise"]\n', "", "measure total_area_cm2 takes at least one of bruise, rot"),
        ('kinds = ["bruise"]', 'kinds = ["bruise", "bruise"]', "the same entry twice"),
        ('kinds = ["bruise"]', 'kinds = "bruise"', "kinds: expected a list of texts"),
        ('only_tags = ["round"]\n', 'only_tags = ["square"]\n', "no variety has the tag square"),
        ('evidence = { A = "D", B = "R" }', 'evidence = { A = "D" }', "missing key 'B'"),
        ('evidence = { A = "D", B = "R" }', 'evidence = "T"', "evidence: expected one of S, S2, R, D"),
        ('measure = "weight_g"', 'measure = "count"', "or_else takes two measures of the whole fruit"),
        (
            'requires = { A = "intact", B = "any" }',
            'requires = { A = "any", B = "intact" }',
            "a better class asks for nothing",
        ),
        ('"巴梨"]\n', '"巴梨"]\nwhat = 1\n', "unknown key 'what'"),
        ('class = "A"\n', 'class = "Z"\n', "class: expected one of A, B, all"),
        ("at_most_fraction = 0.05", "at_most_fraction = 5", "at_most_fraction: expected 0-1, got 5"),
        ("max_spread = 5\n", "", "missing key 'max_spread'"),
    ],
)  # fmt: skip
def test_faults_are_named_with_file_and_line(write, old: str, new: str, message: str) -> None:  # type: ignore[no-untyped-def]
    assert GOOD.count(old) >= 1
    text = GOOD.replace(old, new, 1)
    path = write(text)
    with pytest.raises(StandardError) as caught:
        load_standard(path)
    assert message in str(caught.value)
    problems = check_standard(path)
    assert str(caught.value).splitlines() == list(problems)
    fault = next(problem for problem in problems if message in problem)
    named, line, _ = fault.split(":", 2)
    assert named == "pears.toml"
    written = text.splitlines()[int(line) - 1]
    expected = line_of(GOOD, old)
    if (
        "missing key" in message
        or "expected either" in message
        or "ids must differ" in message
        or "takes at least" in message
    ):
        assert int(line) <= expected  # the head of the table that lacks it
        assert int(line) == 1 or written.startswith("[") or "{" in written
    else:
        assert int(line) == expected + (1 if new.count("\n") > old.count("\n") else 0)


def test_all_faults_are_told_at_once(write) -> None:  # type: ignore[no-untyped-def]
    text = (
        GOOD.replace('crop = "pear"\n', "").replace("B = 2.0", "B = 0.5").replace("max_spread", "max_sprad")
    )
    assert len(check_standard(write(text))) == 4  # missing crop, order of classes, unknown and missing key


def test_two_varieties_may_not_share_a_name(write) -> None:  # type: ignore[no-untyped-def]
    text = GOOD + '\n[[varieties]]\nkey = "bartlett"\nnames = ["巴梨"]\n'
    (problem,) = check_standard(write(text))
    assert "'巴梨' is a name of williams and of bartlett" in problem


def test_a_check_nobody_meets_may_not_deny_every_class(write) -> None:  # type: ignore[no-untyped-def]
    text = GOOD.replace('requires = { A = "intact", B = "any" }', 'requires = { A = "intact", B = "intact" }')
    (problem,) = check_standard(write(text.replace('if_unknown = "met"', 'if_unknown = "not_met"')))
    assert "no fruit could get any class" in problem


def test_a_draft_may_not_be_the_default(write) -> None:  # type: ignore[no-untyped-def]
    text = GOOD.replace(
        'status = "enabled"', 'status = "draft"\nstatus_reason = "unread"\ndefault_for_crop = true'
    )
    assert any("a draft may not be the default" in problem for problem in check_standard(write(text)))


def test_a_file_that_is_no_toml_or_not_there(write, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (problem,) = check_standard(write("a = 1\nb = [\n"))
    assert problem.startswith("pears.toml:")
    assert "not valid TOML" in problem
    with pytest.raises(StandardError, match="cannot be read"):
        load_standard(tmp_path / "none.toml")


def test_a_template_may_leave_limits_open(write) -> None:  # type: ignore[no-untyped-def]
    text = GOOD.replace('status = "enabled"', 'status = "template"\nstatus_reason = "unfilled"')
    standard: Standard = load_standard(
        write(text.replace("{ A = 1.0, B = 2.0 }", '{ A = "to_fill", B = 2.0 }'))
    )
    with pytest.raises(StandardError, match='got "to_fill" in the rules bruise'):
        standard.check_usable(allow_draft=True)
    with pytest.raises(StandardError, match="is a template and may not decide: unfilled"):
        standard.check_usable()
