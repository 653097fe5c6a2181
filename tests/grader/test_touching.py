"""Splitting touching fruit, on masks whose truth is drawn."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from grader.touching import split_touching


def inside_map(instance: np.ndarray) -> np.ndarray:
    """What a perfect network says: distance to the rim over the largest such distance, by fruit."""
    inside = np.zeros(instance.shape, np.float32)
    for number in range(1, instance.max() + 1):
        own = np.pad(instance == number, 1).astype(np.uint8)
        distance = cv2.distanceTransform(own, cv2.DIST_L2, 3)[1:-1, 1:-1]
        inside = np.maximum(inside, distance / distance.max())
    return inside


def discs(centres: list[tuple[int, int]], radius: int, side: int = 64) -> np.ndarray:
    rows, cols = np.mgrid[:side, :side]
    instance = np.zeros((side, side), np.uint8)
    for number, (row, col) in enumerate(centres, start=1):
        instance[(rows - row) ** 2 + (cols - col) ** 2 <= radius**2] = number
    return instance


@pytest.mark.parametrize(
    "centres",
    [
        [(20, 20)],
        [(20, 20), (20, 41)],
        [(16, 16), (16, 37), (37, 16), (37, 37)],
        [(32, 12), (32, 33), (32, 54)],
    ],
)
def test_touching_discs_are_counted_and_kept_apart(centres: list[tuple[int, int]]) -> None:
    truth = discs(centres, 10)
    labels = split_touching(truth > 0, inside_map(truth), 3)
    assert len(np.unique(labels[labels > 0])) == len(centres)
    for number in range(1, len(centres) + 1):
        own = labels[truth == number]
        assert (own == np.bincount(own).argmax()).mean() > 0.97


def test_nothing_gives_nothing() -> None:
    empty = np.zeros((16, 16), bool)
    assert split_touching(empty, np.zeros((16, 16), np.float32), 3).max() == 0


def test_fruit_without_a_clear_middle_is_kept() -> None:
    truth = discs([(20, 20)], 8)
    labels = split_touching(truth > 0, inside_map(truth) * 0.4, 3)
    assert ((labels > 0) == (truth > 0)).all()


def test_specks_are_dropped() -> None:
    truth = discs([(20, 20)], 8)
    truth[50, 50] = 2
    labels = split_touching(truth > 0, inside_map(truth), 4)
    assert labels[50, 50] == 0
    assert len(np.unique(labels)) == 2


def test_a_ripple_in_one_fruit_is_not_a_second_fruit() -> None:
    truth = discs([(30, 30)], 20)
    inside = inside_map(truth)
    inside[30, :] = np.minimum(inside[30, :], 0.4)  # a dark stripe across the middle ...
    inside[31:, :] *= 0.62  # ... and a network that is not sure of the lower half
    labels = split_touching(truth > 0, inside, 3)
    assert len(np.unique(labels[labels > 0])) == 1
