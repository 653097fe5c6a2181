"""One simulated apple that turns, shown twice, with all that is true of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, degrees, hypot, pi, radians

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

from grader.defects import MERGE_GAP_DIAMETERS
from grader.landmarks import CAVITY_GROWTH
from grader.surface import USEFUL_TILT_DEG
from grader.surface_cells import cell_at, cell_directions
from grader.turn import Rollers
from grader.types import FIRST_DEFECT_VALUE, BoolArray, FloatArray, SurfaceClass, UInt8Array
from grader.whole_surface import RIM_TILT_DEG
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

FINER = 2
"""Blemishes are looked for in so many times the steps of the body's surface map: 0.5 mm on an apple."""

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """One connected blemish on the skin. area_mm2: of the part that some view shows under a useful tilt; rim_mm2: with
    what is seen on the rim alone, up to `RIM_TILT_DEG`."""

    kind: SurfaceClass
    area_mm2: float
    rim_mm2: float


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
    """Blemishes that some view shows, from the paint itself, largest first: the area under a useful tilt.

    What hangs together on the skin is one, also where no view shows that it does. As in one view, fragments of one kind
    nearer than `MERGE_GAP_DIAMETERS` are one, and russet in the stem cavity or calyx basin, widened by `CAVITY_GROWTH`,
    is none.
    """
    height, width = fruit.body.area_mm2.shape
    finer = (width * FINER, height * FINER)  # blemishes of dots are finer than the map of the body
    places = cv2.resize(body_points(fruit.body), finer, interpolation=cv2.INTER_LINEAR).reshape(-1, 3)
    points = points_of(fruit.body, places)
    painted = paint_fruit(fruit, points).surface
    painted = np.where(_in_cavity(points.direction, painted) & (painted == SurfaceClass.RUSSET), 1, painted)
    straight = -(rotations[:, 2] @ cell_directions().T).min(axis=0)
    straightest = straight[cell_at(points.direction)]
    shown, on_rim = (straightest > cos(radians(tilt)) for tilt in (USEFUL_TILT_DEG, RIM_TILT_DEG))
    area = cv2.resize(fruit.body.area_mm2, finer, interpolation=cv2.INTER_LINEAR).ravel() / FINER**2
    gap_mm = MERGE_GAP_DIAMETERS * 2 * float(np.linalg.norm(places, axis=1).mean())
    patches = []
    for kind in np.unique(painted[(painted >= FIRST_DEFECT_VALUE) & on_rim]):
        mine = painted == kind
        groups = _near_groups(places[mine], gap_mm)
        sizes, with_rim = (np.bincount(groups, area[mine] * seen[mine]) for seen in (shown, on_rim))
        patches += [
            Patch(kind=SurfaceClass(int(kind)), area_mm2=float(size), rim_mm2=float(more))
            for size, more in zip(sizes, with_rim, strict=True)
            if more > 0
        ]
    return tuple(sorted(patches, key=lambda patch: -patch.area_mm2))


def _near_groups(places_mm: FloatArray, gap_mm: float) -> NDArray[np.intp]:
    """Group of each point of the skin, (N, 3) -> (N,): points in voxels of the gap that touch are one group."""
    voxels = np.floor((places_mm - places_mm.min(axis=0)) / gap_mm).astype(np.intp)
    filled = np.zeros(voxels.max(axis=0) + 1, np.bool_)
    filled[tuple(voxels.T)] = True
    groups, _ = label(filled, structure=np.ones((3, 3, 3)))
    return np.asarray(groups[tuple(voxels.T)], np.intp) - 1


def _in_cavity(directions: FloatArray, painted: UInt8Array) -> BoolArray:
    """Which points lie in the stem cavity or the calyx basin, or just around it; (N, 3) -> (N,)."""
    inside = np.zeros(len(painted), np.bool_)
    for end in (SurfaceClass.STEM, SurfaceClass.CALYX):
        here = directions[painted == end]
        if len(here):
            middle = here.mean(axis=0) / np.linalg.norm(here.mean(axis=0))
            reach = np.arccos(np.clip(here @ middle, -1, 1)).max() * (1 + CAVITY_GROWTH)
            inside |= directions @ middle >= cos(reach)
    return inside


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
