"""Levels of sRGB and their light, against the standard's own numbers."""

from __future__ import annotations

import numpy as np
import pytest

from grader.calibration import apply_colour
from grader.linear_light import light_of_levels


def test_light_is_that_of_the_standard() -> None:
    light = light_of_levels()
    assert (light.dtype, light.shape) == (np.float64, (256,))
    assert (light[0], light[255]) == (0.0, 1.0)
    assert light[10] == 10 / 255 / 12.92  # 10 / 255 is below 0.04045, 11 / 255 above
    assert light[11] == ((11 / 255 + 0.055) / 1.055) ** 2.4
    assert light[188] == pytest.approx(0.5029, abs=5e-5)
    assert np.all(np.diff(light) > 0)
    with pytest.raises(ValueError, match="read-only"):
        light[0] = 1.0


def test_pictures_have_the_light_of_their_levels() -> None:
    grey = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    expected = light_of_levels().astype(np.float32)
    assert np.array_equal(apply_colour(grey, None), np.repeat(expected[:, None], 3, axis=1))
