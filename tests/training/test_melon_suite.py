"""Figures on melons, computed by hand for painted pictures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from grader.pipeline import GradedFrame, GradeOptions
from grader.types import Crop, Frame, Interval, NettingMeasurement, SurfaceClass
from tests.training.test_simulator_suite import graded
from training.melon_suite import FIRST_MELON_SEED, MELON_MM_PER_PX, MelonSuite, draw_melon
from training.simulator import Rendered
from training.worst_cases import WorstCases

HW = (60, 80)


def paint(seed: int) -> Rendered:
    """A melon of 40 x 50 px, 160 mm wide, 200 mm long, half of it net."""
    instance = np.zeros(HW, np.uint8)
    instance[10:50, 10:60] = 1
    fruit = {
        "instance": 1,
        "equatorial_diameter_mm": 160.0,
        "length_mm": 200.0,
        "netting_fraction_seen": 0.5,
    }
    return Rendered(
        rgb=np.full((*HW, 3), 120, np.uint8),
        surface=instance,
        instance=instance,
        crop=instance * np.uint8(2),
        net_cover=np.zeros(HW, np.float32),
        truth={"fruits": [fruit]},
    )


class PaintedGrader:
    """Misses the first melon, calls the second an apple, accuses the third; errs by 3 mm, 4 mm and 0.2 of net."""

    def __init__(self) -> None:
        self.asked: list[float | None] = []

    def grade_frame(self, frame: Frame, options: GradeOptions) -> GradedFrame:
        """The answer follows from the number in the name of the frame."""
        self.asked.append(options.mm_per_px)
        number = int(frame.frame_id.split()[1]) - FIRST_MELON_SEED
        if number == 0:
            return GradedFrame(frame=frame, views=(), records=(), notes=("no_fruit",))
        mask = np.zeros(HW, np.bool_)
        mask[10:50, 10:50] = True
        surface = np.ones(HW, np.uint8)
        surface[20, 20 : 20 + (9 if number == 2 else 8)] = SurfaceClass.ROT  # 0.005 of 1600 px is 8
        answer = graded(
            frame, mask, surface, diameter=Interval(value=163, low=160, high=166), blush=0.0, area_mm2=0.0
        )
        crop = Crop.APPLE if number == 1 else Crop.MELON
        speck, record = answer.records
        measured = replace(
            record.measurement,
            size=replace(record.measurement.size, length_mm=Interval(value=196, low=190, high=202)),
            netting=NettingMeasurement(cover_fraction=0.7) if crop is Crop.MELON else None,
        )
        return replace(
            answer,
            views=(answer.views[0], replace(answer.views[1], crop=crop)),
            records=(speck, replace(record, measurement=measured)),
        )


def test_figures_of_painted_melons() -> None:
    grader, worst = PaintedGrader(), WorstCases(1)
    figures = {f.name: (pytest.approx(f.value), f.n) for f in MelonSuite(grader, 4, paint, worst).figures()}
    assert figures == {
        "sim_melon_found": (0.75, 4),
        "sim_melon_called_melon": (2 / 3, 3),
        "sim_melon_accused": (1 / 3, 3),
        "sim_melon_outline_iou": (0.6, 4),
        "sim_melon_diameter_rmse_mm": (3.0, 3),
        "sim_melon_length_rmse_mm": (4.0, 3),
        "sim_melon_netting_error": (0.2, 2),
    }
    assert grader.asked == [MELON_MM_PER_PX] * 4
    cases = worst.by_figure()
    assert cases["sim_melon_accused"][0].name == f"simulated {FIRST_MELON_SEED + 2}"
    assert cases["sim_melon_diameter_rmse_mm"][0].facts == {"true": 160.0, "called": 163.0}


def test_a_drawn_melon_is_whole_sound_and_to_scale() -> None:
    picture = draw_melon(FIRST_MELON_SEED)
    (fruit,) = picture.truth["fruits"]  # type: ignore[misc]
    assert (fruit["crop"], fruit["touches_edge"], fruit["defects"]) == ("melon", False, [])
    assert fruit["mm_per_px"] == pytest.approx(MELON_MM_PER_PX, rel=1e-3)
