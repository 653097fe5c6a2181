"""The axis of mirror symmetry of known curves."""

from __future__ import annotations

import numpy as np
import pytest

from grader.symmetry_axis import find_symmetry_axis


def curve(turn_deg: float, conical: float, squash: float = 0.1) -> np.ndarray:
    """A pear-like closed curve, mirror-symmetric about the direction `turn_deg`, with its centre at (50, 60)."""
    angle = np.arange(256) * 2 * np.pi / 256
    from_axis = angle - np.radians(turn_deg)
    radius = 30 * (1 - squash * np.cos(2 * from_axis) + conical * np.cos(3 * from_axis))
    return np.stack([50 + radius * np.cos(angle), 60 + radius * np.sin(angle)], axis=-1)


@pytest.mark.parametrize("turn_deg", [0, 30, 77, 120, 179])
def test_a_conical_outline_shows_its_axis(turn_deg: float) -> None:
    found = np.degrees(find_symmetry_axis(curve(turn_deg, 0.03)))
    assert (found - turn_deg + 90) % 180 - 90 == pytest.approx(0, abs=1.0)


def test_it_is_not_the_long_or_short_axis_that_counts() -> None:
    for squash in (-0.1, 0.1):
        found = np.degrees(find_symmetry_axis(curve(40.0, 0.03, squash)))
        assert found == pytest.approx(40.0, abs=1.0)


@pytest.mark.parametrize("squash", [0.0, 0.1])
def test_circle_and_ellipse_say_nothing(squash: float) -> None:
    assert find_symmetry_axis(curve(25.0, 0.0, squash)) is None
