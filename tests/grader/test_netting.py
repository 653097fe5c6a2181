"""Netting of painted melons."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from grader.netting import measure_netting
from grader.surface import map_skin
from grader.types import Crop
from tests.synthetic import Cap, paint_fruit


@pytest.mark.parametrize("cover", [0.0, 0.35, 1.0])
def test_even_netting_is_its_cover(cover: float) -> None:
    view = paint_fruit(crop=Crop.MELON, net_cover=cover)
    assert measure_netting(view).cover_fraction == pytest.approx(cover, abs=1e-6)
    assert measure_netting(view, map_skin(view)) == measure_netting(view)


def test_half_a_netted_melon_is_half_covered() -> None:
    view = paint_fruit(crop=Crop.MELON)
    net = np.zeros_like(view.net_cover)
    net[:, : net.shape[1] // 2] = 0.8
    assert measure_netting(replace(view, net_cover=net)).cover_fraction == pytest.approx(0.4, abs=0.01)


def test_defects_are_left_out() -> None:
    rotten = Cap(towards_xyz=(1, 0, 0), half_angle_deg=90.0, surface=11)
    view = paint_fruit(crop=Crop.MELON, caps=(rotten,))
    net = np.where(view.surface == 1, np.float32(0.6), np.float32(0.0))
    assert measure_netting(replace(view, net_cover=net)).cover_fraction == pytest.approx(0.6, abs=1e-5)


def test_apples_and_melons_without_skin_have_none() -> None:
    assert measure_netting(paint_fruit(net_cover=0.5)) is None
    view = paint_fruit(crop=Crop.MELON)
    assert measure_netting(replace(view, surface=np.where(view.mask, np.uint8(11), np.uint8(0)))) is None
