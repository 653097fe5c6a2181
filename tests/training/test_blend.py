"""Blending checkpoints: weights are means, statistics are measured, wrong use is said."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.training.converted import write_plain
from tests.training.test_training_cli import run
from training.blend import blend
from training.network import FruitNet
from training.train_config import ConfigError, TrainConfig


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two networks: all weights 1 apart."""
    folder = tmp_path_factory.mktemp("parts")
    torch.manual_seed(0)
    state = FruitNet().state_dict()
    moved = {k: v + 1 if v.dtype.is_floating_point else v for k, v in state.items()}
    for name, values in (("a", state), ("b", moved)):
        torch.save({"average": values}, folder / f"{name}.pt")
    return folder / "a.pt", folder / "b.pt"


def config(tmp_path: Path) -> TrainConfig:
    for number in range(3):
        write_plain(tmp_path / "sim_1", number, 1)
    return TrainConfig(
        out=str(tmp_path / "run"), simulated={str(tmp_path / "sim_*"): 1.0}, size=64, batch=2, threads=1
    )


def test_weights_are_the_mean_by_share_and_statistics_are_measured(
    parts: tuple[Path, Path], tmp_path: Path
) -> None:
    settings = config(tmp_path)
    last = blend([(parts[0], 3.0), (parts[1], 1.0)], settings, tmp_path / "out", steps=2)
    first = torch.load(parts[0], weights_only=True)["average"]
    mixed = torch.load(last, weights_only=True)["average"]
    assert mixed.keys() == first.keys()
    measured = [name for name in first if name.endswith(("running_mean", "running_var"))]
    counted = [name for name in first if name.endswith("num_batches_tracked")]
    for name in first.keys() - set(measured) - set(counted):
        assert torch.allclose(mixed[name], first[name].float() + 0.25, atol=1e-5), name
    assert {int(mixed[name]) for name in counted} == {2}
    assert not torch.allclose(mixed[measured[0]], first[measured[0]] + 0.25, atol=1e-3)
    again = blend([(parts[0], 0.75), (parts[1], 0.25)], settings, tmp_path / "again", steps=2)
    repeated = torch.load(again, weights_only=True)["average"]
    assert all(torch.equal(mixed[name], repeated[name]) for name in measured)
    assert (tmp_path / "out" / "config.json").is_file()


def test_without_steps_the_statistics_are_means_too(parts: tuple[Path, Path], tmp_path: Path) -> None:
    last = blend([(parts[0], 1.0), (parts[1], 1.0)], config(tmp_path), tmp_path / "out", steps=0)
    first = torch.load(parts[0], weights_only=True)["average"]
    mixed = torch.load(last, weights_only=True)["average"]
    for name in (name for name in first if first[name].dtype.is_floating_point):
        assert torch.allclose(mixed[name], first[name] + 0.5, atol=1e-5), name


@pytest.mark.parametrize("shares", [[], [0.0], [1.0, -0.5]])
def test_shares_have_to_be_over_zero(shares: list[float], parts: tuple[Path, Path], tmp_path: Path) -> None:
    chosen = list(zip(parts, shares, strict=False))
    with pytest.raises(ConfigError, match="expected checkpoints with shares over 0"):
        blend(chosen, config(tmp_path), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_wrong_words_are_wrong_use(tmp_path: Path) -> None:
    code, _, err = run("blend", tmp_path / "c.toml", "a.pt", "--out", tmp_path / "out")
    assert code == 2
    assert "expected CHECKPOINT=SHARE, got 'a.pt'" in err
    (tmp_path / "c.toml").write_text(f'out = "{tmp_path}/run"\nsimulated = {{"{tmp_path}/sim_*" = 1.0}}\n')
    code, _, err = run("blend", tmp_path / "c.toml", "nowhere.pt=1", "--out", tmp_path / "out")
    assert code == 2
    assert "nowhere.pt" in err
