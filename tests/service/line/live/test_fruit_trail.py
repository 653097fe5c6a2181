from __future__ import annotations

import pytest

from service.line.live.drift import MIN_BEFORE
from service.line.live.fruit_trail import BEFORE, RECENT, FruitMark, FruitTrail


def run(trail: FruitTrail, count: int, *, from_s: float = 0.0, **mark: object) -> None:
    """Ten fruit a second; diameters differ from fruit to fruit."""
    for index in range(count):
        values: dict[str, object] = {"mark": "extra", "diameter_mm": 80.0 + index % 5, **mark}
        trail.add(FruitMark(**values), from_s + index / 10)  # type: ignore[arg-type]


def test_nothing_yet() -> None:
    trail = FruitTrail()
    assert (trail.count, trail.per_minute(5.0), trail.recent_marks(), trail.marks_before()) == (
        0,
        0.0,
        {},
        {},
    )
    assert (trail.recent_late(), trail.drifts(), trail.missing()) == (0, {}, RECENT + MIN_BEFORE)


def test_fruit_per_minute() -> None:
    trail = FruitTrail()
    trail.add(FruitMark(mark="extra"), 0.0)
    assert trail.per_minute(0.1) == 12.0  # one in five seconds at least
    run(trail, 600)
    assert trail.per_minute(60.0) == pytest.approx(600, abs=3)
    assert trail.per_minute(75.0) == pytest.approx(300, abs=3)
    assert trail.per_minute(100.0) == 0.0


def test_now_and_before_are_apart_and_bounded() -> None:
    trail = FruitTrail()
    run(trail, 300, mark="reject")
    run(trail, BEFORE, mark="extra")
    run(trail, 50, mark="abstained", late=True)
    assert trail.recent_marks() == {"extra": 150, "abstained": 50}
    assert trail.marks_before() == {"reject": 150, "extra": 1850}
    assert trail.recent_late() == 50
    assert trail.count == 350 + BEFORE


def test_a_smaller_lot_is_told_of_and_unknown_colour_is_not() -> None:
    trail = FruitTrail()
    run(trail, MIN_BEFORE, diameter_mm=80.0)
    assert trail.missing() == RECENT
    run(trail, RECENT - 1)
    assert (trail.missing(), trail.drifts()) == (1, {})
    run(trail, 1)
    assert "diameter_mm" in trail.drifts()
    trail = FruitTrail()
    run(trail, BEFORE)
    run(trail, RECENT)
    assert not trail.drifts()["diameter_mm"].found
    for index in range(RECENT):
        trail.add(FruitMark(mark="extra", diameter_mm=70.0 + index % 5), 900.0)
    drifts = trail.drifts()
    assert set(drifts) == {"diameter_mm"}  # one class only, and no colours
    assert drifts["diameter_mm"].found
    assert (drifts["diameter_mm"].before, drifts["diameter_mm"].recent) == (82.0, 72.0)
