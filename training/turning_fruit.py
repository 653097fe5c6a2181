"""One simulated apple that turns, shown twice, with all that is true of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, degrees, hypot, pi, radians

import cv2
import numpy as np
from numpy.typing import NDArray

from grader.surface import USEFUL_TILT_DEG
from grader.surface_cells import CELL_COUNT, cell_at, cell_directions, connected_cells
from grader.surface_parts import LEAST_COVER
from grader.turn import Rollers
from grader.types import FIRST_DEFECT_VALUE, SurfaceClass
from training.simulator import Rendered, fruit_of_views, render_views
from training.simulator.fruit import Fruit, paint_fruit
from training.simulator.shape import body_points
from training.simulator.skin import points_of
from training.simulator_suite import MM_PER_PX, only_fruit

SIZE_HW = (320, 320)
AGAIN_DEG = 17.0
"""The second time the turn begins so much later: about half a step of ten views."""
RADIUS_SIGMA, AXIS_SIGMA_DEG = 0.05, 2.0
"""How wrong the rollers' prior is (1 sigma): the radius of a fruit is measured, and no fruit is round."""

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """One connected blemish on the skin that some view shows. area_mm2: of the part that is shown."""

    kind: SurfaceClass
    area_mm2: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TurningFruit:
    """pictures, again: two shows of the same apple. patches: true blemishes on the skin seen in the first."""

    pictures: tuple[Rendered, ...]
    again: tuple[Rendered, ...]
    patches: tuple[Patch, ...]


def draw_turning_fruit(seed: int, views: int) -> TurningFruit:
    """One random apple in one whole turn; two of three have defects."""
    sound = seed % 3 == 0
    pictures, again = (
        render_views(
            seed, views=views, size_hw=SIZE_HW, mm_per_px=MM_PER_PX, sound=sound, start_deg=start, take=take
        )
        for start, take in ((0.0, 0), (AGAIN_DEG, 1))
    )
    fruit = fruit_of_views(seed, sound=sound)
    return TurningFruit(
        pictures=tuple(pictures), again=tuple(again), patches=true_patches(fruit, true_rotations(pictures))
    )


def true_rotations(pictures: Sequence[Rendered]) -> Matrix:
    """Fruit frame to camera frame of each view, float64 (n, 3, 3)."""
    return np.array([only_fruit(picture)["pose"]["rotation"] for picture in pictures], np.float64)


def true_patches(fruit: Fruit, rotations: Matrix) -> tuple[Patch, ...]:
    """Blemishes of one kind on touching cells of the surface, largest first, of the skin that some view shows under a
    useful tilt; counted on the same cells as the grader's, but from the paint itself."""
    points = points_of(fruit.body, np.ascontiguousarray(body_points(fruit.body).reshape(-1, 3)))
    painted = paint_fruit(fruit, points).surface
    cells = cell_at(points.direction)
    straight = -(rotations[:, 2] @ cell_directions().T).min(axis=0)
    shown = (straight > cos(radians(USEFUL_TILT_DEG)))[cells]
    area = np.where(shown, fruit.body.area_mm2.ravel().astype(np.float64), 0.0)
    whole = np.maximum(np.bincount(cells, area, minlength=CELL_COUNT), 1e-9)
    patches = []
    for kind in np.unique(painted[painted >= FIRST_DEFECT_VALUE]):
        mine = painted == kind
        covered = np.bincount(cells[mine], area[mine], minlength=CELL_COUNT)
        count, groups = connected_cells(covered / whole >= LEAST_COVER)
        sizes = np.bincount(groups[groups >= 0], covered[groups >= 0], minlength=count)
        patches += [Patch(kind=SurfaceClass(int(kind)), area_mm2=float(size)) for size in sizes if size > 0]
    return tuple(sorted(patches, key=lambda patch: -patch.area_mm2))


def rollers_prior(pictures: Sequence[Rendered], seed: int) -> Rollers:
    """What rollers that are a little wrong would say of the turn: of the radius by `RADIUS_SIGMA`, of the axis by
    `AXIS_SIGMA_DEG`. The distance of the camera is known."""
    rng = np.random.default_rng((seed, 81))
    rotations = true_rotations(pictures)
    step = cv2.Rodrigues(rotations[1] @ rotations[0].T)[0][:, 0]
    angle = float(np.arctan2(step[1], step[0])) + radians(rng.normal(0, AXIS_SIGMA_DEG))
    fruit = only_fruit(pictures[0])
    distance_mm = hypot(*fruit["pose"]["centre_mm"])
    radius_error = float(np.exp(rng.normal(0, RADIUS_SIGMA)))
    return Rollers(
        axis_deg=degrees(angle),
        degrees=degrees(float(np.linalg.norm(step))) / radius_error,
        camera_mm=distance_mm,
    )


def step_errors_deg(found: Matrix, pictures: Sequence[Rendered]) -> Matrix:
    """Angle between the found and the true turn from each view to the next, (n - 1,). found: (n, 3, 3)."""
    true = true_rotations(pictures)
    errors = [found[k + 1] @ found[k].T @ (true[k + 1] @ true[k].T).T for k in range(len(true) - 1)]
    return np.array([np.linalg.norm(cv2.Rodrigues(error)[0]) * 180 / pi for error in errors])
