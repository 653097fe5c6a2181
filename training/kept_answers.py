"""What a network said before a lesson, kept while it learns: Li & Hoiem, "Learning without Forgetting", ECCV 2016.

On every pixel where the label does not speak against it, the new answer is to stay what the old one was. Thus replayed
pictures hold all that was known, mistakes too, and only what is taught may change.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from training.loss import unpack

DEFECT_WEIGHT = 9.0
"""A pixel that was surely called a defect counts this much more than skin: defects cover a tenth of the fruit."""


def kept_answers(outputs: tuple[Tensor, ...], before: tuple[Tensor, ...], batch: dict[str, Tensor]) -> Tensor:
    """Mean divergence of the answers from those given before, a scalar of 0 or more.

    outputs, before: logits as `network.FruitNet` gives them. batch: as the training stream gives it.
    """
    surface, crop, inside, net = (output.float() for output in outputs)
    old_surface, old_crop, old_inside, old_net = (output.float() for output in before)
    return (
        _kept_classes(surface, old_surface, batch["surface_set"])
        + 0.3 * _kept_classes(crop, old_crop, batch["crop_set"])
        + 0.3 * _kept_share(inside, old_inside)
        + 0.3 * _kept_share(net, old_net)
    )


def _kept_classes(logits: Tensor, old: Tensor, sets: Tensor) -> Tensor:
    """Kullback-Leibler divergence over pixels whose old answer the label allows, or that have no label.

    logits, old: (N, K, H, W). sets: bits (N, H, W). Defects are the classes from the fifth on, where there are any.
    """
    allowed = unpack(sets, old.shape[1])
    unlabelled = ~allowed.any(1)
    told = allowed.gather(1, old.argmax(1, keepdim=True)).squeeze(1)
    share = old.softmax(1)
    divergence = F.kl_div(logits.log_softmax(1), share, reduction="none").sum(1)
    weight = (unlabelled | told).float() * (1 + DEFECT_WEIGHT * share[:, 4:].sum(1))
    return (divergence * weight).sum() / weight.sum().clamp(min=1)


def _kept_share(logits: Tensor, old: Tensor) -> Tensor:
    """Binary cross entropy less its least value, so that the same answer costs nothing."""
    share = old.sigmoid()
    cost = F.binary_cross_entropy_with_logits(logits, share, reduction="none")
    return (cost - F.binary_cross_entropy(share, share, reduction="none")).mean()
