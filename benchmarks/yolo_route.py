"""What a user would otherwise run on every view: a YOLO segmentation network of the nano size at 640 pixels, exported
to ONNX, and measuring with OpenCV. Random weights: for the time only.

The network is built here from the published descriptions: C2f blocks, SPPF, a feature pyramid with a second way down
(PAN), a decoupled head at strides 8, 16 and 32 with 16 bins for each side of the box (distribution focal loss), 80
classes, and 32 mask prototypes at stride 4 with 32 coefficients for each cell, as in YOLACT. Widths 16-256, depths
1-2-2-1. `count` says what it has: 3.4 M parameters and 12 GFLOP, as is published of such networks.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
import onnxruntime as ort
import torch
from torch import Tensor, nn

SIDE = 640
CLASSES, BINS, PROTOTYPES = 80, 16, 32
WIDTHS = (16, 32, 64, 128, 256)


class Conv(nn.Sequential):
    """Convolution, batch norm, SiLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(outputs),
            nn.SiLU(),
        )


class Bottleneck(nn.Module):
    """Two 3 x 3 convolutions, with or without a way past them."""

    def __init__(self, width: int, past: bool) -> None:
        super().__init__()
        self.both = nn.Sequential(Conv(width, width, 3), Conv(width, width, 3))
        self.past = past

    def forward(self, x: Tensor) -> Tensor:
        """As torch asks."""
        return x + self.both(x) if self.past else self.both(x)


class C2f(nn.Module):
    """A cross-stage block that keeps what each of its bottlenecks gave."""

    def __init__(self, inputs: int, outputs: int, depth: int, past: bool) -> None:
        super().__init__()
        half = outputs // 2
        self.first = Conv(inputs, outputs)
        self.inner = nn.ModuleList(Bottleneck(half, past) for _ in range(depth))
        self.last = Conv((2 + depth) * half, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """As torch asks."""
        kept = list(self.first(x).chunk(2, 1))
        for block in self.inner:
            kept.append(block(kept[-1]))
        return self.last(torch.cat(kept, 1))


class Sppf(nn.Module):
    """Three poolings of 5 x 5, one after the other."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.last = Conv(width, width // 2), Conv(2 * width, width)
        self.pool = nn.MaxPool2d(5, 1, 2)

    def forward(self, x: Tensor) -> Tensor:
        """As torch asks."""
        kept = [self.first(x)]
        for _ in range(3):
            kept.append(self.pool(kept[-1]))
        return self.last(torch.cat(kept, 1))


def _branch(inputs: int, width: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(Conv(inputs, width, 3), Conv(width, width, 3), nn.Conv2d(width, outputs, 1))


class NanoSegmenter(nn.Module):
    """Picture (1, 3, 640, 640) -> cells (1, 4 + classes + coefficients, 8400), prototypes (1, 32, 160, 160)."""

    def __init__(self) -> None:
        super().__init__()
        w = WIDTHS
        self.stem = Conv(3, w[0], 3, 2)
        self.down = nn.ModuleList(Conv(a, b, 3, 2) for a, b in pairwise(w))
        self.stages = nn.ModuleList(
            C2f(b, b, depth, True) for b, depth in zip(w[1:], (1, 2, 2, 1), strict=True)
        )
        self.sppf = Sppf(w[4])
        self.up16, self.up8 = C2f(w[4] + w[3], w[3], 1, False), C2f(w[3] + w[2], w[2], 1, False)
        self.back16, self.back32 = Conv(w[2], w[2], 3, 2), Conv(w[3], w[3], 3, 2)
        self.down16, self.down32 = C2f(w[2] + w[3], w[3], 1, False), C2f(w[3] + w[4], w[4], 1, False)
        levels = w[2:]
        self.boxes = nn.ModuleList(_branch(n, 64, 4 * BINS) for n in levels)
        self.classes = nn.ModuleList(_branch(n, 80, CLASSES) for n in levels)
        self.coefficients = nn.ModuleList(_branch(n, PROTOTYPES, PROTOTYPES) for n in levels)
        self.prototypes = nn.Sequential(
            Conv(w[2], 64, 3), nn.ConvTranspose2d(64, 64, 2, 2), Conv(64, 64, 3), Conv(64, PROTOTYPES)
        )
        self.larger = nn.Upsample(scale_factor=2)

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """As torch asks."""
        x, kept = self.stem(picture), []
        for down, stage in zip(self.down, self.stages, strict=True):
            x = stage(down(x))
            kept.append(x)
        deep = self.sppf(kept[3])
        middle = self.up16(torch.cat((self.larger(deep), kept[2]), 1))
        fine = self.up8(torch.cat((self.larger(middle), kept[1]), 1))
        middle = self.down16(torch.cat((self.back16(fine), middle), 1))
        deep = self.down32(torch.cat((self.back32(middle), deep), 1))
        rows = []
        for level, x in enumerate((fine, middle, deep)):
            sides = self.boxes[level](x).flatten(2).view(1, 4, BINS, -1).softmax(2)
            bins = torch.arange(BINS, dtype=torch.float32).view(1, 1, BINS, 1)
            parts = ((sides * bins).sum(2), self.classes[level](x).flatten(2).sigmoid())
            rows.append(torch.cat((*parts, self.coefficients[level](x).flatten(2)), 1))
        return torch.cat(rows, 2), self.prototypes(fine)


def count(network: nn.Module) -> tuple[float, float]:
    """Millions of parameters; GFLOP of one picture (two for each multiply-add of a convolution)."""
    total = 0

    def add(layer: nn.Module, _inputs: Any, output: Tensor) -> None:
        nonlocal total
        if isinstance(layer, nn.Conv2d):
            size = layer.in_channels // layer.groups * layer.kernel_size[0] * layer.kernel_size[1]
            total += 2 * size * output.numel()
        elif isinstance(layer, nn.ConvTranspose2d):
            total += (
                2 * layer.in_channels * output.numel()
            )  # 2 x 2 with stride 2: each output pixel has one tap

    handles = [layer.register_forward_hook(add) for layer in network.modules()]
    with torch.no_grad():
        network(torch.zeros(1, 3, SIDE, SIDE))
    for handle in handles:
        handle.remove()
    return sum(one.numel() for one in network.parameters()) / 1e6, total / 1e9


def export(file: Path) -> Path:
    """The network as ONNX, written once."""
    if not file.exists():
        torch.manual_seed(0)
        network = NanoSegmenter().eval()
        file.parent.mkdir(parents=True, exist_ok=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                network,
                (torch.zeros(1, 3, SIDE, SIDE),),
                str(file),
                input_names=["picture"],
                output_names=["cells", "prototypes"],
                dynamo=False,
            )
    return file


class YoloRoute:
    """One view: decode, letterbox, network, best box with its mask, measure the mask. One thread."""

    def __init__(self, file: Path) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        self.network_s = 0.0

    def measure(self, data: bytes) -> tuple[float, float]:
        """Diameter in pixels and share of red of the largest thing. With random weights no box means anything, so what
        is measured is what stands out by its colour; the work on the network's answer is done all the same.
        """
        bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        height, width = bgr.shape[:2]
        scale = SIDE / max(height, width)
        small = cv2.resize(bgr, (round(width * scale), round(height * scale))) if scale != 1 else bgr
        square = np.full((SIDE, SIDE, 3), 114, np.uint8)
        square[: small.shape[0], : small.shape[1]] = small
        tensor = cv2.dnn.blobFromImage(square, 1 / 255, swapRB=True)
        begin_s = time.process_time()
        cells, prototypes = self._session.run(None, {"picture": tensor})
        self.network_s += time.process_time() - begin_s
        scores = cells[0, 4 : 4 + CLASSES].max(0)
        best = np.argsort(scores)[-100:]
        boxes = [(float(x), float(y), float(w), float(h)) for x, y, w, h in cells[0, :4, best]]
        kept = cv2.dnn.NMSBoxes(boxes, [float(one) for one in scores[best]], 0.0, 0.7)
        first = best[int(np.asarray(kept).flat[0])]
        coarse = cells[0, -PROTOTYPES:, first] @ prototypes[0].reshape(PROTOTYPES, -1)
        cv2.resize(coarse.reshape(160, 160), (SIDE, SIDE))[: small.shape[0], : small.shape[1]] > 0  # noqa: B015
        hsv = cv2.cvtColor(small, cv2.COLOR_BGR2HSV)
        mask = cv2.inRange(hsv, (0, 60, 40), (35, 255, 255))
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        if not contours:
            return 0.0, 0.0
        outline = max(contours, key=cv2.contourArea)
        _, radius = cv2.minEnclosingCircle(outline)
        inside = np.zeros_like(mask)
        cv2.drawContours(inside, [outline], -1, 255, -1)
        red = cv2.countNonZero(cv2.bitwise_and(cv2.inRange(hsv, (0, 60, 40), (12, 255, 255)), inside))
        return 2 * radius / scale, red / max(1, cv2.countNonZero(inside))


def yolo_ms(file: Path, views: Sequence[bytes], rounds: int = 3) -> tuple[float, float]:
    """Processor time of one fruit, ms: the whole route, and its network alone. Median of rounds over `views`."""
    cv2.setNumThreads(1)
    route = YoloRoute(export(file))
    route.measure(views[0])
    wholes, networks = [], []
    for _ in range(rounds):
        route.network_s, begin_s = 0.0, time.process_time()
        for data in views:
            route.measure(data)
        wholes.append(time.process_time() - begin_s)
        networks.append(route.network_s)
    return 1e3 * median(wholes), 1e3 * median(networks)
