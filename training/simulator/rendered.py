"""One picture with its truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIMULATOR_VERSION = "5"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rendered:
    """A picture and everything that is true of it.

    rgb: uint8 (H, W, 3), R-G-B, sRGB-encoded, before JPEG. surface: uint8 (H, W), `SurfaceClass` values.
    instance: uint8 (H, W), 0 none, 1.. number of the fruit or object. crop: uint8 (H, W), 0 none, 1 apple, 2 melon,
    3 other object. net_cover: float32 (H, W), 0-1, local share of netting on melons, 0 elsewhere.
    truth: JSON-able values, described in `truth.py`.
    """

    rgb: NDArray[np.uint8]
    surface: NDArray[np.uint8]
    instance: NDArray[np.uint8]
    crop: NDArray[np.uint8]
    net_cover: NDArray[np.float32]
    truth: dict[str, object]
