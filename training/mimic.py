"""Teach the small network of the quick look to answer as the large one does (Hinton et al. 2015, "Distilling the
Knowledge in a Neural Network"): it has to say where a close look would call a defect, not where there is one.

The large network answers once, on pictures of the training stream at its own size; the small one then learns these
answers at half that size, again and again. Where the large one sees a small defect, the coarser cell has it whole: of
the probability of defect the largest of its four cells is taken, of all else the mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader

from grader.onnx_model import OnnxModel
from training.averaged import fold_in
from training.checkpoint import load_weights, read_checkpoint, write_checkpoint
from training.dataset import INPUT, TrainingStream
from training.networks import AnyNetwork, new_network
from training.optimiser_step import new_optimiser, take_step
from training.resume import write_config
from training.run_log import RunLog
from training.train import LOG_EVERY, background_pictures, learning_rate, training_sources
from training.train_config import ConfigError, TrainConfig

FIRST_DEFECT = 4
DEFECT_WEIGHT = 9.0
"""A cell that is surely called a defect counts this much more than skin, as in `kept_answers.py`."""
SHARE_WEIGHT = 0.3
"""Of crop, distance to the rim and netting, beside the classes of the surface."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lessons:
    """Pictures and what the large network says of them, uint8, probabilities times 255.

    image: (n, 3, S, S), R-G-B levels. surface: (n, 5, S/2, S/2), background, skin, stem, calyx, any defect.
    crop: (n, 4, S/4, S/4). inside: (n, 1, S/4, S/4). net: (n, 1, S/2, S/2).
    """

    image: Tensor
    surface: Tensor
    crop: Tensor
    inside: Tensor
    net: Tensor

    def __len__(self) -> int:
        return len(self.image)


def make_lessons(config: TrainConfig, teacher: OnnxModel, count: int) -> Iterator[Lessons]:
    """`count` lessons of the stream of a config, one at a time. Raises as `training_sources` does."""
    stream = TrainingStream(
        training_sources(config),
        2 * config.size,
        config.seed,
        0,
        count,
        background_pictures(config),
        config.paste_share,
    )
    for sample in DataLoader(stream, 1, num_workers=1, prefetch_factor=8):
        image = sample["image"]
        answers = {name: torch.from_numpy(value) for name, value in teacher.run(image.numpy()).items()}
        yield Lessons(
            image=_levels(F.avg_pool2d(image, 2)),
            surface=_bytes(coarser_surface(answers["surface"])),
            crop=_bytes(F.avg_pool2d(answers["crop"], 2)),
            inside=_bytes(F.avg_pool2d(answers["inside"], 2)),
            net=_bytes(F.avg_pool2d(answers["net"], 2)),
        )


def coarser_surface(surface: Tensor) -> Tensor:
    """Probabilities (n, K, 2h, 2w) -> (n, 5, h, w): background, skin, stem, calyx, any defect; they sum up to 1."""
    defect = F.max_pool2d(surface[:, FIRST_DEFECT:].sum(1, keepdim=True), 2).clamp(0, 1)
    others = F.avg_pool2d(surface[:, :FIRST_DEFECT], 2)
    return torch.cat([others * (1 - defect) / others.sum(1, keepdim=True).clamp(min=1e-6), defect], 1)


def mimic_loss(outputs: tuple[Tensor, ...], lessons: Lessons) -> dict[str, Tensor]:
    """The parts of the loss by name; 0 where the small network says just what the large one said.

    outputs: logits as the network gives them, (n, K, h, w).
    """
    surface, crop, inside, net = (output.float() for output in outputs)
    share = lessons.surface.float() / 255
    share = share / share.sum(1, keepdim=True)
    every = surface.log_softmax(1)
    grouped = torch.cat([every[:, :FIRST_DEFECT], every[:, FIRST_DEFECT:].logsumexp(1, keepdim=True)], 1)
    divergence = F.kl_div(grouped, share, reduction="none").sum(1)
    weight = 1 + DEFECT_WEIGHT * share[:, FIRST_DEFECT]
    kinds = lessons.crop.float() / 255
    kinds = kinds / kinds.sum(1, keepdim=True)
    return {
        "surface": (divergence * weight).sum() / weight.sum(),
        "crop": SHARE_WEIGHT * F.kl_div(crop.log_softmax(1), kinds, reduction="none").sum(1).mean(),
        "inside": SHARE_WEIGHT * _bce_above_least(inside, lessons.inside),
        "net": SHARE_WEIGHT * _bce_above_least(net, lessons.net),
    }


def mimic(config: TrainConfig, teacher: Path, count: int) -> Path:
    """Make the lessons, then train on them for `config.steps`; returns the path of the checkpoint.

    config: of a network whose answers are those of the large one at half its size, with `start_from`. The same config
    and teacher give the same lessons; what was trained before is not gone on with.
    Raises ConfigError, CheckpointError, ModelError or OSError before anything is written.
    """
    if not config.start_from:
        raise ConfigError(f"{config.out}: expected `start_from`, the network that is to learn, got none")
    model = OnnxModel.load(teacher)
    torch.manual_seed(config.seed)
    torch.set_num_threads(config.threads)
    net = new_network(config.network, pretrained=False).to(memory_format=torch.channels_last)
    start = Path(config.start_from)
    load_weights(start, read_checkpoint(start, ("average",))["average"], net)
    write_config(config)
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True)) as progress:
        made = list(progress.track(make_lessons(config, model, count), count, description="lessons"))
        lessons = Lessons(**{part: torch.cat([getattr(one, part) for one in made]) for part in _PARTS})
        return _train(config, net, lessons, progress)


def _train(config: TrainConfig, net: AnyNetwork, lessons: Lessons, progress: Progress) -> Path:
    last = Path(config.out) / "last.pt"
    optimiser = new_optimiser((net.parameters(), 1.0))
    average = {name: value.detach().clone() for name, value in net.state_dict().items()}
    logs = RunLog(Path(config.out), 0)
    rng = np.random.default_rng(config.seed)
    task = progress.add_task("", total=config.steps)
    net.train()
    for step in range(config.steps):
        batch = turned(lessons, rng.integers(len(lessons), size=config.batch), rng)
        with torch.autocast("cpu", torch.bfloat16):
            outputs = net(as_input(batch.image).contiguous(memory_format=torch.channels_last))
        parts = mimic_loss(outputs, batch)
        take_step(net, optimiser, parts, learning_rate(step, config))
        fold_in(average, net.state_dict(), config.average, step + 1)
        if (step + 1) % LOG_EVERY == 0:
            values = {name: float(part.detach()) for name, part in parts.items()}
            progress.update(task, completed=step + 1, description=logs.add(step + 1, values))
        if (step + 1) % config.save_every == 0 or step + 1 == config.steps:
            write_checkpoint(last, {"average": average, "step": step + 1})
    return last


def turned(lessons: Lessons, chosen: np.ndarray, rng: np.random.Generator) -> Lessons:
    """The chosen lessons, all turned by the same quarter turns and mirrored or not, answers with them."""
    quarter, mirrored = int(rng.integers(4)), bool(rng.integers(2))

    def turn(part: Tensor) -> Tensor:
        taken = torch.rot90(part[torch.from_numpy(chosen)], quarter, (2, 3))
        return taken.flip(3) if mirrored else taken

    return replace(lessons, **{part: turn(getattr(lessons, part)) for part in _PARTS})


def as_input(image: Tensor) -> Tensor:
    """Levels uint8 (n, 3, S, S) as the network takes them, see `dataset.INPUT`."""
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (INPUT.mean, INPUT.std))
    return (image.float() / 255 - mean) / std


_PARTS = ("image", "surface", "crop", "inside", "net")


def _levels(tensor: Tensor) -> Tensor:
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (INPUT.mean, INPUT.std))
    return _bytes(tensor * std + mean)


def _bytes(share: Tensor) -> Tensor:
    return (share.clamp(0, 1) * 255).round().to(torch.uint8)


def _bce_above_least(logits: Tensor, share: Tensor) -> Tensor:
    """Binary cross entropy less its least value, so that the same answer costs nothing."""
    target = share.float() / 255
    cost = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return (cost - F.binary_cross_entropy(target, target, reduction="none")).mean()
