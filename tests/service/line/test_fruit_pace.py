from __future__ import annotations

from math import nextafter

import pytest

from service.line.fruit_pace import MEAN_OF, FruitPace


def pace_of(work_s: float, turn_s: float) -> FruitPace:
    pace = FruitPace()
    pace.note(work_s, turn_s)
    return pace


@pytest.mark.parametrize(
    ("work_s", "turn_s", "longest_wait_s", "most_ahead_s"),
    [
        (0.125, 0.25, 0.5, 0.625),  # 0.125 s of its turn are left for the others
        (0.25, 0.25, 0.5, 0.5),  # none are left
        (0.5, 0.25, 0.75, 0.75),
        (0.5, 0.25, 0.125, 0.5),  # one like itself may be waited for
        (0.125, 0.5, 0.125, 0.5),  # both bounds are the same
        (0.125, 0.5, 0.0, 0.5),
    ],
)
def test_the_bound_of_what_is_waited_for(
    work_s: float, turn_s: float, longest_wait_s: float, most_ahead_s: float
) -> None:
    pace = pace_of(work_s, turn_s)
    assert pace.is_soon(nextafter(most_ahead_s, 0), longest_wait_s)
    assert pace.is_soon(most_ahead_s, longest_wait_s)
    assert not pace.is_soon(nextafter(most_ahead_s, 9), longest_wait_s)


def test_an_idle_process_takes_any_fruit() -> None:
    assert pace_of(work_s=3.0, turn_s=0.0).is_soon(0.0, longest_wait_s=0.0)
    assert pace_of(work_s=0.0, turn_s=0.0).is_soon(0.0, longest_wait_s=0.0)
    assert not pace_of(work_s=0.0, turn_s=0.0).is_soon(nextafter(0.0, 1), longest_wait_s=0.0)


def test_nothing_is_expected_before_the_first_fruit() -> None:
    pace = FruitPace()
    assert pace.is_soon(1e9, longest_wait_s=0.0)
    assert pace.rest_s(0.0) == 0.0


def test_what_is_left_of_a_fruit() -> None:
    pace = pace_of(work_s=0.5, turn_s=0.25)
    assert [pace.rest_s(done_s) for done_s in (0.0, 0.375, 0.5, 0.75)] == [0.5, 0.125, 0.0, 0.0]


def test_means_are_plain_at_first_and_follow_the_newest_then() -> None:
    """So a first fruit that took long, for the process was cold, is soon forgotten."""
    pace = pace_of(work_s=4.0, turn_s=0.0)
    pace.note(work_s=1.0, turn_s=1.0)
    assert (pace.work_s, pace.turn_s) == (2.5, 0.5)
    pace = FruitPace()
    for _ in range(MEAN_OF):
        pace.note(work_s=1.0, turn_s=2.0)
    for work_s in (1.0 + 1 / MEAN_OF, 1.0 + 1 / MEAN_OF + (1.0 - 1 / MEAN_OF) / MEAN_OF):
        pace.note(work_s=2.0, turn_s=2.0)
        assert (pace.work_s, pace.turn_s) == (work_s, 2.0)
