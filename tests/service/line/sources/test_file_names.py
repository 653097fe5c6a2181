from __future__ import annotations

import pytest

from service.line.sources.file_names import NameParts, NamePattern


def test_all_parts() -> None:
    pattern = NamePattern("l{lane}_{fruit_id}_v{view}_e{encoder}")
    assert pattern.read("l2_cup_12_v03_e1234") == NameParts(fruit_id="cup_12", view=3, lane=2, encoder=1234)
    assert pattern.read("l2_cup_12_v03") is None
    assert pattern.read("l2_cup 12_v3_e4") is None
    assert NamePattern("{view}.{fruit_id}").read("7.a.b") == NameParts(
        fruit_id="a.b", view=7, lane=None, encoder=None
    )


@pytest.mark.parametrize(
    "pattern", ["", "{view}", "{fruit_id}", "{fruit_id}{view}{view}", "{fruit_id}_{view}_{time}"]
)
def test_patterns_that_do_not_say_which_fruit(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"expected \{fruit_id\} and \{view\}, and maybe"):
        NamePattern(pattern)
