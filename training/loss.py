"""One loss for exact, weak and missing labels.

Every pixel carries the *set* of classes that may be true there. Its loss is minus the logarithm of the summed
probability of that set (partial-label learning, Cour et al. 2011): with one class it is cross entropy, with all
classes it is zero. A box that holds "some defect somewhere" asks that its most suspicious few per cent of pixels
be defects (multiple-instance learning).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

DEFECT_WEIGHT = 2.0
"""A defect pixel counts this often: defects cover about a tenth of the fruit pixels of the stream."""
SMALL_DEFECT_SHARE, SMALL_DEFECT_LIMIT = 0.12, 4.0
"""In a picture with less defect than this share its pixels count more, by the root of the ratio, up to this much: a
crack of 50 pixels has to be worth finding beside a rot of 5,000."""
FALSE_ALARM_WEIGHT = 5.0
"""A pixel known to be sound, stem or calyx counts up to this much more, by how surely it is called a defect: the
network otherwise finds it cheap to call every stem rot, and the stem is the most suspicious place of most fruit."""
SOME_DEFECT_WEIGHT = 0.1
LANDMARK_WEIGHT = 2.0
RIM_INSIDE, RIM_WEIGHT = 0.3, 2.0
"""Defect pixels this near the rim of their fruit (`inside`, 0 at the rim, 1 in its middle) count this often: they stand
for two to four times as much skin, and were found half as often."""
KIND_WEIGHT = 0.2
"""Of finding and naming a defect pixel whose kind is known exactly, each kind alike: half of such pixels are rot, and
without this nearly everything is called rot or scab, and pale kinds such as scald and sooty blotch are not found."""
SUSPICIOUS_SHARE = 0.05
"""Share of a box's pixels that `some_defect` asks to be defects; web photographs show larger ones."""


def set_loss(logits: Tensor, allowed: Tensor) -> Tensor:
    """Per-pixel -log P(set). logits float (N, K, H, W); allowed bool (N, K, H, W). Returns (N, H, W)."""
    inside = logits.masked_fill(~allowed, -1e4).logsumexp(1)
    return logits.logsumexp(1) - inside


def unpack(bits: Tensor, classes: int) -> Tensor:
    """Bit sets (N, H, W) of any integer type -> bool (N, classes, H, W)."""
    shifts = torch.arange(classes, dtype=torch.int32).view(1, -1, 1, 1)
    return ((bits.int().unsqueeze(1) >> shifts) & 1).bool()


def fruit_loss(outputs: tuple[Tensor, ...], batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """The parts of the loss by name; their sum is minimised. Shapes as in `network` and `augment.Target`."""
    surface, crop, inside, net = (output.float() for output in outputs)
    allowed = unpack(batch["surface_set"], surface.shape[1])
    known = allowed.any(1)
    defect_only = known & ~allowed[:, :4].any(1)
    no_defect = known & ~allowed[:, 4:].any(1)
    landmark = known & ~allowed[:, :2].any(1) & ~defect_only
    share = defect_only.float().mean((1, 2)).clamp(min=1e-6)
    small = (SMALL_DEFECT_SHARE / share).sqrt().clamp(1, SMALL_DEFECT_LIMIT)[:, None, None]
    weight = known.float() + (DEFECT_WEIGHT * small - 1) * defect_only + (LANDMARK_WEIGHT - 1) * landmark
    near_rim = (batch["inside"] >= 0) & (batch["inside"] < RIM_INSIDE)
    near_rim = F.interpolate(near_rim[:, None].float(), size=surface.shape[2:])[:, 0]
    weight = weight * (1 + (RIM_WEIGHT - 1) * near_rim * defect_only)
    log_defect = surface[:, 4:].logsumexp(1) - surface.logsumexp(1)
    probability = log_defect.exp()
    weight = weight + FALSE_ALARM_WEIGHT * no_defect * probability.detach()
    pixel = set_loss(surface, allowed)
    parts = {"surface": (pixel * weight).sum() / weight.sum().clamp(min=1)}

    kinds = allowed[:, 4:].float()
    exact = (defect_only & (kinds.sum(1) == 1)).unsqueeze(1) * kinds
    pixels_of_kind = exact.sum((0, 2, 3))
    missed = (pixel.unsqueeze(1) * exact).sum((0, 2, 3))
    present_kinds = pixels_of_kind > 0
    each = missed[present_kinds] / pixels_of_kind[present_kinds]
    parts["kind"] = KIND_WEIGHT * each.sum() / present_kinds.sum().clamp(min=1)

    judged = (defect_only | no_defect).float()
    overlap = (probability * judged * defect_only).sum((1, 2))
    total = (probability * judged).sum((1, 2)) + defect_only.sum((1, 2))
    present = defect_only.flatten(1).sum(1) > 20
    dice = 1 - (2 * overlap + 1) / (total + 1)
    parts["defect_overlap"] = 0.5 * (dice * present).sum() / present.sum().clamp(min=1)

    boxed = batch["some_defect"].flatten(1)
    if boxed.any():
        rows = boxed.any(1)
        ranked = log_defect.flatten(1)[rows].masked_fill(~boxed[rows], -1e4).sort(1, descending=True).values
        wanted = (boxed[rows].sum(1).float() * SUSPICIOUS_SHARE).ceil().clamp(min=1)
        top = (torch.arange(ranked.shape[1]).unsqueeze(0) < wanted.unsqueeze(1)).float()
        parts["some_defect"] = SOME_DEFECT_WEIGHT * (-(ranked * top).sum(1) / wanted).clamp(max=6).mean()

    crop_allowed = unpack(batch["crop_set"], crop.shape[1])
    crop_known = crop_allowed.any(1)
    parts["crop"] = (set_loss(crop, crop_allowed) * crop_known).sum() / crop_known.sum().clamp(min=1)

    target = batch["inside"]
    sure = target >= 0
    parts["inside"] = _masked_bce(inside[:, 0], target.clamp(min=0), sure)
    netted = batch["net"].float() / 254
    parts["net"] = 0.5 * _masked_bce(net[:, 0], netted.clamp(max=1), batch["net"] < 255)
    return parts


def _masked_bce(logits: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    loss = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return (loss * mask).sum() / mask.sum().clamp(min=1)
