"""What the defect patterns are made of: patches, clouds, clusters of dots."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from training.simulator.noise import Floats, fractal_tile, on_plane


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Patch:
    """level: (N,) > 0 inside. share: (N,) 0-1 cover. colour: (N, 3) sRGB. height_mm, dull: (N,)."""

    level: Floats
    share: Floats
    colour: Floats
    height_mm: Floats
    dull: Floats


Pattern = Callable[[Floats, Floats, Floats, np.random.Generator, float], Patch]


def blotch_cloud(
    u: Floats, v: Floats, rng: np.random.Generator, scale: float = 0.1, rough: float = 1.3
) -> Floats:
    at = rng.random(2).astype(np.float32)
    return on_plane(fractal_tile(rough, 3.0), u * np.float32(scale) + at[0], v * np.float32(scale) + at[1])


def shaded(base: Floats, shade: Floats) -> Floats:
    return np.clip(base * shade[:, None], 0.0, 1.0).astype(np.float32)


def make_patch(level: Floats, share: Floats, colour: Floats, height: Floats, dull: float | Floats) -> Patch:
    return Patch(
        level=level.astype(np.float32),
        share=np.clip(share, 0, 1).astype(np.float32),
        colour=colour.astype(np.float32),
        height_mm=height.astype(np.float32),
        dull=np.broadcast_to(np.asarray(dull, np.float32), level.shape),
    )


def cluster_of_dots(
    u: Floats, v: Floats, rng: np.random.Generator, count: int, size: tuple[float, float], wobble: float
) -> Floats:
    """Level of a cluster of dots: their radius minus the distance to the nearest edge, in units."""
    cloud = blotch_cloud(u, v, rng, 0.4, 1.7)
    place = rng.normal(0, 0.5, (count, 2))
    place *= np.minimum(1.0, 1.15 / np.maximum(np.hypot(place[:, 0], place[:, 1]), 1e-6))[:, None]
    radii = rng.uniform(size[0], size[1], count) * rng.uniform(0.6, 1.0, count)
    level = np.full(u.shape, -9.0, np.float32)
    for (x, y), radius in zip(place, radii, strict=True):
        squash = rng.uniform(0.75, 1.3)
        level = np.maximum(level, (radius - np.hypot((u - x) * squash, (v - y) / squash)) / radius)
    return (level + wobble * cloud).astype(np.float32)
