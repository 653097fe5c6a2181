"""Single blemishes: cut apart, found, named, and called without cause."""

from __future__ import annotations

import numpy as np
import pytest

from grader.types import BoolArray, DefectKind, SurfaceClass, UInt8Array
from training.blemishes import (
    FOUND_SHARE,
    Blemish,
    BlemishCount,
    blemishes,
    is_right,
    named,
    size_class,
)

MM_PER_PX = 0.5
rows, cols = np.mgrid[:200, :200]
FRUIT: BoolArray = np.hypot(rows - 100, cols - 100) < 80


def marked(*parts: tuple[int, int, int, SurfaceClass]) -> UInt8Array:
    """Sound skin with squares: first row, first column, side, class."""
    surface = FRUIT.astype(np.uint8)
    for row, col, side, value in parts:
        surface[row : row + side, col : col + side] = value
    return surface


def found_in(*parts: tuple[int, int, int, SurfaceClass]) -> list[Blemish]:
    return blemishes(marked(*parts), FRUIT, MM_PER_PX)


def test_fragments_with_a_small_gap_are_one_and_kinds_stay_apart() -> None:
    near = found_in((90, 90, 10, SurfaceClass.ROT), (90, 102, 10, SurfaceClass.ROT))
    assert [item.kind for item in near] == [DefectKind.ROT]
    assert near[0].area_mm2 == pytest.approx(200 * MM_PER_PX**2, rel=0.02)
    far = found_in((90, 90, 10, SurfaceClass.ROT), (90, 112, 10, SurfaceClass.ROT))
    assert len(far) == 2
    assert len(found_in((90, 90, 10, SurfaceClass.ROT), (90, 101, 10, SurfaceClass.SCAB))) == 2
    assert found_in((90, 90, 2, SurfaceClass.ROT)) == []


@pytest.mark.parametrize(("side", "found"), [(10, False), (11, True)])
def test_a_quarter_of_its_pixels_has_to_be_called(side: int, found: bool) -> None:
    assert (10 / 21) ** 2 < FOUND_SHARE < (11 / 21) ** 2
    (true,) = found_in((90, 90, 21, SurfaceClass.ROT))
    called = found_in((90, 90, side, SurfaceClass.SCAB))
    assert named(true, called) is (DefectKind.SCAB if found else None)


def test_the_name_is_that_of_most_pixels() -> None:
    (true,) = found_in((90, 90, 20, SurfaceClass.ROT))
    called = found_in((90, 80, 14, SurfaceClass.SCAB), (96, 95, 12, SurfaceClass.ROT))
    assert named(true, called) is DefectKind.ROT


def test_a_called_blemish_beside_a_true_one_is_right_and_elsewhere_is_not() -> None:
    true = found_in((90, 90, 10, SurfaceClass.ROT))
    (beside,) = found_in((88, 88, 8, SurfaceClass.ROT))
    (elsewhere,) = found_in((60, 60, 10, SurfaceClass.ROT))
    assert is_right(beside, true)
    assert not is_right(elsewhere, true)
    assert not is_right(beside, [])


def test_counts_by_size_by_name_and_by_cause() -> None:
    true = found_in(
        (60, 60, 8, SurfaceClass.ROT), (90, 90, 15, SurfaceClass.SCAB), (120, 70, 30, SurfaceClass.SCALD)
    )
    called = found_in(
        (90, 90, 15, SurfaceClass.SCAB), (120, 70, 30, SurfaceClass.ROT), (60, 130, 8, SurfaceClass.ROT)
    )
    count = BlemishCount()
    missed, wrong = count.add(true, called)
    assert ([one.kind for one in missed], [one.kind for one in wrong]) == ([DefectKind.ROT], [DefectKind.ROT])
    assert missed[0].where[62, 62]
    assert wrong[0].where[62, 132]
    figures = {figure.name: (figure.value, figure.n) for figure in count.figures()}
    assert figures == {
        "sim_defects_found_under_25_mm2": (0.0, 1),
        "sim_defects_found_25_to_100_mm2": (1.0, 1),
        "sim_defects_found_over_100_mm2": (1.0, 1),
        "sim_called_defects_right": (pytest.approx(2 / 3), 3),
        "sim_found_defects_named_rightly": (0.5, 2),
    }

    by_kind = {figure.name: (figure.value, figure.n) for figure in count.kind_figures() if figure.n}
    assert by_kind == {
        "sim_defects_found_rot": (0.0, 1),
        "sim_defects_found_scab": (1.0, 1),
        "sim_defects_found_scald": (1.0, 1),  # found as something, not by its name
        "sim_called_defects_right_rot": (0.5, 2),
        "sim_called_defects_right_scab": (1.0, 1),
    }
    table = count.found_table()
    assert list(table) == [str(kind) for kind in DefectKind]
    assert table["rot"] == {"under_25_mm2": (0, 1), "25_to_100_mm2": (0, 0), "over_100_mm2": (0, 0)}
    assert table["scald"]["over_100_mm2"] == (1, 1)


@pytest.mark.parametrize(
    ("area_mm2", "name"),
    [
        (24.99, "under_25_mm2"),
        (25.0, "25_to_100_mm2"),
        (99.99, "25_to_100_mm2"),
        (100.0, "over_100_mm2"),
    ],
)
def test_the_lower_bound_belongs_to_a_size_class(area_mm2: float, name: str) -> None:
    assert size_class(area_mm2) == name
