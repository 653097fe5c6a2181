"""Champion and challenger, on painted pictures whose overlaps are counted by hand."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from grader.production import newest_model, production_model, read_log, rollback
from grader.types import BoolArray, Frame
from tests.training.planted import DataFolder, Planted, PlantedGrader
from tests.training.test_photo_suite import masks
from tests.training.test_training_cli import run
from training.compare import (
    ANY_DEFECT,
    FRUIT,
    WORST_LOSS,
    ClassChange,
    JudgedPicture,
    compare,
    losses,
    masked_photographs,
    simulated_pictures,
)
from training.export import export
from training.network import FruitNet

FRUIT_BOX = (10, 10, 50, 50)


def area(left: int, top: int, right: int, bottom: int) -> BoolArray:
    where = np.zeros((60, 80), np.bool_)
    where[top:bottom, left:right] = True
    return where


def picture(name: str, rot: BoolArray) -> JudgedPicture:
    frame = Frame(frame_id=name, rgb=np.zeros((60, 80, 3), np.uint8))
    wanted = {"rot": rot, "scab": np.zeros_like(rot), ANY_DEFECT: rot, FRUIT: area(*FRUIT_BOX)}
    return JudgedPicture(frame=frame, mm_per_px=0.35, wanted=wanted)


def test_overlaps_are_pooled_and_false_calls_count() -> None:
    pictures = [picture("a", area(10, 10, 20, 20)), picture("b", np.zeros((60, 80), np.bool_))]
    champion = PlantedGrader(
        {"a": (Planted(box=FRUIT_BOX, rot=(10, 10, 20, 20)),), "b": (Planted(box=FRUIT_BOX),)}
    )
    challenger = PlantedGrader(
        {
            "a": (Planted(box=FRUIT_BOX, rot=(10, 10, 20, 15)),),
            "b": (Planted(box=FRUIT_BOX, rot=(10, 10, 20, 20)),),
        }
    )
    changes = compare(champion, challenger, iter(pictures))
    assert [(change.name, change.champion, change.challenger, change.n) for change in changes] == [
        ("rot", 1.0, 50 / 200, 1),  # scab is in no picture and is left out
        (ANY_DEFECT, 1.0, 50 / 200, 1),
        (FRUIT, 1.0, 1.0, 2),
    ]
    assert changes[0].low <= changes[0].change <= changes[0].high <= 0
    assert losses(changes) == changes[:2]


def test_half_a_point_is_let_pass_and_more_is_not() -> None:
    def lost(points: float) -> ClassChange:
        return ClassChange(name="rot", champion=0.5, challenger=0.5 - points, low=0.0, high=0.0, n=1)

    assert losses([lost(WORST_LOSS - 1e-6), lost(0.0)]) == []
    assert len(losses([lost(WORST_LOSS + 1e-6)])) == 1


def test_no_picture_is_an_error() -> None:
    with pytest.raises(ValueError, match="expected pictures"):
        compare(PlantedGrader({}), PlantedGrader({}), iter(()))


def test_photographs_with_masks_are_asked_for_what_they_show(tmp_path: Path) -> None:
    masks(DataFolder(tmp_path))
    found = {Path(item.frame.frame_id).name: item for item in masked_photographs(tmp_path)}
    assert {name: sorted(item.wanted) for name, item in found.items()} == {
        "a.png": ["any defect (photographs)"],
        "b.png": ["any defect (photographs)", "fruit (photographs)"],
    }
    assert found["b.png"].wanted["fruit (photographs)"].sum() == 40 * 40


def test_simulated_apples_know_every_pixel() -> None:
    (item,) = simulated_pictures(1)
    assert item.wanted[FRUIT].any()
    parts = [item.wanted[name] for name in item.wanted if name not in (FRUIT, ANY_DEFECT)]
    assert np.array_equal(np.sum(parts, axis=0), item.wanted[FRUIT])


def test_a_model_changes_nothing_against_itself(tmp_path: Path) -> None:
    masks(DataFolder(tmp_path))
    model = newest_model()
    code, out, _ = run("compare", model, model, "--data", tmp_path, "--count", 1, "--json")
    assert code == 0
    changes = json.loads(out)
    assert {change["change"] for change in changes.values()} == {0.0}
    assert {"fruit", "sound_skin", "fruit (photographs)"} <= set(changes)


def test_a_worse_model_is_refused_unless_forced_and_the_log_says_so(tmp_path: Path) -> None:
    masks(DataFolder(tmp_path / "data"))
    models = tmp_path / "models"
    champion, worse = models / "fruitnet" / "1.0.0", models / "fruitnet" / "0.9.0"
    shutil.copytree(newest_model(), champion)
    checkpoint = tmp_path / "last.pt"
    torch.manual_seed(0)
    torch.save({"average": FruitNet().state_dict()}, checkpoint)
    export(checkpoint, worse, name="fruitnet", version="0.9.0", sets=[], find_side=64, fruit_side=64)
    words = (
        "promote",
        worse,
        "--reason",
        "cheaper",
        "--data",
        tmp_path / "data",
        "--count",
        1,
        "--models",
        models,
    )

    code, out, err = run(*words)
    assert (code, out) == (1, "")
    assert "refused: expected at most 0.5 points lost on every class against 1.0.0, got " in err
    assert production_model(models) == champion
    assert read_log(models) == ()

    code, out, _ = run(*words, "--force")
    assert code == 0
    assert out.startswith("fruitnet/0.9.0+sha256:")
    assert production_model(models) == worse
    assert read_log(models)[0].reason.startswith("cheaper (forced: ")
    rollback("as expected", models)
    assert production_model(models) == champion


def test_an_equal_model_is_promoted(tmp_path: Path) -> None:
    masks(DataFolder(tmp_path / "data"))
    model = tmp_path / "models" / "fruitnet" / "1.0.0"
    shutil.copytree(newest_model(), model)
    where = ("--data", tmp_path / "data", "--count", 1, "--models", tmp_path / "models")
    assert run("promote", model, "--reason", "on trial", *where)[0] == 0
    assert [change.reason for change in read_log(tmp_path / "models")] == ["on trial"]
    code, _, err = run("promote", tmp_path / "none", "--reason", "on trial", *where)
    assert code == 2
    assert "expected a model card" in err
    code, _, err = run("promote", model, "--reason", " ", *where)
    assert code == 2
    assert "expected why this model is promoted" in err
