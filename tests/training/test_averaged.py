"""The average of weights: quick at first, then slow; counters as they are."""

from __future__ import annotations

import pytest
import torch

from training.averaged import fold_in


@pytest.mark.parametrize(("step", "kept"), [(1, 1 / 21), (20, 0.5), (979, 0.979979979979), (10_000, 0.99)])
def test_the_past_weighs_more_from_step_to_step_up_to_its_bound(step: int, kept: float) -> None:
    average = {"w": torch.tensor([1.0]), "n": torch.tensor(3)}
    fold_in(average, {"w": torch.tensor([0.0]), "n": torch.tensor(7)}, 0.99, step)
    assert float(average["w"]) == pytest.approx(kept)
    assert int(average["n"]) == 7
