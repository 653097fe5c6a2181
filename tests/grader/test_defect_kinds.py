"""One blemish, one kind."""

from __future__ import annotations

import numpy as np

from grader.defect_kinds import kind_of_each_blemish
from grader.types import FloatArray, SurfaceClass

VALUES = (SurfaceClass.BRUISE, SurfaceClass.ROT)


def likely(**parts: tuple[slice, slice, float]) -> FloatArray:
    """(2, 12, 20) probabilities: 0 but for the named parts."""
    grid = np.zeros((2, 12, 20), np.float32)
    for name, (rows, cols, value) in parts.items():
        grid[0 if name.startswith("bruise") else 1, rows, cols] = value
    return grid


def test_touching_kinds_are_the_one_with_more_probability_in_sum() -> None:
    grid = likely(bruise=(slice(2, 6), slice(2, 8), 0.9), rot=(slice(2, 6), slice(8, 11), 0.9))
    kinds = kind_of_each_blemish(grid, grid.sum(axis=0) > 0.5, grid.sum(axis=0) > 0.5, VALUES)
    assert set(np.unique(kinds[2:6, 2:11])) == {SurfaceClass.BRUISE}


def test_a_few_sure_cells_outweigh_many_doubtful_ones() -> None:
    grid = likely(bruise=(slice(2, 6), slice(2, 5), 0.3), rot=(slice(2, 6), slice(2, 5), 0.4))
    grid += likely(rot=(slice(2, 4), slice(2, 5), 0.2), bruise=(slice(5, 6), slice(2, 5), 0.25))
    kinds = kind_of_each_blemish(grid, grid.sum(axis=0) > 0.5, grid.sum(axis=0) > 0.5, VALUES)
    assert set(np.unique(kinds[2:6, 2:5])) == {SurfaceClass.ROT}


def test_blemishes_apart_keep_their_kinds_and_reach_one_cell_out() -> None:
    grid = likely(bruise=(slice(2, 6), slice(2, 6), 0.9), rot=(slice(2, 6), slice(9, 12), 0.9))
    kinds = kind_of_each_blemish(grid, grid.sum(axis=0) > 0.5, grid.sum(axis=0) > 0.5, VALUES)
    assert set(np.unique(kinds[1:7, 1:7])) == {SurfaceClass.BRUISE}
    assert set(np.unique(kinds[1:7, 8:13])) == {SurfaceClass.ROT}
    assert not kinds[:, 7].any()
    assert not kinds[:, 13:].any()


def test_equal_sums_go_to_the_first_and_no_blemish_gives_none() -> None:
    grid = likely(bruise=(slice(2, 6), slice(2, 6), 0.4), rot=(slice(2, 6), slice(2, 6), 0.4))
    blemished = grid.sum(axis=0) > 0.5
    assert kind_of_each_blemish(grid, blemished, blemished, VALUES)[3, 3] == SurfaceClass.BRUISE
    none = np.zeros_like(blemished)
    assert not kind_of_each_blemish(grid, none, none, VALUES).any()


def test_a_blemish_that_is_sure_nowhere_is_none_and_one_that_is_reaches_as_far_as_it_is_likely() -> None:
    grid = likely(bruise=(slice(2, 6), slice(2, 6), 0.6), rot=(slice(2, 6), slice(9, 12), 0.6))
    grid += likely(rot=(slice(3, 4), slice(10, 11), 0.3))
    total = grid.sum(axis=0)
    kinds = kind_of_each_blemish(grid, total > 0.5, total > 0.8, VALUES)
    assert not kinds[:, :8].any()
    assert set(np.unique(kinds[2:6, 9:12])) == {SurfaceClass.ROT}
