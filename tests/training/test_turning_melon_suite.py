"""Figures on turning melons: one small melon rendered once, and answers that were planted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from grader.pipeline import GradedFruit, GradeOptions
from grader.types import Frame, Interval
from tests.grader.made_fruit import exactly, make_fruit
from tests.training.planted import record_of
from training.melon_suite import MELON_MM_PER_PX
from training.simulator import Outline, Rendered, render_views
from training.simulator.generate import FIRST_HELD_OUT_SEED
from training.simulator_suite import only_fruit
from training.turning_melon_suite import FIRST_TURNING_MELON_SEED, TurningMelonSuite

LONG = 1.4


def small_melon(seed: int) -> list[Rendered]:
    """Six views of the same long melon for every seed."""
    pictures = render_views(
        3,
        views=6,
        size_hw=(160, 160),
        crop="melon",
        mm_per_px=MELON_MM_PER_PX,
        sound=True,
        equatorial_diameter_mm=80.0,
        outline=Outline(stretch_z=LONG),
    )
    for picture in pictures:
        picture.truth["seed"] = seed
    return pictures


class PlantedSizes:
    """Melons too long by 3 and by 5 mm, the second without a diameter, the third not found."""

    def grade_views(self, frames: Sequence[Frame], options: GradeOptions) -> GradedFruit:
        assert len(frames) == 6
        assert options == GradeOptions(mm_per_px=MELON_MM_PER_PX)
        number = int(frames[0].frame_id.split()[1]) - FIRST_TURNING_MELON_SEED
        if number == 2:
            return GradedFruit(frames=(), record=None)
        measured = make_fruit(diameter_mm=exactly(82.0) if number == 0 else None)
        length: Interval = exactly(80 * LONG + (3, 5)[number])
        return GradedFruit(
            frames=(), record=record_of(replace(measured, size=replace(measured.size, length_mm=length)))
        )


def test_figures_of_true_masks_and_of_planted_answers() -> None:
    assert only_fruit(small_melon(0)[0])["length_mm"] == pytest.approx(80 * LONG, abs=0.05)
    suite = TurningMelonSuite(PlantedSizes(), 3, small_melon)
    figures = {figure.name: figure for figure in suite.figures()}
    assert figures["sim_turning_melon_length_rmse_mm_network"].value == pytest.approx(17**0.5, abs=0.05)
    assert figures["sim_turning_melon_length_bias_mm_network"].value == pytest.approx(4.0, abs=0.05)
    assert figures["sim_turning_melon_length_rmse_mm_network"].n == 2
    assert figures["sim_turning_melon_diameter_bias_mm_network"].value == pytest.approx(2.0, abs=0.05)
    assert figures["sim_turning_melon_diameter_rmse_mm_network"].n == 1
    by_masks = figures["sim_turning_melon_length_rmse_mm_true_masks"]
    assert by_masks.n == 3
    assert by_masks.value < 2.0  # some views show 111 of 112 mm, the mean of all is 107
    assert figures["sim_turning_melon_diameter_rmse_mm_true_masks"].value < 1.5


def test_its_fruit_are_held_out() -> None:
    assert FIRST_HELD_OUT_SEED <= FIRST_TURNING_MELON_SEED
