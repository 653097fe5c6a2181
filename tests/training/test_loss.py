"""The partial-label loss does what its one line says."""

from __future__ import annotations

import math

import pytest
import torch

from training.loss import fruit_loss, set_loss, unpack


def test_one_class_is_cross_entropy() -> None:
    logits = torch.randn(2, 5, 3, 3)
    target = torch.randint(0, 5, (2, 3, 3))
    allowed = torch.nn.functional.one_hot(target, 5).permute(0, 3, 1, 2).bool()
    expected = torch.nn.functional.cross_entropy(logits, target, reduction="none")
    torch.testing.assert_close(set_loss(logits, allowed), expected)


def test_all_classes_cost_nothing() -> None:
    loss = set_loss(torch.randn(1, 5, 2, 2), torch.ones(1, 5, 2, 2, dtype=torch.bool))
    assert float(loss.abs().max()) < 1e-6


def test_two_of_four_equal_classes_cost_log_two() -> None:
    allowed = torch.tensor([True, True, False, False]).view(1, 4, 1, 1)
    assert float(set_loss(torch.zeros(1, 4, 1, 1), allowed)) == pytest.approx(math.log(2))


def test_bits_are_unpacked_in_order() -> None:
    bits = torch.tensor([[[0b00101, 1 << 16]]], dtype=torch.int32)
    unpacked = unpack(bits, 17)
    assert unpacked[0, :, 0, 0].nonzero().flatten().tolist() == [0, 2]
    assert unpacked[0, :, 0, 1].nonzero().flatten().tolist() == [16]


def outputs(surface: torch.Tensor) -> tuple[torch.Tensor, ...]:
    n, _, h, w = surface.shape
    return (
        surface,
        torch.zeros(n, 4, h // 2, w // 2),
        torch.zeros(n, 1, h // 2, w // 2),
        torch.zeros(n, 1, h, w),
    )


def batch(h: int = 8) -> dict[str, torch.Tensor]:
    return {
        "surface_set": torch.zeros(1, h, h, dtype=torch.int32),
        "crop_set": torch.zeros(1, h // 2, h // 2, dtype=torch.uint8),
        "inside": -torch.ones(1, h // 2, h // 2),
        "net": torch.full((1, h, h), 255, dtype=torch.uint8),
        "some_defect": torch.zeros(1, h, h, dtype=torch.bool),
    }


def test_pixels_without_a_label_teach_nothing() -> None:
    surface = torch.randn(1, 17, 8, 8, requires_grad=True)
    sum(fruit_loss(outputs(surface), batch()).values()).backward()
    assert float(surface.grad.abs().max()) == 0.0


def test_a_box_with_some_defect_pulls_its_most_suspicious_pixels_up() -> None:
    surface = torch.zeros(1, 17, 8, 8)
    surface[0, 5, 2, 2] = 1.0
    surface.requires_grad_()
    labels = batch()
    labels["some_defect"][:, :6, :6] = True
    sum(fruit_loss(outputs(surface), labels).values()).backward()
    assert float(surface.grad[0, 5, 2, 2]) < 0
    assert float(surface.grad[0, :, 7, 7].abs().max()) == 0.0


@pytest.mark.parametrize(("pixels", "weight"), [(4, 4.0), (31, 1.9896), (123, 1.0), (512, 1.0)])
def test_few_pixels_of_defect_count_more(pixels: int, weight: float) -> None:
    """1024 pixels, all equally likely: one defect pixel weighs 2 x the root of 0.12 over the share, 1-4; sound ones
    1 + 5 x P(defect)."""
    labels = batch(32)
    labels["surface_set"][:] = 1 << 1
    labels["surface_set"].view(-1)[:pixels] = 1 << 9
    surface = torch.zeros(1, 17, 32, 32)
    surface[:, 9] = 3.0  # a defect costs this, sound skin that
    total = surface[0, :, 0, 0].logsumexp(0)
    defect, sound = float(total - 3.0), float(total)
    share = float((surface[0, 4:, 0, 0].logsumexp(0) - total).exp())
    a, b = pixels * 2 * weight, (1024 - pixels) * (1 + 5 * share)
    expected = (a * defect + b * sound) / (a + b)
    assert float(fruit_loss(outputs(surface), labels)["surface"]) == pytest.approx(expected, rel=1e-3)


def test_every_kind_of_defect_counts_alike() -> None:
    """1000 pixels of rot called rot and 24 of scab called rot: the few are half of the term."""
    labels = batch(32)
    labels["surface_set"][:] = 1 << 4
    labels["surface_set"].view(-1)[:24] = 1 << 6
    surface = torch.zeros(1, 17, 32, 32)
    surface[:, 4] = 4.0
    likely = torch.log_softmax(surface[0, :, 0, 0], 0)
    expected = 0.2 * -float(likely[4] + likely[6]) / 2
    assert float(fruit_loss(outputs(surface), labels)["kind"]) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("inside", "weight"), [(-1.0, 1.0), (0.0, 2.0), (0.299, 2.0), (0.3, 1.0), (1.0, 1.0)]
)
def test_a_defect_near_the_rim_counts_twice(inside: float, weight: float) -> None:
    """Half of the pixels a defect, all of them as far inside: beside sound ones they weigh 2, near the rim 4."""
    labels = batch(32)
    labels["inside"][:] = inside
    labels["surface_set"][:] = 1 << 1
    labels["surface_set"][:, :16] = 1 << 9
    surface = torch.zeros(1, 17, 32, 32)
    surface[:, 9] = 3.0
    likely = torch.log_softmax(surface[0, :, 0, 0], 0)
    alarm = 1 + 5 * float(likely[4:].exp().sum())
    expected = -float(2 * weight * likely[9] + alarm * likely[1]) / (2 * weight + alarm)
    assert float(fruit_loss(outputs(surface), labels)["surface"]) == pytest.approx(expected, rel=1e-3)


def test_a_kind_that_is_not_known_is_not_asked_for() -> None:
    labels = batch(32)
    labels["surface_set"][:] = (1 << 4) | (1 << 5)  # some defect, rot or bruise
    labels["surface_set"].view(-1)[:9] = 1 << 1  # sound skin
    assert float(fruit_loss(outputs(torch.randn(1, 17, 32, 32)), labels)["kind"]) == 0.0
