"""Defects have the area that was asked for, on the curved skin."""

from __future__ import annotations

import numpy as np
import pytest

from grader.types import DefectKind
from training.simulator.defect_paint import place_defect
from training.simulator.shape import Outline, make_body
from training.simulator.spec import DefectSpec

APPLE = Outline(stretch_z=1.05, cavity_depth=0.35, basin_depth=0.2, lobe_height=0.02)


@pytest.mark.parametrize("kind", list(DefectKind))
def test_asked_area_is_met_within_three_percent(kind: DefectKind) -> None:
    body = make_body(APPLE, 75.0, np.random.default_rng(1))
    for seed in range(3):
        spec = DefectSpec(kind=kind, area_mm2=200.0, direction=(1.0, 0.3, 0.2), seed=seed)
        assert place_defect(body, spec).cloud_mm2.sum() == pytest.approx(200.0, rel=0.03)


@pytest.mark.parametrize("area", [3.0, 30.0, 1000.0, 6000.0])
def test_small_and_large_areas_are_met(area: float) -> None:
    body = make_body(APPLE, 75.0, np.random.default_rng(1))
    spec = DefectSpec(kind=DefectKind.ROT, area_mm2=area, direction=(0.2, -1.0, 0.1), seed=5)
    assert place_defect(body, spec).cloud_mm2.sum() == pytest.approx(area, rel=0.03)


def test_a_defect_larger_than_the_fruit_covers_most_of_it() -> None:
    body = make_body(APPLE, 75.0, np.random.default_rng(1))
    spec = DefectSpec(kind=DefectKind.ROT, area_mm2=1e6, direction=(0.2, -1.0, 0.1), seed=5)
    covered = float(place_defect(body, spec).cloud_mm2.sum())
    assert 0.8 * body.area_mm2.sum() < covered <= body.area_mm2.sum() * 1.0001


def test_length_of_a_round_defect_is_near_its_diameter_and_a_crack_is_long() -> None:
    body = make_body(Outline(), 80.0, np.random.default_rng(1))
    bruise = place_defect(
        body, DefectSpec(kind=DefectKind.BRUISE, area_mm2=314.0, direction=(1.0, 0.0, 0.0), seed=2)
    )
    assert 18.0 < bruise.length_mm < 34.0
    crack = place_defect(
        body, DefectSpec(kind=DefectKind.CRACK, area_mm2=60.0, direction=(1.0, 0.0, 0.0), seed=2)
    )
    assert crack.length_mm > 2.0 * (4 * 60.0 / np.pi) ** 0.5


def test_all_points_lie_near_the_asked_place() -> None:
    body = make_body(Outline(), 80.0, np.random.default_rng(1))
    placed = place_defect(
        body, DefectSpec(kind=DefectKind.PUNCTURE, area_mm2=12.0, direction=(0.0, 1.0, 0.0), seed=3)
    )
    assert np.linalg.norm(placed.cloud_mm - np.array([0.0, 40.0, 0.0]), axis=1).max() < 6.0
