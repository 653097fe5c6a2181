"""Which layers of a training step are computed in float32 while the rest is in bfloat16."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn


def slow_layers_in_float32(net: nn.Module) -> None:
    """Compute depthwise convolutions of 5x5 in float32 under autocast, in place.

    Their gradients in bfloat16 take 2 to 14 times as long as in float32 on a processor (PyTorch 2.13, oneDNN, two
    cores with AVX-512). 3x3 ones are as fast in bfloat16, or lose in copying what they gain.
    """
    for module in net.modules():
        if isinstance(module, nn.Conv2d) and module.groups == module.in_channels > 1:
            if max(module.kernel_size) > 3:
                module.forward = partial(_in_float32, module.forward)  # type: ignore[method-assign]


def _in_float32(forward: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    with torch.autocast("cpu", enabled=False):
        return forward(x.float()).to(x.dtype)
