"""The figures on turning fruit as a line sees them: a quick look at each view and close looks at the suspicious ones,
beside a close look at every view and one view alone, on the same frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from grader.grade import decide_grade
from grader.image_io import encode_jpeg
from grader.pipeline import GradeOptions
from grader.standard import load_default_standard
from grader.turning_grader import SeenView, TurningGrader
from grader.types import REJECT, UNGRADED, Crop, FruitRecord, UInt8Array
from training.grade_suite import MANY_VIEWS, draw_turning, whole_fruit
from training.simulator import Rendered
from training.simulator.generate import FIRST_HELD_OUT_SEED
from training.simulator_suite import MM_PER_PX, mean, only_fruit
from training.statistics import Figure, bootstrap, share

FIRST_LINE_SEED = FIRST_HELD_OUT_SEED + 60_000_000
JPEG_QUALITY = 90
WAYS = ("line", "all_close", "one_view")
"""Quick and close looks as on a line; a close look at every view; a close look at the first view alone."""
OPTIONS = GradeOptions(mm_per_px=MM_PER_PX)


class LineSuite:
    """Grades `count` simulated apples, two of three with defects, from `MANY_VIEWS` views of one turn, in each way."""

    def __init__(
        self,
        grader: TurningGrader,
        count: int,
        draw: Callable[[int, int], list[Rendered]] = draw_turning,
        graded: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.grader, self.count, self.draw, self.graded = grader, count, draw, graded
        self._standard = load_default_standard(Crop.APPLE)

    def figures(self) -> Iterator[Figure]:
        """Class, size and cost of each way; whether the line's way gives the class of close looks at every view."""
        rows = [self._one(seed) for seed in range(FIRST_LINE_SEED, FIRST_LINE_SEED + self.count)]
        for way in WAYS:
            called = [(true, _class_of(records[way])) for true, _, records, _ in rows]
            good = [answer for true, answer in called if true != REJECT]
            defective = [answer for true, answer in called if true == REJECT]
            errors = [
                [(size.value - diameter,)]
                for _, diameter, records, _ in rows
                if (record := records[way]) is not None
                and (size := record.measurement.size.equatorial_diameter_mm) is not None
            ]
            yield share(f"{way}_class_right", sum(true == answer for true, answer in called), len(called))
            yield share(f"{way}_good_rejected", good.count(REJECT), len(good))
            accepted = sum(answer not in (REJECT, UNGRADED, "") for answer in defective)
            yield share(f"{way}_defective_accepted", accepted, len(defective))
            yield bootstrap(f"{way}_diameter_rmse_mm", errors, _root_mean_square, "mm")
        same = sum(_class_of(r["line"]) == _class_of(r["all_close"]) for _, _, r, _ in rows)
        yield share("line_class_as_all_close", same, len(rows))
        yield bootstrap("line_close_looks", [[(float(looks),)] for *_, looks in rows], mean, "a fruit")

    def _one(self, seed: int) -> tuple[str, float, dict[str, FruitRecord | None], int]:
        """True class and diameter (mm), the record of each way, and the close looks of the line's way."""
        pictures = self.draw(seed, MANY_VIEWS)
        truth = only_fruit(pictures[0])
        seen = [
            self.grader.see(_jpeg(picture.rgb), f"{seed} {number}", OPTIONS)
            for number, picture in enumerate(pictures)
        ]
        self.graded(len(seen))
        close = [self.grader.see_closely(replace(view, quick=None)) for view in seen]
        turned = self.grader.decide_seen(seen, OPTIONS)
        records = {
            "line": turned.record,
            "all_close": self._of_close_looks(close),
            "one_view": self._of_close_looks(close[:1]),
        }
        true = decide_grade(whole_fruit(truth), self._standard).grade_class
        return true, truth["equatorial_diameter_mm"], records, len(turned.close_looks)

    def _of_close_looks(self, views: Sequence[SeenView]) -> FruitRecord | None:
        close = [view.close for view in views if view.close is not None]
        return self.grader.decide_views(close, OPTIONS) if close else None


def _jpeg(rgb: UInt8Array) -> bytes:
    """A frame as most cameras send it."""
    return encode_jpeg(rgb, quality=JPEG_QUALITY, chroma="420")


def _class_of(record: FruitRecord | None) -> str:
    return "" if record is None else record.grade.grade_class


def _root_mean_square(rows: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.square(rows).mean()))
