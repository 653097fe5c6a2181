"""A run that was stopped goes on where it was; a restricted run sees only what it may."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from grader.errors import OutputError
from tests.training.converted import write_photographs
from tests.training.small_disk import fill, small_disk
from training.checkpoint import CheckpointError
from training.network import FruitNet
from training.simulator import generate
from training.train import learning_rate, train, training_sources
from training.train_config import ConfigError, TrainConfig


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three simulated pictures of 96 px."""
    folder = tmp_path_factory.mktemp("simulated")
    generate(folder, 3, seed=1, preset="single", size_hw=(96, 96))
    return folder


@pytest.fixture(scope="module")
def begun(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """last.pt of a run of one step."""
    return train(tiny(pictures, tmp_path_factory.mktemp("begun") / "run", steps=1))


def tiny(pictures: Path, out: Path, steps: int) -> TrainConfig:
    return TrainConfig(
        out=str(out), simulated={str(pictures): 1.0}, size=64, batch=2, steps=steps, threads=1, save_every=2
    )


def test_learning_rate_warms_up_and_falls_to_a_hundredth() -> None:
    config = TrainConfig(out="x", simulated={}, rate=2.0, warm_up=100, steps=1100)
    assert learning_rate(0, config) == pytest.approx(0.02)
    assert learning_rate(98, config) == pytest.approx(1.98)
    assert learning_rate(99, config) == pytest.approx(2.0)
    assert learning_rate(100, config) == pytest.approx(2.0)
    assert learning_rate(600, config) == pytest.approx(2.0 * 0.505)
    assert learning_rate(1100, config) == pytest.approx(0.02)
    assert learning_rate(5000, config) == pytest.approx(0.02)
    rates = [learning_rate(step, config) for step in range(99, 1101)]
    assert all(later <= earlier for earlier, later in pairwise(rates))


def test_learning_rate_of_the_shortest_runs() -> None:
    none = TrainConfig(out="x", simulated={}, rate=2.0, warm_up=0, steps=10)
    assert learning_rate(0, none) == pytest.approx(2.0)
    only = TrainConfig(out="x", simulated={}, rate=2.0, warm_up=10, steps=10)
    assert learning_rate(9, only) == pytest.approx(2.0)
    assert learning_rate(10, only) == pytest.approx(2.0)
    assert learning_rate(11, only) == pytest.approx(0.02)


def test_a_run_that_was_stopped_ends_as_one_that_was_not(pictures: Path, tmp_path: Path) -> None:
    through = torch.load(train(tiny(pictures, tmp_path / "through", 4)), weights_only=True)
    out = tmp_path / "stopped"
    half = torch.load(train(tiny(pictures, out, 2)), weights_only=True)
    last = train(tiny(pictures, out, 4))
    whole = torch.load(last, weights_only=True)
    assert last == out / "last.pt"
    assert (half["step"], whole["step"], through["step"]) == (2, 4, 4)
    wanted = json.loads(json.dumps(asdict(tiny(pictures, out, 4))))
    assert json.loads((out / "config.json").read_text()) == wanted
    assert sorted(path.name for path in out.iterdir()) == ["config.json", "last.pt", "tensorboard"]
    for part in ("net", "average"):
        FruitNet(pretrained=False).load_state_dict(whole[part])
        for name, value in whole[part].items():
            assert torch.isfinite(value).all(), name
            torch.testing.assert_close(value, through[part][name], rtol=1e-4, atol=1e-5, msg=name)
    assert not torch.equal(whole["net"]["surface.weight"], half["net"]["surface.weight"])
    assert not torch.equal(whole["net"]["surface.weight"], whole["average"]["surface.weight"])

    before = last.read_bytes()
    assert train(tiny(pictures, out, 4)) == last  # a finished run has nothing to do
    assert last.read_bytes() == before


def test_a_run_may_start_from_the_averaged_weights_of_another(pictures: Path, tmp_path: Path) -> None:
    first = FruitNet(pretrained=False).state_dict()
    torch.save({"average": first, "net": {}}, tmp_path / "first.pt")
    config = replace(
        tiny(pictures, tmp_path / "out", 1), start_from=str(tmp_path / "first.pt"), rate=0.0, batch=1
    )
    state = torch.load(train(config), weights_only=True)
    for name, value in state["net"].items():
        if name.endswith((".weight", ".bias")):
            assert torch.equal(value, first[name]), name


def test_frozen_blocks_stay_as_they_are_and_the_others_learn(
    pictures: Path, begun: Path, tmp_path: Path
) -> None:
    first = torch.load(begun, weights_only=True)["average"]
    config = replace(tiny(pictures, tmp_path / "second", steps=2), frozen_blocks=3)
    config = replace(config, start_from=str(begun))
    second = torch.load(train(config), weights_only=True)["net"]
    moved = {name for name in first if not torch.equal(first[name], second[name])}
    frozen = ("stem.", "blocks.0.", "blocks.1.", "blocks.2.")
    assert not [name for name in moved if name.startswith(frozen)]
    assert {"blocks.3._depthwise_conv.weight", "blocks.3._bn1.running_mean", "surface.weight"} <= moved


def test_frozen_statistics_stay_while_weights_learn(pictures: Path, begun: Path, tmp_path: Path) -> None:
    first = torch.load(begun, weights_only=True)["average"]
    config = replace(tiny(pictures, tmp_path / "second", steps=2), frozen_statistics=True)
    config = replace(config, start_from=str(begun))
    second = torch.load(train(config), weights_only=True)["net"]
    moved = {name for name in first if not torch.equal(first[name], second[name])}
    assert not [name for name in moved if "running_" in name]
    assert {"stem.0.weight", "blocks.3._depthwise_conv.weight", "surface.weight"} <= moved


def test_a_full_disk_leaves_the_last_checkpoint_and_the_run_goes_on(
    pictures: Path, begun: Path, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", 120_000) as disk:
        out = disk / "run"
        shutil.copytree(begun.parent, out)
        config = tiny(pictures, out, steps=2)
        (out / "config.json").write_text(json.dumps(asdict(replace(config, steps=1))))
        filling, last = fill(disk, leave_kb=1000), out / "last.pt"
        whole = last.read_bytes()
        with pytest.raises(OutputError, match=r"run/last\.pt: could not be written: No space left on device"):
            train(config)
        assert last.read_bytes() == whole
        filling.unlink()
        (out / ".tmpkilled.part").write_bytes(
            whole[:1000]
        )  # as a run leaves it that is killed while it writes
        assert torch.load(train(config), weights_only=True)["step"] == 2


def test_what_cannot_be_started_from_is_refused_before_anything_is_written(
    pictures: Path, begun: Path, tmp_path: Path
) -> None:
    other, cut, out = tmp_path / "other.pt", tmp_path / "cut.pt", tmp_path / "run"
    torch.save({"average": FruitNet(surface_classes=15, pretrained=False).state_dict()}, other)
    cut.write_bytes(begun.read_bytes()[:-100])
    for start, message in (
        (other, r"other\.pt: surface.weight: expected shape \[17, 48, 1, 1\], got \[15, 48, 1, 1\]"),
        (cut, r"cut\.pt: expected a checkpoint, got \d+ bytes that are none or were cut short"),
    ):
        with pytest.raises(CheckpointError, match=message):
            train(replace(tiny(pictures, out, steps=1), start_from=str(start)))
    with pytest.raises(FileNotFoundError, match=r"nowhere\.pt"):
        train(replace(tiny(pictures, out, steps=1), start_from=str(tmp_path / "nowhere.pt")))
    assert not out.exists()


def test_weights_of_another_network_in_the_folder_of_the_run_stay(
    pictures: Path, begun: Path, tmp_path: Path
) -> None:
    config = tiny(pictures, tmp_path / "run", steps=2)
    last = tmp_path / "run" / "last.pt"
    last.parent.mkdir()
    last.with_name("config.json").write_text(json.dumps(asdict(config)))
    state = torch.load(begun, weights_only=True)
    optimiser = {"state": {}, "param_groups": state["optimiser"]["param_groups"][:1]}
    narrow = state["average"] | {"surface.bias": torch.zeros(3)}
    for wrong, message in (
        ({"average": narrow}, r"last\.pt: surface.bias: expected shape \[17\], got \[3\]"),
        ({"optimiser": optimiser}, r"last\.pt: optimiser: expected the state of this one"),
    ):
        torch.save(state | wrong, last)
        before = {path: path.read_bytes() for path in last.parent.iterdir()}
        with pytest.raises(CheckpointError, match=message):
            train(config)
        assert {path: path.read_bytes() for path in last.parent.iterdir()} == before


def test_nothing_is_written_when_there_is_nothing_to_train_on(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="expected simulated pictures"):
        train(tiny(tmp_path / "nowhere", tmp_path / "out", 1))
    assert not (tmp_path / "out").exists()


def test_a_folder_without_backgrounds_is_named_before_anything_is_written(
    pictures: Path, tmp_path: Path
) -> None:
    config = replace(tiny(pictures, tmp_path / "run", 1), backgrounds=str(tmp_path / "none"), paste_share=0.5)
    with pytest.raises(ConfigError, match="none: expected JPEG pictures of backgrounds, found none"):
        train(config)
    assert not (tmp_path / "run").exists()


def test_licences_restrict_training(pictures: Path, tmp_path: Path) -> None:
    entries = [("a", "plates", "MIT"), ("b", "plates", "none stated"), ("c", "vines", "CC BY-NC 4.0")]
    folder = write_photographs(tmp_path / "set", entries, (1, 1, 9, 9))
    photographs = TrainConfig(
        out="x", simulated={}, photographs=(str(folder),), photograph_shares={"plates": 1.0, "vines": 1.0}
    )

    def seen(config: TrainConfig) -> set[str]:
        return {Path(stem).name for source in training_sources(config) for stem in source.stems}

    assert seen(photographs) == {"a", "b", "c"}
    assert seen(replace(photographs, licences=("MIT", "CC BY"))) == {"a"}
    with pytest.raises(ConfigError, match=r"expected something to train on.*licences \(\)"):
        training_sources(replace(photographs, licences=()))
    both = replace(photographs, licences=(), simulated={str(pictures): 1.0, str(tmp_path / "unused"): 0.0})
    assert seen(both) == {"000000", "000001", "000002"}
