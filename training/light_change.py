"""What a camera sees when the light over it changes after the calibration: gains on linear R, G, B."""

from __future__ import annotations

import numpy as np

from grader.colour_difference import XYZ_OF_LINEAR_SRGB, Float64Array
from grader.linear_light import light_of_levels
from grader.types import UInt8Array

NEUTRAL_K = 5000.0
"""Colour temperature of the light the camera was calibrated for: neutral white lamps over a line. Our choice."""

Gains = tuple[float, float, float]


def temperature_gains(kelvin: float, neutral_kelvin: float = NEUTRAL_K) -> Gains:
    """Gains on linear R, G, B when the light turns from `neutral_kelvin` to `kelvin` and the camera stays.

    Both lights are black bodies of the same luminance, on the Planckian locus as Kim et al. (2002, US patent 7024034)
    approximate it; primaries of sRGB (IEC 61966-2-1).

    Raises:
        ValueError: a temperature outside 1667 to 25000 K, where the approximation does not hold.
    """
    red, green, blue = (_linear_srgb(kelvin) / _linear_srgb(neutral_kelvin)).tolist()
    return red, green, blue


def change_light(rgb: UInt8Array, gains: Gains) -> UInt8Array:
    """The picture under light that is stronger by `gains` in linear R, G, B.

    rgb: uint8 (H, W, 3), sRGB-encoded (IEC 61966-2-1), and so is the result. What exceeds the range is clipped, as in a
    camera; what was clipped before stays at its gain.
    """
    lit = np.minimum(light_of_levels()[:, None] * np.array(gains), 1.0)
    coded = np.where(lit <= 0.0031308, 12.92 * lit, 1.055 * lit ** (1 / 2.4) - 0.055)
    table = np.round(coded * 255).astype(np.uint8)
    return np.stack([table[:, channel].take(rgb[..., channel]) for channel in range(3)], axis=-1)


def planckian_xy(kelvin: float) -> tuple[float, float]:
    """CIE 1931 chromaticity of a black body (Kim et al. 2002). Raises ValueError outside 1667 to 25000 K."""
    if not 1667 <= kelvin <= 25000:
        raise ValueError(f"kelvin: expected 1667 to 25000, got {kelvin}")
    t = 1000 / kelvin
    if kelvin <= 4000:
        x = -0.2661239 * t**3 - 0.2343589 * t**2 + 0.8776956 * t + 0.179910
    else:
        x = -3.0258469 * t**3 + 2.1070379 * t**2 + 0.2226347 * t + 0.240390
    if kelvin <= 2222:
        return x, -1.1063814 * x**3 - 1.34811020 * x**2 + 2.18555832 * x - 0.20219683
    if kelvin <= 4000:
        return x, -0.9549476 * x**3 - 1.37418593 * x**2 + 2.09137015 * x - 0.16748867
    return x, 3.0817580 * x**3 - 5.87338670 * x**2 + 3.75112997 * x - 0.37001483


def _linear_srgb(kelvin: float) -> Float64Array:
    """Linear sRGB of a black body of luminance 1, float64 (3,)."""
    x, y = planckian_xy(kelvin)
    xyz = np.array([x / y, 1.0, (1 - x - y) / y])
    return np.asarray(np.linalg.solve(XYZ_OF_LINEAR_SRGB, xyz), np.float64)
