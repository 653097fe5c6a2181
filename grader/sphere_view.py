"""Where a place in the picture of a fruit lies on its sphere, and back.

A fruit's disc is its picture with the outline drawn to the unit circle: (x, y) to the right and down, length 1 on the
outline. Directions are unit vectors from the middle of the fruit: x right, y down, z away from the camera, so what is
seen has z < 0.
"""

from __future__ import annotations

from functools import lru_cache
from math import sqrt

import numpy as np

from grader.types import FloatArray


@lru_cache(maxsize=4)
def disc_grid(side: int) -> FloatArray:
    """Places of the cells of a disc of side x side cells, float32 (side, side, 2) as (x, y), -1 to 1, read-only."""
    line = ((np.arange(side) + 0.5) * (2 / side) - 1).astype(np.float32)
    grid = np.stack(np.meshgrid(line, line), axis=-1)
    grid.setflags(write=False)
    return grid


def disc_to_sphere(disc_xy: FloatArray, distance_radii: float) -> FloatArray:
    """Directions seen at places of the disc; float32 (N, 2) -> float32 (N, 3).

    A line of sight under the angle a to the middle of a ball, which is distance_radii = d radii away, meets it where
    the skin has turned from the line to the camera by asin(d sin a) - a (sine rule); the outline lies at
    sin a = 1 / d. Places beyond the outline are taken for the outline.
    """
    relative = np.minimum(np.sqrt(np.square(disc_xy).sum(axis=-1)), np.float32(1))
    sight = np.arctan(relative * np.float32(1 / sqrt(distance_radii**2 - 1)))
    turned = np.arcsin(np.minimum(np.float32(distance_radii) * np.sin(sight), np.float32(1))) - sight
    flat = np.sin(turned) / np.maximum(relative, np.float32(1e-6))
    return np.concatenate([disc_xy * flat[..., None], -np.cos(turned)[..., None]], axis=-1).astype(np.float32)


def sphere_to_disc(directions: FloatArray, distance_radii: float) -> FloatArray:
    """Places of the disc where directions are seen; float32 (..., 3) -> float32 (..., 2), of the near side only.

    The picture of a ball's point (x, y, z) is (x, y) / (d + z), that of its outline 1 / sqrt(d^2 - 1).
    """
    stretch = np.float32(sqrt(distance_radii**2 - 1)) / (np.float32(distance_radii) + directions[..., 2:])
    return np.asarray(directions[..., :2] * stretch, np.float32)
