"""Netting of a melon: how much of its skin is corky net."""

from __future__ import annotations

import numpy as np

from grader.surface import SkinMap, map_skin
from grader.types import Crop, FruitView, NettingMeasurement, SurfaceClass

MAX_RELATIVE_RADIUS = 0.94
"""Beyond it (tilted more than 70 degrees) the net of a melon closes up to the eye and reads too dense."""


def measure_netting(view: FruitView, skin: SkinMap | None = None) -> NettingMeasurement | None:
    """Share of the sound skin in this view that is corky net, by true area; None for other crops or no skin to judge.

    Args:
        skin: `map_skin(view)` where it is there already.

    Raises:
        ValueError: the mask is empty.
    """
    if view.crop is not Crop.MELON:
        return None
    skin = skin or map_skin(view)
    judged = (skin.surface == SurfaceClass.SOUND_SKIN) & (skin.relative < MAX_RELATIVE_RADIUS)
    area = skin.area_px2[judged].astype(np.float64)
    if area.sum() <= 0:
        return None
    cover = float(area @ skin.net_cover[judged] / area.sum())
    return NettingMeasurement(cover_fraction=min(1.0, max(0.0, cover)))
