"""Which views are measured; which are looked at closely: the level, the order."""

from __future__ import annotations

import pytest

from grader.view_choice import LEVEL, MEASURED_VIEWS, views_to_look_at, views_to_measure


def test_no_view_gives_none() -> None:
    assert views_to_look_at([]) == ()


@pytest.mark.parametrize(
    ("suspicion", "chosen"), [(LEVEL - 1e-9, (1,)), (LEVEL, (1,)), (LEVEL + 1e-9, (1, 0))]
)
def test_a_second_view_is_looked_at_above_the_level_alone(suspicion: float, chosen: tuple[int, ...]) -> None:
    assert views_to_look_at([suspicion, 1.0]) == chosen


def test_a_fruit_without_suspicion_gets_one_look_at_its_most_suspicious_view() -> None:
    assert views_to_look_at([0.0, 0.2, 0.1]) == (1,)


def test_equally_suspicious_views_come_in_their_order() -> None:
    assert views_to_look_at([0.0, 0.99, 1.0, 0.99]) == (2, 1, 3)


@pytest.mark.parametrize(
    ("count", "measured"),
    [
        (0, ()),
        (1, (0,)),
        (MEASURED_VIEWS, (0, 1, 2, 3, 4)),
        (MEASURED_VIEWS + 1, (0, 1, 2, 3, 4)),
        (10, (0, 2, 4, 6, 8)),
        (12, (0, 2, 4, 7, 9)),
    ],
)
def test_few_views_are_all_measured_and_many_evenly(count: int, measured: tuple[int, ...]) -> None:
    assert views_to_measure(count) == measured
