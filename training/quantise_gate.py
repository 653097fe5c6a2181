"""Whether an 8-bit variant is worth having: sooner, and nothing lost."""

from __future__ import annotations

from training.compare import WORST_LOSS, ClassChange, losses
from training.look_time import LookTime


def refusal(before: LookTime, after: LookTime, changes: list[ClassChange]) -> str | None:
    """Why the variant is not kept; None when it is: both looks together sooner, no class over 0.5 points worse.

    before, after: of the model and of its variant. changes: of the variant against the model, class by class.
    """
    if not after.both_ms < before.both_ms:
        return f"expected under {before.both_ms:.1f} ms for both looks, got {after.both_ms:.1f}"
    lost = losses(changes)
    if lost:
        told = ", ".join(f"{change.name} {100 * change.change:+.1f}" for change in lost)
        return f"expected at most {100 * WORST_LOSS:g} points lost on every class, got {told}"
    return None
