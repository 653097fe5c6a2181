"""The views of one fruit, as they were measured one by one, joined to one measurement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite
from statistics import median

import numpy as np

from grader.match_turn import turn_from_pictures, turn_from_prior
from grader.multi_view import QualityFlags, crop_of_views, fuse_views
from grader.turn import Rollers, Seats, in_steps
from grader.types import FruitMeasurement
from grader.view_surface import ViewSurface
from grader.whole_surface import WholeSurface, best_of_cameras, lay_views

LEAST_LAID = 3
"""Of fewer views the light cannot be told from the skin: it is what all views have in common."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeasuredView:
    """All that is kept of one view until its fruit is decided.

    surface: None where the fruit is cut or hidden. travel: where in the turn it was taken: its number, or the count of
    the encoder; the unit is that of `rollers`. rollers: what turns the fruit under this camera, None: nobody knows.
    camera: views of one camera are turned about one axis. The travels of all cameras count from one place.

    Raises:
        ValueError: travel is no finite number.
    """

    measurement: FruitMeasurement
    surface: ViewSurface | None
    travel: float
    rollers: Rollers | None = None
    camera: str = ""

    def __post_init__(self) -> None:
        if not isfinite(self.travel):
            raise ValueError(f"travel: expected a finite number, got {self.travel}")


_Laid = tuple[MeasuredView, ViewSurface]


def join_views(
    views: Sequence[MeasuredView],
    quick: Sequence[FruitMeasurement] = (),
    unmeasured: Sequence[QualityFlags] = (),
) -> FruitMeasurement:
    """One measurement of the fruit, on one surface where `surface_of_views` gives one.

    quick, unmeasured: of further views, as in `fuse_views`. They say nothing of defects, so there is no surface then:
    the few close looks do not show the fruit all round. Where the views of several cameras are not laid on one surface,
    the fruit is flagged `cameras_not_joined`. Raises ValueError: nothing was measured.
    """
    measurements = [view.measurement for view in views]
    if quick or unmeasured:
        return fuse_views(measurements, None, quick, unmeasured)
    surface = surface_of_views(views)
    fused = fuse_views(measurements, surface)
    if len(_by_camera(_laid(views))) < 2 or (surface is not None and surface.cameras_joined):
        return fused
    return replace(fused, quality_flags=tuple(sorted({*fused.quality_flags, "cameras_not_joined"})))


def surface_of_views(views: Sequence[MeasuredView]) -> WholeSurface | None:
    """All views of one fruit on one surface, in the order of their travel.

    Left out are views without a surface and those said to show another crop than most. None where fewer than
    `LEAST_LAID` are left, and where the turn is neither known nor to be seen. A fruit of which no view shows a defect
    is laid by its rollers alone, for its colour and the surface seen: looking for its turn costs most and changes
    nothing.

    Views of several cameras are laid on one surface where it is known how each camera stands to the axis of the turn
    (`Rollers.seat`). Where it is not, those of each camera have a surface of their own, and `best_of_cameras` stands
    for all; None where some camera gives none.
    """
    laid = _laid(views)
    cameras = _by_camera(laid)
    if len(cameras) < 2:
        return _one_surface(laid, None)
    seats = _seats(laid)
    together = None if seats is None else _one_surface(laid, seats)
    if together is not None:
        return together
    apart = [_one_surface(own, None) for own in cameras]
    known = [surface for surface in apart if surface is not None]
    return best_of_cameras(known) if len(known) == len(apart) else None


def _laid(views: Sequence[MeasuredView]) -> list[_Laid]:
    """The views that can be laid, by their travel; of the same travel by the name of the camera."""
    if not views:
        return []
    crop = crop_of_views([view.measurement for view in views])
    return sorted(
        (
            (view, view.surface)
            for view in views
            if view.surface is not None and view.measurement.crop is crop
        ),
        key=lambda pair: (pair[0].travel, pair[0].camera),
    )


def _by_camera(laid: Sequence[_Laid]) -> list[list[_Laid]]:
    """The views of each camera, cameras by name."""
    names = sorted({view.camera for view, _ in laid})
    return [[pair for pair in laid if pair[0].camera == name] for name in names]


def _seats(laid: Sequence[_Laid]) -> Seats | None:
    """Where the cameras stand, that of the first view first; None where it is not known of each."""
    rollers = {view.camera: view.rollers for view, _ in laid}
    known = {name: None if of is None else of.seat() for name, of in rollers.items()}
    seats = [seat for seat in known.values() if seat is not None]
    if len(seats) < len(known):
        return None
    names = list(known)
    return Seats(
        of_view=tuple(names.index(view.camera) for view, _ in laid),
        rotations=np.stack([seat @ seats[0].T for seat in seats]),
    )


def _one_surface(laid: Sequence[_Laid], seats: Seats | None) -> WholeSurface | None:
    if len(laid) < LEAST_LAID:
        return None
    most = max(_by_camera(laid), key=len)
    steps = in_steps([view.travel for view, _ in most])
    if steps is None:
        return None
    usual = steps[0]
    places = [(view.travel - laid[0][0].travel) / usual for view, _ in laid]
    surfaces = [surface for _, surface in laid]
    marked = any(view.measurement.defects for view, _ in laid)
    rollers = laid[0][0].rollers
    turn = None if rollers is None else rollers.turn(usual, _radius_mm([view for view, _ in laid]))
    if turn is not None:
        turned = turn_from_prior(surfaces, turn, places, look=marked, seats=seats)
    else:
        found = turn_from_pictures(surfaces, places) if marked and seats is None else None
        if found is None:
            return None
        turned = found
    return lay_views(surfaces, turned, marked=marked)


def _radius_mm(views: Sequence[MeasuredView]) -> float | None:
    sizes = [view.measurement.size.equatorial_diameter_mm for view in views]
    known = [size.value / 2 for size in sizes if size is not None]
    return median(known) if known else None
