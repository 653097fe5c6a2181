"""The figures on the condition of fruit in photographs: normal or rotten, and what is worst about a diseased one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from grader.pipeline import GradedFrame
from grader.types import DefectKind, FruitMeasurement
from training.annotations import read_boxes
from training.box_files import LabelledBox
from training.frame_grader import FrameGrader
from training.manifest import load_manifest
from training.photo_suite import FALSE_DEFECT_SHARE, box_iou, graded_photographs
from training.statistics import Figure, bootstrap, share

BLOTCHES = frozenset({DefectKind.SCAB, DefectKind.SOOTY, DefectKind.SPOTS, DefectKind.RUSSET})
"""Kinds that the labels `scab` and `blotch` of the disease pictures stand for."""
ROTTEN_FROM = 0.04
"""Share of the skin seen with defects from which a fruit is surely called rotten; half of it is even. Our choice."""
MATCH_IOU = 0.5
NORMAL, ROTTEN = 0, 1

Row = tuple[float, float, float, float]
"""Condition, score, 1 when it matches a box of that condition, 1 for a box of the truth (the others are 0 then)."""


class ConditionSuite:
    """Runs the grader over the `val` split of a data folder. Raises ManifestError when it lacks a data set."""

    def __init__(self, grader: FrameGrader, data_dir: Path) -> None:
        self.grader = grader
        self.photographs = load_manifest(data_dir)

    def figures(self) -> Iterator[Figure]:
        """All figures, one after the other."""
        yield self.worst_defect()
        yield self.normal_or_rotten()

    def worst_defect(self) -> Figure:
        """Disease pictures whose worst defect has the right name: rot, scab or blotch, or none."""
        hits = total = 0
        for photo, graded in graded_photographs(self.grader, self.photographs, "disease_web_kaggle_st4nsb"):
            total += 1
            hits += worst(graded) == {"normal": "sound", "rot": "rot"}.get(photo.label, "blotch")
        return share("worst_defect_right", hits, total)

    def normal_or_rotten(self) -> Figure:
        """Average precision of boxes of normal and of rotten apples at an overlap of 0.5, mean of both."""
        groups = []
        for photo, graded in graded_photographs(
            self.grader, self.photographs, "normal_rotten_boxes_capstone"
        ):
            boxes = read_boxes(photo, graded.frame.rgb.shape[:2])
            groups.append(_rows(boxes, [record.measurement for record in graded.records]))
        return bootstrap("normal_rotten_ap50", groups, _mean_precision, "average precision")


def worst(graded: GradedFrame) -> str:
    """`rot`, `blotch`, `other`, or `sound` when no kind covers more than 0.5 % of a fruit."""
    shares: dict[str, float] = {}
    for record in graded.records:
        for defect in record.measurement.defects:
            kind = (
                "rot" if defect.kind is DefectKind.ROT else "blotch" if defect.kind in BLOTCHES else "other"
            )
            shares[kind] = shares.get(kind, 0.0) + defect.area_fraction
    name = max(shares, key=lambda kind: shares[kind], default="sound")
    return name if shares.get(name, 0.0) > FALSE_DEFECT_SHARE else "sound"


def _rows(boxes: tuple[LabelledBox, ...], fruits: list[FruitMeasurement]) -> list[Row]:
    """Truth and answers of one picture: every fruit is offered as both, more surely as what it looks like."""
    rows: list[Row] = []
    for condition in (NORMAL, ROTTEN):
        true = [box for box in boxes if ("rotten" in box.name) == (condition == ROTTEN)]
        rows += [(condition, 0.0, 0.0, 1.0)] * len(true)
        offers = sorted(((_score(fruit, condition), fruit) for fruit in fruits), key=lambda offer: -offer[0])
        for score, fruit in offers:
            best = max(true, key=lambda box: box_iou(box, fruit.box_xyxy_px), default=None)
            match = best is not None and box_iou(best, fruit.box_xyxy_px) >= MATCH_IOU
            if match:
                true.remove(best)  # type: ignore[arg-type]
            rows.append((condition, score, float(match), 0.0))
    return rows


def _score(fruit: FruitMeasurement, condition: int) -> float:
    rotten = min(1.0, sum(defect.area_fraction for defect in fruit.defects) / ROTTEN_FROM)
    return fruit.crop_confidence * (rotten if condition == ROTTEN else 1 - rotten)


def _mean_precision(rows: NDArray[np.float64]) -> float:
    return float(
        np.mean([average_precision(rows[rows[:, 0] == condition, 1:]) for condition in (NORMAL, ROTTEN)])
    )


def average_precision(rows: NDArray[np.float64]) -> float:
    """Area under the curve of precision over recall, precision made to fall (Everingham et al. 2010, all points).

    rows: (n, 3), score, match, truth as in `Row`. Without truth 0.
    """
    truth = rows[:, 2].sum()
    if truth == 0:
        return 0.0
    offers = rows[rows[:, 2] == 0]
    matches = offers[np.argsort(-offers[:, 0], kind="stable"), 1]
    recall = np.cumsum(matches) / truth
    precision = np.cumsum(matches) / np.arange(1, len(matches) + 1)
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(np.concatenate([[0.0], recall])) * falling))
