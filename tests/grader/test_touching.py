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


@pytest.mark.parametrize(("row", "col"), [(0, 0), (5, 30), (40, 64)])
def test_the_place_in_the_frame_does_not_matter(row: int, col: int) -> None:
    """Two that touch, one that stands alone, and a speck, anywhere in a larger frame."""
    truth = discs([(16, 12), (16, 33), (48, 48)], 10)
    truth[2, 60] = 4
    inside = inside_map(truth)
    alone = split_touching(truth > 0, inside, 3)
    assert sorted(np.unique(alone)) == [0, 1, 2, 3]
    frame, depth = np.zeros((104, 128), bool), np.zeros((104, 128), np.float32)
    where = slice(row, row + 64), slice(col, col + 64)
    frame[where], depth[where] = truth > 0, inside
    expected = np.zeros(frame.shape, np.int32)
    expected[where] = alone
    np.testing.assert_array_equal(split_touching(frame, depth, 3), expected)


def test_fruit_apart_are_labelled_whole_however_pale() -> None:
    """Each counts against its own middle: one of 0.2 beside one of 1; each fills its part to the rim."""
    truth = discs([(14, 14), (46, 46)], 12)
    inside = inside_map(truth) * np.where(truth == 2, 0.2, 1.0).astype(np.float32)
    labels = split_touching(truth > 0, inside, 3)
    np.testing.assert_array_equal(labels, truth)


@pytest.mark.parametrize(("saddle", "fruit"), [(0.56, 1), (0.54, 2)])
def test_the_way_between_two_middles_decides(saddle: float, fruit: int) -> None:
    """Peaks of 0.9 and 1: one fruit when the flood meets above 0.54, the share of the lower peak, else two."""
    row = np.interp(np.arange(41), [0, 10, 20, 30, 40], [0.0, 1.0, saddle, 0.9, 0.0]).astype(np.float32)
    inside = np.tile(row, (9, 1))
    labels = split_touching(np.ones(inside.shape, bool), inside, 3)
    assert labels.max() == fruit
    assert (labels > 0).all()


def test_two_ripples_of_one_fruit_join_before_a_neighbour_is_met() -> None:
    """Three middles: 1 and 0.85 with 0.8 between them are one fruit; the third lies beyond a way of 0.1."""
    row = np.interp(np.arange(61), [0, 10, 15, 20, 30, 45, 60], [0.0, 1.0, 0.8, 0.85, 0.1, 0.9, 0.0]).astype(
        np.float32
    )
    labels = split_touching(np.ones((9, 61), bool), np.tile(row, (9, 1)), 3)
    assert labels.max() == 2
    middle = labels[4]
    assert middle[10] == middle[20] != middle[45]
    assert abs(int(np.flatnonzero(np.diff(middle))[0]) - 30) <= 1


def test_a_part_without_any_middle_is_one_fruit() -> None:
    truth = discs([(20, 20)], 8)
    labels = split_touching(truth > 0, np.zeros(truth.shape, np.float32), 3)
    np.testing.assert_array_equal(labels, truth)
