"""The most probable turn of a fruit, given its rollers, the seats of its cameras and what pairs of views show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import erf, radians, sqrt

import numpy as np

from grader.turn import Matrix, Seats, Turn, rotation_of

Match = tuple[int, int, Matrix, Matrix]
"""Of views i and j: i, j, the correction d (3,) in view j, rotation i to j = exp(d) prior, and its information (3, 3),
both in rad."""

SEAT_SIGMA_DEG = 3.0
"""How well it is known where a camera stands beside another, 1 sigma. Our choice: by eye and protractor."""
LEAST_GAP = 0.05
"""Two views are at least so many steps apart: where an encoder stood still the fruit may have slipped."""
SURE_WITHIN_DEG = 3.0
"""The confidence of a turn is the probability of an error below this."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TurnedViews:
    """Where each view looks at the fruit, an ellipsoid that is drawn to a unit ball by one stretch.

    rotations: float64 (n, 3, 3); rotations[k] @ direction on the ball in view 0 = direction on the ball in view k (x
    right, y down, z away from the camera). frames: float64 (n, 3, 3), `round_frames` of each view: the way from the
    ball to the picture. confidence: 0-1, one a view, that its turn from the view before is right to `SURE_WITHIN_DEG`.
    distance_radii: of the camera, as assumed for all views.
    """

    rotations: Matrix
    frames: Matrix
    confidence: tuple[float, ...]
    distance_radii: float

    def of_the_fruit(self) -> Matrix:
        """Rotations of the fruit itself, not of its ball: the nearest to frames[k] rotations[k] frames[0]^-1 (SVD)."""
        left, _, right = np.linalg.svd(self.frames @ self.rotations @ np.linalg.inv(self.frames[0]))
        return np.asarray(left @ right)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TurnProblem:
    """What is known of the turn before any pair is matched. prior: (n, 3, 3), ball of view 0 to that of each view, as
    the rollers and the seats say. rolled: the same as camera 0 would see it. steps: (n - 1,), from view to view."""

    prior: Matrix
    rolled: Matrix
    steps: Matrix
    turn: Turn
    frames: Matrix
    seats: Seats


def most_probable_turn(problem: TurnProblem, matches: Sequence[Match]) -> TurnedViews:
    """Least squares in the corrections c of R_k = exp(x) prior_k exp(c_k), c_0 = 0, in the error e all steps share, and
    in the error x of the seat of each camera but the first.

    A pair of views says x_j - prior_j prior_i^T x_i + prior_j (c_j - c_i) = d_ij, the rollers say rolled_k+1 (c_k+1 -
    c_k) = g e up to the slip, g steps (`steps`) apart, and e = 0 and x = 0 up to what is known of step and seat.
    """
    prior, rolled, turn, of_view = problem.prior, problem.rolled, problem.turn, problem.seats.of_view
    count, cameras = len(prior), len(problem.seats.rotations)
    common = count  # the place of e behind the views; the seats follow
    size = count + cameras
    normal = np.zeros((size, 3, size, 3))
    right = np.zeros((size, 3))

    def add(parts: Sequence[tuple[int, Matrix]], value: Matrix, information: Matrix) -> None:
        for k, left in parts:
            right[k] += left.T @ information @ value
            for m, beside in parts:
                normal[k, :, m] += left.T @ information @ beside

    slip = np.eye(3) / radians(turn.slip_sigma_deg) ** 2
    for k, step in enumerate(problem.steps):
        gap = max(float(step), LEAST_GAP)
        add(
            [(k, -rolled[k + 1]), (k + 1, rolled[k + 1]), (common, -gap * np.eye(3))], np.zeros(3), slip / gap
        )
    for one, other, moved, information in matches:
        parts = [(one, -prior[other]), (other, prior[other])]
        if of_view[one]:
            parts.append((common + of_view[one], -prior[other] @ prior[one].T))
        if of_view[other]:
            parts.append((common + of_view[other], np.eye(3)))
        add(parts, moved, information)
    normal[common, :, common] += _prior_information(turn)
    for seat in range(common + 1, size):
        normal[seat, :, seat] += np.eye(3) / radians(SEAT_SIGMA_DEG) ** 2
    free = np.arange(3, 3 * size)
    covariance: Matrix = np.asarray(
        np.linalg.inv(normal.reshape(3 * size, -1)[np.ix_(free, free)]), np.float64
    )
    solved = np.vstack([np.zeros(3), (covariance @ right.reshape(-1)[free]).reshape(-1, 3)])
    seated = [np.eye(3), *(rotation_of(x) for x in solved[common + 1 :])]
    return TurnedViews(
        rotations=np.stack([seated[of_view[k]] @ prior[k] @ rotation_of(solved[k]) for k in range(count)]),
        frames=problem.frames,
        confidence=_confidence(covariance[: 3 * count - 3, : 3 * count - 3], count),
        distance_radii=turn.distance_radii,
    )


def _prior_information(turn: Turn) -> Matrix:
    """Of the error that all steps share, (3, 3) in rad^-2: about the axis and across it."""
    along = np.outer(turn.axis, turn.axis)
    return along / radians(turn.step_sigma_deg) ** 2 + (np.eye(3) - along) / radians(turn.axis_sigma_deg) ** 2


def _confidence(covariance: Matrix, count: int) -> tuple[float, ...]:
    """Of each view by its step from the view before (the first: to the second), from the largest spread."""
    if count == 1:
        return (1.0,)
    whole = np.zeros((count, 3, count, 3))
    whole[1:, :, 1:] = covariance.reshape(count - 1, 3, count - 1, 3)
    steps = []
    for k in range(1, count):
        of_step = whole[k, :, k] + whole[k - 1, :, k - 1] - whole[k, :, k - 1] - whole[k - 1, :, k]
        sigma = sqrt(max(float(np.linalg.eigvalsh(of_step)[-1]), 1e-12))
        steps.append(erf(radians(SURE_WITHIN_DEG) / (sigma * sqrt(2))))
    return (steps[0], *steps)
