"""Light that changes after the calibration."""

from __future__ import annotations

import numpy as np
import pytest

from training.light_change import NEUTRAL_K, change_light, planckian_xy, temperature_gains


@pytest.mark.parametrize(
    ("kelvin", "xy"),
    [(2000, (0.5267, 0.4133)), (2856, (0.4476, 0.4074)), (5000, (0.3451, 0.3516)), (6504, (0.3135, 0.3237))],
)
def test_black_bodies_lie_where_the_tables_say(kelvin: float, xy: tuple[float, float]) -> None:
    """Chromaticities of black bodies as CIE 15 tabulates them (2856 K is illuminant A)."""
    assert planckian_xy(kelvin) == pytest.approx(xy, abs=1.5e-3)


@pytest.mark.parametrize("kelvin", [1666.9, 25000.1])
def test_temperatures_beyond_the_approximation_are_refused(kelvin: float) -> None:
    with pytest.raises(ValueError, match="expected 1667 to 25000"):
        temperature_gains(kelvin)


def test_neutral_light_changes_nothing_and_warm_light_is_red() -> None:
    assert temperature_gains(NEUTRAL_K) == pytest.approx((1, 1, 1))
    red, green, blue = temperature_gains(NEUTRAL_K - 600)
    assert red > 1 > green > blue
    red, green, blue = temperature_gains(NEUTRAL_K + 600)
    assert red < 1 < green < blue


def test_a_grey_keeps_its_luminance() -> None:
    luminance = np.array([0.2126, 0.7152, 0.0722]) @ np.array(temperature_gains(4400))
    neutral = np.array([0.2126, 0.7152, 0.0722]) @ np.ones(3)
    assert luminance == pytest.approx(neutral, abs=0.02)


def test_gains_act_on_linear_light() -> None:
    levels = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
    assert np.array_equal(change_light(levels, (1.0, 1.0, 1.0)), levels)
    half = change_light(np.full((1, 1, 3), 188, np.uint8), (0.5, 1.0, 2.0))
    assert half[0, 0].tolist() == [137, 188, 255]  # sRGB 188 is half of full light, 137 a quarter
