"""Every figure on simulated fruit, computed by hand for painted pictures whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from math import nan

import numpy as np
import pytest

from grader.pipeline import GradedFrame, GradeOptions
from grader.types import (
    BoolArray,
    Crop,
    Frame,
    FruitView,
    Interval,
    SizeMeasurement,
    SurfaceClass,
    UInt8Array,
)
from tests.grader.made_fruit import make_defect, make_fruit
from tests.training.planted import record_of
from training.simulator import Rendered, render_views
from training.simulator.generate import FIRST_HELD_OUT_SEED
from training.simulator_suite import MM_PER_PX, SimulatorSuite, draw_apple
from training.worst_cases import WorstCases

HW = (60, 80)


def paint(seed: int, sound: bool) -> Rendered:
    """A fruit of 40 x 50 px with a stem cavity of 10 x 10 px; 80 mm, blush 0.4, 100 mm2 of defect unless sound."""
    instance = np.zeros(HW, np.uint8)
    instance[10:50, 10:60] = 1
    surface = instance.copy()
    surface[20:30, 20:30] = SurfaceClass.STEM
    if not sound:
        surface[38:43, 38:50] = SurfaceClass.SCAB
    fruit = {
        "instance": 1,
        "equatorial_diameter_mm": 80.0,
        "blush_fraction_seen": 0.4,
        "defect_seen_mm2": 0.0 if sound else 100.0,
    }
    return Rendered(
        rgb=np.full((*HW, 3), 120, np.uint8),
        surface=surface,
        instance=instance,
        crop=instance,
        net_cover=np.zeros(HW, np.float32),
        truth={"fruits": [fruit]},
    )


def graded(
    frame: Frame,
    mask: BoolArray,
    surface: UInt8Array,
    *,
    diameter: Interval,
    blush: float,
    area_mm2: float,
) -> GradedFrame:
    """A frame with one fruit, mask and surface (H, W) of the frame, behind a smaller one."""
    rows, cols = np.nonzero(mask)
    box = (int(cols.min()), int(rows.min()), int(cols.max()) + 1, int(rows.max()) + 1)
    part = np.s_[box[1] : box[3], box[0] : box[2]]
    view = FruitView(
        frame_id=frame.frame_id,
        fruit_index=1,
        crop=Crop.APPLE,
        crop_confidence=1.0,
        rgb=frame.rgb[part].copy(),
        mask=mask[part].copy(),
        surface=np.where(mask, surface, 0)[part].astype(np.uint8),
        confidence=np.ones(mask[part].shape, np.float32),
        net_cover=np.zeros(mask[part].shape, np.float32),
        box_xyxy_px=box,
        frame_hw=(mask.shape[0], mask.shape[1]),
        touches_edge=False,
        touches_fruit=False,
    )
    speck = replace(
        view,
        fruit_index=0,
        box_xyxy_px=(0, 0, 1, 1),
        **{
            name: getattr(view, name)[:1, :1].copy()
            for name in ("rgb", "mask", "surface", "confidence", "net_cover")
        },
    )
    measured = replace(
        make_fruit(make_defect("rot", area_mm2=area_mm2), blush=blush),
        size=SizeMeasurement(diameter_px=50.0, equatorial_diameter_mm=diameter),
    )
    other = replace(
        measured,
        size=SizeMeasurement(diameter_px=1.0, equatorial_diameter_mm=Interval(value=1, low=1, high=1)),
    )
    return GradedFrame(
        frame=frame, views=(speck, view), records=(record_of(other), record_of(measured)), notes=()
    )


class PaintedGrader:
    """Knows the painted pictures: errs by 1 mm, 0.1 of blush and 20 mm2, misses every third, accuses every other."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, float | None]] = []

    def grade_frame(self, frame: Frame, options: GradeOptions) -> GradedFrame:
        """The answer follows from the number in the name of the frame."""
        number = int(frame.frame_id.split()[1]) - FIRST_HELD_OUT_SEED
        self.asked.append((number, options.mm_per_px))
        if number % 3 == 2:
            return GradedFrame(frame=frame, views=(), records=(), notes=("no_fruit",))
        mask = np.zeros(HW, np.bool_)
        mask[10:50, 10:50] = True  # 4/5 of the fruit
        surface = np.ones(HW, np.uint8)
        accused = 2 if number % 2 else 1  # px; 0.001 of the mask is 1.6
        surface[20, 20 : 20 + accused] = SurfaceClass.ROT
        surface[39:42, 40:50] = SurfaceClass.ROT  # not in the cavity
        value = 81.0 if number % 2 else 79.0
        return graded(
            frame,
            mask,
            surface,
            diameter=Interval(value=value, low=value - (1.0 if number % 2 else 0.5), high=value + 0.5),
            blush=0.5,
            area_mm2=120.0 if number % 2 else 90.0,
        )


def test_figures_of_painted_apples() -> None:
    grader = PaintedGrader()
    figures = {
        f.name: (pytest.approx(f.value, nan_ok=True), f.n) for f in SimulatorSuite(grader, 4, paint).figures()
    }
    assert figures == {  # pictures 0 (79 mm), 1 (81 mm), 3 (81 mm); 2 is missed
        "sim_fruit_found": (0.75, 4),
        "sim_outline_iou": (0.6, 4),  # 0.8 three times, 0 for the one that was missed
        "sim_diameter_rmse_mm": (1.0, 3),
        "sim_diameter_bias_mm": (1 / 3, 3),
        "sim_diameter_interval_holds_truth": (2 / 3, 3),
        "sim_blush_error": (0.1, 3),
        "sim_defect_area_error": ((0.1 + 0.2 + 0.2) / 3, 3),
        "sim_defect_area_error_median": (0.2, 3),
        "sim_defects_found_under_25_mm2": (
            0.75,
            4,
        ),  # half its pixels, and none in the picture that is missed
        "sim_defects_found_25_to_100_mm2": (nan, 0),
        "sim_defects_found_over_100_mm2": (nan, 0),
        "sim_called_defects_right": (1.0, 3),
        "sim_found_defects_named_rightly": (0.0, 3),  # scab is called rot
        "sim_cavity_called_defect": (1 / 3, 3),  # of the sound 4, 6 and 7 the last is accused; 5 is missed
    }
    assert grader.asked == [(number, MM_PER_PX) for number in range(8)]


def test_more_figures_come_from_the_same_walk() -> None:
    grader, worst = PaintedGrader(), WorstCases(3)
    suite = SimulatorSuite(grader, 4, paint, worst)
    list(suite.measurements())
    figures = {f.name: (pytest.approx(f.value), f.n) for f in suite.more_figures() if f.n}
    assert figures == {
        "sim_defects_found_scab": (0.75, 4),
        "sim_called_defects_right_rot": (1.0, 3),
        "sim_intervals_hold_truth": (2 / 3, 3),  # the diameter is the only size that is stated
    }
    assert len(grader.asked) == 4
    cases = worst.by_figure()
    assert cases["sim_outline_iou"][0].name == f"simulated {FIRST_HELD_OUT_SEED + 2}"
    assert cases["sim_diameter_rmse_mm"][0].facts["true"] == pytest.approx(80)
    assert cases["sim_defects_found_under_25_mm2"][0].facts["kind"] == "scab"
    assert "sim_called_defects_right" not in cases


def test_fruit_with_little_defect_give_no_relative_error() -> None:
    def nearly_sound(seed: int, sound: bool) -> Rendered:
        picture = paint(seed, sound)
        picture.truth["fruits"][0]["defect_seen_mm2"] = 24.9 + 0.1 * (seed % 2)  # type: ignore[index]
        return picture

    figures = {f.name: f.n for f in SimulatorSuite(PaintedGrader(), 2, nearly_sound).measurements()}
    assert figures["sim_diameter_bias_mm"] == 2
    assert figures["sim_defect_area_error"] == 1  # 25.0 counts, 24.9 does not


class TruthfulGrader:
    """Gives back the truth of rendered pictures."""

    def __init__(self) -> None:
        self.pictures: list[Rendered] = []

    def draw(self, seed: int, sound: bool) -> Rendered:
        self.pictures.append(render_views(seed, views=1, size_hw=(96, 128), mm_per_px=1.2, sound=sound)[0])
        return self.pictures[-1]

    def grade_frame(self, frame: Frame, options: GradeOptions) -> GradedFrame:
        """The last picture drawn, as it is."""
        picture = self.pictures[-1]
        (fruit,) = picture.truth["fruits"]  # type: ignore[misc]
        diameter = fruit["equatorial_diameter_mm"]
        return graded(
            frame,
            picture.instance == fruit["instance"],
            picture.surface,
            diameter=Interval(value=diameter, low=diameter, high=diameter),
            blush=fruit["blush_fraction_seen"],
            area_mm2=fruit["defect_seen_mm2"],
        )


def test_the_truth_itself_has_no_error() -> None:
    grader = TruthfulGrader()
    figures = {f.name: f.value for f in SimulatorSuite(grader, 2, grader.draw).figures()}
    assert figures["sim_fruit_found"] == 1
    assert figures["sim_outline_iou"] == 1
    assert figures["sim_diameter_rmse_mm"] == 0
    assert figures["sim_diameter_interval_holds_truth"] == 1
    assert figures["sim_blush_error"] == 0
    assert figures["sim_cavity_called_defect"] == 0


def test_apples_are_drawn_at_the_scale_that_is_stated() -> None:
    """The truth of a drawn apple has the scale that the grader is told, and a sound one has no defects."""
    picture = draw_apple(FIRST_HELD_OUT_SEED, True)
    (fruit,) = picture.truth["fruits"]  # type: ignore[misc]
    assert fruit["mm_per_px"] == pytest.approx(MM_PER_PX, rel=0.01)
    assert fruit["defects"] == []
