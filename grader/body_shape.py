"""The body of a turning fruit as an ellipsoid, from the outlines of its views."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from grader.types import FloatArray

Matrix = NDArray[np.float64]

ROUND_WEIGHT = 0.3
"""Say of a ball beside that of one view: what no view shows of the shape is taken for round. Our choice."""
FLATTEST, LONGEST = 0.6, 1.6
"""Half axes of an ellipsoid in mean radii stay within these. Our choice: melons up to 1.5 to 1, with room."""
_ENTRIES = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))


def fit_body(outlines: Sequence[Matrix], rotations: Matrix) -> Matrix:
    """The matrix Q, (3, 3), of the ellipsoid x^T Q^-1 x = 1 in view 0, in mean radii of the fruit.

    Seen from afar, an ellipsoid Q turned by R has the outline x^T S^-1 x = 1 with S the upper left 2 x 2 of R Q R^T
    (dual quadrics: Hartley and Zisserman, Multiple View Geometry, 8.3), so the six numbers of Q are a linear
    least-squares problem in the outlines.

    outlines: S of each view, float64 (2, 2), all in one unit. rotations: float64 (n, 3, 3), view 0 to view k.
    """
    seen = np.stack(outlines)
    seen = seen / np.sqrt(np.linalg.det(seen)).mean()
    bases = np.zeros((6, 3, 3))
    for base, (i, j) in zip(bases, _ENTRIES, strict=True):
        base[i, j] = base[j, i] = 1.0
    turned = np.einsum("kij,bjl,kml->kbim", rotations, bases, rotations)
    rows = turned[:, :, (0, 1, 0), (0, 1, 1)].transpose(0, 2, 1).reshape(-1, 6)
    wanted = seen[:, (0, 1, 0), (0, 1, 1)].reshape(-1)
    ball = np.array([1.0, 1, 1, 0, 0, 0])
    solved = np.linalg.solve(rows.T @ rows + ROUND_WEIGHT * np.eye(6), rows.T @ wanted + ROUND_WEIGHT * ball)
    values, axes = np.linalg.eigh(np.einsum("b,bij->ij", solved, bases))
    return np.asarray((axes * np.clip(values, FLATTEST**2, LONGEST**2)) @ axes.T)


def round_frames(body: Matrix, rotations: Matrix) -> Matrix:
    """L of each view, (n, 3, 3), lower triangular: L s is the point of the body seen in the view's own frame at the
    point s of a unit ball, and lies in the picture where the first two rows of L put s (Cholesky)."""
    return np.asarray(np.linalg.cholesky(rotations @ body @ rotations.transpose(0, 2, 1)), np.float64)


def from_round(disc_xy: FloatArray, frame: Matrix) -> FloatArray:
    """Places on the disc of a view from those on the disc of its ball; both float32 (..., 2). The outline stays."""
    return _redirected(disc_xy, frame[:2, :2])


def to_round(disc_xy: FloatArray, frame: Matrix) -> FloatArray:
    """Places on the disc of the ball from those on the disc of the view, the inverse of `from_round`."""
    return _redirected(disc_xy, np.asarray(np.linalg.inv(frame[:2, :2]), np.float64))


def _redirected(disc_xy: FloatArray, matrix: Matrix) -> FloatArray:
    """The same distance from the middle in the direction that the matrix gives."""
    flat = disc_xy @ matrix.T.astype(np.float32)
    lengths = [np.sqrt(np.square(places).sum(axis=-1, keepdims=True)) for places in (disc_xy, flat)]
    return np.asarray(flat * (lengths[0] / np.maximum(lengths[1], np.float32(1e-6))), np.float32)
