"""The views of one fruit, as they were measured one by one, joined to one measurement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from statistics import median

from grader.match_turn import turn_from_pictures, turn_from_prior
from grader.multi_view import QualityFlags, crop_of_views, fuse_views
from grader.turn import Rollers, in_steps
from grader.types import FruitMeasurement
from grader.view_surface import ViewSurface
from grader.whole_surface import WholeSurface, lay_views

LEAST_LAID = 3
"""Of fewer views the light cannot be told from the skin: it is what all views have in common."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeasuredView:
    """All that is kept of one view until its fruit is decided.

    surface: None where the fruit is cut or hidden. travel: where in the turn it was taken: its number, or the count of
    the encoder; the unit is that of `rollers`. rollers: what turns the fruit under this camera, None: nobody knows.
    camera: views of one camera are turned about one axis.

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


def join_views(
    views: Sequence[MeasuredView],
    quick: Sequence[FruitMeasurement] = (),
    unmeasured: Sequence[QualityFlags] = (),
) -> FruitMeasurement:
    """One measurement of the fruit, on one surface where `surface_of_views` gives one.

    quick, unmeasured: of further views, as in `fuse_views`. They say nothing of defects, so there is no surface then:
    the few close looks do not show the fruit all round. Raises ValueError: nothing was measured.
    """
    surface = None if quick or unmeasured else surface_of_views(views)
    return fuse_views([view.measurement for view in views], surface, quick, unmeasured)


def surface_of_views(views: Sequence[MeasuredView]) -> WholeSurface | None:
    """All views of one fruit on one surface, in the order of their travel.

    Left out are views without a surface and those said to show another crop than most. None where fewer than
    `LEAST_LAID` are left, or they are of several cameras, and where the turn is neither known nor to be seen. A fruit
    of which no view shows a defect is laid by its rollers alone, for its colour and the surface seen: looking for its
    turn costs most and changes nothing.
    """
    if not views:
        return None
    crop = crop_of_views([view.measurement for view in views])
    laid = sorted(
        (
            (view, view.surface)
            for view in views
            if view.surface is not None and view.measurement.crop is crop
        ),
        key=lambda pair: pair[0].travel,
    )
    if len(laid) < LEAST_LAID or len({view.camera for view, _ in laid}) > 1:
        return None
    steps = in_steps([view.travel for view, _ in laid])
    if steps is None:
        return None
    usual, places = steps
    surfaces = [surface for _, surface in laid]
    marked = any(view.measurement.defects for view, _ in laid)
    rollers = laid[0][0].rollers
    turn = None if rollers is None else rollers.turn(usual, _radius_mm([view for view, _ in laid]))
    if turn is not None:
        turned = turn_from_prior(surfaces, turn, places, look=marked)
    else:
        found = turn_from_pictures(surfaces, places) if marked else None
        if found is None:
            return None
        turned = found
    return lay_views(surfaces, turned, marked=marked)


def _radius_mm(views: Sequence[MeasuredView]) -> float | None:
    sizes = [view.measurement.size.equatorial_diameter_mm for view in views]
    known = [size.value / 2 for size in sizes if size is not None]
    return median(known) if known else None
