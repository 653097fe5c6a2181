"""The averaged weights of a run: what is kept of each step, and shipped (Polyak and Juditsky 1992)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

FIRST_STEPS = 20
"""So long the average follows quickly: of n steps the past weighs n / (n + 20) at most."""


def fold_in(average: Mapping[str, Tensor], weights: Mapping[str, Tensor], past: float, step: int) -> None:
    """Move the average towards the weights after `step` steps, in place; counters are taken as they are.

    past: 0-1, weight of what was averaged before.
    """
    keep = min(past, step / (step + FIRST_STEPS))
    with torch.no_grad():
        for name, value in weights.items():
            if value.dtype.is_floating_point:
                average[name].lerp_(value, 1 - keep)
            else:
                average[name].copy_(value)
