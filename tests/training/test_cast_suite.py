"""Flips of the class under another light, computed by hand for planted decisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from grader.pipeline import GradedFruit, GradeOptions
from grader.types import Frame
from tests.grader.made_fruit import make_fruit
from tests.training.planted import record_of
from training.cast_suite import CASTS, FIRST_CAST_SEED, CastSuite, draw_neutral
from training.simulator import Rendered
from training.simulator_suite import MM_PER_PX
from training.worst_cases import WorstCases


def paint(seed: int) -> Rendered:
    """Grey; even seeds are lighter."""
    blank = np.zeros((20, 20), np.uint8)
    return Rendered(
        rgb=np.full((20, 20, 3), 120 - 20 * (seed % 2), np.uint8),
        surface=blank,
        instance=blank,
        crop=blank,
        net_cover=blank.astype(np.float32),
        truth={"fruits": []},
    )


class ColourBlind:
    """Even fruit are `extra` while they are not dim; odd ones are found only while they are not bluish."""

    def grade_views(self, frames: Sequence[Frame], options: GradeOptions) -> GradedFruit:
        """Judges by the first pixel."""
        assert options.mm_per_px == MM_PER_PX
        red, green, blue = frames[0].rgb[0, 0].tolist()
        odd = int(frames[0].frame_id.split()[1]) % 2
        if odd and blue > red:
            return GradedFruit(frames=(), record=None)
        record = record_of(make_fruit())
        name = "I" if odd or green < 115 else "extra"
        return GradedFruit(frames=(), record=replace(record, grade=replace(record.grade, grade_class=name)))


def test_flips_are_counted_by_cast_and_together() -> None:
    assert FIRST_CAST_SEED % 2 == 0
    worst = WorstCases(5)
    figures = {
        f.name: (pytest.approx(f.value), f.n) for f in CastSuite(ColourBlind(), 4, paint, worst).figures()
    }
    assert figures == {
        "sim_class_flips_dimmer": (0.5, 4),  # both even fruit
        "sim_class_flips_warmer": (0.0, 4),
        "sim_class_flips_cooler": (0.5, 4),  # both odd fruit
        "sim_class_flips": (4 / 12, 4),
    }
    flipped = {(case.facts["cast"], case.facts["after"]) for case in worst.by_figure()["sim_class_flips"]}
    assert flipped == {("dimmer", "I"), ("cooler", "not_found")}


def test_the_casts_are_what_they_are_called() -> None:
    assert CASTS["dimmer"] == (0.8, 0.8, 0.8)
    assert CASTS["warmer"][0] > 1 > CASTS["warmer"][2]
    assert CASTS["cooler"][0] < 1 < CASTS["cooler"][2]


def test_a_drawn_apple_is_to_scale_and_its_camera_sees_no_cast() -> None:
    sound = next(seed for seed in range(FIRST_CAST_SEED, FIRST_CAST_SEED + 3) if seed % 3 == 0)
    picture = draw_neutral(sound)
    (fruit,) = picture.truth["fruits"]  # type: ignore[misc]
    assert (fruit["crop"], fruit["touches_edge"], fruit["defects"]) == ("apple", False, [])
    assert fruit["mm_per_px"] == pytest.approx(MM_PER_PX, rel=0.02)
