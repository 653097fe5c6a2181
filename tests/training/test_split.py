"""A fruit, a lot, a source is on one side; classes are on both as well as that allows."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.image_io import write_jpeg
from tests.training.labelled_sets import picture
from training.frozen import freeze, load_frozen, trainable
from training.labelled_picture import SetError
from training.split import deal, split_sets, units_of

KINDS = ("rot", "scab", "sound")


def planted(folder: Path, rows: list[tuple[str, str, str, str]]) -> Path:
    """Pictures of (fruit, lot, source, class), all of one look."""
    folder.mkdir(parents=True)
    index = []
    for n, (group, lot, source, name) in enumerate(rows):
        stem = f"{folder.name}_{n:03}"
        write_jpeg(folder / f"{stem}.jpg", picture(n, (32, 32)))
        np.savez(folder / f"{stem}.npz", surface_set=np.full((2, 2), n))
        index.append(
            {"id": stem, "split": "train", "group": group, "lot": lot, "source": source, "classes": [name]}
        )
    (folder / "index.json").write_text(json.dumps(index))
    return folder


def rows(fruit: int, views: int = 2) -> list[tuple[str, str, str, str]]:
    return [(f"f{n}", "", "", KINDS[n % 3]) for n in range(fruit) for _ in range(views)]


def sides(folder: Path) -> dict[str, set[str]]:
    """Split of each fruit."""
    found: dict[str, set[str]] = {}
    for entry in json.loads((folder / "index.json").read_text()):
        found.setdefault(entry["group"], set()).add(entry["split"])
    return found


def test_fruit_stay_together_and_classes_are_on_both_sides(tmp_path: Path) -> None:
    folder = planted(tmp_path / "a", rows(30))
    report = split_sets([folder], val=0.2, folds=5, seed=1)
    assert all(len(found) == 1 for found in sides(folder).values())
    assert (report.units, report.pictures, report.folds) == (30, {"train": 48, "val": 12}, 5)
    assert report.classes == {name: (16, 4) for name in KINDS}
    assert report.warnings == ()
    assert report.to_json()["classes"] == {name: {"train": 16, "val": 4} for name in KINDS}

    index = json.loads((folder / "index.json").read_text())
    train = {entry["id"]: entry["group"] for entry in index if entry["split"] == "train"}
    folds = json.loads((folder / "folds.json").read_text())
    assert (folds["seed"], folds["folds"], folds["by"], folds["val"]) == (1, 5, "source", 0.2)
    assert set(folds["fold_of"]) == set(train)
    fold_of_group: dict[str, set[int]] = {}
    for name, fold in folds["fold_of"].items():
        fold_of_group.setdefault(train[name], set()).add(fold)
    assert all(len(found) == 1 for found in fold_of_group.values())
    assert sorted({fold for found in fold_of_group.values() for fold in found}) == [0, 1, 2, 3, 4]

    judged = sorted(entry["id"] for entry in index if entry["split"] == "val")
    assert load_frozen(folder) == freeze(folder, judged)
    assert len(trainable(folder, index)) == 48


def test_the_seed_decides_and_nothing_else(tmp_path: Path) -> None:
    found = []
    for n, seed in enumerate((1, 1, 2)):
        folder = planted(tmp_path / str(n) / "a", rows(20))
        split_sets([folder], val=0.25, folds=0, seed=seed)
        assert json.loads((folder / "folds.json").read_text())["fold_of"] == {}
        found.append(sides(folder))
    assert found[0] == found[1] != found[2]


def test_what_stays_together(tmp_path: Path) -> None:
    """Ten fruit in five lots of two sources; one fruit was seen in two lots."""
    listed = [(f"f{n}", f"l{n // 2}", f"s{n % 4 // 2}", "rot") for n in range(10)] + [("f0", "l4", "", "rot")]
    entries = [dict(zip(("group", "lot", "source", "c"), row, strict=True)) for row in listed]
    assert len(set(units_of(entries, ("group",)))) == 10
    lots = units_of(entries, ("group", "lot"))
    assert len(set(lots)) == 4
    assert lots[0] == lots[8] == lots[10]
    assert len(set(units_of(entries, ("group", "lot", "source")))) == 2


def test_sets_are_split_together(tmp_path: Path) -> None:
    """The same fruit in two sets is on one side in both."""
    one, two = planted(tmp_path / "a", rows(12, 1)), planted(tmp_path / "b", rows(12, 1))
    report = split_sets([one, two], val=0.25, folds=0, seed=3)
    assert report.units == 12
    assert sides(one) == sides(two)
    assert load_frozen(one)
    assert len(load_frozen(one)) == len(load_frozen(two))


def test_a_class_on_one_side_is_said(tmp_path: Path) -> None:
    folder = planted(tmp_path / "a", [*rows(9), ("x", "", "", "crack")])
    assert split_sets([folder], val=0.2, folds=0, seed=1).warnings == ("class 'crack': no picture in val",)


def test_too_few_groups_are_refused(tmp_path: Path) -> None:
    folder = planted(tmp_path / "a", [(f"f{n}", f"l{n % 2}", "one", "rot") for n in range(6)])
    message = "expected at least 2 groups of pictures that share no group or lot or source, got 1; --by lot"
    with pytest.raises(SetError, match=message):
        split_sets([folder], val=0.5, folds=0, seed=1)
    assert split_sets([folder], val=0.5, folds=0, seed=1, by="lot").units == 2
    with pytest.raises(
        SetError, match="expected at least 6 groups of pictures that share no group or lot, got 2"
    ):
        split_sets([folder], val=0.5, folds=5, seed=1, by="lot", force=True)


def test_a_set_that_was_split_is_kept(tmp_path: Path) -> None:
    folder = planted(tmp_path / "a", rows(10))
    split_sets([folder], val=0.2, folds=0, seed=1)
    before = (folder / "frozen.json").read_text()
    with pytest.raises(SetError, match=r"frozen\.json: expected a set that was not split.*--force"):
        split_sets([folder], val=0.2, folds=0, seed=2)
    assert (folder / "frozen.json").read_text() == before
    split_sets([folder], val=0.2, folds=0, seed=2, force=True)
    assert (folder / "frozen.json").read_text() != before


@pytest.mark.parametrize(
    ("val", "folds", "message"),
    [
        (0.0, 0, "--val: expected a share over 0 and under 1, got 0"),
        (1.0, 0, "--val: expected"),
        (0.2, 1, "--folds: expected 0 or at least 2, got 1"),
        (0.2, -1, "--folds: expected"),
    ],
)
def test_wrong_shares(val: float, folds: int, message: str, tmp_path: Path) -> None:
    with pytest.raises(SetError, match=message):
        split_sets([planted(tmp_path / "a", rows(4))], val=val, folds=folds, seed=1)


def test_wrong_sets(tmp_path: Path) -> None:
    with pytest.raises(SetError, match=r"index\.json: expected a set made by"):
        split_sets([tmp_path], val=0.2, folds=0, seed=1)
    folder = planted(tmp_path / "a", rows(4))
    with pytest.raises(SetError, match="the same id in two"):
        split_sets([folder, folder], val=0.2, folds=0, seed=1)
    (folder / "index.json").write_text('[{"id": "a"}]')
    with pytest.raises(SetError, match=r"picture 1: group: expected a text, got None"):
        split_sets([folder], val=0.2, folds=0, seed=1)


@given(
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from(KINDS)), min_size=3, max_size=60),
    st.integers(2, 5),
    st.integers(0, 99),
)
def test_every_unit_gets_one_side_and_no_side_is_empty(
    pictures: list[tuple[int, str]], count: int, seed: int
) -> None:
    unit, classes = [n for n, _ in pictures], [(name,) for _, name in pictures]
    found = deal(unit, classes, (1 / count,) * count, np.random.default_rng(seed))
    assert set(found) == set(unit)
    assert len(set(found.values())) == min(count, len(found))
