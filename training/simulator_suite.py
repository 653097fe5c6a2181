"""The figures on simulated fruit that a release is judged by. Held-out seeds are never trained on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.grade_command import index_mask
from grader.pipeline import GradedFrame, GradeOptions, largest_fruit
from grader.types import (
    FIRST_DEFECT_VALUE,
    BoolArray,
    Frame,
    FruitMeasurement,
    FruitView,
    Interval,
    SurfaceClass,
    UInt8Array,
)
from training.blemishes import Blemish, BlemishCount, blemishes, size_class
from training.case_pictures import mask_pictures
from training.frame_grader import FrameGrader
from training.goals import GOALS
from training.simulator import Rendered, render_views
from training.simulator.generate import FIRST_HELD_OUT_SEED
from training.statistics import Figure, bootstrap, share
from training.worst_cases import Fact, Shown, WorstCases

MM_PER_PX = 0.35
SMALLEST_DEFECT_MM2 = 25.0
"""Relative errors of area are given for fruit with at least this much defect in sight."""
ACCUSED_SHARE = 0.001
"""A cavity counts as accused when defect pixels in it cover more of the fruit than this."""

INTERVALS = ("equatorial_diameter_mm", "ring_diameter_mm", "length_mm", "volume_cm3")
"""Sizes that the grader states with a 95 % interval; the truth has the same names."""

Rows = list[list[tuple[float, ...]]]


def draw_apple(seed: int, sound: bool) -> Rendered:
    """One random apple from one side, `MM_PER_PX` in the plane of its outline."""
    return render_views(seed, views=1, mm_per_px=MM_PER_PX, sound=sound)[0]


class SimulatorSuite:
    """Runs the grader over `count` simulated apples with defects and `count` sound ones, one view each.

    draw: (seed, sound) -> the picture of one apple. single: the blemishes counted so far.
    """

    def __init__(
        self,
        grader: FrameGrader,
        count: int,
        draw: Callable[[int, bool], Rendered] = draw_apple,
        worst: WorstCases | None = None,
    ) -> None:
        self.grader, self.count, self.draw = grader, count, draw
        self.worst = worst or WorstCases()
        self.single = BlemishCount()
        self._held: dict[str, Rows] = defaultdict(list)

    def figures(self) -> Iterator[Figure]:
        """All figures, one after the other."""
        yield from self.measurements()
        yield self.cavities_called_defects()

    def measurements(self) -> Iterator[Figure]:
        """Outline, diameter, blush and defect area of apples with and without defects, in random poses."""
        outline: Rows = []
        diameter: Rows = []
        covered: Rows = []
        blush: Rows = []
        area: Rows = []
        found = 0
        for picture, graded in self._apples(sound=False, first=FIRST_HELD_OUT_SEED):
            truth = only_fruit(picture)
            self._count_blemishes(picture, graded)
            if not graded.views:
                outline.append([(0.0,)])
                self._offer("sim_outline_iou", picture, graded, 1.0, {"iou": 0.0})
                continue
            found += 1
            index = largest_fruit(graded)
            view, measured = graded.views[index], graded.records[index].measurement
            outline.append([(outline_iou(view, picture.instance == truth["instance"]),)])
            size = measured.size.equatorial_diameter_mm
            assert size is not None
            error = size.value - truth["equatorial_diameter_mm"]
            diameter.append([(error,)])
            covered.append([(_holds(size, truth["equatorial_diameter_mm"]),)])
            self._count_intervals(measured, truth)
            blush.append([(abs(measured.colour.blush_fraction - truth["blush_fraction_seen"]),)])
            iou = outline[-1][0][0]
            self._offer("sim_outline_iou", picture, graded, _aim("sim_outline_iou") - iou, {"iou": iou})
            fault = abs(error) - _aim("sim_diameter_rmse_mm")
            self._offer("sim_diameter_rmse_mm", picture, graded, fault, _size_facts(size, error))
            told = {"true": truth["blush_fraction_seen"], "called": measured.colour.blush_fraction}
            fault = blush[-1][0][0] - _aim("sim_blush_error")
            self._offer("sim_blush_error", picture, graded, fault, told)
            wanted = truth["defect_seen_mm2"]
            if wanted >= SMALLEST_DEFECT_MM2:
                got = sum(defect.area_mm2 or 0.0 for defect in measured.defects)
                area.append([(abs(got - wanted) / wanted,)])
        yield share("sim_fruit_found", found, self.count)
        yield bootstrap("sim_outline_iou", outline, mean, "IoU")
        yield bootstrap("sim_diameter_rmse_mm", diameter, rms, "mm")
        yield bootstrap("sim_diameter_bias_mm", diameter, mean, "mm")
        yield bootstrap("sim_diameter_interval_holds_truth", covered, mean, "share")
        yield bootstrap("sim_blush_error", blush, mean, "abs. share of surface")
        yield bootstrap("sim_defect_area_error", area, mean, "mean abs. relative error per fruit")
        yield bootstrap("sim_defect_area_error_median", area, median, "median abs. relative error per fruit")
        yield from self.single.figures()

    def more_figures(self) -> Iterator[Figure]:
        """Defects by kind, and the share of true sizes inside their stated intervals, of what `measurements` saw."""
        yield from self.single.kind_figures()
        for name in INTERVALS[1:]:
            yield bootstrap(f"sim_{name}_interval_holds_truth", self._held[name], mean, "share")
        yield bootstrap("sim_intervals_hold_truth", self._held["fruit"], mean, "share")

    def cavities_called_defects(self) -> Figure:
        """Sound apples, any pose: share on which stem cavity or calyx basin is called a defect."""
        hits = total = 0
        for picture, graded in self._apples(sound=True, first=FIRST_HELD_OUT_SEED + self.count):
            if not graded.views:
                continue
            total += 1
            view = graded.views[largest_fruit(graded)]
            x0, y0, x1, y1 = view.box_xyxy_px
            truth = picture.surface[y0:y1, x0:x1]
            cavity = (truth == SurfaceClass.STEM) | (truth == SurfaceClass.CALYX)
            accused = (view.surface >= FIRST_DEFECT_VALUE) & cavity
            hits += bool(accused.sum() > ACCUSED_SHARE * view.mask.sum())
            if accused.sum() > ACCUSED_SHARE * view.mask.sum():
                covered = float(accused.sum() / view.mask.sum())
                self._offer("sim_cavity_called_defect", picture, graded, covered, {"share": covered})
        return share("sim_cavity_called_defect", hits, total)

    def _count_blemishes(self, picture: Rendered, graded: GradedFrame) -> None:
        missed, wrong = self.single.add(_true_blemishes(picture), called_blemishes(graded))
        for blemish in missed:
            facts: dict[str, Fact] = {"kind": str(blemish.kind), "area_mm2": blemish.area_mm2}
            figure = f"sim_defects_found_{size_class(blemish.area_mm2)}"
            self._offer(figure, picture, graded, blemish.area_mm2, facts, blemish.where)
        for blemish in wrong:
            facts = {"kind": str(blemish.kind), "area_mm2": blemish.area_mm2}
            figure = "sim_called_defects_right"
            self._offer(figure, picture, graded, blemish.area_mm2, facts, blemish.where)

    def _count_intervals(self, measured: FruitMeasurement, truth: dict[str, Any]) -> None:
        rows: list[tuple[float, ...]] = []
        for name in INTERVALS:
            stated: Interval | None = getattr(measured.size, name)
            if stated is not None:
                rows.append((_holds(stated, truth[name]),))
                self._held[name].append([rows[-1]])
        self._held["fruit"].append(rows)

    def _offer(
        self,
        figure: str,
        picture: Rendered,
        graded: GradedFrame,
        score: float,
        facts: dict[str, Fact],
        pointed_at: BoolArray | None = None,
    ) -> None:
        self.worst.offer(
            figure,
            graded.frame.frame_id,
            score,
            facts,
            lambda: simulated_pictures(picture, graded, pointed_at),
        )

    def _apples(self, *, sound: bool, first: int) -> Iterator[tuple[Rendered, GradedFrame]]:
        for number in range(self.count):
            picture = self.draw(first + number, sound)
            frame = Frame(frame_id=f"simulated {first + number}", rgb=picture.rgb)
            yield picture, self.grader.grade_frame(frame, GradeOptions(mm_per_px=MM_PER_PX))


def outline_iou(view: FruitView, truth: BoolArray) -> float:
    """Intersection over union of one fruit's mask and the truth, bool (H, W) of the frame."""
    mask = np.zeros(truth.shape, np.bool_)
    x0, y0, x1, y1 = view.box_xyxy_px
    mask[y0:y1, x0:x1] = view.mask
    return float((mask & truth).sum() / max((mask | truth).sum(), 1))


def simulated_pictures(picture: Rendered, graded: GradedFrame, pointed_at: BoolArray | None = None) -> Shown:
    """Truth and answer for one simulated picture; of the answer the largest fruit. pointed_at: bool (H, W)."""
    return mask_pictures(picture.rgb, picture.surface, largest_mask(graded), pointed_at)


def _aim(figure: str) -> float:
    """Up to here a deviation is no fault that a person would want to see."""
    return GOALS[figure].aim


def largest_mask(graded: GradedFrame) -> UInt8Array:
    """Index mask of the largest fruit, uint8 (H, W) of the frame; zeros where none was found."""
    if not graded.views:
        return np.zeros(graded.frame.rgb.shape[:2], np.uint8)
    return index_mask(replace(graded, views=(graded.views[largest_fruit(graded)],)))


def _holds(interval: Interval, truth: float) -> float:
    return float(interval.low <= truth <= interval.high)


def _size_facts(size: Interval, error: float) -> dict[str, Fact]:
    return {"true": size.value - error, "called": size.value, "low": size.low, "high": size.high}


def _true_blemishes(picture: Rendered) -> list[Blemish]:
    return blemishes(picture.surface, picture.instance == only_fruit(picture)["instance"], MM_PER_PX)


def called_blemishes(graded: GradedFrame, mm_per_px: float = MM_PER_PX) -> list[Blemish]:
    """Of the largest fruit, on the pixels of the frame; none where no fruit was found."""
    if not graded.views:
        return []
    index = largest_mask(graded)
    return blemishes(index, index > 0, mm_per_px)


def only_fruit(picture: Rendered) -> dict[str, Any]:
    """Truth of the one fruit, as `training/simulator/truth.py` describes it."""
    fruits = picture.truth["fruits"]
    assert isinstance(fruits, list)
    (fruit,) = fruits
    return dict(fruit)


def mean(rows: NDArray[np.float64]) -> float:
    """Mean of all numbers."""
    return float(rows.mean())


def median(rows: NDArray[np.float64]) -> float:
    """Median of all numbers."""
    return float(np.median(rows))


def rms(rows: NDArray[np.float64]) -> float:
    """Root of the mean square of all numbers."""
    return float(np.sqrt((rows**2).mean()))
