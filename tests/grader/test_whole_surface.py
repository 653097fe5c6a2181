"""Painted balls laid on one surface: what is marked on them is known exactly."""

from __future__ import annotations

from dataclasses import replace
from math import cos, pi, radians, sin

import numpy as np
import pytest

from grader.match_turn import turn_from_prior
from grader.scale import Scale
from grader.turn import Turn
from grader.types import Defect, DefectKind, FruitView, SurfaceClass
from grader.view_surface import ViewSurface
from grader.whole_surface import WholeSurface, best_of_cameras, lay_views
from tests.turning_ball import FAR, RADIUS_PX, Spot, ball_view, dots, shrunken, surface_of, turns

MM = 0.5
RADIUS_MM = RADIUS_PX * MM
VIEWS = 10
UP = (0.0, -1.0)


def views_of(*spots: Spot, count: int = VIEWS, red_below: float | None = None) -> list[FruitView]:
    """One whole turn about an axis that points up in the picture."""
    return [
        ball_view(turn, dots(5), spots, red_below=red_below) for turn in turns((*UP, 0.0), 360 / VIEWS, count)
    ]


def laid(views: list[FruitView], scale: Scale | None = Scale(mm_per_px=MM)) -> WholeSurface:
    return laid_surfaces([surface_of(view, scale) for view in views])


def laid_surfaces(surfaces: list[ViewSurface]) -> WholeSurface:
    turn = Turn(axis_xy=UP, step_deg=360 / VIEWS, distance_radii=FAR)
    return lay_views(surfaces, turn_from_prior(surfaces, turn))


def cap_mm2(half_deg: float) -> float:
    return 2 * pi * RADIUS_MM**2 * (1 - cos(radians(half_deg)))


def around(angle_deg: float, height: float = 0.0) -> tuple[float, float, float]:
    flat = (1 - height**2) ** 0.5
    return flat * sin(radians(angle_deg)), height, -flat * cos(radians(angle_deg))


@pytest.mark.parametrize("half_deg", [5.0, 12.0, 40.0])
def test_a_spot_that_many_views_show_counts_once_with_its_area(half_deg: float) -> None:
    (found,) = laid(views_of((around(100), half_deg, SurfaceClass.ROT))).defects
    assert found.kind is DefectKind.ROT
    assert found.area_mm2 == pytest.approx(cap_mm2(half_deg), rel=0.08)
    assert found.length_mm == pytest.approx(2 * radians(half_deg) * RADIUS_MM, rel=0.15, abs=1.5)
    assert found.area_fraction == pytest.approx(
        cap_mm2(half_deg) / (4 * pi * RADIUS_MM**2) / sin(radians(70)), rel=0.09
    )
    assert not found.elongated
    assert found.confidence == pytest.approx(0.9, abs=0.03)


def test_a_band_round_the_fruit_is_summed_over_all_views() -> None:
    """No view shows more than a half of it."""
    spots = tuple((around(angle), 8.0, SurfaceClass.SCAR) for angle in range(0, 360, 6))
    (found,) = laid(views_of(*spots)).defects
    band = 4 * pi * RADIUS_MM**2 * sin(radians(8))
    assert found.area_mm2 == pytest.approx(band, rel=0.05)
    assert found.length_mm == pytest.approx(pi * RADIUS_MM, rel=0.05)


def test_spots_on_all_sides_stay_as_many_as_they_are() -> None:
    spots = tuple((around(angle, 0.3), 6.0, SurfaceClass.BRUISE) for angle in (0, 50, 120, 200, 290))
    assert len(laid(views_of(*spots)).defects) == 5


def test_two_kinds_that_touch_are_two() -> None:
    spots = ((around(30), 14.0, SurfaceClass.ROT), (around(30), 6.0, SurfaceClass.PUNCTURE))
    found = {defect.kind: defect.area_mm2 for defect in laid(views_of(*spots)).defects}
    assert found == {
        DefectKind.ROT: pytest.approx(cap_mm2(14) - cap_mm2(6), rel=0.2),
        DefectKind.PUNCTURE: pytest.approx(cap_mm2(6), rel=0.4),
    }


def test_views_that_name_one_place_differently_say_one_kind() -> None:
    views = views_of((around(36), 10.0, SurfaceClass.ROT))
    other = views_of((around(36), 10.0, SurfaceClass.BRUISE))
    (found,) = laid([other[0], *views[1:]]).defects
    assert found.kind is DefectKind.ROT
    assert found.area_mm2 == pytest.approx(cap_mm2(10), rel=0.1)


def test_a_spot_most_views_deny_is_dropped_and_doubted() -> None:
    clean, marked = views_of(), views_of((around(0), 8.0, SurfaceClass.ROT))
    laid_once = laid([marked[0], *clean[1:]])
    assert laid_once.defects == ()
    assert laid_once.doubted
    all_agree = laid(marked)
    assert not all_agree.doubted
    mixed = laid([marked[0], marked[1], *clean[2:-1], clean[-1]])
    (found,) = mixed.defects
    assert found.confidence < 0.8 * all_agree.defects[0].confidence


def test_the_box_is_of_the_view_that_looks_straightest() -> None:
    (found,) = laid(views_of((around(72), 8.0, SurfaceClass.ROT))).defects
    x0, y0, x1, y1 = found.box_xyxy_px
    middle = RADIUS_PX + 9.5
    assert ((x0 + x1) / 2, (y0 + y1) / 2) == pytest.approx((middle, middle), abs=2.0)


def test_colour_is_a_share_of_all_skin_seen() -> None:
    """Red above height -0.4: of the band that is seen (heights within sin 70) it covers a known share."""
    surface = laid(views_of(red_below=-0.4))
    seen = sin(radians(70))
    assert surface.seen_fraction == pytest.approx(seen, abs=0.01)
    assert surface.blush_fraction == pytest.approx((seen - 0.4) / (2 * seen), abs=0.03)
    assert surface.light_red_fraction == pytest.approx(0.0, abs=0.02)


def test_colour_that_no_view_shows_is_unknown() -> None:
    rotten = [
        replace(view, surface=np.where(view.mask, SurfaceClass.ROT, 0).astype(np.uint8))
        for view in views_of()
    ]
    surface = laid(rotten)
    assert surface.blush_fraction is None
    assert surface.light_red_fraction is None


def test_without_a_scale_there_are_shares_but_no_mm() -> None:
    (found,) = laid(views_of((around(100), 12.0, SurfaceClass.ROT)), None).defects
    assert found.area_mm2 is None
    assert found.length_mm is None
    assert found.length_diameters == pytest.approx(radians(12), rel=0.15)


def test_a_speck_is_dropped_unless_the_network_is_sure() -> None:
    speck = ((around(100), 1.0, SurfaceClass.INSECT),)
    unsure = [
        replace(view, confidence=np.full(view.mask.shape, 0.5, np.float32)) for view in views_of(*speck)
    ]
    assert laid(unsure).defects == ()


def test_views_of_fewer_pixels_find_the_same() -> None:
    """As a quick look at every view and a close one at some would give it: fruit 70 and 140 px across."""
    views = views_of((around(100), 12.0, SurfaceClass.ROT), (around(220, 0.3), 9.0, SurfaceClass.SCAB))
    close = laid(views)
    for mixed in ([2] * VIEWS, [1 + k % 2 for k in range(VIEWS)]):
        scales = [Scale(mm_per_px=MM * by) for by in mixed]
        surface = laid_surfaces(
            [
                surface_of(shrunken(view, by), scale)
                for view, by, scale in zip(views, mixed, scales, strict=True)
            ]
        )
        assert [defect.kind for defect in surface.defects] == [defect.kind for defect in close.defects]
        for found, wanted in zip(surface.defects, close.defects, strict=True):
            assert found.area_mm2 == pytest.approx(wanted.area_mm2, rel=0.06)
        assert surface.seen_fraction == pytest.approx(close.seen_fraction, abs=0.005)


def test_a_view_of_little_weight_has_little_say() -> None:
    clean, marked = views_of(), views_of((around(0), 8.0, SurfaceClass.ROT))
    views = [marked[0], *clean[1:]]
    assert laid(views).defects == ()
    scale = Scale(mm_per_px=MM)
    weighed = [surface_of(view, scale, weight=1.0 if k == 0 else 0.2) for k, view in enumerate(views)]
    (found,) = laid_surfaces(weighed).defects
    assert found.kind is DefectKind.ROT


def test_unmarked_views_are_laid_for_colour_alone() -> None:
    views = views_of((around(100), 12.0, SurfaceClass.ROT), red_below=-0.4)
    surfaces = [surface_of(view) for view in views]
    turned = turn_from_prior(surfaces, Turn(axis_xy=UP, step_deg=36.0, distance_radii=FAR))
    bare, whole = lay_views(surfaces, turned, marked=False), lay_views(surfaces, turned)
    assert bare == replace(whole, defects=())
    assert whole.defects


def test_as_many_turns_as_views() -> None:
    surfaces = [surface_of(view) for view in views_of(count=3)]
    turned = turn_from_prior(surfaces, Turn(axis_xy=UP, step_deg=36.0))
    with pytest.raises(ValueError, match="got 3 and 2"):
        lay_views(surfaces[:2], turned)
    with pytest.raises(ValueError, match="got 3 and 0"):
        lay_views([], turned)


def defect_of(kind: DefectKind, fraction: float) -> Defect:
    return Defect(
        kind=kind,
        area_mm2=None,
        area_fraction=fraction,
        length_mm=None,
        length_diameters=0.1,
        elongated=False,
        confidence=0.9,
        box_xyxy_px=(0, 0, 1, 1),
    )


def seen_by(*defects: Defect, seen: float, blush: float | None = 0.5, doubted: bool = False) -> WholeSurface:
    return WholeSurface(
        seen_fraction=seen, blush_fraction=blush, light_red_fraction=blush, defects=defects, doubted=doubted
    )


def test_of_cameras_apart_the_one_that_shows_most_of_a_kind_counts_it() -> None:
    rot, scab = (
        (lambda share: defect_of(DefectKind.ROT, share)),
        (lambda share: defect_of(DefectKind.SCAB, share)),
    )
    one = seen_by(rot(0.02), rot(0.01), seen=0.6, blush=0.2)
    other = seen_by(scab(0.05), rot(0.025), seen=0.9, blush=0.7, doubted=True)
    found = best_of_cameras([one, other])
    assert found.defects == (scab(0.05), rot(0.02), rot(0.01))
    assert found.seen_fraction == 0.9
    assert found.blush_fraction == pytest.approx((0.6 * 0.2 + 0.9 * 0.7) / 1.5)
    assert found.light_red_fraction == found.blush_fraction
    assert found.doubted
    assert not found.cameras_joined


def test_of_cameras_apart_one_may_read_no_colour() -> None:
    blind = seen_by(seen=0.5, blush=None)
    assert best_of_cameras([blind, seen_by(seen=0.5, blush=0.3)]).blush_fraction == pytest.approx(0.3)
    none = best_of_cameras([blind, blind])
    assert (none.blush_fraction, none.light_red_fraction, none.defects, none.doubted) == (
        None,
        None,
        (),
        False,
    )
