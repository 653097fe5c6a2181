"""What an imported set keeps back is measured under the set's name, and only as it was frozen."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from grader.image_io import write_jpeg
from grader.production import newest_model
from grader.types import SurfaceClass
from tests.training.planted import DataFolder, Planted, PlantedGrader
from tests.training.test_photo_suite import masks
from tests.training.test_training_cli import run
from training.compare import compare
from training.evaluation import Evaluator
from training.frozen import FILE, freeze, frozen_json
from training.kept_pictures import KeptPictures
from training.label_canvas import SOUND, surface_bits
from training.labelled_picture import SetError

ROT = surface_bits(SurfaceClass.ROT)
BOX = (0, 0, 80, 60)


def planted(folder: Path) -> Path:
    """Three pictures: r with rot in 20 x 20 px and s sound, both for judging, and t for training."""
    folder.mkdir(parents=True)
    index = []
    for number, name in enumerate("rst"):
        sets = np.full((60, 80), SOUND, np.uint32)
        if name == "r":
            sets[:20, :20] = ROT
        sets[50:] = SOUND | ROT  # not known
        write_jpeg(folder / f"{name}.jpg", np.full((60, 80, 3), 60 * number, np.uint8))
        np.savez_compressed(folder / f"{name}.npz", surface_set=sets)
        side = "train" if name == "t" else "val"
        index.append({"id": name, "split": side, "group": name, "dataset": "yard", "licence": "MIT"})
    (folder / "index.json").write_text(json.dumps(index))
    (folder / FILE).write_text(frozen_json(freeze(folder, ["r", "s"])))
    return folder


def grader(*, found: bool) -> PlantedGrader:
    """Finds half of the rot, or none, and calls rot on the sound fruit: 100 px that count, 100 that nobody knows."""
    rot = (0, 0, 20, 10) if found else None
    return PlantedGrader({"r": (Planted(box=BOX, rot=rot),), "s": (Planted(box=BOX, rot=(0, 40, 10, 60)),)})


def test_figures_are_named_after_the_set(tmp_path: Path) -> None:
    kept = KeptPictures(planted(tmp_path / "set"))
    assert (kept.name, kept.count) == ("yard", 2)
    assert [(figure.name, figure.value, figure.n) for figure in kept.figures(grader(found=True))] == [
        ("kept_yard_any_defect_iou", pytest.approx(200 / 500), 2),
        ("kept_yard_rot_iou", pytest.approx(200 / 400), 1),
    ]


def test_models_are_compared_on_the_set(tmp_path: Path) -> None:
    pictures = KeptPictures(planted(tmp_path / "set")).pictures()
    changes = compare(grader(found=True), grader(found=False), pictures)
    assert [(change.name, change.champion, change.challenger) for change in changes] == [
        ("rot (yard)", pytest.approx(0.5), 0.0),
        ("any defect (yard)", pytest.approx(0.4), 0.0),
    ]


def test_an_evaluation_measures_the_set_beside_the_photographs(tmp_path: Path) -> None:
    kept = KeptPictures(planted(tmp_path / "set"))
    evaluator = Evaluator(grader(found=True), "release", data=None, count=0, also=(kept,))
    (step,) = evaluator.steps
    assert (step.name, step.group, step.pictures) == ("set yard", "photographs", 2)
    names = [figure.name for figure in evaluator.run(step)]
    assert list(evaluator.result("any").to_json()["photographs"]) == names


def test_what_is_not_as_it_was_frozen_is_refused(tmp_path: Path) -> None:
    folder = planted(tmp_path / "set")
    index = json.loads((folder / "index.json").read_text())

    def refused(entries: object, message: str) -> None:
        (folder / "index.json").write_text(json.dumps(entries))
        with pytest.raises(SetError, match=message):
            KeptPictures(folder)

    train = [entry | {"split": "train"} for entry in index]
    refused(
        train,
        r"expected pictures kept back for judging, found none: python -m training split \S+set --val 0.2",
    )
    refused([train[0], *index[1:]], r"index\.json: expected r in the split val, it is frozen in frozen\.json")
    refused([entry | {"split": "val"} for entry in index], "or frozen ones .* got 1 others, such as t")
    refused([{"id": "r"}], r"index\.json: picture 1: split: expected a text, got None")
    (folder / "s.npz").write_bytes(b"other")
    refused(index, r"s\.npz: expected the frozen content sha256:")
    (folder / "index.json").unlink()
    with pytest.raises(SetError, match=r"expected a set made by `python -m training import`, found none"):
        KeptPictures(folder)


def test_both_verbs_take_sets_and_name_a_fault(tmp_path: Path) -> None:
    masks(DataFolder(tmp_path / "data"))
    model, data = newest_model(), ("--data", tmp_path / "data")
    code, _, err = run("compare", model, model, *data, "--also", tmp_path / "none")
    assert code == 2
    assert "none/index.json: expected a set made by" in err
    code, out, err = run("evaluate", "--no-photographs", "--no-simulated", "--also", tmp_path / "none")
    assert (code, out) == (2, "")
    assert "none/index.json: expected a set made by" in err
    yard = planted(tmp_path / "set")
    words = ("evaluate", "--no-photographs", "--no-simulated", "--also", yard, "--json")
    code, out, _ = run(*words)
    assert code == 0
    assert set(json.loads(out)["photographs"]) == {"kept_yard_any_defect_iou", "kept_yard_rot_iou"}
    code, out, _ = run("compare", model, model, *data, "--count", 1, "--also", yard, "--json")
    assert code == 0
    assert {"rot (yard)", "any defect (yard)", "fruit (photographs)"} <= set(json.loads(out))
