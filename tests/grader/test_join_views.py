"""When views are laid on one surface, and when they are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from grader.join_views import LEAST_LAID, MeasuredView, join_views, surface_of_views
from grader.multi_view import fuse_views
from grader.pipeline import measure_fruit
from grader.scale import Scale
from grader.turn import Rollers
from grader.types import Crop, FruitView, SurfaceClass
from grader.whole_surface import best_of_cameras
from tests.turning_ball import RADIUS_PX, Spot, ball_view, dots, surface_of, turns

MM = 0.5
SPOT = ((0.0, 0.0, -1.0), 8.0, SurfaceClass.ROT)
CUP = Rollers(axis_deg=90.0, degrees=36.0, camera_mm=1e6)
ROLLERS = Rollers(axis_deg=90.0, skin_mm=np.radians(36.0) * RADIUS_PX * MM)


def turning(
    count: int,
    pattern: np.ndarray | None = None,
    rollers: Rollers | None = CUP,
    *,
    scale: Scale | None = Scale(mm_per_px=MM),
    spot: bool = True,
) -> list[MeasuredView]:
    views = [
        ball_view(turn, pattern, (SPOT,) if spot else (), red_below=0.0)
        for turn in turns((0.0, 1.0, 0.0), 36.0, count)
    ]
    return [measured_view(view, number, rollers, scale) for number, view in enumerate(views)]


def measured_view(
    view: FruitView, travel: int, rollers: Rollers | None, scale: Scale | None, camera: str = ""
) -> MeasuredView:
    return MeasuredView(
        measurement=measure_fruit(view, scale=scale, colour_matrix=None, variety=None, model_id="painted"),
        surface=surface_of(view, scale),
        travel=travel,
        rollers=rollers,
        camera=camera,
    )


@pytest.mark.parametrize("rollers", [CUP, ROLLERS, None])
def test_a_turn_that_is_known_or_seen_gives_one_surface(rollers: Rollers | None) -> None:
    views = turning(6, dots(7), rollers)
    surface = surface_of_views(views)
    assert surface is not None
    assert [defect.kind for defect in surface.defects] == ["rot"]
    assert join_views(views) == fuse_views([view.measurement for view in views], surface)


def test_a_turn_neither_known_nor_seen_gives_none() -> None:
    assert surface_of_views(turning(6, None, None, spot=False)) is None
    assert (
        surface_of_views(turning(6, dots(7), None, spot=False)) is None
    )  # nobody looks for it: nothing is marked
    rolling = turning(6, None, ROLLERS, scale=None, spot=False)
    assert surface_of_views(rolling) is None  # no scale, no radius
    assert surface_of_views(turning(6, None, CUP)) is not None


def test_a_sound_fruit_is_laid_for_its_colour() -> None:
    surface = surface_of_views(turning(10, dots(7), spot=False))
    assert surface is not None
    assert surface.defects == ()
    assert surface.blush_fraction == pytest.approx(0.5, abs=0.03)
    assert surface.seen_fraction > 0.9


def test_cut_and_hidden_views_and_those_of_another_crop_are_left_out() -> None:
    views = turning(5, dots(7))
    without = surface_of_views([views[0], *views[2:]])
    assert without is not None
    cut = replace(views[1], surface=None)
    assert surface_of_views([views[0], cut, *views[2:]]) == without
    melon = replace(views[1], measurement=replace(views[1].measurement, crop=Crop.MELON))
    assert surface_of_views([views[0], melon, *views[2:]]) == without


def test_too_few_views_and_a_belt_that_stands_give_none() -> None:
    views = turning(LEAST_LAID, dots(7))
    assert surface_of_views(views) is not None
    assert surface_of_views(views[1:]) is None
    assert surface_of_views([]) is None
    assert surface_of_views([replace(view, travel=7.0) for view in views]) is None


def test_the_order_of_views_does_not_matter_their_travel_does() -> None:
    views = turning(6, dots(7))
    assert surface_of_views(views[::-1]) == surface_of_views(views)
    counts = Rollers(axis_deg=90.0, degrees=36.0 / 50, camera_mm=1e6)
    counted = [replace(view, travel=4000 + 50 * view.travel, rollers=counts) for view in views]
    assert surface_of_views(counted) == surface_of_views(views)
    gap = surface_of_views([views[0], *views[2:]])
    assert gap is not None
    assert [defect.kind for defect in gap.defects] == ["rot"]


def test_travel_is_a_number() -> None:
    (view,) = turning(1)
    with pytest.raises(ValueError, match="travel"):
        replace(view, travel=float("nan"))


def test_one_view_stays_as_it_is() -> None:
    (view,) = turning(1)
    assert join_views([view]) == view.measurement
    with pytest.raises(ValueError, match="at least one measurement"):
        join_views([])


TOP = replace(CUP, around_deg=0.0)
SIDE = replace(CUP, away_deg=25.0, around_deg=30.0)
HIDDEN = ((0.0, -0.94, -0.34), 8.0, SurfaceClass.SCAB)
"""Near the tail of the axis: the side camera sees it under 45 degrees at best, the one above under 70."""


def by_two(
    top: Rollers, side: Rollers, count: int = 6, spots: tuple[Spot, ...] = (SPOT, HIDDEN)
) -> list[MeasuredView]:
    """The same turn seen from above and from a side, at the same travels."""
    seats = TOP.seat(), SIDE.seat()
    assert seats[0] is not None
    assert seats[1] is not None
    return [
        measured_view(
            ball_view(seat @ seats[0].T @ turn, dots(7), spots), number, rollers, Scale(mm_per_px=MM), camera
        )
        for number, turn in enumerate(turns((0.0, 1.0, 0.0), 36.0, count))
        for seat, rollers, camera in zip(seats, (top, side), ("top", "side"), strict=True)
    ]


def test_two_cameras_whose_seats_are_known_give_one_surface() -> None:
    views = by_two(TOP, SIDE)
    surface = surface_of_views(views)
    assert surface is not None
    assert surface.cameras_joined
    assert sorted(defect.kind for defect in surface.defects) == ["rot", "scab"]
    for camera in ("top", "side"):
        alone = surface_of_views([view for view in views if view.camera == camera])
        assert alone is not None
        assert alone.seen_fraction < surface.seen_fraction - 0.02
    joined = join_views(views)
    assert joined == fuse_views([view.measurement for view in views], surface)
    assert "cameras_not_joined" not in joined.quality_flags


@pytest.mark.parametrize(
    ("top", "side"), [(CUP, SIDE), (TOP, replace(SIDE, around_deg=None)), (CUP, CUP)], ids=str
)
def test_cameras_that_nobody_places_count_for_themselves(top: Rollers, side: Rollers) -> None:
    views = by_two(top, side)
    surface = surface_of_views(views)
    alone = [
        surface_of_views([view for view in views if view.camera == camera]) for camera in ("side", "top")
    ]
    assert surface is not None
    assert alone[0] is not None
    assert alone[1] is not None
    assert surface == best_of_cameras([alone[0], alone[1]])
    assert sorted(defect.kind for defect in surface.defects) == ["rot", "scab"]
    joined = join_views(views)
    assert joined.quality_flags == ("cameras_not_joined",)
    assert joined.defects == surface.defects


def test_a_camera_that_gives_no_surface_leaves_the_count_to_the_single_views() -> None:
    views = by_two(CUP, CUP)
    few = [view for view in views if view.camera == "top" or view.travel < LEAST_LAID - 1]
    assert surface_of_views(few) is None
    assert join_views(few).quality_flags == ("cameras_not_joined",)
    assert surface_of_views([view for view in few if view.camera == "top"]) is not None


def test_cameras_with_seats_may_have_few_views_each() -> None:
    views = by_two(TOP, SIDE, count=2)
    surface = surface_of_views(views)
    assert surface is not None
    assert surface.cameras_joined
    assert sorted(defect.kind for defect in surface.defects) == ["rot", "scab"]


def test_cut_views_of_another_camera_raise_no_flag() -> None:
    views = [replace(view, surface=None) if view.camera == "side" else view for view in by_two(CUP, CUP)]
    assert "cameras_not_joined" not in join_views(views).quality_flags


def test_the_order_in_which_two_cameras_arrive_does_not_matter() -> None:
    for side in (SIDE, CUP):
        views = by_two(TOP, side)
        first = surface_of_views(views)
        assert surface_of_views(views[::-1]) == first
        assert surface_of_views(sorted(views, key=lambda view: view.camera)) == first
