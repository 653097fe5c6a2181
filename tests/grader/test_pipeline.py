"""When views are laid on one surface, and when they are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from grader.pipeline import LEAST_LAID, surface_of_views
from grader.scale import Scale
from grader.turn import Turn
from grader.types import Crop, FruitView, SurfaceClass
from grader.whole_surface import WholeSurface
from tests.turning_ball import FAR, ball_view, dots, turns

SPOT = ((0.0, 0.0, -1.0), 8.0, SurfaceClass.ROT)
KNOWN = Turn(axis_xy=(0.0, 1.0), step_deg=36.0, distance_radii=FAR)


def turning(count: int, pattern: np.ndarray | None) -> list[FruitView]:
    return [ball_view(turn, pattern, (SPOT,)) for turn in turns((0.0, 1.0, 0.0), 36.0, count)]


def laid(views: list[FruitView], turn: Turn | None) -> WholeSurface | None:
    return surface_of_views(views, turn=turn, scale=Scale(mm_per_px=0.5), colour_matrix=None)


@pytest.mark.parametrize("turn", [KNOWN, None])
def test_a_turn_that_is_known_or_seen_gives_one_surface(turn: Turn | None) -> None:
    surface = laid(turning(6, dots(7)), turn)
    assert surface is not None
    assert [defect.kind for defect in surface.defects] == ["rot"]


def test_a_turn_neither_known_nor_seen_gives_none() -> None:
    plain = [ball_view(np.eye(3), None) for _ in range(6)]
    assert laid(plain, None) is None
    assert laid(plain, KNOWN) is not None


def test_too_few_cut_hidden_and_mixed_views_give_none() -> None:
    views = turning(LEAST_LAID, dots(7))
    assert laid(views, KNOWN) is not None
    assert laid(views[1:], KNOWN) is None
    assert laid([replace(views[0], touches_edge=True), *views[1:]], KNOWN) is None
    assert laid([replace(views[0], touches_fruit=True), *views[1:]], KNOWN) is None
    assert laid([replace(views[0], crop=Crop.MELON), *views[1:]], KNOWN) is None
