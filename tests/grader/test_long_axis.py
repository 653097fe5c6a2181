"""Which views show the long axis of a melon, by shapes planted one by one."""

from __future__ import annotations

import pytest

from grader.long_axis import LONGER_BY, MANY_LENGTHS, SHOWN_WITHIN, long_axis_views
from grader.size import ELONGATED_MELON
from grader.types import SizeMeasurement


def shown(*shapes: float | None) -> list[float | None]:
    """The shapes of the views that count."""
    return [
        size.shape_index
        for size in long_axis_views(
            [SizeMeasurement(diameter_px=100.0, shape_index=shape) for shape in shapes]
        )
    ]


def test_the_views_that_show_the_longest_count() -> None:
    assert shown(1.2, None, 1.4, 1.395, 1.3) == [1.4, 1.395]


def test_one_of_a_few_views_may_show_it_alone() -> None:
    few = (1.1,) * (MANY_LENGTHS - 2)
    assert shown(*few, 1.4) == [1.4]
    assert shown(*few, 1.1, 1.4) == [1.1] * (MANY_LENGTHS - 1)


def test_views_without_a_length_are_not_counted_as_views() -> None:
    assert shown(*(1.1,) * (MANY_LENGTHS - 2), 1.4, None, None) == [1.4]


@pytest.mark.parametrize(("off", "counts"), [(-1e-6, False), (1e-6, True)])
def test_a_little_shorter_is_as_long(off: float, counts: bool) -> None:
    nearly = 1.4 * (1 - SHOWN_WITHIN) + off
    assert (nearly in shown(1.4, nearly, 1.2)) is counts


@pytest.mark.parametrize(("off", "counts"), [(-1e-6, True), (1e-6, False)])
def test_of_many_views_the_longest_may_not_stand_far_out(off: float, counts: bool) -> None:
    far = 1.3 * (1 + LONGER_BY) + off
    assert (far in shown(far, *(1.3,) * (MANY_LENGTHS - 1))) is counts


@pytest.mark.parametrize(("longest", "round_one"), [(ELONGATED_MELON - 1e-6, True), (ELONGATED_MELON, False)])
def test_of_a_round_melon_all_views_count(longest: float, round_one: bool) -> None:
    views = (0.98, None, longest)
    assert shown(*views) == (list(views) if round_one else [longest])


def test_without_any_length_all_views_count() -> None:
    assert shown(None, None) == [None, None]
    assert shown() == []
