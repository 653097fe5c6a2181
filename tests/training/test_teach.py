"""A lesson replays what was known, learns the new set, and accepts only what loses nothing."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grader.image_io import write_jpeg
from grader.model_card import load_card
from grader.production import shipped_model
from grader.types import SurfaceClass
from tests.synthetic import paint_fruit
from training.compare import ClassChange, simulated_pictures
from training.frozen import FILE, freeze, frozen_json
from training.label_canvas import APPLE, GROUND, SOUND, surface_bits
from training.teach import (
    CANDIDATES,
    FEWEST_PICTURES,
    KEEP,
    REPLAY,
    Learned,
    Lesson,
    TeachError,
    accepted,
    make_config,
    teach,
)
from training.teach_verb import CHECKPOINTS

SHIPPED = shipped_model()
CHECKPOINT = CHECKPOINTS / f"{SHIPPED.parent.name}-{SHIPPED.name}" / "last.pt"


def planted(folder: Path, train: int, val: int) -> Path:
    """Painted apples, each with a square of scald that a label marks exactly."""
    folder.mkdir()
    index = []
    shown = {
        "train": paint_fruit(diameter_mm=70.0),
        "val": paint_fruit(diameter_mm=85.0, centre_mm=(20.0, 10.0)),
    }
    for number in range(train + val):
        split = "train" if number < train else "val"
        fruit = shown[split]
        surface = np.where(fruit.mask, SOUND, GROUND).astype(np.uint32)
        rows, cols = np.nonzero(fruit.mask)
        y, x = int(rows.mean()), int(cols.mean())
        surface[y : y + 20, x : x + 20] = surface_bits(SurfaceClass.SCALD)
        name = f"fruit{number}"
        write_jpeg(folder / f"{name}.jpg", fruit.rgb, quality=95)
        np.savez_compressed(
            folder / f"{name}.npz",
            surface_set=surface,
            crop_set=np.where(fruit.mask, APPLE, 1).astype(np.uint8),
            instance=fruit.mask.astype(np.uint8),
        )
        entry = {
            "id": name,
            "split": split,
            "dataset": "own",
            "licence": "CC BY 4.0",
            "group": name,
            "facts": [],
        }
        index.append(entry)
    (folder / "index.json").write_text(json.dumps(index))
    kept = [entry["id"] for entry in index if entry["split"] == "val"]
    (folder / FILE).write_text(frozen_json(freeze(folder, kept)))
    return folder


def lesson(taught: Path, out: Path) -> Lesson:
    return Lesson(taught=taught, model=SHIPPED, checkpoint=CHECKPOINT, version="9.9.9", out=out)


def change(name: str, points: float) -> ClassChange:
    return ClassChange(name=name, champion=0.5, challenger=0.5 + points / 100, low=0.0, high=0.0, n=9)


def learned(*changes: ClassChange) -> Learned:
    return Learned(share=0.3, checkpoint=Path("last.pt"), model=Path("model"), changes=changes)


def test_new_and_old_are_mixed_and_few_pictures_freeze_more(tmp_path: Path) -> None:
    few = lesson(planted(tmp_path / "few", FEWEST_PICTURES, 1), tmp_path / "out")
    config = make_config(few)
    assert (config.frozen_blocks, config.keep) == (5, KEEP)
    assert config.photograph_shares == {"own": pytest.approx(0.5)}
    assert sum(config.simulated.values()) == pytest.approx(0.5)
    assert set(config.simulated) == {str(tmp_path / "out" / "replay" / preset) for preset in REPLAY}
    assert config.start_from == str(CHECKPOINT)
    both = make_config(
        replace(few, photographs=(tmp_path / "old",), photograph_shares=(("a", 3.0), ("b", 1.0)))
    )
    assert both.photographs == (str(few.taught), str(tmp_path / "old"))
    assert both.photograph_shares == pytest.approx({"own": 0.5, "a": 0.1875, "b": 0.0625})
    assert sum(both.simulated.values()) == pytest.approx(0.25)


def test_many_pictures_freeze_less(tmp_path: Path) -> None:
    taught = planted(tmp_path / "set", FEWEST_PICTURES, 1)
    index = json.loads((taught / "index.json").read_text())
    (taught / "index.json").write_text(json.dumps(index[:1] * 199 + index[-1:]))
    assert make_config(lesson(taught, tmp_path)).frozen_blocks == 5
    (taught / "index.json").write_text(json.dumps(index[:1] * 200 + index[-1:]))
    assert make_config(lesson(taught, tmp_path)).frozen_blocks == 3


@pytest.mark.parametrize(
    ("train", "val", "message"),
    [
        (FEWEST_PICTURES - 1, 1, f"expected at least {FEWEST_PICTURES} pictures for training, got 9"),
        (FEWEST_PICTURES, 0, "kept back for judging, got none: python -m training split"),
    ],
)
def test_a_set_that_cannot_teach_is_refused_before_anything_is_written(
    tmp_path: Path, train: int, val: int, message: str
) -> None:
    with pytest.raises(TeachError, match=message):
        teach(lesson(planted(tmp_path / "set", train, val), tmp_path / "out"), iter(()), lambda _: None)
    assert not (tmp_path / "out").exists()


def test_what_loses_nothing_and_learned_something_is_accepted() -> None:
    good = learned(change("scald (taught)", 20.0), change("rot (taught)", -4.0), change("rot", -0.49))
    assert good.gained == pytest.approx(0.08)
    assert good.lost == []
    assert accepted(good) is good


def test_a_loss_elsewhere_is_refused() -> None:
    with pytest.raises(TeachError, match=r"loses too much; the mildest, 30% of the new weights, on rot -0.6"):
        accepted(learned(change("scald (taught)", 20.0), change("rot", -0.6), change("stem", 3.0)))


def test_having_learned_nothing_is_refused() -> None:
    with pytest.raises(TeachError, match=r"nothing was learned: \+0.0 points"):
        accepted(learned(change("scald (taught)", 0.0), change("rot", 3.0)))


def test_a_whole_lesson_leaves_its_work_and_does_not_repeat_it(tmp_path: Path) -> None:
    """Two steps on tiny pictures teach nothing certain; the way through is what counts here."""
    small = replace(
        lesson(planted(tmp_path / "set", FEWEST_PICTURES, 1), tmp_path / "out"),
        steps=2,
        size=64,
        jobs=1,
        replay=(("single", 1),),
    )
    said: list[str] = []

    def run() -> None:
        with suppress(TeachError):
            teach(small, simulated_pictures(1), said.append)

    run()
    card = load_card(tmp_path / "out" / "candidate_1.00" / "model")
    assert (card.name, card.version) == ("fruitnet", "9.9.9")
    assert {"name": "own", "licence": "CC BY 4.0"} in card.trained_on
    assert card.trained_on[: len(load_card(SHIPPED).trained_on)] == load_card(SHIPPED).trained_on
    assert card.produce is not None
    assert said[:3] == [
        "replay: 1 simulated pictures, single",
        "training: 2 steps, 5 blocks stay as they are",
        f"judging {len(CANDIDATES)} candidates beside the model in production",
    ]
    assert said[3].startswith("100% of the new weights: ")
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.onnx")}
    run()
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.onnx")} == written
