"""`python -m training blend`: one network from several checkpoints of the same line of training.

The weights of a network and of what it was fine-tuned from lie in one valley: their mean keeps what both do well
(M. Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022). The statistics of batch normalisation do not
mix, so they are measured anew on training samples (P. Izmailov et al., "Averaging weights leads to wider optima and
better generalization", UAI 2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from training.checkpoint import load_weights, read_checkpoint, write_checkpoint
from training.network import FruitNet
from training.resume import write_config
from training.train import background_pictures, batches, training_sources
from training.train_config import ConfigError, TrainConfig

SAMPLE_SEED = 77
"""The samples for the statistics are others than those of the run."""


def blend(parts: Sequence[tuple[Path, float]], config: TrainConfig, out: Path, steps: int = 120) -> Path:
    """Write `last.pt` and `config.json` to `out`: averaged weights in float32 of checkpoints with their shares.

    parts: checkpoints and shares over 0; they are scaled to sum up to 1. config: of the run whose samples are used.
    steps: batches of it for the statistics; 0 takes their mean as well, for checkpoints that were blended before.

    Raises ConfigError without parts or with a share that is not over 0, OSError or CheckpointError for a checkpoint
    that cannot be read or is of another network, OutputError when the new one cannot be written.
    """
    if not parts or min(share for _, share in parts) <= 0:
        raise ConfigError(f"expected checkpoints with shares over 0, got {[share for _, share in parts]}")
    whole = sum(share for _, share in parts)
    net = FruitNet(pretrained=False)
    states = [(_weights(path, net), share / whole) for path, share in parts]
    net.load_state_dict(
        {name: _mean([(state[name], share) for state, share in states]) for name in states[0][0]}
    )
    if steps:
        _measure_statistics(net, replace(config, seed=SAMPLE_SEED, steps=steps))
    write_config(config, out)
    write_checkpoint(out / "last.pt", {"average": net.state_dict(), "step": steps})
    return out / "last.pt"


def _weights(path: Path, net: FruitNet) -> dict[str, Tensor]:
    """Averaged weights that fit the network, which has them then."""
    weights: dict[str, Tensor] = read_checkpoint(path, ("average",))["average"]
    load_weights(path, weights, net)
    return weights


def _mean(parts: Sequence[tuple[Tensor, float]]) -> Tensor:
    first = parts[0][0]
    if not first.dtype.is_floating_point:
        return first
    return torch.stack([value.float() * share for value, share in parts]).sum(dim=0)


def _measure_statistics(net: FruitNet, config: TrainConfig) -> None:
    """Mean and variance of every normalised layer over `config.steps` batches, all alike."""
    torch.set_num_threads(config.threads)
    net.train()
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.reset_running_stats()
            layer.momentum = None  # a plain mean
    with torch.no_grad():
        for batch in batches(config, training_sources(config), background_pictures(config), 0):
            net(batch["image"])
