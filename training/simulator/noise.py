"""Noise for skins and grounds: periodic picture tiles, looked up on planes and, without pinching, on bodies.

A tile is float32 (512, 512), periodic both ways, always the same for the same name: variety comes from where, how large
and how turned it is looked up. On a body a tile is projected along x, y and z and blended by direction (triplanar
mapping), so nothing pinches at the poles and nothing has a seam.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Floats = NDArray[np.floating[Any]]

TILE_PX = 512


@lru_cache(maxsize=64)
def fractal_tile(roughness: float = 1.6, lowest: float = 3.0, index: int = 0) -> Floats:
    """Cloudy noise, mean 0, variance 1: spectral synthesis with power falling as frequency ** -(2 * roughness).

    roughness: 0.5 grainy to 2.5 smooth. lowest: lowest frequency kept, cycles per tile.
    """
    rng = np.random.default_rng((7919, index, int(roughness * 1000), int(lowest * 10)))
    fy = np.fft.fftfreq(TILE_PX)[:, None] * TILE_PX
    fx = np.fft.rfftfreq(TILE_PX)[None, :] * TILE_PX
    frequency = np.hypot(fy, fx)
    gain = np.where(frequency >= lowest, np.maximum(frequency, 1.0) ** -roughness, 0.0)
    spectrum = np.fft.rfft2(rng.standard_normal((TILE_PX, TILE_PX))) * gain
    tile = np.fft.irfft2(spectrum, s=(TILE_PX, TILE_PX))
    return np.ascontiguousarray((tile / tile.std()).astype(np.float32))


@lru_cache(maxsize=8)
def cell_tile(cells: int = 900, index: int = 0, evenness: float = 0.0) -> tuple[Floats, Floats, Floats]:
    """Cells around random points: (distance to the nearest point, gap to the border, random number of the cell).

    Distances are in mean cell widths; the random number is 0-1, one value per cell. evenness 0-1 evens the points out.
    """
    rng = np.random.default_rng((104729, index, cells))
    points = rng.random((cells, 2))
    if evenness > 0:
        side = round(cells**0.5)
        grid = (np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1).reshape(-1, 2) + 0.5) / side
        points = np.mod(grid + (rng.random(grid.shape) - 0.5) * (2.0 - 1.2 * evenness) / side, 1.0)
    tree = cKDTree(points, boxsize=1.0)
    axis = (np.arange(TILE_PX) + 0.5) / TILE_PX
    where = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
    distance, nearest = tree.query(where, k=2)
    distance *= len(points) ** 0.5
    first = distance[:, 0].astype(np.float32).reshape(TILE_PX, TILE_PX)
    border = (distance[:, 1] - distance[:, 0]).astype(np.float32).reshape(TILE_PX, TILE_PX)
    number = rng.random(len(points)).astype(np.float32)[nearest[:, 0]].reshape(TILE_PX, TILE_PX)
    return first, border, number


def look_up(picture: Floats, x: Floats, y: Floats, *, wrap: bool = False) -> Floats:
    """Bilinear look-up of a picture (H, W) or (H, W, C<=4) at pixel coordinates of any one shape; float32."""
    shape = x.shape
    count = x.size
    if not count:
        return np.zeros((*shape, *picture.shape[2:]), np.float32)
    columns = min(4096, max(1, count))
    rows = -(-count // columns)
    map_x = np.zeros(rows * columns, np.float32)
    map_y = np.zeros(rows * columns, np.float32)
    map_x[:count] = x.ravel()
    map_y[:count] = y.ravel()
    found = cv2.remap(
        picture,
        map_x.reshape(rows, columns),
        map_y.reshape(rows, columns),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_WRAP if wrap else cv2.BORDER_REPLICATE,
    )
    tail = picture.shape[2:]
    return np.asarray(found, np.float32).reshape(rows * columns, *tail)[:count].reshape(*shape, *tail)


def on_plane(tile: Floats, u: Floats, v: Floats) -> Floats:
    """A tile at plane coordinates in tile periods (1.0 = one whole tile)."""
    return look_up(tile, (u - np.floor(u)) * TILE_PX, (v - np.floor(v)) * TILE_PX, wrap=True)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Facing:
    """Which of the three projections shows each of N points: for clouds (variance kept), and for dots and nets (hard).

    Each is three pairs (index of the points that use this projection, their weight).
    """

    soft: tuple[tuple[NDArray[np.intp], Floats], ...]
    hard: tuple[tuple[NDArray[np.intp], Floats], ...]


def facing(direction: Floats) -> Facing:
    """Weights of the projections along x, y and z for unit directions (N, 3)."""
    columns = [np.abs(direction[:, axis]) for axis in range(3)]
    cubes = [c * c * c for c in columns]
    norm = np.sqrt(cubes[0] ** 2 + cubes[1] ** 2 + cubes[2] ** 2)
    powers = [(c * c) ** 2 for c in cubes]
    total = powers[0] + powers[1] + powers[2]

    def pairs(parts: list[Floats], whole: Floats) -> tuple[tuple[NDArray[np.intp], Floats], ...]:
        shares = [part / whole for part in parts]
        used = [np.flatnonzero(share > 0.04) for share in shares]
        return tuple((index, share[index]) for index, share in zip(used, shares, strict=True))

    return Facing(soft=pairs(cubes, norm), hard=pairs(powers, total))


def on_body(
    tile: Floats, point_mm: Floats, towards: Facing, period_mm: float, offset: Floats, *, sharp: bool = False
) -> Floats:
    """A tile at points of a body: float32 (N,).

    point_mm: (N, 3). towards: `facing` of their directions. period_mm: length of one tile. offset: (3, 2),
    tile periods.
    sharp: for patterns (dots, nets): hard choice between the three projections, no loss of contrast.
    """
    total = np.zeros(len(point_mm), np.float32)
    scale = np.float32(1 / period_mm)
    for axis, (index, weight) in enumerate(towards.hard if sharp else towards.soft):
        if index.size:
            a, b = (axis + 1) % 3, (axis + 2) % 3
            u = point_mm[index, a] * scale + offset[axis, 0]
            v = point_mm[index, b] * scale + offset[axis, 1]
            total[index] += weight * on_plane(tile, u, v)
    return total


def offsets(rng: np.random.Generator) -> Floats:
    """Random place of a tile on a body: float32 (3, 2)."""
    return rng.random((3, 2)).astype(np.float32)


def smoothstep(low: float, high: float, x: Floats) -> Floats:
    """0 below low, 1 above high, smooth between (low may be above high: falling)."""
    t = np.clip((x - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), np.float32)
