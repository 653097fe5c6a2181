"""What light an sRGB level stands for (IEC 61966-2-1)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


@lru_cache(maxsize=1)
def light_of_levels() -> NDArray[np.float64]:
    """Linear light, 0-1, of the levels 0-255: float64 (256,), read-only.

    >>> float(light_of_levels()[255])
    1.0
    """
    levels = np.arange(256) / 255
    light = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    light.setflags(write=False)
    return light
