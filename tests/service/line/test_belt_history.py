from __future__ import annotations

import pytest

from service.line.belt_history import LONGEST_GAP_S, MOST_TICKS, BeltHistory, Unplaced


def test_between_two_ticks_whatever_the_speed() -> None:
    belt = BeltHistory()
    for now_s, position in ((10.0, 1000), (10.25, 1200), (10.5, 1250), (10.75, 1250)):
        belt.note(position, now_s)
    for time_s, position in (
        (10.0, 1000),
        (10.125, 1100),
        (10.25, 1200),
        (10.375, 1225),
        (10.6, 1250),
        (10.75, 1250),
    ):
        assert belt.at(time_s) == position


def test_no_tick_no_count() -> None:
    belt = BeltHistory()
    assert belt.at(1.0) is Unplaced.NEVER
    belt.note(1000, 10.0)
    assert belt.at(9.999) is Unplaced.NEVER
    assert belt.at(10.001) is Unplaced.NOT_YET
    belt.note(1500, 10.0 + LONGEST_GAP_S + 0.001)
    assert belt.at(10.2) is Unplaced.NEVER  # the belt may have stood, or run
    belt.clear()
    assert belt.at(10.0) is Unplaced.NEVER


def test_two_ticks_at_once_are_one() -> None:
    belt = BeltHistory()
    belt.note(1000, 10.0)
    belt.note(1010, 10.0)
    assert belt.at(10.0) == 1010


def test_memory_is_bounded() -> None:
    belt = BeltHistory()
    for number in range(2 * MOST_TICKS):
        belt.note(number, number * 0.01)
    assert belt.at((MOST_TICKS - 1) * 0.01) is Unplaced.NEVER
    assert belt.at((MOST_TICKS + 5) * 0.01) == pytest.approx(MOST_TICKS + 5)
