"""How the weights of every network are moved: AdamW (Loshchilov and Hutter 2019), with gradients cut at a length."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

WEIGHT_DECAY = 0.02
LONGEST_GRADIENT = 3.0
"""Of all weights together; a longer one is shortened to this (Pascanu et al. 2013)."""


def new_optimiser(*groups: tuple[Iterable[nn.Parameter], float]) -> torch.optim.Optimizer:
    """groups: parameters, and the share of the learning rate that is theirs."""
    return torch.optim.AdamW(
        [{"params": list(parameters), "factor": factor} for parameters, factor in groups],
        weight_decay=WEIGHT_DECAY,
    )


def take_step(
    net: nn.Module, optimiser: torch.optim.Optimizer, parts: Mapping[str, Tensor], rate: float
) -> None:
    """Move the weights against the gradient of the sum of `parts`, each a loss of no axes. rate: of learning."""
    for group in optimiser.param_groups:
        group["lr"] = rate * group["factor"]
    loss = torch.stack(list(parts.values())).sum()
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), LONGEST_GRADIENT)
    optimiser.step()
