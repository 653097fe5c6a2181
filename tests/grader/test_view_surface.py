"""What a painted view gives to the surface of all."""

from __future__ import annotations

from dataclasses import replace
from math import cos, pi, radians

import numpy as np
import pytest

from grader.scale import Scale
from grader.surface import map_skin
from grader.types import SurfaceClass
from grader.view_surface import DISC_SIZE, NO_MARK, SkinColour, view_surface
from tests.turning_ball import RADIUS_PX, ball_view, shrunken, surface_of

FRONT = ((0.0, 0.0, -1.0), 20.0, SurfaceClass.ROT)
VIEW = ball_view(np.eye(3), spots=(FRONT,), red_below=-0.5)


def test_spots_have_their_share_of_the_whole_surface() -> None:
    spots = surface_of(VIEW).spots
    assert spots.share.sum() == pytest.approx((1 - cos(radians(20))) / 2, rel=0.03)
    assert set(spots.value) == {SurfaceClass.ROT}
    assert np.linalg.norm(spots.disc_xy, axis=1).max() == pytest.approx(np.sin(radians(20)) / 0.98, abs=0.02)
    x0, y0 = spots.box_xyxy_px[:, :2].min(axis=0)
    x1, y1 = spots.box_xyxy_px[:, 2:].max(axis=0)
    rows, columns = np.nonzero(VIEW.surface == SurfaceClass.ROT)
    assert (x0, y0, x1, y1) == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)


def test_pattern_and_colours_lie_on_the_disc() -> None:
    surface = surface_of(VIEW)
    middle = DISC_SIZE // 2
    assert surface.pattern[middle, middle, 3] == 2 * NO_MARK
    assert surface.pattern[middle, DISC_SIZE - 5, 3] == NO_MARK
    assert surface.colour[middle, middle] == SkinColour.BLEMISHED
    assert surface.colour[DISC_SIZE - 6, middle] == SkinColour.GROUND
    assert surface.colour[5, middle] == SkinColour.BLUSH


def test_the_outline_is_in_heights_of_the_frame() -> None:
    size = VIEW.frame_hw[0]
    assert surface_of(VIEW).outline == pytest.approx(np.eye(2) * (RADIUS_PX / size) ** 2, rel=0.02, abs=1e-4)


def test_the_half_seen_is_known_with_a_scale() -> None:
    assert surface_of(VIEW).half_mm2 is None
    half = surface_of(VIEW, Scale(mm_per_px=0.5)).half_mm2
    assert half == pytest.approx(2 * pi * (RADIUS_PX / 2) ** 2, rel=0.02)


def test_fewer_pixels_give_the_same() -> None:
    whole, small = surface_of(VIEW), surface_of(shrunken(VIEW, 2))
    assert small.outline == pytest.approx(whole.outline, rel=0.04, abs=1e-3)
    assert small.spots.share.sum() == pytest.approx(whole.spots.share.sum(), rel=0.06)
    inside = np.hypot(*np.meshgrid(*[np.linspace(-1, 1, DISC_SIZE)] * 2)) < 0.9
    assert (whole.colour == small.colour)[inside].mean() > 0.93


def test_blocks_of_pixels_are_one_spot_where_there_are_many() -> None:
    fine, coarse = surface_of(VIEW).spots, surface_of(shrunken(VIEW, 3)).spots
    assert len(fine.value) < 0.4 * (VIEW.surface == SurfaceClass.ROT).sum()
    assert len(coarse.value) == (shrunken(VIEW, 3).surface == SurfaceClass.ROT).sum()


def test_pieces_are_the_blemishes_of_the_view() -> None:
    two = ((0.5, 0.0, -1.0), 8.0, SurfaceClass.ROT), ((-0.5, 0.0, -1.0), 8.0, SurfaceClass.ROT)
    near = ((0.3, 0.4, -1.0), 8.0, SurfaceClass.SCAB)
    spots = surface_of(ball_view(np.eye(3), spots=(*two, near))).spots
    assert len(np.unique(spots.piece)) == 3
    for piece in np.unique(spots.piece):
        assert len(np.unique(spots.value[spots.piece == piece])) == 1


def test_it_is_small() -> None:
    surface = surface_of(VIEW)
    arrays = [surface.outline, surface.pattern, surface.colour]
    arrays += [getattr(surface.spots, name) for name in surface.spots.__slots__]
    assert sum(array.nbytes for array in arrays) < 12_000 + 40 * len(surface.spots.value)


def test_wrong_arrays_and_weights_are_refused() -> None:
    surface = surface_of(VIEW)
    with pytest.raises(ValueError, match=r"colour: expected uint8 \(48, 48\), got uint8 \(48, 47\)"):
        replace(surface, colour=surface.colour[:, 1:])
    with pytest.raises(ValueError, match="pattern: expected uint8"):
        replace(surface, pattern=surface.pattern.astype(np.float32))
    with pytest.raises(ValueError, match="weight: expected above 0, got 0"):
        surface_of(VIEW, weight=0.0)
    with pytest.raises(ValueError, match="share: expected shape"):
        replace(surface.spots, share=surface.spots.share[1:])
    with pytest.raises(ValueError, match="colour_matrix must have the shape"):
        view_surface(VIEW, map_skin(VIEW), None, np.eye(2))
