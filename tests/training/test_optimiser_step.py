"""One step, to the last bit: AdamW as torch has it, the rate by group, gradients cut at their length."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn

from training.optimiser_step import LONGEST_GRADIENT, WEIGHT_DECAY, new_optimiser, take_step


@pytest.fixture
def net() -> nn.Sequential:
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))


def losses(net: nn.Module, scale: float) -> dict[str, Tensor]:
    first, second = net(torch.linspace(-1, 1, 12).reshape(3, 4)).unbind(1)
    return {"first": scale * (first - 1).square().mean(), "second": second.square().sum()}


@pytest.mark.parametrize("scale", [0.1, 1000.0])  # below the longest gradient, and far above it
def test_a_step_is_that_of_adamw(net: nn.Sequential, scale: float) -> None:
    other = deepcopy(net)
    optimiser = new_optimiser((net[0].parameters(), 0.25), (net[2].parameters(), 1.0))
    plain = torch.optim.AdamW(
        [{"params": other[0].parameters()}, {"params": other[2].parameters()}], weight_decay=0.02
    )
    for rate in (0.1, 0.05, 0.3):
        parts = losses(other, scale)
        plain.param_groups[0]["lr"], plain.param_groups[1]["lr"] = rate * 0.25, rate
        plain.zero_grad()
        (parts["first"] + parts["second"]).backward()
        length = torch.nn.utils.clip_grad_norm_(other.parameters(), 3.0)
        assert (length > 3.0) == (scale > 1)
        plain.step()
        take_step(net, optimiser, losses(net, scale), rate)
        for mine, theirs in zip(net.parameters(), other.parameters(), strict=True):
            assert torch.equal(mine, theirs)
    assert (WEIGHT_DECAY, LONGEST_GRADIENT) == (0.02, 3.0)


def test_a_group_of_no_rate_stays(net: nn.Sequential) -> None:
    before = deepcopy(net)
    take_step(
        net, new_optimiser((net[0].parameters(), 0.0), (net[2].parameters(), 1.0)), losses(net, 1.0), 0.1
    )
    assert torch.equal(net[0].weight, before[0].weight)
    assert not torch.equal(net[2].weight, before[2].weight)
