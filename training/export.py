"""Trained weights -> `models/<name>/<version>/`: ONNX, card, README, checked against torch on real pictures.

`model.onnx` has the input `image` and the switch `whole`: a caller who sets it to false gets `crop` and `inside` only,
sooner. It need not be given. No weight is stored twice.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
from torch import Tensor, nn

from grader.image_io import read_image
from grader.model_card import ModelCard, load_card
from grader.onnx_model import SWITCH, OnnxModel
from grader.preprocess import to_tensor
from grader.types import UInt8Array
from training.card_file import write_card
from training.checkpoint import load_weights, read_checkpoint
from training.dataset import INPUT, licence_allowed
from training.manifest import ManifestError, Photograph
from training.network import CROP_CLASSES, OUTPUT_NAMES
from training.networks import AnyNetwork, network_of
from training.onnx_file import save_onnx, write_onnx
from training.optional_outputs import make_optional
from training.weak_labels import SURFACE_CLASSES

PARITY_LIMIT = 2e-3
"""Largest difference in a probability between torch and ONNX that is accepted (float32 rounding is about 1e-4)."""


LARGEST_LOGIT = 80.0
"""Logits beyond are cut in ONNX; exp(80) times 17 is a float32. A trained network says 20 at most."""


class _WithProbabilities(nn.Module):
    """What the shipped network says: probabilities instead of logits."""

    def __init__(self, net: AnyNetwork) -> None:
        super().__init__()
        self.net = net

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        surface, crop, inside, net = self.net(image)
        return surface.softmax(1), crop.softmax(1), inside.sigmoid(), net.sigmoid()


class _AsShipped(nn.Module):
    """The same probabilities in the steps that ONNX Runtime is quick at (`benchmarks/README.md`).

    Two heads on the same features are one convolution. Its Softmax over channels turns the whole array round and
    back, and its sums over channels are slow too: here it is one sum of 17 grids.
    """

    def __init__(self, net: AnyNetwork) -> None:
        super().__init__()
        self.surface_classes = net.surface.out_channels
        self.net = copy.deepcopy(net)
        self.net.surface, self.net.net = _joined(net.surface, net.net), nn.Identity()
        self.net.crop, self.net.inside = _joined(net.crop, net.inside), nn.Identity()

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        surface_and_net, crop_and_inside, _, _ = self.net(image)
        surface, net = shares_and_rest(surface_and_net, self.surface_classes)
        crop, inside = shares_and_rest(crop_and_inside, len(CROP_CLASSES))
        return surface, crop, inside, net


def _joined(first: nn.Conv2d, second: nn.Conv2d) -> nn.Conv2d:
    """Two 1x1 convolutions of the same features as one, the channels of the first in front."""
    both = nn.Conv2d(first.in_channels, first.out_channels + second.out_channels, 1)
    joint = zip(first.state_dict().items(), second.state_dict().values(), strict=True)
    both.load_state_dict({name: torch.cat([one, other]) for (name, one), other in joint})
    return both


def shares_and_rest(logits: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """Softmax of the first `classes` channels, sigmoid of each of the others."""
    logits = logits.clamp(-LARGEST_LOGIT, LARGEST_LOGIT)
    odds = logits[:, :classes].exp()
    total, *others = odds.split(1, dim=1)
    for grid in others:
        total = total + grid
    return odds / total, logits[:, classes:].sigmoid()


def load_network(checkpoint: Path) -> nn.Module:
    """The averaged weights of a checkpoint, as shipped, in evaluation mode.

    Raises CheckpointError when the file is no checkpoint of this network, OSError when it cannot be read.
    """
    return _WithProbabilities(_trained(checkpoint)).eval()


def _trained(checkpoint: Path) -> AnyNetwork:
    weights = read_checkpoint(checkpoint, ("average",))["average"]
    net = network_of(weights)
    load_weights(checkpoint, weights, net)
    return net.eval()


def training_sets(checkpoint: Path, licence_of_set: Mapping[str, str]) -> list[dict[str, str]]:
    """Name and licence of every set that the weights saw, by the config.json beside each checkpoint.

    Runs that this one started from count too: what they saw is in the weights. Sets whose licence a run did not
    allow are left out. licence_of_set: stated licence by name of the set; those of other sets, which were imported,
    are in the index.json of the folders that the run read.

    Raises FileNotFoundError without a config.json, ManifestError for a set without a licence.
    """
    known = dict(licence_of_set)
    names: set[str] = set()
    seen: set[Path] = set()
    at: Path | None = checkpoint
    while at is not None and at not in seen:
        seen.add(at)
        config = json.loads((at.parent / "config.json").read_text(encoding="utf-8"))
        shares = config["photograph_shares"] if config["photographs"] else {}
        wanted = {name for name, weight in shares.items() if weight > 0}
        if wanted - set(known):
            known |= _imported_licences(config["photographs"], config["licences"])
        for name in wanted:
            if name not in known:
                raise ManifestError(f"{at.parent / 'config.json'}: no licence is known of the set {name!r}")
            if licence_allowed(known[name], config["licences"]):
                names.add(name)
        at = Path(config["start_from"]) if config["start_from"] else None
    sets = [{"name": name, "licence": known[name]} for name in sorted(names)]
    return [
        *sets,
        {"name": "simulator (training/simulator)", "licence": "Apache-2.0"},
        {"name": "ImageNet (weights of the backbone, efficientnet-lite0)", "licence": "Apache-2.0 (weights)"},
    ]


def _imported_licences(folders: str | Sequence[str], licences: Sequence[str] | None) -> dict[str, str]:
    """What a run could learn of each set in its folders with index.json: the allowed licences, joined by commas."""
    found: dict[str, set[str]] = {}
    for folder in [folders] if isinstance(folders, str) else folders:
        path = Path(folder) / "index.json"
        for entry in json.loads(path.read_text(encoding="utf-8")) if path.is_file() else ():
            stated = found.setdefault(entry["dataset"], set())
            if licence_allowed(entry["licence"], licences):
                stated.add(entry["licence"])
    return {name: ", ".join(sorted(stated)) for name, stated in found.items()}


def export(
    checkpoint: Path,
    out: Path,
    *,
    name: str,
    version: str,
    sets: list[dict[str, str]],
    find_side: int,
    fruit_side: int,
) -> ModelCard:
    """Write model.onnx and card.json. sets: name and licence of every set the weights were trained on.

    Raises CheckpointError or OSError before anything is written, OutputError when a file cannot be written.
    """
    weights = out / "model.onnx"
    net = _AsShipped(_trained(checkpoint)).eval()
    example = torch.zeros(1, 3, fruit_side, fruit_side)
    axes = {"image": {0: "n", 2: "h", 3: "w"}}
    axes |= {output: {0: "n", 2: f"{output}_h", 3: f"{output}_w"} for output in OUTPUT_NAMES}
    write_onnx(net, (example,), weights, inputs=("image",), outputs=OUTPUT_NAMES, axes=axes)
    save_onnx(make_optional(onnx.load(weights), ("surface", "net"), SWITCH), weights)
    card = {
        "schema": "model-card/1",
        "name": name,
        "version": version,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "weights": "model.onnx",
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        "input": {
            "name": INPUT.name,
            "colour_order": "RGB",
            "mean": list(INPUT.mean),
            "std": list(INPUT.std),
            "multiple": INPUT.multiple,
            "find_side_px": find_side,
            "fruit_side_px": fruit_side,
        },
        "outputs": {"surface": 2, "crop": 4, "inside": 4, "net": 2},
        "surface_classes": [int(value) for value in SURFACE_CLASSES],
        "crop_classes": list(CROP_CLASSES),
        "trained_on": sets,
    }
    write_card(out / "card.json", card)
    return load_card(out)


def fruit_pictures(photographs: Sequence[Photograph], side: int) -> list[UInt8Array]:
    """Photographs as the network sees one fruit: scaled to `side` pixels on the long side."""
    pictures = []
    for photo in photographs:
        rgb = read_image(photo.path).rgb
        ratio = side / max(rgb.shape[:2])
        size_wh = (max(round(rgb.shape[1] * ratio), 1), max(round(rgb.shape[0] * ratio), 1))
        pictures.append(cv2.resize(rgb, size_wh, interpolation=cv2.INTER_AREA))
    return pictures


def parity(checkpoint: Path, model: OnnxModel, pictures: Sequence[UInt8Array]) -> dict[str, float]:
    """Compare torch and ONNX on real pictures (uint8 RGB (H, W, 3)).

    Returns `max_difference` of any probability and `class_flips`, the share of pixels whose class differs. What
    `find` says of the same picture is compared too.
    """
    net = load_network(checkpoint)
    worst, flips, pixels = 0.0, 0, 0
    for rgb in pictures:
        tensor = to_tensor(rgb, model.card.input)
        ours = model.run(tensor)
        with torch.no_grad():
            theirs = dict(zip(OUTPUT_NAMES, net(torch.from_numpy(tensor)), strict=True))
        for key, value in theirs.items():
            worst = max(worst, float(np.abs(value.numpy() - ours[key]).max()))
        for key, found in model.find(tensor).items():
            worst = max(worst, float(np.abs(theirs[key].numpy() - found).max()))
        flipped = theirs["surface"].numpy().argmax(1) != ours["surface"].argmax(1)
        flips += int(flipped.sum())
        pixels += flipped.size
    return {"max_difference": worst, "class_flips": flips / max(pixels, 1)}
