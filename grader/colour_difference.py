"""CIELAB and the difference of two colours as an observer sees it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float64Array = NDArray[np.float64]

# IEC 61966-2-1: linear sRGB -> CIE XYZ (D65, 2 degree observer), Y of white = 1.
XYZ_OF_LINEAR_SRGB = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE_D65 = XYZ_OF_LINEAR_SRGB.sum(axis=1)
WHITE_D50 = np.array([0.96422, 1.0, 0.82521])  # CIE 15, 2 degree observer
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def lab_of_linear_srgb(linear: Float64Array) -> Float64Array:
    """Linear sRGB (..., 3), 0-1 or a little outside -> CIELAB D65 (..., 3): L* 0-100, a*, b*. CIE 15."""
    ratio = linear @ XYZ_OF_LINEAR_SRGB.T / WHITE_D65
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio * (29 / 6) ** 2 / 3 + 4 / 29)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def linear_srgb_of_lab_d50(lab: Float64Array) -> Float64Array:
    """CIELAB under D50 (..., 3), as charts are published -> linear sRGB (..., 3), adapted by Bradford."""
    lightness, a, b = np.moveaxis(lab, -1, 0)
    y = (lightness + 16) / 116
    f = np.stack([y + a / 500, y, y - b / 200], axis=-1)
    xyz_d50 = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * WHITE_D50
    gains = (_BRADFORD @ WHITE_D65) / (_BRADFORD @ WHITE_D50)
    adapt = np.linalg.inv(_BRADFORD) @ np.diag(gains) @ _BRADFORD
    return np.asarray(xyz_d50 @ adapt.T @ np.linalg.inv(XYZ_OF_LINEAR_SRGB).T)


def delta_e_2000(first: Float64Array, second: Float64Array) -> Float64Array:
    """CIEDE2000 of CIELAB colours (..., 3), kL = kC = kH = 1 (CIE 142; Sharma et al. 2005). Gives (...)."""
    l1, a1, b1 = np.moveaxis(np.asarray(first, float), -1, 0)
    l2, a2, b2 = np.moveaxis(np.asarray(second, float), -1, 0)
    mean_chroma = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    grow = 1.5 - 0.5 * np.sqrt(mean_chroma**7 / (mean_chroma**7 + 25.0**7))
    c1, c2 = np.hypot(a1 * grow, b1), np.hypot(a2 * grow, b2)
    h1, h2 = (np.degrees(np.arctan2(b, a * grow)) % 360 for a, b in ((a1, b1), (a2, b2)))
    both = c1 * c2 > 0
    turn = np.where(both, (h2 - h1 + 180) % 360 - 180, 0.0)
    # Exactly opposite hues: Sharma takes +180 when h2 > h1.
    turn = np.where((turn == -180) & (h2 > h1), 180.0, turn)
    delta_h = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))
    lightness, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    hue = np.where(both, _mean_hue(h1, h2), h1 + h2)
    t = (
        1
        - 0.17 * np.cos(np.radians(hue - 30))
        + 0.24 * np.cos(np.radians(2 * hue))
        + 0.32 * np.cos(np.radians(3 * hue + 6))
        - 0.20 * np.cos(np.radians(4 * hue - 63))
    )
    s_l = 1 + 0.015 * (lightness - 50) ** 2 / np.sqrt(20 + (lightness - 50) ** 2)
    s_c, s_h = 1 + 0.045 * chroma, 1 + 0.015 * chroma * t
    rotation = -2 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
    rotation = rotation * np.sin(np.radians(60 * np.exp(-(((hue - 275) / 25) ** 2))))
    d_l, d_c, d_h = (l2 - l1) / s_l, (c2 - c1) / s_c, delta_h / s_h
    return np.asarray(np.sqrt(d_l**2 + d_c**2 + d_h**2 + rotation * d_c * d_h))


def _mean_hue(h1: Float64Array, h2: Float64Array) -> Float64Array:
    """Mean of two hue angles in degrees, 0-360, across the shorter arc (Sharma et al. 2005, equation 14)."""
    total = h1 + h2
    wrapped = np.where(total < 360, total + 360, total - 360)
    return np.asarray(np.where(np.abs(h1 - h2) <= 180, total, wrapped) / 2)
