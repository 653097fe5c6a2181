"""`python -m training parity`: simulated fruit graded by the trained network and by its ONNX; no class may differ.

Probabilities of the two differ by rounding (`training/export.py`). What counts is that no grower is paid otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import torch

from grader.model_card import ModelCard, load_card
from grader.onnx_model import OnnxModel
from grader.pipeline import GradeOptions, Grader
from grader.types import FloatArray, Frame, FruitRecord
from training.export import load_network
from training.network import OUTPUT_NAMES
from training.simulator_suite import MM_PER_PX, draw_apple

FIRST_PARITY_SEED = 650_000_000
SOUND_EVERY = 3
"""One fruit of so many has no defect."""


class TorchModel(OnnxModel):
    """The trained network behind the seam of the exported one; the second opinion stays the exported one."""

    def __init__(self, card: ModelCard, checkpoint: Path) -> None:
        """Raises CheckpointError when the checkpoint is none of this network."""
        self._net = load_network(checkpoint)
        super().__init__(card)

    def run(self, tensor: FloatArray) -> dict[str, FloatArray]:
        """As `OnnxModel.run`."""
        with torch.no_grad():
            outputs = self._net(torch.from_numpy(tensor))
        return {name: value.numpy() for name, value in zip(OUTPUT_NAMES, outputs, strict=True)}

    def find(self, tensor: FloatArray) -> dict[str, FloatArray]:
        """As `OnnxModel.find`."""
        outputs = self.run(tensor)
        return {name: outputs[name] for name in ("crop", "inside")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One fruit as both graded it: class (None: not found) and SKU, and how far the diameters are apart, mm."""

    torch_class: str | None
    onnx_class: str | None
    torch_sku: str | None
    onnx_sku: str | None
    diameter_apart_mm: float

    @property
    def flipped(self) -> bool:
        """Another class or SKU."""
        return (self.torch_class, self.torch_sku) != (self.onnx_class, self.onnx_sku)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """fruit: compared. flips: of class or SKU. diameter_apart_mm: the largest difference."""

    fruit: int
    flips: int
    diameter_apart_mm: float


def grade_pair(checkpoint: Path, model: Path, seed: int) -> Pair:
    """One simulated apple, graded twice."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    by_torch, by_onnx = _graders(checkpoint, model)
    picture = draw_apple(seed, sound=seed % SOUND_EVERY == 0)
    frame, options = Frame(frame_id="fruit", rgb=picture.rgb), GradeOptions(mm_per_px=MM_PER_PX)
    one, other = (grader.grade_views([frame], options).record for grader in (by_torch, by_onnx))
    return Pair(
        torch_class=_class(one),
        onnx_class=_class(other),
        torch_sku=None if one is None else one.sku.code,
        onnx_sku=None if other is None else other.sku.code,
        diameter_apart_mm=abs(_diameter(one) - _diameter(other)) if one and other else 0.0,
    )


def grade_pairs(checkpoint: Path, model: Path, count: int, jobs: int) -> Iterator[Pair]:
    """`count` simulated apples in order, graded in `jobs` processes."""
    with ProcessPoolExecutor(jobs) as pool:
        seeds = range(FIRST_PARITY_SEED, FIRST_PARITY_SEED + count)
        yield from pool.map(grade_pair, [checkpoint] * count, [model] * count, seeds, chunksize=8)


def summed(pairs: Iterable[Pair]) -> Parity:
    """Raises ValueError without pairs."""
    seen = list(pairs)
    return Parity(
        fruit=len(seen),
        flips=sum(pair.flipped for pair in seen),
        diameter_apart_mm=max(pair.diameter_apart_mm for pair in seen),
    )


_GRADERS: dict[tuple[Path, Path], tuple[Grader, Grader]] = {}


def _graders(checkpoint: Path, model: Path) -> tuple[Grader, Grader]:
    """Both graders, once in each process."""
    key = (checkpoint, model)
    if key not in _GRADERS:
        card = load_card(model)
        _GRADERS[key] = Grader(TorchModel(card, checkpoint)), Grader(OnnxModel(card))
    return _GRADERS[key]


def _class(record: FruitRecord | None) -> str | None:
    return None if record is None else record.grade.grade_class


def _diameter(record: FruitRecord) -> float:
    size = record.measurement.size.equatorial_diameter_mm
    return 0.0 if size is None else size.value
