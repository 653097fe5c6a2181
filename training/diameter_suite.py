"""The figures on the diameter in photographs: the same from every side, and right with a coin as the scale."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from grader.multi_view import fuse_views
from grader.types import Crop, FruitMeasurement
from training.box_files import read_voc_boxes
from training.frame_grader import FrameGrader
from training.manifest import Photograph, load_manifest
from training.photo_suite import graded_photographs
from training.simulator_suite import mean
from training.statistics import Figure, bootstrap, share

COIN_MM = 25.0
LEAST_LEFT_OUT = 3
"""Of two views one that is left out leaves no fusion to speak of."""
STEADY = 0.01


class DiameterSuite:
    """Runs the grader over the `val` split of a data folder. Raises ManifestError when it lacks a data set."""

    def __init__(self, grader: FrameGrader, data_dir: Path) -> None:
        self.grader = grader
        self.photographs = load_manifest(data_dir)

    def figures(self) -> Iterator[Figure]:
        """All figures, one after the other."""
        yield self.diameter_repeatability()
        yield from self.diameter_accuracy()

    def diameter_repeatability(self) -> Figure:
        """Coefficient of variation of `diameter_px` over the views of one apple, mean over apples."""
        values: dict[str, list[float]] = defaultdict(list)
        for photo, graded in graded_photographs(self.grader, self.photographs, "multiview_station_nekoder"):
            if graded.records:
                values[photo.group].append(max(r.measurement.size.diameter_px for r in graded.records))
        rows = [[(float(np.std(v, ddof=1) / np.mean(v)),)] for v in values.values() if len(v) > 1]
        return bootstrap("diameter_cv_nekoder", rows, mean, "std / mean")

    def left_out(self) -> Iterator[Figure]:
        """How far the fused diameter of an apple moves when any one of its views is left out: the largest change,
        mean over apples and share of apples, of those with at least `LEAST_LEFT_OUT` views."""
        views: dict[str, list[FruitMeasurement]] = defaultdict(list)
        for photo, graded in graded_photographs(self.grader, self.photographs, "multiview_station_nekoder"):
            if graded.records:
                measured = [record.measurement for record in graded.records]
                views[photo.group].append(max(measured, key=lambda m: m.size.diameter_px))
        changes = [largest_change(of_one) for of_one in views.values() if len(of_one) >= LEAST_LEFT_OUT]
        yield bootstrap(
            "diameter_left_out_nekoder", [[(change,)] for change in changes], mean, "largest change"
        )
        steady = sum(change < STEADY for change in changes)
        yield share("diameter_steady_nekoder", steady, len(changes))

    def diameter_accuracy(self) -> Iterator[Figure]:
        """Diameter against truth with the coin as the scale.

        The coin lies on the table, the fruit's outline does not: a top view shows the outline nearer to the camera
        than the coin, a side view (as these were taken) farther. The factor between the two planes is one number
        per kind of view, set by how high the phone was held; for each fruit it is the median over the *other*
        fruit, so no fruit is measured with its own truth (a view with one fruit only counts without the factor).
        """
        ratios: dict[str, list[tuple[str, float]]] = defaultdict(list)
        for photo, graded in graded_photographs(self.grader, self.photographs, "ecustfd_size"):
            labels = read_voc_boxes(_voc_file(photo), graded.frame.rgb.shape[:2])
            coin = [box for box in labels if box.name == "coin"]
            records = [r for r in graded.records if r.measurement.crop is Crop.APPLE]
            if not coin or not records:
                continue
            x0, y0, x1, y1 = coin[0].box_xyxy_px
            mm_per_px = COIN_MM / max(x1 - x0, y1 - y0)
            facts = dict(part.split("=") for part in photo.label.split(";"))
            naive = max(r.measurement.size.diameter_px for r in records) * mm_per_px
            ratios[facts["view"]].append((photo.group, naive / float(facts["diam_mm"])))
        fruit: dict[str, list[tuple[float, ...]]] = defaultdict(list)
        naive_errors: dict[str, list[tuple[float, ...]]] = defaultdict(list)
        for rows in ratios.values():
            for group, ratio in rows:
                naive_errors[group].append((ratio - 1,))
                others = [r for g, r in rows if g != group]
                if others:
                    fruit[group].append((ratio / float(np.median(others)) - 1,))
        means = [[(abs(float(np.mean(errors))),)] for errors in fruit.values()]
        yield bootstrap("diameter_error_ecustfd_fruit", means, mean, "mean abs. relative error per fruit")
        yield bootstrap(
            "diameter_error_ecustfd_picture", list(fruit.values()), _mean_abs, "mean abs., one picture"
        )
        yield bootstrap(
            "diameter_error_ecustfd_naive", list(naive_errors.values()), _mean_abs, "mean abs., no plane"
        )


def largest_change(views: Sequence[FruitMeasurement]) -> float:
    """Largest relative change of the fused `diameter_px` when one of the views is left out."""
    fused = fuse_views(views).size.diameter_px
    others = [fuse_views([*views[:k], *views[k + 1 :]]).size.diameter_px for k in range(len(views))]
    return max(abs(other / fused - 1) for other in others)


def _voc_file(photo: Photograph) -> Path:
    """The boxes of a picture whose entry in the list gives sizes instead."""
    return photo.path.parents[1] / "annotations_voc" / f"{photo.path.stem}.xml"


def _mean_abs(rows: NDArray[np.float64]) -> float:
    return float(np.abs(rows).mean())
