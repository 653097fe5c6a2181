"""Cells of the surface: as large as each other, found from a direction, connected where they touch."""

from __future__ import annotations

import numpy as np

from grader.surface_cells import CELL_ANGLE, CELL_COUNT, cell_at, cell_directions, connected_cells


def everywhere(count: int) -> np.ndarray:
    places = np.random.default_rng(3).normal(size=(count, 3))
    return (places / np.linalg.norm(places, axis=1, keepdims=True)).astype(np.float32)


def cap(direction: tuple[float, float, float], half_deg: float) -> np.ndarray:
    return cell_directions() @ (np.array(direction) / np.linalg.norm(direction)) > np.cos(
        np.radians(half_deg)
    )


def test_cells_have_the_same_area() -> None:
    hits = np.bincount(cell_at(everywhere(600_000)), minlength=CELL_COUNT)
    assert abs(hits / 200 - 1).max() < 0.5  # chance alone: 7 % (1 sigma), the table's steps the rest
    assert (hits / 200).std() < 0.15


def test_a_direction_is_in_the_cell_it_is_nearest_to() -> None:
    places = everywhere(2000)
    found = cell_directions()[cell_at(places)]
    best = (places @ cell_directions().T).max(axis=1)
    lost = np.arccos(np.clip((found * places).sum(axis=1), -1, 1)) - np.arccos(np.clip(best, -1, 1))
    assert lost.max() < CELL_ANGLE / 3
    assert (cell_at(np.asarray(cell_directions())) == np.arange(CELL_COUNT)).mean() > 0.98


def test_touching_cells_are_one_group() -> None:
    one, two = cap((0, 0, 1), 12), cap((1, 1, -1), 20)
    count, groups = connected_cells(one | two)
    assert count == 2
    assert len(set(groups[one])) == len(set(groups[two])) == 1
    assert set(groups[~(one | two)]) == {-1}


def test_a_gap_of_two_cells_parts_and_nothing_is_nothing() -> None:
    ring = cap((0, 1, 0), 40) & ~cap((0, 1, 0), 30)
    inner = cap((0, 1, 0), 30 - 2.5 * np.degrees(CELL_ANGLE))
    assert connected_cells(ring | inner)[0] == 2
    assert connected_cells(ring | cap((0, 1, 0), 30))[0] == 1
    assert connected_cells(np.zeros(CELL_COUNT, np.bool_))[0] == 0
