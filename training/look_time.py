"""What one look of a network costs, two networks side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from grader.onnx_model import OnnxModel
from grader.types import FloatArray

FRAME_SHAPE = (3, 4)
"""Height to width of a camera's picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookTime:
    """Milliseconds of processor time. find: the first look, at the frame. fruit: the second, at one fruit."""

    find_ms: float
    fruit_ms: float

    @property
    def both_ms(self) -> float:
        """A frame with one fruit."""
        return self.find_ms + self.fruit_ms


def time_looks(models: Sequence[OnnxModel], rounds: int) -> list[LookTime]:
    """Medians of `rounds` in which each model has its turn: what else the machine does meets all alike."""
    taken: list[dict[str, list[float]]] = [{"find": [], "fruit": []} for _ in models]
    for _ in range(rounds):
        for model, times in zip(models, taken, strict=True):
            spec = model.card.input
            frame, fruit = spec.find_side_px, spec.fruit_side_px
            height = frame * FRAME_SHAPE[0] // FRAME_SHAPE[1] // spec.multiple * spec.multiple
            times["find"].append(_milliseconds(model.find, _noise(height or frame, frame)))
            times["fruit"].append(_milliseconds(model.run, _noise(fruit, fruit)))
    return [LookTime(find_ms=median(times["find"]), fruit_ms=median(times["fruit"])) for times in taken]


def _noise(height: int, width: int) -> FloatArray:
    return np.random.default_rng(0).normal(0, 1, (1, 3, height, width)).astype(np.float32)


def _milliseconds(look: Callable[[FloatArray], object], tensor: FloatArray) -> float:
    begun = time.process_time_ns()
    look(tensor)
    return (time.process_time_ns() - begun) / 1e6
