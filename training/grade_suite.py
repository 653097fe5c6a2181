"""The figures on classes: simulated apples graded from one view and from ten, against the class of the whole fruit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import pi
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from grader.defects import ELONGATED_RATIO, MIN_AREA_MM2
from grader.grade import decide_grade
from grader.pipeline import GradedFruit, GradeOptions
from grader.size import DENSITY_G_PER_CM3
from grader.standard import load_default_standard
from grader.types import (
    REJECT,
    ColourMeasurement,
    Crop,
    Defect,
    DefectKind,
    Frame,
    FruitMeasurement,
    Interval,
    SizeMeasurement,
)
from training.simulator import Rendered, render_views
from training.simulator.generate import FIRST_HELD_OUT_SEED
from training.simulator_suite import MM_PER_PX, mean, only_fruit
from training.statistics import Figure, bootstrap, share

FIRST_GRADED_SEED = FIRST_HELD_OUT_SEED + 30_000_000
MANY_VIEWS = 10
FRUIT_PER_MANY = 4
"""Of this many apples one is also shown in `MANY_VIEWS` views."""
BINS = 10


class ViewsGrader(Protocol):
    """The seam to the grader: what all views of one fruit say together. A test gives a small real class."""

    def grade_views(self, frames: Sequence[Frame], options: GradeOptions) -> GradedFruit:
        """One fruit, seen in several frames."""
        ...


def draw_turning(seed: int, views: int) -> list[Rendered]:
    """One random apple in so many views of one turn; two of three have defects."""
    return render_views(seed, views=views, mm_per_px=MM_PER_PX, sound=seed % 3 == 0)


class GradeSuite:
    """Grades `count` simulated apples from one view, a quarter of them from ten, by the default standard for apples.

    draw: (seed, views) -> pictures of one apple.
    """

    def __init__(
        self,
        grader: ViewsGrader,
        count: int,
        draw: Callable[[int, int], list[Rendered]] = draw_turning,
    ) -> None:
        self.grader, self.count, self.draw = grader, count, draw
        self._standard = load_default_standard(Crop.APPLE)

    def figures(self) -> Iterator[Figure]:
        """All figures, one view first. A fruit that is not found has no class and is wrong."""
        yield from self._graded(1, self.count)
        yield from self._graded(MANY_VIEWS, max(self.count // FRUIT_PER_MANY, 1))

    def _graded(self, views: int, count: int) -> Iterator[Figure]:
        right: list[list[tuple[float, ...]]] = []
        trust: list[list[tuple[float, ...]]] = []
        accepted = defective = refused = good = alone = alone_right = 0
        for seed in range(FIRST_GRADED_SEED, FIRST_GRADED_SEED + count):
            pictures = self.draw(seed, views)
            frames = [Frame(frame_id=f"simulated {seed} {n}", rgb=p.rgb) for n, p in enumerate(pictures)]
            true = decide_grade(whole_fruit(only_fruit(pictures[0])), self._standard).grade_class
            record = self.grader.grade_views(frames, GradeOptions(mm_per_px=MM_PER_PX)).record
            given = None if record is None else record.grade.grade_class
            right.append([(float(given == true),)])
            if true == REJECT:
                defective += 1
                accepted += given not in (REJECT, None)
            else:
                good += 1
                refused += given == REJECT
            if record is not None:
                trust.append([(record.grade.confidence, float(given == true))])
                if not record.grade.review:
                    alone += 1
                    alone_right += given == true
        end = "1_view" if views == 1 else f"{views}_views"
        yield bootstrap(f"sim_class_right_{end}", right, mean, "share")
        yield bootstrap(f"sim_class_calibration_error_{end}", trust, calibration_error, "expected, abs.")
        yield share(f"sim_defective_accepted_{end}", accepted, defective)
        yield share(f"sim_good_rejected_{end}", refused, good)
        yield share(f"sim_class_right_without_review_{end}", alone_right, alone)


def calibration_error(rows: NDArray[np.float64]) -> float:
    """Expected calibration error in ten bins of equal width (Naeini et al. 2015).

    rows: (n, 2), confidence 0-1 and 1 where right.
    """
    bins = np.minimum((rows[:, 0] * BINS).astype(int), BINS - 1)
    gaps = [abs(float((rows[bins == b, 1] - rows[bins == b, 0]).sum())) for b in range(BINS)]
    return sum(gaps) / len(rows)


def whole_fruit(truth: dict[str, Any]) -> FruitMeasurement:
    """What a grader that sees all of a simulated apple and errs nowhere would measure.

    truth: of one fruit, as `training/simulator/truth.py` describes it.
    """
    diameter, surface = truth["equatorial_diameter_mm"], truth["surface_mm2"]
    weight = truth["volume_cm3"] * DENSITY_G_PER_CM3[Crop.APPLE][0]
    return FruitMeasurement(
        frame_id="truth",
        fruit_index=0,
        crop=Crop.APPLE,
        variety=None,
        box_xyxy_px=(0, 0, 1, 1),
        touches_edge=False,
        view_count=MANY_VIEWS,
        surface_seen_fraction=1.0,
        crop_confidence=1.0,
        size=SizeMeasurement(
            diameter_px=diameter / MM_PER_PX,
            equatorial_diameter_mm=_exactly(diameter),
            ring_diameter_mm=_exactly(truth["ring_diameter_mm"]),
            length_mm=_exactly(truth["length_mm"]),
            shape_index=truth["length_mm"] / diameter,
            volume_cm3=_exactly(truth["volume_cm3"]),
            weight_g=_exactly(weight),
        ),
        colour=ColourMeasurement(
            blush_fraction=truth["blush_fraction_whole"],
            light_red_fraction=truth["light_red_fraction_whole"],
            ground_lab=None,
            blush_lab=None,
        ),
        netting=None,
        defects=tuple(
            Defect(
                kind=DefectKind(defect["kind"]),
                area_mm2=defect["area_mm2"],
                area_fraction=min(1.0, defect["area_mm2"] / surface),
                length_mm=defect["length_mm"],
                length_diameters=defect["length_mm"] / diameter,
                elongated=pi * defect["length_mm"] ** 2 / (4 * defect["area_mm2"]) > ELONGATED_RATIO,
                confidence=1.0,
                box_xyxy_px=(0, 0, 1, 1),
            )
            for defect in truth["defects"]
            if defect["area_mm2"] >= MIN_AREA_MM2
        ),
        landmarks=(),
        model_id="truth",
        quality_flags=(),
    )


def _exactly(value: float) -> Interval:
    return Interval(value=value, low=value, high=value)
