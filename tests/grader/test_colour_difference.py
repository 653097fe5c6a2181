from __future__ import annotations

import numpy as np
import pytest

from grader.colour_card import EDITIONS, reference_linear_srgb
from grader.colour_difference import delta_e_2000, lab_of_linear_srgb

# Pairs of Sharma, Wu, Dalal (2005), table 1: L, a, b, L, a, b, CIEDE2000.
SHARMA = [
    (50.0000, 2.6772, -79.7751, 50.0000, 0.0000, -82.7485, 2.0425),
    (50.0000, 3.1571, -77.2803, 50.0000, 0.0000, -82.7485, 2.8615),
    (50.0000, -1.3802, -84.2814, 50.0000, 0.0000, -82.7485, 1.0000),
    (50.0000, 0.0000, 0.0000, 50.0000, -1.0000, 2.0000, 2.3669),
    (50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0009, 7.1792),
    (50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0011, 7.2195),
    (50.0000, -0.0010, 2.4900, 50.0000, 0.0009, -2.4900, 4.8045),
    (50.0000, -0.0010, 2.4900, 50.0000, 0.0011, -2.4900, 4.7461),
    (50.0000, 2.5000, 0.0000, 73.0000, 25.0000, -18.0000, 27.1492),
    (50.0000, 2.5000, 0.0000, 50.0000, 3.1736, 0.5854, 1.0000),
    (60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644),
    (22.7233, 20.0904, -46.6940, 23.0331, 14.9730, -42.5619, 2.0373),
    (90.8027, -2.0831, 1.4410, 91.1528, -1.6435, 0.0447, 1.4441),
    (2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082),
]


@pytest.mark.parametrize("row", SHARMA)
def test_published_pairs(row: tuple[float, ...]) -> None:
    first, second = np.array(row[:3]), np.array(row[3:6])
    assert float(delta_e_2000(first, second)) == pytest.approx(row[6], abs=5e-5)
    assert float(delta_e_2000(second, first)) == pytest.approx(row[6], abs=5e-5)


def test_lab_of_known_colours() -> None:
    linear = np.array([[1.0, 1.0, 1.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    expected = [[100, 0, 0], [0, 0, 0], [53.24, 80.09, 67.20]]
    assert np.allclose(lab_of_linear_srgb(linear), expected, atol=0.02)


def test_chart_agrees_with_an_independent_conversion() -> None:
    # Linear sRGB of the same chart as OpenCV's colour correction module computes it (its own test data).
    expected = {
        14: (0.45585457, 0.03033727, 0.04085654),
        15: (0.85737614, 0.56757335, 0.0068503),
        17: (-0.0374061, 0.24699498, 0.40041217),
        18: (0.91262695, 0.91493909, 0.89367049),
        21: (0.19007357, 0.19186587, 0.19308397),
        23: (0.0303193, 0.03113818, 0.03274845),
    }
    found = reference_linear_srgb("before_2014")
    for patch, linear in expected.items():
        assert found[patch] == pytest.approx(linear, abs=2e-3), patch


def test_both_editions_are_whole() -> None:
    for edition, values in EDITIONS.items():
        assert np.array(values).shape == (24, 3), edition
    greys = np.array(EDITIONS["after_2014"])[18:]
    assert np.all(np.diff(greys[:, 0]) < 0)
    assert np.abs(greys[:, 1:]).max() < 3
