"""Old answers are kept wherever the label does not speak against them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from training.kept_answers import DEFECT_WEIGHT, kept_answers

SKIN, ROT = 1, 4


def answers(surface: int, sure: float = 6.0) -> tuple[Tensor, ...]:
    """The same answer everywhere: one class of the surface, crop 0."""
    maps = torch.zeros(1, 17, 4, 4), torch.zeros(1, 4, 2, 2), torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, 4, 4)
    maps[0][:, surface] = sure
    maps[1][:, 0] = sure
    return maps


def labels(surface: int) -> dict[str, Tensor]:
    return {
        "surface_set": torch.full((1, 4, 4), surface, dtype=torch.int32),
        "crop_set": torch.zeros(1, 2, 2, dtype=torch.uint8),
    }


@pytest.mark.parametrize("label", [0, 1 << SKIN, 1 << ROT])
def test_the_same_answers_cost_nothing(label: int) -> None:
    same = answers(SKIN)
    assert float(kept_answers(same, same, labels(label))) == pytest.approx(0.0, abs=1e-6)


def test_a_change_costs_unless_the_label_asks_for_it() -> None:
    before, after = answers(SKIN), answers(ROT)
    assert float(kept_answers(after, before, labels(0))) > 1
    assert float(kept_answers(after, before, labels(1 << SKIN))) > 1
    assert float(kept_answers(after, before, labels((1 << SKIN) | (1 << ROT)))) > 1
    assert float(kept_answers(after, before, labels(1 << ROT))) == pytest.approx(0.0, abs=1e-6)


def test_a_lost_defect_costs_more_than_lost_skin_beside_it() -> None:
    before = answers(SKIN, sure=20.0)
    before[0][:, :, :2] = answers(ROT, sure=20.0)[0][:, :, :2]
    skin_lost, defect_lost = [grid.clone() for grid in before], [grid.clone() for grid in before]
    skin_lost[0][:, :, 2:] = 0.0
    defect_lost[0][:, :, :2] = 0.0
    costs = [float(kept_answers(tuple(lost), before, labels(0))) for lost in (skin_lost, defect_lost)]
    assert costs[1] == pytest.approx((1 + DEFECT_WEIGHT) * costs[0], rel=1e-3)


def test_only_the_new_network_learns() -> None:
    before, after = answers(SKIN), answers(ROT)
    for grid in after:
        grid.requires_grad_()
    kept_answers(after, before, labels(0)).backward()
    assert all(grid.grad is not None for grid in after)
    assert float(after[0].grad[:, ROT].mean()) > 0 > float(after[0].grad[:, SKIN].mean())
