"""The small network takes and says what FruitNet does, and a checkpoint tells which of the two it is of."""

from __future__ import annotations

import pytest
import torch

from training.network import OUTPUT_NAMES, FruitNet
from training.networks import NETWORKS, freeze_blocks, network_of, new_network
from training.quick_network import QuickNet


@pytest.mark.parametrize("shape", [(2, 3, 64, 96), (1, 3, 128, 128)])
def test_it_says_the_same_as_the_large_one(shape: tuple[int, ...]) -> None:
    torch.set_num_threads(1)
    with torch.no_grad():
        quick = QuickNet().eval()(torch.zeros(shape))
        large = FruitNet(pretrained=False).eval()(torch.zeros(shape))
    assert [tuple(value.shape) for value in quick] == [tuple(value.shape) for value in large]
    assert len(quick) == len(OUTPUT_NAMES)


@pytest.mark.parametrize("name", NETWORKS)
def test_frozen_blocks_do_not_learn(name: str) -> None:
    net = new_network(name, pretrained=False)
    frozen = freeze_blocks(net, 2)
    assert frozen == [net.stem, net.blocks[0], net.blocks[1]]
    still = {id(parameter) for part in frozen for parameter in part.parameters()}
    assert all(parameter.requires_grad == (id(parameter) not in still) for parameter in net.parameters())
    free = new_network(name, pretrained=False)
    assert freeze_blocks(free, 0) == []
    assert all(parameter.requires_grad for parameter in free.parameters())


@pytest.mark.parametrize("name", NETWORKS)
def test_a_checkpoint_tells_its_network(name: str) -> None:
    net = new_network(name, pretrained=False)
    assert type(network_of(net.state_dict())) is type(net)


def test_strange_weights_are_compared_with_the_large_network() -> None:
    assert isinstance(network_of({"strange": torch.zeros(1)}), FruitNet)
