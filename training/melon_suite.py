"""The figures on simulated melons: found, sized, netting measured, sound ones left in peace. Held-out seeds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

from grader.pipeline import GradedFrame, GradeOptions, largest_fruit
from grader.types import Crop, Frame
from training.frame_grader import FrameGrader
from training.picture_scores import FALSE_DEFECT_SHARE, false_defect_share
from training.simulator import Rendered, render_views
from training.simulator.generate import FIRST_HELD_OUT_SEED
from training.simulator_suite import Rows, mean, only_fruit, outline_iou, rms, simulated_pictures
from training.statistics import Figure, bootstrap, share
from training.worst_cases import Fact, WorstCases

FIRST_MELON_SEED = FIRST_HELD_OUT_SEED + 50_000_000
MELON_MM_PER_PX = 0.9


def draw_melon(seed: int) -> Rendered:
    """One random sound melon from one side, `MELON_MM_PER_PX` in the plane of its outline."""
    return render_views(seed, views=1, crop="melon", mm_per_px=MELON_MM_PER_PX, sound=True)[0]


class MelonSuite:
    """Runs the grader over `count` simulated sound melons, one view each, without telling it the crop.

    draw: seed -> the picture of one melon.
    """

    def __init__(
        self,
        grader: FrameGrader,
        count: int,
        draw: Callable[[int], Rendered] = draw_melon,
        worst: WorstCases | None = None,
    ) -> None:
        self.grader, self.count, self.draw = grader, count, draw
        self.worst = worst or WorstCases()

    def figures(self) -> Iterator[Figure]:
        """All figures at the end of one walk over the melons."""
        rows: dict[str, Rows] = defaultdict(list)
        found = right = accused = 0
        for seed in range(FIRST_MELON_SEED, FIRST_MELON_SEED + self.count):
            picture = self.draw(seed)
            truth = only_fruit(picture)
            frame = Frame(frame_id=f"simulated {seed}", rgb=picture.rgb)
            graded = self.grader.grade_frame(frame, GradeOptions(mm_per_px=MELON_MM_PER_PX))
            if not graded.views:
                rows["outline"].append([(0.0,)])
                continue
            found += 1
            view, measured = (
                graded.views[largest_fruit(graded)],
                graded.records[largest_fruit(graded)].measurement,
            )
            rows["outline"].append([(outline_iou(view, picture.instance == truth["instance"]),)])
            blamed = false_defect_share(view)
            if blamed > FALSE_DEFECT_SHARE:
                accused += 1
                self._offer("sim_melon_accused", picture, graded, blamed, {"share": blamed})
            right += view.crop is Crop.MELON
            if measured.size.equatorial_diameter_mm is not None:
                error = measured.size.equatorial_diameter_mm.value - truth["equatorial_diameter_mm"]
                rows["diameter"].append([(error,)])
                size = {
                    "true": truth["equatorial_diameter_mm"],
                    "called": measured.size.equatorial_diameter_mm.value,
                }
                self._offer("sim_melon_diameter_rmse_mm", picture, graded, abs(error), size)
            if measured.size.length_mm is not None:
                rows["length"].append([(measured.size.length_mm.value - truth["length_mm"],)])
            if measured.netting is not None:
                error = abs(measured.netting.cover_fraction - truth["netting_fraction_seen"])
                rows["netting"].append([(error,)])
        yield share("sim_melon_found", found, self.count)
        yield share("sim_melon_called_melon", right, found)
        yield share("sim_melon_accused", accused, found)
        yield bootstrap("sim_melon_outline_iou", rows["outline"], mean, "IoU")
        yield bootstrap("sim_melon_diameter_rmse_mm", rows["diameter"], rms, "mm")
        yield bootstrap("sim_melon_length_rmse_mm", rows["length"], rms, "mm")
        yield bootstrap("sim_melon_netting_error", rows["netting"], mean, "abs. share of skin")

    def _offer(
        self, figure: str, picture: Rendered, graded: GradedFrame, score: float, facts: dict[str, Fact]
    ) -> None:
        self.worst.offer(
            figure, graded.frame.frame_id, score, facts, lambda: simulated_pictures(picture, graded)
        )
