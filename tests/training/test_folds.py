"""Every masked and diseased photograph is judged once, by a network that was not shown it or its group."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from grader.image_io import read_image
from tests.grader.made_fruit import make_defect
from tests.training.planted import DataFolder, Planted, PlantedGrader
from tests.training.test_condition_suite import diseases
from tests.training.test_photo_suite import masks
from training.dataset import photograph_sources
from training.folds import DISEASED, FOLD, MASKED, Answer, deal, figures, fold_config, judge, write_learned
from training.manifest import load_manifest, select_photographs
from training.train_config import ConfigError, TrainConfig
from training.weak_cache import convert

BASE = TrainConfig(
    out="runs/folds",
    simulated={"runs/sim/*": 1.0},
    photographs=("runs/weak",),
    photograph_shares={MASKED[0]: 3.0, DISEASED: 2.0, "plates": 1.0},
    start_from="runs/unseen/last.pt",
)


def test_groups_are_dealt_evenly_by_set_and_label_and_never_split(tmp_path: Path) -> None:
    data = DataFolder(tmp_path)
    for label in ("rot", "scab"):
        for number in range(10):
            data.add(
                f"apples/{DISEASED}/images/{label}{number}.png",
                label=label,
                kind="image_class",
                group=f"{label}{number // 2}",
            )
    photographs = load_manifest(tmp_path)
    fold_of = deal(photographs, 5)
    assert set(fold_of) == {photo.group for photo in photographs}
    for label in ("rot", "scab"):
        assert sorted(fold_of[f"{label}{number}"] for number in range(5)) == [0, 1, 2, 3, 4]
    assert deal(reversed(photographs), 5) == fold_of
    with pytest.raises(ValueError, match="folds: expected two or more, got 1"):
        deal(photographs, 1)


def test_a_fold_learns_its_own_pictures_and_never_those_of_the_whole_set(tmp_path: Path) -> None:
    config = fold_config(BASE, tmp_path / "learned", tmp_path / "run")
    assert config.photograph_shares == {MASKED[0] + FOLD: 3.0, DISEASED + FOLD: 2.0, "plates": 1.0}
    assert config.photographs == ("runs/weak", str(tmp_path / "learned"))
    assert (config.out, config.start_from) == (str(tmp_path / "run"), BASE.start_from)


@pytest.mark.parametrize(
    "config", [replace(BASE, start_from=None), replace(BASE, photograph_shares={"plates": 1.0})]
)
def test_a_config_that_judges_nothing_or_starts_from_nothing_is_refused(
    config: TrainConfig, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="runs/folds: expected `start_from`, a network that was shown none"):
        fold_config(config, tmp_path, tmp_path)


def test_the_pictures_of_a_fold_can_be_trained_on_whatever_split_they_are_in(tmp_path: Path) -> None:
    data = tmp_path / "data"
    diseases(DataFolder(data))
    index = convert(load_manifest(data), tmp_path / "labels")
    learned = write_learned(tmp_path / "learned", tmp_path / "labels", index[:3])
    write_learned(tmp_path / "learned", tmp_path / "labels", index[:3])  # again, as after a stop
    (source,) = photograph_sources([learned], {DISEASED + FOLD: 1.0})
    assert [Path(stem).name for stem in source.stems] == [entry["id"] for entry in index[:3]]
    assert read_image(Path(f"{source.stems[0]}.jpg")).rgb.shape == (60, 80, 3)
    assert json.loads((tmp_path / "labels" / "index.json").read_text())[0]["split"] == "val"


def test_answers_and_figures(tmp_path: Path) -> None:
    data = DataFolder(tmp_path)
    diseases(data)
    masks(data)
    rot = (make_defect("rot", fraction=0.1),)
    box = (10, 10, 50, 50)
    photographs = select_photographs(load_manifest(tmp_path), datasets=frozenset({*MASKED, DISEASED}))
    answers = {photo.path.name: (Planted(box=box, measured=rot, rot=box),) for photo in photographs}
    judged = judge(PlantedGrader(answers), photographs)
    assert [answer.name for answer in judged] == [photo.name for photo in photographs]
    by_name = {figure.name: figure for figure in figures(judged)}
    right = by_name["folds_worst_defect_right"]
    assert (right.value, right.n) == (pytest.approx(1 / 5), 5)  # one of five is labelled rot
    masked = [answer for answer in judged if answer.dataset in MASKED]
    assert by_name["folds_defect_iou"].n == len({answer.group for answer in masked})
    assert by_name["folds_defect_iou"].value == pytest.approx(
        sum(answer.both for answer in masked) / sum(answer.either for answer in masked)
    )


def test_groups_count_once_and_a_figure_without_pictures_is_left_out() -> None:
    same = Answer(name="a", dataset=MASKED[0], group="g", both=30, either=40)
    found = figures([same, replace(same, name="b", both=10, either=60)])
    assert [(figure.name, figure.value, figure.n) for figure in found] == [("folds_defect_iou", 0.4, 1)]
    assert figures([]) == []
