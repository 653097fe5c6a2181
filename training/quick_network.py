"""QuickNet: the small network that looks at every view of a line; it says the same as FruitNet, of fewer pixels.

Input and outputs are those of `network.FruitNet`, so one training loop, one export and one grader serve both. Plain
3x3 convolutions of few channels, each with its normalisation, because ONNX Runtime does about 50 million
multiplications a millisecond in them on one core with AVX-512 and a fifth of that in depthwise ones; residual pairs
(He et al. 2016) and a feature pyramid (Lin et al. 2017).
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from training.network import CROP_CLASSES, upsample

_HALF, _QUARTER, _EIGHTH, _SIXTEENTH, _LAST = 16, 32, 48, 64, 96
_WIDE, _NARROW = 32, 16


def _conv(channels_in: int, channels_out: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU6(inplace=True),
    )


class _Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _conv(channels, channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu6(x + self.norm(self.second(self.first(x))))


class QuickNet(nn.Module):
    """The network; 57 million multiplications for an input of 128 x 128 (FruitNet: 300 million)."""

    def __init__(self, surface_classes: int = 17) -> None:
        super().__init__()
        self.stem = _conv(3, _HALF, 2)
        self.blocks = nn.ModuleList(
            [
                _conv(_HALF, _QUARTER, 2),
                nn.Sequential(_conv(_QUARTER, _EIGHTH, 2), _Residual(_EIGHTH)),
                nn.Sequential(_conv(_EIGHTH, _SIXTEENTH, 2), _Residual(_SIXTEENTH)),
                nn.Sequential(_conv(_SIXTEENTH, _LAST, 2), _Residual(_LAST)),
            ]
        )
        self.lateral32 = nn.Conv2d(_LAST, _WIDE, 1)
        self.lateral16 = nn.Conv2d(_SIXTEENTH, _WIDE, 1)
        self.lateral8 = nn.Conv2d(_EIGHTH, _WIDE, 1)
        self.lateral4 = nn.Conv2d(_QUARTER, _WIDE, 1)
        self.lateral2 = nn.Conv2d(_HALF, _NARROW, 1)
        self.smooth16 = _conv(_WIDE, _WIDE)
        self.smooth8 = _conv(_WIDE, _WIDE)
        self.smooth4 = _conv(_WIDE, _WIDE)
        self.reduce4 = nn.Conv2d(_WIDE, _NARROW, 1)
        self.smooth2 = _conv(_NARROW, _NARROW)
        self.surface = nn.Conv2d(_NARROW, surface_classes, 1)
        self.net = nn.Conv2d(_NARROW, 1, 1)
        self.crop = nn.Conv2d(_WIDE, len(CROP_CLASSES), 1)
        self.inside = nn.Conv2d(_WIDE, 1, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """See `network.FruitNet` for shapes."""
        half = self.stem(x)
        quarter = self.blocks[0](half)
        eighth = self.blocks[1](quarter)
        sixteenth = self.blocks[2](eighth)
        last = self.blocks[3](sixteenth)
        p16 = self.smooth16(upsample(self.lateral32(last)) + self.lateral16(sixteenth))
        p8 = self.smooth8(upsample(p16) + self.lateral8(eighth))
        p4 = self.smooth4(upsample(p8) + self.lateral4(quarter))
        p2 = self.smooth2(upsample(self.reduce4(p4)) + self.lateral2(half))
        return self.surface(p2), self.crop(p4), self.inside(p4), self.net(p2)
