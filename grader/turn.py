"""How a fruit turns between its views, by its rollers or its cup: what is known before any picture is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, degrees, hypot, isfinite, radians, sin
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

USUAL_DISTANCE_RADII = 13.0
"""Distance of the camera where nobody says it, in radii of the fruit: half a metre over an apple."""
RADIUS_SIGMA, LEAST_SIGMA_DEG = 0.11, 1.0
"""A step is known to this share of it (a fruit is not round, and its radius is measured), and not better than the
second. Our choice, with room: 4 degrees for ten views of a turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """How the fruit turns between views: by `step_deg` about an axis that runs along `axis_xy`, a unit vector (x right,
    y down), in the picture, and points away from the camera by `away_deg`.

    Looking along the axis (from its tail to its head) a positive step turns clockwise.
    step_sigma_deg, axis_sigma_deg: by how much all steps alike may be wrong about the axis (a radius that is not known)
    and across it; slip_sigma_deg: each step by itself, in any direction (1 sigma).
    distance_radii: of the camera from the fruit's middle, in radii of the fruit, above 1.

    Raises:
        ValueError: a value outside its range.
    """

    axis_xy: tuple[float, float]
    step_deg: float
    away_deg: float = 0.0
    step_sigma_deg: float = 4.0
    axis_sigma_deg: float = 2.0
    slip_sigma_deg: float = 1.5
    distance_radii: float = USUAL_DISTANCE_RADII

    def __post_init__(self) -> None:
        if abs(hypot(*self.axis_xy) - 1) > 1e-6:
            raise ValueError(f"axis_xy: expected a unit vector, got {self.axis_xy}")
        if not isfinite(self.step_deg):
            raise ValueError(f"step_deg: expected a finite angle, got {self.step_deg}")
        _check_away(self.away_deg)
        for name in ("step_sigma_deg", "axis_sigma_deg", "slip_sigma_deg"):
            if not 0 < getattr(self, name) < 180:
                raise ValueError(f"{name}: expected above 0 and below 180, got {getattr(self, name)}")
        if not 1 < self.distance_radii < float("inf"):
            raise ValueError(f"distance_radii: expected above 1, got {self.distance_radii}")

    @property
    def axis(self) -> Matrix:
        """Unit vector, float64 (3,): x right, y down, z away from the camera."""
        away = radians(self.away_deg)
        return np.array([cos(away) * self.axis_xy[0], cos(away) * self.axis_xy[1], sin(away)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollers:
    """What turns the fruit under a camera. A unit of travel: from a view to the next, or a count of the encoder.

    axis_deg: direction of the axis in the picture, from right (0) over down (90); looking along it the fruit turns
    clockwise while the belt goes on. Exactly one of degrees: how far a fruit of any size turns for a unit of travel (a
    driven cup), and skin_mm: how far the skin of the rollers goes past it. contact: how far from the fruit's axis the
    rollers touch it, 0-1 of its radius (bicone rollers touch it beside its greatest girth). camera_mm: from the camera
    to the fruit's middle, None where it is not known. away_deg: by how much the axis points away from the camera, above
    -90 and below 90; 0: it lies in the picture. around_deg: where the camera stands around the axis, clockwise looking
    along it; between cameras of one line only the difference counts. None: nobody knows.

    Raises:
        ValueError: a value outside its range, or both or neither of degrees and skin_mm.
    """

    axis_deg: float
    degrees: float | None = None
    skin_mm: float | None = None
    contact: float = 1.0
    camera_mm: float | None = None
    away_deg: float = 0.0
    around_deg: float | None = None

    def __post_init__(self) -> None:
        if (self.degrees is None) == (self.skin_mm is None):
            raise ValueError(
                f"expected either degrees or skin_mm, got {self.degrees} degrees and {self.skin_mm} mm"
            )
        for name in ("axis_deg", "degrees", "skin_mm", "around_deg"):
            value = getattr(self, name)
            if value is not None and not isfinite(value):
                raise ValueError(f"{name}: expected a finite number, got {value}")
        if not 0 < self.contact <= 1:
            raise ValueError(f"contact: expected above 0 and at most 1, got {self.contact}")
        if self.camera_mm is not None and not 0 < self.camera_mm < float("inf"):
            raise ValueError(f"camera_mm: expected above 0, got {self.camera_mm}")
        _check_away(self.away_deg)

    def turn(self, travel: float, radius_mm: float | None) -> Turn | None:
        """The turn for so much travel of a fruit that rolls without slip. None where it needs a radius nobody knows,
        or the camera is said to be inside the fruit."""
        if self.degrees is not None:
            step_deg = self.degrees * travel
        elif self.skin_mm is not None and radius_mm is not None and radius_mm > 0:
            step_deg = degrees(self.skin_mm * travel / (self.contact * radius_mm))
        else:
            return None
        distance = USUAL_DISTANCE_RADII
        if self.camera_mm is not None and radius_mm is not None and radius_mm > 0:
            distance = self.camera_mm / radius_mm
        if not distance > 1:
            return None
        return Turn(
            axis_xy=(cos(radians(self.axis_deg)), sin(radians(self.axis_deg))),
            step_deg=step_deg,
            away_deg=self.away_deg,
            step_sigma_deg=max(LEAST_SIGMA_DEG, RADIUS_SIGMA * min(abs(step_deg), 180.0)),
            distance_radii=distance,
        )

    def seat(self) -> Matrix | None:
        """Where the camera stands: rotation (3, 3) from directions in a frame that all cameras over these rollers share
        to those in its picture. None where nobody knows.

        Shared: the axis, a direction at right angles to it, and that to a camera at `around_deg` 0.
        """
        if self.around_deg is None:
            return None
        flat, away = radians(self.axis_deg), radians(self.away_deg)
        axis = np.array([cos(away) * cos(flat), cos(away) * sin(flat), sin(away)])
        to_camera = np.array([0.0, 0.0, -1.0]) - axis * -axis[2]
        to_camera /= np.linalg.norm(to_camera)
        seen = np.column_stack([axis, np.cross(to_camera, axis), to_camera])
        return np.asarray(seen @ rotation_of(np.array([-radians(self.around_deg), 0.0, 0.0])))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seats:
    """From where each of several views was taken.

    of_view: index of its camera; that of view 0 is 0. rotations: float64 (cameras, 3, 3); rotations[k] @ direction seen
    by camera 0 = direction seen by camera k.
    """

    of_view: tuple[int, ...]
    rotations: Matrix

    def views_of(self, camera: int) -> list[int]:
        """The views that a camera took, in their order."""
        return [view for view, of in enumerate(self.of_view) if of == camera]


def one_seat(count: int) -> Seats:
    """Of views of one camera."""
    return Seats(of_view=(0,) * count, rotations=np.eye(3)[np.newaxis])


def _check_away(away_deg: float) -> None:
    if not -90 < away_deg < 90:
        raise ValueError(f"away_deg: expected above -90 and below 90, got {away_deg}")


def in_steps(travels: Sequence[float]) -> tuple[float, tuple[float, ...]] | None:
    """The usual travel from a view to the next, and where each view stands from the first on, in such steps.

    travels: growing. Missing views are gaps: 0, 1, 3. None where the views do not move.
    """
    steps = [later - sooner for sooner, later in pairwise(travels) if later > sooner]
    if not steps:
        return None
    usual = median(steps)
    return usual, tuple((travel - travels[0]) / usual for travel in travels)


def prior_views(turn: Turn, places: Sequence[float]) -> Matrix:
    """Rotations of views by the rollers alone, float64 (n, 3, 3). places: of the views, in steps."""
    return np.stack([rotation_of(turn.axis * radians(turn.step_deg * place)) for place in places])


def rotation_of(vector: Matrix) -> Matrix:
    """Rotation (3, 3) about a vector (3,) by its length in rad, right-handed."""
    return np.asarray(cv2.Rodrigues(np.asarray(vector, np.float64))[0], np.float64)
