"""Samples for training: simulated pictures and real photographs, mixed by weight.

Every sample is a pure function of (seed, position), so a run that was stopped goes on with the same stream.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from grader.image_io import read_image
from grader.model_card import InputSpec
from grader.preprocess import to_tensor
from training.augment import UNKNOWN_INSIDE, UNKNOWN_NET, Sample, change_colours, choose_window, warp
from training.frozen import trainable
from training.label_canvas import BIT_OF_VALUE
from training.manifest import ManifestError
from training.paste import onto_background, paste_things
from training.withheld import without

INPUT = InputSpec(
    name="image",
    mean=(127 / 255,) * 3,
    std=(128 / 255,) * 3,
    multiple=32,
    find_side_px=256,
    fruit_side_px=256,
)
"""0..255 becomes about -1..1, as the pretrained EfficientNet-Lite0 was trained."""

_BIT_OF_CROP = np.zeros(256, np.uint8)
_BIT_OF_CROP[:4] = (1, 2, 4, 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A set of samples of one kind. weight: share of the stream, any positive number.

    told: whether its labels are used; without, only what a network says of its pictures can be kept.
    """

    name: str
    stems: tuple[str, ...]
    simulated: bool
    weight: float
    facts: dict[str, list[tuple[int, int, int, int]]]
    told: bool = True


def simulated_source(
    pattern: str, weight: float, withheld: Sequence[str] = (), *, told: bool = True
) -> Source:
    """Pictures written by `python -m training.simulator`, from every folder that the pattern names.

    pattern: folder with `*` and the like, absolute or below the working folder. withheld: see `training/withheld.py`.
    told: see `Source`.
    Raises FileNotFoundError when it holds no picture.
    """
    anchor = Path(pattern).anchor
    folders = sorted(Path(anchor).glob(pattern.removeprefix(anchor)))
    stems = tuple(
        str(path.with_suffix(""))
        for folder in folders
        for path in sorted(folder.glob("*.json"))
        if path.stem.isdigit()
    )
    stems = without(stems, withheld, simulated=True)
    if not stems:
        raise FileNotFoundError(f"{pattern}: expected simulated pictures (NNNNNN.json), found none")
    return Source(name=pattern, stems=stems, simulated=True, weight=weight, facts={}, told=told)


def photograph_sources(
    folders: Sequence[Path],
    weights: dict[str, float],
    licences: Sequence[str] | None = None,
    withheld: Sequence[str] = (),
) -> list[Source]:
    """Photographs that `python -m training.weak_cache` or `python -m training import` wrote, one source per data set.

    weights: share of the stream by data set name; a set that is not named is left out.
    licences: only photographs under one of these, see `licence_allowed`; None for all.
    withheld: see `training/withheld.py`; a set of which nothing is left is left out.
    Raises FileNotFoundError without index.json, ManifestError for a set that is in none of them, SetError for a picture
    that models are judged by (`training/frozen.py`).
    """
    indices = {folder: json.loads((folder / "index.json").read_text()) for folder in folders}
    wanted = {name for name, weight in weights.items() if weight > 0}
    unknown = wanted - {entry["dataset"] for index in indices.values() for entry in index}
    if unknown:
        places = ", ".join(str(folder / "index.json") for folder in folders)
        raise ManifestError(f"{places}: unknown dataset {sorted(unknown)} in photograph_shares")
    by_set: dict[str, list[str]] = {}
    facts: dict[str, list[tuple[int, int, int, int]]] = {}
    for folder, index in indices.items():
        for entry in trainable(folder, [entry for entry in index if entry["dataset"] in wanted]):
            if not licence_allowed(entry["licence"], licences):
                continue
            stem = str(folder / entry["id"])
            if not without([stem], withheld, simulated=False):
                continue
            by_set.setdefault(entry["dataset"], []).append(stem)
            facts[stem] = [tuple(fact["box_xyxy"]) for fact in entry["facts"] if fact["fact"] == "has_defect"]
    return [
        Source(
            name=name,
            stems=tuple(stems),
            simulated=False,
            weight=weights[name],
            facts={stem: facts[stem] for stem in stems},
        )
        for name, stems in sorted(by_set.items())
    ]


def licence_allowed(stated: str, licences: Sequence[str] | None) -> bool:
    """Whether a stated licence begins with one of the allowed names, as whole words: `CC BY` is not `CC BY-SA 4.0`.

    licences: names such as `MIT`, `CC BY 4.0`; None allows everything, an empty list nothing.
    """
    if licences is None:
        return True
    return any(re.match(re.escape(name) + r"(?![\w-])", stated) for name in licences)


def read_sample(source: Source, stem: str) -> Sample:
    """Read one sample with its labels. Raises FileNotFoundError when the picture or a label is missing."""
    bgr = cv2.imread(f"{stem}.jpg", cv2.IMREAD_COLOR)
    if bgr is None:
        raise FileNotFoundError(f"{stem}.jpg: expected a JPEG picture")
    rgb = np.ascontiguousarray(bgr[:, :, ::-1])
    if source.simulated:
        surface, crop, instance, net = (
            _read_label(f"{stem}_{name}.png") for name in ("surface", "crop", "instance", "net")
        )
        net = (net.astype(np.float32) * (254 / 255)).astype(np.uint8)
        net[crop == 0] = 255
        instance = np.where(crop == 3, 0, instance).astype(np.uint8)
        return Sample(
            rgb=rgb,
            surface_set=BIT_OF_VALUE[surface],
            crop_set=_BIT_OF_CROP[crop],
            instance=instance,
            net=net,
            some_defect=np.zeros(surface.shape, np.bool_),
        )
    with np.load(f"{stem}.npz") as labels:
        surface_set, crop_set, instance = labels["surface_set"], labels["crop_set"], labels["instance"]
    some_defect = np.zeros(instance.shape, np.bool_)
    for x0, y0, x1, y1 in source.facts[stem]:
        some_defect[y0:y1, x0:x1] = True
    return Sample(
        rgb=rgb,
        surface_set=surface_set.astype(np.uint32),
        crop_set=crop_set,
        instance=instance,
        net=np.where(crop_set == 2, 0, 255).astype(np.uint8),
        some_defect=some_defect,
    )


def _read_label(path: str) -> NDArray[np.uint8]:
    label = cv2.imread(path, cv2.IMREAD_UNCHANGED)
    if label is None:
        raise FileNotFoundError(f"{path}: expected a label picture of the simulator")
    return label


class TrainingStream(Dataset[dict[str, Tensor]]):
    """`count` training samples from `first` on, of size x size pixels, drawn from the sources by weight.

    backgrounds, paste_share: see `TrainConfig`; with a share over 0 both kinds of source are needed.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        size: int,
        seed: int,
        first: int,
        count: int,
        backgrounds: Sequence[Path] = (),
        paste_share: float = 0.0,
    ) -> None:
        self.sources = tuple(sources)
        self.backgrounds, self.paste_share = tuple(backgrounds), paste_share
        self.size, self.seed, self.first, self.count = size, seed, first, count
        weights = np.array([source.weight for source in self.sources])
        self.shares = weights / weights.sum()

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, position: int) -> dict[str, Tensor]:
        cv2.setNumThreads(0)
        rng = np.random.default_rng((self.seed, self.first + position))
        source, sample = self._draw(rng, self.shares)
        if self.paste_share and rng.random() < self.paste_share:
            sample = self._mixed(source, sample, rng)
        target = warp(sample, choose_window(sample, rng), self.size, rng)
        if sample.some_defect.any() and target.some_defect.sum() < 0.02 * target.some_defect.size:
            target.some_defect[:] = False
        if not source.told:
            target.surface_set[:], target.crop_set[:], target.net[:] = 0, 0, UNKNOWN_NET
            target.inside[:], target.some_defect[:] = UNKNOWN_INSIDE, False
        rgb = change_colours(target.rgb, rng)
        return {
            "image": torch.from_numpy(to_tensor(rgb, INPUT)[0]),
            "surface_set": torch.from_numpy(target.surface_set),
            "crop_set": torch.from_numpy(target.crop_set),
            "inside": torch.from_numpy(target.inside),
            "net": torch.from_numpy(target.net),
            "some_defect": torch.from_numpy(target.some_defect),
        }

    def _draw(self, rng: np.random.Generator, shares: NDArray[np.float64]) -> tuple[Source, Sample]:
        source = self.sources[rng.choice(len(self.sources), p=shares)]
        return source, read_sample(source, source.stems[rng.integers(len(source.stems))])

    def _mixed(self, source: Source, sample: Sample, rng: np.random.Generator) -> Sample:
        """Simulated things before a real background, or pasted into a photograph."""
        if source.simulated:
            path = self.backgrounds[rng.integers(len(self.backgrounds))]
            return onto_background(sample, read_image(path).rgb)
        if sample.some_defect.any():  # what is pasted might hide the only defect
            return sample
        simulated = self.shares * [source.simulated for source in self.sources]
        return paste_things(sample, self._draw(rng, simulated / simulated.sum())[1], rng)
