"""The body of a turning fruit as an ellipsoid, from the outlines of its views."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from grader.outline import RAY_COUNT
from grader.surface import SkinMap

Matrix = NDArray[np.float64]

ROUND_WEIGHT = 0.3
"""Say of a ball beside that of one view: what no view shows of the shape is taken for round. Our choice."""
FLATTEST, LONGEST = 0.6, 1.6
"""Half axes of an ellipsoid in mean radii stay within these. Our choice: melons up to 1.5 to 1, with room."""
_ENTRIES = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))


def fit_body(skins: Sequence[SkinMap], rotations: Matrix) -> Matrix:
    """The matrix Q, (3, 3), of the ellipsoid x^T Q^-1 x = 1 in view 0, in mean radii of the fruit.

    Seen from afar, an ellipsoid Q turned by R has the outline x^T S^-1 x = 1 with S the upper left 2 x 2 of R Q R^T
    (dual quadrics: Hartley and Zisserman, Multiple View Geometry, 8.3), so the six numbers of Q are a linear
    least-squares problem in the outlines.

    rotations: float64 (n, 3, 3), view 0 to view k.
    """
    outlines = np.stack([_outline_matrix(skin) for skin in skins])
    outlines /= np.sqrt(np.linalg.det(outlines)).mean()
    bases = np.zeros((6, 3, 3))
    for base, (i, j) in zip(bases, _ENTRIES, strict=True):
        base[i, j] = base[j, i] = 1.0
    turned = np.einsum("kij,bjl,kml->kbim", rotations, bases, rotations)
    rows = turned[:, :, (0, 1, 0), (0, 1, 1)].transpose(0, 2, 1).reshape(-1, 6)
    wanted = outlines[:, (0, 1, 0), (0, 1, 1)].reshape(-1)
    ball = np.array([1.0, 1, 1, 0, 0, 0])
    solved = np.linalg.solve(rows.T @ rows + ROUND_WEIGHT * np.eye(6), rows.T @ wanted + ROUND_WEIGHT * ball)
    values, axes = np.linalg.eigh(np.einsum("b,bij->ij", solved, bases))
    return np.asarray((axes * np.clip(values, FLATTEST**2, LONGEST**2)) @ axes.T)


def round_frames(body: Matrix, rotations: Matrix) -> Matrix:
    """L of each view, (n, 3, 3), lower triangular: L s is the point of the body seen in the view's own frame at the
    point s of a unit ball, and lies in the picture where the first two rows of L put s (Cholesky)."""
    return np.asarray(np.linalg.cholesky(rotations @ body @ rotations.transpose(0, 2, 1)), np.float64)


def _outline_matrix(skin: SkinMap) -> Matrix:
    """S of the ellipse nearest to an outline, px^2 of the frame: 1 / r(angle)^2 = u^T S^-1 u by least squares."""
    angle = np.arange(RAY_COUNT) * (2 * np.pi / RAY_COUNT)
    x, y = np.cos(angle), np.sin(angle)
    rows = np.column_stack([x * x, y * y, 2 * x * y])
    radius = skin.outline_px / skin.radius
    weight = radius**2
    xx, yy, xy = np.linalg.lstsq(rows * weight[:, None], weight / radius**2, rcond=None)[0]
    return np.linalg.inv(np.array([[xx, xy], [xy, yy]])) * (skin.radius * skin.step_px) ** 2
