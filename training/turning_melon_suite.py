"""The figures on melons that turn: their long axis and their diameter from all views together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from grader.pipeline import GradeOptions
from grader.types import Frame, FruitMeasurement, Interval
from training.melon_suite import MELON_MM_PER_PX
from training.simulator import Rendered, render_views
from training.simulator.generate import FIRST_HELD_OUT_SEED
from training.simulator_suite import Rows, mean, only_fruit, rms
from training.statistics import Figure, bootstrap
from training.true_masks import measure_true
from training.turning_suite import VIEWS, ViewsGrader

FIRST_TURNING_MELON_SEED = FIRST_HELD_OUT_SEED + 55_000_000


def draw_turning_melon(seed: int) -> list[Rendered]:
    """One random sound melon of any variety in one whole turn, its axis at any angle to that of the turn."""
    return render_views(seed, views=VIEWS, crop="melon", mm_per_px=MELON_MM_PER_PX, sound=True)


class TurningMelonSuite:
    """Simulated melons in ten views of one turn, by the true masks and by the grader's own network, which is not told
    the crop.

    draw: seed -> the views of one melon.
    """

    def __init__(
        self,
        grader: ViewsGrader,
        count: int,
        draw: Callable[[int], Sequence[Rendered]] = draw_turning_melon,
    ) -> None:
        self.grader, self.count, self.draw = grader, count, draw

    def figures(self) -> Iterator[Figure]:
        """Errors of length and equatorial diameter, of the melons that have one."""
        rows: dict[str, Rows] = defaultdict(list)
        for seed in range(FIRST_TURNING_MELON_SEED, FIRST_TURNING_MELON_SEED + self.count):
            pictures = self.draw(seed)
            truth = only_fruit(pictures[0])
            for end, measured in (
                ("true_masks", measure_true(pictures, MELON_MM_PER_PX, None)),
                ("network", self._by_network(pictures)),
            ):
                if measured is None:
                    continue
                size = measured.size
                _note(rows[f"length_{end}"], size.length_mm, truth["length_mm"])
                _note(rows[f"diameter_{end}"], size.equatorial_diameter_mm, truth["equatorial_diameter_mm"])
        for end in ("true_masks", "network"):
            for what in ("length", "diameter"):
                errors = rows[f"{what}_{end}"]
                yield bootstrap(f"sim_turning_melon_{what}_rmse_mm_{end}", errors, rms, "mm")
                yield bootstrap(f"sim_turning_melon_{what}_bias_mm_{end}", errors, mean, "mm")

    def _by_network(self, pictures: Sequence[Rendered]) -> FruitMeasurement | None:
        frames = [
            Frame(frame_id=f"simulated {picture.truth['seed']} {n}", rgb=picture.rgb)
            for n, picture in enumerate(pictures)
        ]
        record = self.grader.grade_views(frames, GradeOptions(mm_per_px=MELON_MM_PER_PX)).record
        return None if record is None else record.measurement


def _note(errors: Rows, found: Interval | None, true: float) -> None:
    if found is not None:
        errors.append([(found.value - true,)])
