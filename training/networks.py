"""The networks that can be trained, by the name a config gives them."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from training.network import FruitNet
from training.quick_network import QuickNet

AnyNetwork = FruitNet | QuickNet
"""They take and say the same; see `network.py`."""
NETWORKS = ("fruitnet", "quick")


def new_network(name: str, *, pretrained: bool) -> AnyNetwork:
    """A network of `NETWORKS`, untrained. pretrained: with the published weights of its backbone, where it has one."""
    return FruitNet(pretrained=pretrained) if name == "fruitnet" else QuickNet()


def network_of(weights: Mapping[str, Tensor]) -> AnyNetwork:
    """The untrained network that has just these layers; FruitNet, whose check then says what differs, when none has."""
    quick = QuickNet()
    return quick if weights.keys() == quick.state_dict().keys() else FruitNet(pretrained=False)


def freeze_blocks(net: AnyNetwork, blocks: int) -> list[nn.Module]:
    """Stop training the first blocks of the backbone (FruitNet has 16, QuickNet 4) and what comes before them, none
    for 0; returns them: their statistics of normalisation stay only while they are in `eval` mode.
    """
    parts = [net.stem, *net.blocks[:blocks]] if blocks else []
    for part in parts:
        part.requires_grad_(False)
    return parts
