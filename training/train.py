"""`python -m training train`: one flat, resumable loop.

Everything a run needs to be repeated is in `<out>/config.json`; `<out>/last.pt` holds weights, averaged weights,
optimiser and step, and is written by rename, so a run that is killed, or finds the disk full, goes on where it was.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn
from torch.utils.data import DataLoader

from training.averaged import fold_in
from training.checkpoint import CheckpointError, load_weights, read_checkpoint, write_checkpoint
from training.dataset import Source, TrainingStream, photograph_sources, simulated_source
from training.kept_answers import kept_answers
from training.loss import fruit_loss
from training.mixed_precision import slow_layers_in_float32
from training.networks import AnyNetwork, freeze_blocks, new_network
from training.optimiser_step import new_optimiser, take_step
from training.resume import stopped_run, write_config
from training.run_log import RunLog
from training.train_config import ConfigError, TrainConfig

LOG_EVERY = 10


def learning_rate(step: int, config: TrainConfig) -> float:
    """Linear warm-up, then half a cosine down to 1 % of `rate`."""
    if step < config.warm_up:
        return config.rate * (step + 1) / config.warm_up
    done = (step - config.warm_up) / max(config.steps - config.warm_up, 1)
    return config.rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(done, 1.0))))


def train(config: TrainConfig) -> Path:
    """Run or resume; returns the path of the last checkpoint.

    Raises ConfigError, CheckpointError, ManifestError or OSError before anything is written when there is nothing to
    train on, or nothing to go on from; OutputError when a file cannot be written: the last `last.pt` stays.
    """
    sources = training_sources(config)
    backgrounds = background_pictures(config)
    out = Path(config.out)
    stopped = stopped_run(config)
    torch.manual_seed(config.seed)
    torch.set_num_threads(config.threads)
    new = stopped is None and not config.start_from
    net = new_network(config.network, pretrained=new).to(memory_format=torch.channels_last)
    if config.start_from and stopped is None:
        _load_start(config.start_from, net)
    slow_layers_in_float32(net)
    before = _network_before(config) if config.keep else None
    frozen = freeze_blocks(net, config.frozen_blocks)
    if config.frozen_statistics:
        frozen += [layer for layer in net.modules() if isinstance(layer, nn.BatchNorm2d)]
    average = {name: value.detach().clone() for name, value in net.state_dict().items()}
    backbone = [*net.stem.parameters(), *net.blocks.parameters()]
    known = {id(p) for p in backbone}
    head = [p for p in net.parameters() if id(p) not in known]
    optimiser = new_optimiser((backbone, config.backbone_rate), (head, 1.0))
    step, last = 0, out / "last.pt"
    if stopped is not None:
        for weights in (stopped.average, stopped.net):  # both have to fit; the last one stays
            load_weights(last, weights, net)
        average, step = stopped.average, stopped.step
        try:
            optimiser.load_state_dict(stopped.optimiser)
        except (ValueError, KeyError) as exc:
            raise CheckpointError(f"{last}: optimiser: expected the state of this one, got {exc}") from exc
    write_config(config)
    logs = RunLog(out, step)
    console = Console(stderr=True)
    with Progress(
        TextColumn("step"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
        console=console,
    ) as progress:
        task = progress.add_task("", total=config.steps, completed=step)
        net.train()
        for part in frozen:
            part.eval()
        for batch in batches(config, sources, backgrounds, step):
            image = batch["image"].contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16):
                outputs = net(image)
            parts = fruit_loss(outputs, batch)
            if before is not None:
                with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
                    answers = before(image)
                parts["kept"] = config.keep * kept_answers(outputs, answers, batch)
            take_step(net, optimiser, parts, learning_rate(step, config))
            step += 1
            fold_in(average, net.state_dict(), config.average, step)
            if step % LOG_EVERY == 0:
                values = {name: float(part.detach()) for name, part in parts.items()}
                progress.update(task, completed=step, description=logs.add(step, values))
            if step % config.save_every == 0 or step == config.steps:
                write_checkpoint(
                    last,
                    {
                        "net": net.state_dict(),
                        "average": average,
                        "optimiser": optimiser.state_dict(),
                        "step": step,
                    },
                )
    return last


def _load_start(start_from: str, net: AnyNetwork) -> None:
    path = Path(start_from)
    load_weights(path, read_checkpoint(path, ("average",))["average"], net)


def _network_before(config: TrainConfig) -> AnyNetwork:
    """The network of `start_from`, only to be asked."""
    assert config.start_from is not None, "checked by load_config"
    net = new_network(config.network, pretrained=False).to(memory_format=torch.channels_last)
    _load_start(config.start_from, net)
    slow_layers_in_float32(net)
    net.eval().requires_grad_(False)
    return net


def training_sources(config: TrainConfig) -> list[Source]:
    """Everything the config names, with shares over 0.

    Raises FileNotFoundError for a missing folder, ManifestError for an unknown data set, ConfigError when the
    licences leave nothing.
    """
    sources = [
        simulated_source(pattern, share, config.withheld, told=config.simulated_labels)
        for pattern, share in config.simulated.items()
        if share > 0
    ]
    if config.photographs:
        folders = [Path(folder) for folder in config.photographs]
        sources += photograph_sources(folders, config.photograph_shares, config.licences, config.withheld)
    if not sources:
        raise ConfigError(
            f"{config.out}: expected something to train on, got nothing "
            f"(photograph_shares {config.photograph_shares}, licences {config.licences})"
        )
    return sources


def background_pictures(config: TrainConfig) -> list[Path]:
    """The pictures of `config.backgrounds`; none without it. Raises ConfigError for a folder without any."""
    if config.backgrounds is None:
        return []
    pictures = sorted(Path(config.backgrounds).glob("*.jpg"))
    if not pictures:
        raise ConfigError(f"{config.backgrounds}: expected JPEG pictures of backgrounds, found none")
    return pictures


def batches(
    config: TrainConfig, sources: Sequence[Source], backgrounds: Sequence[Path], step: int
) -> Iterator[dict[str, Tensor]]:
    """The batches of a run from `step` on; the same for the same config."""
    left = max(config.steps - step, 0)
    first, count = step * config.batch, left * config.batch
    stream = TrainingStream(sources, config.size, config.seed, first, count, backgrounds, config.paste_share)
    return iter(DataLoader(stream, config.batch, num_workers=1, prefetch_factor=6))
