"""What painters share: the points to be painted and the skin they fill in."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.simulator.noise import Facing, Floats, facing
from training.simulator.shape import COLUMNS, ROWS, Body, to_map


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Points:
    """Points of one body. mm: (N, 3) in the body's frame. direction: unit (N, 3). theta, phi: (N,) rad.
    facing: for `on_body`."""

    mm: Floats
    direction: Floats
    theta: Floats
    phi: Floats
    facing: Facing


@dataclass(slots=True, kw_only=True, eq=False)
class Skin:
    """Paint of N points, filled in layer by layer (the only mutable value of the simulator besides the canvas).

    albedo: (N, 3) sRGB-encoded 0-1. surface: uint8 (N,) SurfaceClass. gloss: (N,) 0-1 strength of the reflection.
    blur: (N,) 0 mirror-like to 1 dull. height_mm: (N,) fine relief. net: (N,) 0-1. red: (N,) over-colour weight 0-1.
    """

    albedo: Floats
    surface: NDArray[np.uint8]
    gloss: Floats
    blur: Floats
    height_mm: Floats
    net: Floats
    red: Floats


def length_of(vectors: Floats) -> Floats:
    """Length of vectors (N, 3)."""
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", vectors, vectors)), np.float32)


def points_of(body: Body, mm: Floats) -> Points:
    """Points of a body from their places in mm (N, 3)."""
    column, row, _ = to_map(body, mm)
    direction = (mm / length_of(mm)[:, None]).astype(np.float32)
    return Points(
        mm=mm,
        direction=direction,
        facing=facing(direction),
        theta=(row - np.float32(0.5)) * np.float32(np.pi / ROWS),
        phi=(column - np.float32(0.5)) * np.float32(2 * np.pi / COLUMNS),
    )


def blank_skin(count: int) -> Skin:
    """Grey sound skin."""
    return Skin(
        albedo=np.full((count, 3), 0.5, np.float32),
        surface=np.ones(count, np.uint8),
        gloss=np.full(count, 0.6, np.float32),
        blur=np.full(count, 0.35, np.float32),
        height_mm=np.zeros(count, np.float32),
        net=np.zeros(count, np.float32),
        red=np.zeros(count, np.float32),
    )


def rgb(*colour: float) -> Floats:
    """An sRGB colour of 0-255 as float32 0-1."""
    return np.array(colour, np.float32) / np.float32(255)


def blend(albedo: Floats, colour: Floats, share: Floats) -> Floats:
    """Mix colours: share (N,) of colour (3,) or (N, 3)."""
    base = np.asarray(albedo, np.float32)
    return base + (np.asarray(colour, np.float32) - base) * np.asarray(share, np.float32)[:, None]


def lab_of(colour: Floats) -> Floats:
    """CIELAB (D65) of sRGB 0-1 colours (N, 3): float32 (N, 3)."""
    column = colour.reshape(-1, 1, 3).astype(np.float32)
    return np.asarray(cv2.cvtColor(column, cv2.COLOR_RGB2LAB), np.float32).reshape(-1, 3)


def hue_deg(colour: Floats) -> Floats:
    """CIELAB hue angle of sRGB colours (N, 3), degrees -180 to 180."""
    lab = lab_of(colour)
    return np.degrees(np.arctan2(lab[:, 2], lab[:, 1])).astype(np.float32)
