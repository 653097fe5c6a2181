"""Cells of equal area on a ball: the map on which the views of a turning fruit are laid."""

from __future__ import annotations

from functools import lru_cache
from math import pi, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from grader.types import BoolArray, FloatArray

CELL_COUNT = 3000
"""2.4 mm across on a 75 mm apple."""
CELL_ANGLE = sqrt(4 * pi / CELL_COUNT)
"""Side of a square cell of this area, rad."""
NEIGHBOUR_ANGLE = 1.65 * CELL_ANGLE
"""Cells whose middles are nearer than this touch, over sides or corners."""
TABLE_ROWS, TABLE_COLUMNS = 256, 512


@lru_cache(maxsize=1)
def cell_directions() -> FloatArray:
    """Middles of the cells, unit vectors, float32 (CELL_COUNT, 3), read-only.

    A Fibonacci lattice (R. Swinbank and R. J. Purser, Q. J. R. Meteorol. Soc. 132, 2006): heights in equal steps, so
    that all cells have the same area, each turned by the golden angle.
    """
    index = np.arange(CELL_COUNT)
    height = 1 - (2 * index + 1) / CELL_COUNT
    around = index * (pi * (3 - sqrt(5)))
    flat = np.sqrt(1 - height**2)
    cells = np.column_stack([flat * np.cos(around), flat * np.sin(around), height]).astype(np.float32)
    cells.setflags(write=False)
    return cells


def cell_at(directions: FloatArray) -> NDArray[np.intp]:
    """The nearest cell of each unit vector, to a third of a cell; (N, 3) -> (N,)."""
    height, around = directions[:, 2], np.arctan2(directions[:, 1], directions[:, 0])
    row = np.clip((np.arccos(np.clip(height, -1, 1)) * (TABLE_ROWS / pi)).astype(np.intp), 0, TABLE_ROWS - 1)
    column = (around * (TABLE_COLUMNS / (2 * pi))).astype(np.intp) % TABLE_COLUMNS
    return _table()[row, np.where(around < 0, (column - 1) % TABLE_COLUMNS, column)]


def connected_cells(chosen: BoolArray) -> tuple[int, NDArray[np.intp]]:
    """How many groups of touching cells there are, and the group of each cell, -1 where not chosen; (CELL_COUNT,)."""
    one, other = _touching()
    both = chosen[one] & chosen[other]
    graph = coo_matrix((np.ones(both.sum()), (one[both], other[both])), shape=(CELL_COUNT, CELL_COUNT))
    _, labels = connected_components(graph, directed=False)
    groups = np.full(CELL_COUNT, -1, np.intp)
    names, groups[chosen] = np.unique(labels[chosen], return_inverse=True)
    return len(names), groups


@lru_cache(maxsize=1)
def _table() -> NDArray[np.intp]:
    polar = (np.arange(TABLE_ROWS) + 0.5) * (pi / TABLE_ROWS)
    around = (np.arange(TABLE_COLUMNS) + 0.5) * (2 * pi / TABLE_COLUMNS)
    height = np.broadcast_to(np.cos(polar)[:, None], (TABLE_ROWS, TABLE_COLUMNS))
    flat = np.sin(polar)[:, None]
    places = np.stack([flat * np.cos(around), flat * np.sin(around), height], axis=-1)
    return np.asarray(cKDTree(cell_directions()).query(places)[1], np.intp)


@lru_cache(maxsize=1)
def _touching() -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    pairs = cKDTree(cell_directions()).query_pairs(2 * np.sin(NEIGHBOUR_ANGLE / 2), output_type="ndarray")
    return pairs[:, 0], pairs[:, 1]
