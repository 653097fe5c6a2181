"""What models are judged by stays as it is, and is not learned."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.image_io import write_jpeg
from tests.training.labelled_sets import picture
from training.frozen import FILE, freeze, frozen_beside, frozen_json, load_frozen, trainable
from training.labelled_picture import SetError
from training.leaks import look_of, pairs_alike

Index = list[dict[str, Any]]


def planted(folder: Path, first: int = 0) -> Index:
    """a and b for training, c for judging, frozen."""
    folder.mkdir(parents=True)
    index: Index = []
    for n, name in enumerate("abc"):
        write_jpeg(folder / f"{name}.jpg", picture(first + n))
        np.savez(folder / f"{name}.npz", surface_set=np.full((2, 2), n))
        index.append({"id": name, "split": "val" if name == "c" else "train", "group": name})
    (folder / "index.json").write_text(json.dumps(index))
    (folder / FILE).write_text(frozen_json(freeze(folder, ["c"])))
    return index


def test_there_and_back(tmp_path: Path) -> None:
    planted(tmp_path / "one")
    (frozen,) = load_frozen(tmp_path / "one")
    assert frozen.id == "c"
    assert (frozen,) == freeze(tmp_path / "one", ["c"])
    look = look_of(picture(2))
    assert [pair[:2] for pair in pairs_alike(frozen.to_look()[None], look[None])] == [(0, 0)]
    assert load_frozen(tmp_path) == ()
    planted(tmp_path / "two")
    assert {
        Path(where).name: [p.id for p in found] for where, found in frozen_beside(tmp_path / "x").items()
    } == {
        "one": ["c"],
        "two": ["c"],
    }


def test_the_split_train_may_be_learned(tmp_path: Path) -> None:
    index = planted(tmp_path / "one")
    assert [entry["id"] for entry in trainable(tmp_path / "one", index)] == ["a", "b"]


@pytest.mark.parametrize("ending", ["jpg", "npz"])
def test_a_changed_or_missing_frozen_file_is_refused(ending: str, tmp_path: Path) -> None:
    index = planted(tmp_path / "one")
    path = tmp_path / "one" / f"c.{ending}"
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(
        SetError, match=rf"c\.{ending}: expected the frozen content sha256:.*was changed since"
    ):
        trainable(tmp_path / "one", index)
    path.unlink()
    with pytest.raises(SetError, match=rf"c\.{ending}: expected the frozen picture"):
        trainable(tmp_path / "one", index)


def test_a_picture_for_judging_that_is_not_frozen_is_refused(tmp_path: Path) -> None:
    index = planted(tmp_path / "one")
    index[1]["split"] = "val"
    with pytest.raises(SetError, match=r"or frozen ones .* got 1 others, such as b: a model must not learn"):
        trainable(tmp_path / "one", index)


def test_a_frozen_picture_in_train_is_refused(tmp_path: Path) -> None:
    index = planted(tmp_path / "one")
    index[2]["split"] = "train"
    with pytest.raises(SetError, match=r"expected c in the split val, it is frozen in frozen\.json"):
        trainable(tmp_path / "one", index)


def test_a_group_in_both_splits_is_refused(tmp_path: Path) -> None:
    index = planted(tmp_path / "one")
    index[0]["group"] = "c"
    with pytest.raises(SetError, match=r"group 'c' is in both splits, expected in one \(a\)"):
        trainable(tmp_path / "one", index)


def test_a_picture_that_is_frozen_in_a_set_beside_is_refused(tmp_path: Path) -> None:
    planted(tmp_path / "one")
    index = planted(tmp_path / "two", first=10)
    trainable(tmp_path / "two", index)
    shutil.copy(tmp_path / "one" / "c.jpg", tmp_path / "two" / "a.jpg")
    with pytest.raises(SetError, match=r"two/a\.jpg: expected a picture that no model is judged by.*one/c"):
        trainable(tmp_path / "two", index)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", r"frozen\.json:1:2: expected JSON"),
        ('{"schema": "frozen/2"}', "expected schema 'frozen/1', got 'frozen/2'"),
        ('{"schema": "frozen/1"}', "pictures: expected a list of objects, got None"),
        ('{"schema": "frozen/1", "pictures": [{}]}', "picture 1: id: expected a text, got None"),
    ],
)
def test_a_damaged_list_is_refused(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(content)
    with pytest.raises(SetError, match=message):
        load_frozen(tmp_path)


@pytest.mark.parametrize("look", ["00", "g" * 128])
def test_a_damaged_look_is_refused(look: str, tmp_path: Path) -> None:
    planted(tmp_path / "one")
    content = json.loads((tmp_path / "one" / FILE).read_text())
    content["pictures"][0]["look"] = look
    (tmp_path / "one" / FILE).write_text(json.dumps(content))
    with pytest.raises(SetError, match="picture 1: expected a look of 128 hexadecimal digits"):
        load_frozen(tmp_path / "one")
