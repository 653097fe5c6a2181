"""The figures on simulated fruit that a release is judged by. Held-out seeds are never trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.grade_command import index_mask
from grader.pipeline import GradedFrame, GradeOptions
from grader.types import FIRST_DEFECT_VALUE, BoolArray, Frame, FruitView, SurfaceClass
from training.blemishes import Blemish, BlemishCount, blemishes
from training.frame_grader import FrameGrader
from training.simulator import Rendered, render_views
from training.simulator.generate import FIRST_HELD_OUT_SEED
from training.statistics import Figure, bootstrap, share

MM_PER_PX = 0.35
SMALLEST_DEFECT_MM2 = 25.0
"""Relative errors of area are given for fruit with at least this much defect in sight."""
ACCUSED_SHARE = 0.001
"""A cavity counts as accused when defect pixels in it cover more of the fruit than this."""

Rows = list[list[tuple[float, ...]]]


def draw_apple(seed: int, sound: bool) -> Rendered:
    """One random apple from one side, `MM_PER_PX` in the plane of its outline."""
    return render_views(seed, views=1, mm_per_px=MM_PER_PX, sound=sound)[0]


class SimulatorSuite:
    """Runs the grader over `count` simulated apples with defects and `count` sound ones, one view each.

    draw: (seed, sound) -> the picture of one apple.
    """

    def __init__(
        self, grader: FrameGrader, count: int, draw: Callable[[int, bool], Rendered] = draw_apple
    ) -> None:
        self.grader, self.count, self.draw = grader, count, draw

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
        single = BlemishCount()
        for picture, graded in self._apples(sound=False, first=FIRST_HELD_OUT_SEED):
            truth = only_fruit(picture)
            single.add(_true_blemishes(picture), _called_blemishes(graded))
            if not graded.views:
                outline.append([(0.0,)])
                continue
            found += 1
            index = largest(graded)
            view, measured = graded.views[index], graded.records[index].measurement
            outline.append([(outline_iou(view, picture.instance == truth["instance"]),)])
            size = measured.size.equatorial_diameter_mm
            assert size is not None
            error = size.value - truth["equatorial_diameter_mm"]
            diameter.append([(error,)])
            covered.append([(float(size.low <= truth["equatorial_diameter_mm"] <= size.high),)])
            blush.append([(abs(measured.colour.blush_fraction - truth["blush_fraction_seen"]),)])
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
        yield from single.figures()

    def cavities_called_defects(self) -> Figure:
        """Sound apples, any pose: share on which stem cavity or calyx basin is called a defect."""
        hits = total = 0
        for picture, graded in self._apples(sound=True, first=FIRST_HELD_OUT_SEED + self.count):
            if not graded.views:
                continue
            total += 1
            view = graded.views[largest(graded)]
            x0, y0, x1, y1 = view.box_xyxy_px
            truth = picture.surface[y0:y1, x0:x1]
            cavity = (truth == SurfaceClass.STEM) | (truth == SurfaceClass.CALYX)
            accused = (view.surface >= FIRST_DEFECT_VALUE) & cavity
            hits += bool(accused.sum() > ACCUSED_SHARE * view.mask.sum())
        return share("sim_cavity_called_defect", hits, total)

    def _apples(self, *, sound: bool, first: int) -> Iterator[tuple[Rendered, GradedFrame]]:
        for number in range(self.count):
            picture = self.draw(first + number, sound)
            frame = Frame(frame_id=f"simulated {first + number}", rgb=picture.rgb)
            yield picture, self.grader.grade_frame(frame, GradeOptions(mm_per_px=MM_PER_PX))


def largest(graded: GradedFrame) -> int:
    """Index of the fruit that covers most pixels."""
    return max(range(len(graded.views)), key=lambda index: int(graded.views[index].mask.sum()))


def outline_iou(view: FruitView, truth: BoolArray) -> float:
    """Intersection over union of one fruit's mask and the truth, bool (H, W) of the frame."""
    mask = np.zeros(truth.shape, np.bool_)
    x0, y0, x1, y1 = view.box_xyxy_px
    mask[y0:y1, x0:x1] = view.mask
    return float((mask & truth).sum() / max((mask | truth).sum(), 1))


def _true_blemishes(picture: Rendered) -> list[Blemish]:
    return blemishes(picture.surface, picture.instance == only_fruit(picture)["instance"], MM_PER_PX)


def _called_blemishes(graded: GradedFrame) -> list[Blemish]:
    """Of the largest fruit, on the pixels of the frame."""
    if not graded.views:
        return []
    index = index_mask(replace(graded, views=(graded.views[largest(graded)],)))
    return blemishes(index, index > 0, MM_PER_PX)


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
