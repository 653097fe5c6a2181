"""Names that people use are understood, others are refused with a hint, and a mapping goes before both."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.types import Crop, DefectKind
from training.class_names import (
    KNOWN,
    WORDS,
    Meaning,
    Role,
    known_words,
    load_names,
    meaning_of,
    merge,
    understand,
    words_of,
)
from training.labelled_picture import SetError


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("apple", {"apple"}),
        ("Rotten_Apple", {"apple", "rot"}),
        ("AppleScab", {"apple", "scab"}),
        ("Apple___Apple_scab", {"apple", "scab"}),
        ("bitter pit", {"spots"}),
        ("stem-end", {"stem"}),
        ("sound_skin", {"sound", "fruit"}),
        ("bad apple 2", {"apple", *map(str, DefectKind)}),
        ("rotten orange", {"object"}),
        ("apple leaf", {"object"}),
        ("腐烂苹果", {"apple", "rot"}),
        ("有虫眼的苹果", {"apple", "insect"}),
        ("哈密瓜", {"melon"}),
        ("煤污病", {"sooty"}),
        ("好果", {"sound", "fruit"}),
    ],
)
def test_common_names(name: str, words: set[str]) -> None:
    meanings, problems = understand([name], {})
    assert problems == ()
    assert words_of(meanings[name]) == words


def test_every_word_of_ours_and_every_value_of_a_mask_is_known() -> None:
    for word in WORDS:
        assert understand([word], {})[1] == ()
    for words in KNOWN.values():
        meaning_of(words)


def test_unknown_names_get_a_hint() -> None:
    meanings, problems = understand(["rottn", "qqqq", "apple", "apple qqqq"], {})
    assert set(meanings) == {"apple"}
    assert problems == (
        "class 'apple qqqq': expected a known name, the nearest known is 'apple'; say what it means in a --names file",
        "class 'qqqq': expected a known name; say what it means in a --names file",
        "class 'rottn': expected a known name, the nearest known is 'rotten'; say what it means in a --names file",
    )


def test_a_mapping_goes_first() -> None:
    ours = Meaning(role=Role.OBJECT)
    assert understand(["apple"], {"apple": ours}) == ({"apple": ours}, ())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "expected words out of apple, melon, .*got none"),
        (["appel"], "got 'appel'"),
        (["apple", "melon"], "expected one crop"),
        (["sound", "rot"], "expected one crop, and sound or defects"),
        (["stem", "rot"], "expected 'stem' to stand alone"),
        (["stem", "calyx"], "to stand alone"),
    ],
)
def test_words_that_contradict_each_other(words: list[str], message: str) -> None:
    with pytest.raises(SetError, match=message):
        meaning_of(words)


def test_a_name_of_words_that_contradict_each_other_is_a_problem() -> None:
    (problem,) = understand(["fresh rotten apple"], {})[1]
    assert problem.startswith("class 'fresh rotten apple': expected one crop, and sound or defects")
    assert known_words("fresh rotten apple") == ["sound", "rot", "apple"]


def test_classes_of_a_picture_are_one_meaning() -> None:
    apple, rot, sound = meaning_of(["apple"]), meaning_of(["rot"]), meaning_of(["sound"])
    assert merge([]) is None
    assert merge([rot]) == rot
    assert merge([apple, rot]) == Meaning(role=Role.FRUIT, crop=Crop.APPLE, kinds=frozenset({DefectKind.ROT}))
    with pytest.raises(SetError, match="sound or defects"):
        merge([rot, sound])


def test_names_file(tmp_path: Path) -> None:
    path = tmp_path / "names.toml"
    path.write_text(
        '[names]\nx = "apple"\n"y z" = ["rot", "bruise"]\n[values]\n"38" = "x"\n"#ff0000" = "y z"\n'
    )
    found = load_names(path)
    assert found.names["x"] == meaning_of(["apple"])
    assert found.names["y z"].kinds == {DefectKind.ROT, DefectKind.BRUISE}
    assert found.values == {"38": "x", "#ff0000": "y z"}


def test_faults_of_a_names_file_name_their_line(tmp_path: Path) -> None:
    path = tmp_path / "names.toml"
    path.write_text('[names]\nx = "appel"\ny = 3\n[value]\n')
    with pytest.raises(SetError) as caught:
        load_names(path)
    lines = str(caught.value).splitlines()
    assert [line.split(": ")[0] for line in lines] == ["names.toml:2", "names.toml:3", "names.toml:4"]
    assert "unknown key 'value'" in lines[2]
    with pytest.raises(SetError, match="cannot be read"):
        load_names(tmp_path / "none.toml")
