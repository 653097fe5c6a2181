"""Words of the report: every figure and every case can be said in both languages."""

from __future__ import annotations

import re

import pytest

from grader.types import DefectKind
from training.class_answers import NOT_FOUND
from training.goals import GOALS
from training.report_words import BY_VIEWS, TITLES, VIEWS, WHY, term, title_of, why

CHINESE = re.compile("[\u4e00-\u9fff]")


def test_titles_name_the_number_of_views() -> None:
    assert title_of("sim_class_right_10_views") == ("Class right, ten views", "等级正确（十视角）")
    assert (
        title_of("sim_class_right_without_review_1_view")[0]
        == "Class right where no person is asked, one view"
    )
    assert title_of("unheard_of") == ("unheard_of", "unheard_of")


def test_everything_is_said_in_both_languages() -> None:
    for english, chinese in (*TITLES.values(), *BY_VIEWS.values(), *VIEWS.values(), *WHY.values()):
        assert english
        assert not CHINESE.search(english)
        assert CHINESE.search(chinese)
    assert all(CHINESE.search(term(str(kind))[1]) for kind in DefectKind)


def test_every_figure_with_a_goal_has_a_title() -> None:
    assert [name for name in GOALS if title_of(name)[0] == name] == []


def test_languages_ask_for_the_same_facts() -> None:
    """But for the words that are given in each language."""
    for figure, lines in WHY.items():
        english, chinese = (
            {re.sub("_(en|zh)$", "", name) for name in re.findall(r"{(\w+)", line)} for line in lines
        )
        assert english == chinese, figure


def test_the_line_of_a_case() -> None:
    facts = {"share": 0.0312, "kinds": "rot, scab", "dataset": "somewhere"}
    assert why("false_alarm", facts) == (
        "3.1 % of a sound fruit is called rot, scab (somewhere)",
        "完好果面的 3.1 % 被判为腐烂、黑星病（somewhere）",
    )
    flipped = {"cast": "dimmer", "before": "extra", "after": NOT_FOUND, "confidence": 0.9}
    assert why("sim_class_flips", flipped)[0] == (
        "Extra becomes not found when the light is 20 % dimmer (confidence before 90 %)"
    )


def test_a_case_without_words_or_facts_is_an_error() -> None:
    with pytest.raises(KeyError, match="unheard_of"):
        why("unheard_of", {})
    with pytest.raises(KeyError, match="area_mm2"):
        why("sim_called_defects_right", {"kind": "rot"})
