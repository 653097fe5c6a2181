"""The figures on the condition of fruit in photographs: normal or rotten, and what is worst about a diseased one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from grader.grade_command import index_mask
from grader.pipeline import GradedFrame
from grader.types import Box, DefectKind, FruitMeasurement
from training.annotations import read_boxes
from training.box_files import LabelledBox
from training.case_pictures import ROTTEN_COLOUR, SOUND_COLOUR, ColouredBox, box_pictures, mask_pictures
from training.frame_grader import FrameGrader
from training.manifest import Photograph, load_manifest
from training.photo_suite import graded_photographs
from training.picture_scores import FALSE_DEFECT_SHARE, box_iou
from training.statistics import Figure, bootstrap, share
from training.worst_cases import Fact, WorstCases

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

    def __init__(self, grader: FrameGrader, data_dir: Path, worst: WorstCases | None = None) -> None:
        self.grader = grader
        self.worst = worst or WorstCases()
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
            true, called = true_worst(photo), worst(graded)
            hits += called == true
            if called != true:
                self._offer_disease(photo, graded, {"true": true, "called": called})
        return share("worst_defect_right", hits, total)

    def normal_or_rotten(self) -> Figure:
        """Average precision of boxes of normal and of rotten apples at an overlap of 0.5, mean of both."""
        groups = []
        for photo, graded in graded_photographs(
            self.grader, self.photographs, "normal_rotten_boxes_capstone"
        ):
            boxes = read_boxes(photo, graded.frame.rgb.shape[:2])
            groups.append(_rows(boxes, [record.measurement for record in graded.records]))
            self._offer_boxes(photo, graded, boxes)
        return bootstrap("normal_rotten_ap50", groups, _mean_precision, "average precision")

    def _offer_disease(self, photo: Photograph, graded: GradedFrame, facts: dict[str, Fact]) -> None:
        blamed = sum(d.area_fraction for r in graded.records for d in r.measurement.defects)
        self.worst.offer(
            "worst_defect_right",
            photo.path.name,
            1.0 + blamed,
            {**facts, "share": blamed},
            lambda: mask_pictures(graded.frame.rgb, None, index_mask(graded)),
        )

    def _offer_boxes(self, photo: Photograph, graded: GradedFrame, boxes: tuple[LabelledBox, ...]) -> None:
        """The more apples are missed, made up or called the other condition, the worse."""
        true = [(box.box_xyxy_px, "rotten" in box.name) for box in boxes]
        called = [(r.measurement.box_xyxy_px, _score(r.measurement, ROTTEN) > 0.5) for r in graded.records]
        right = sum(
            any(rotten == as_rotten and box_iou(box, other) >= MATCH_IOU for other, as_rotten in called)
            for box, (_, rotten) in zip(boxes, true, strict=True)
        )
        facts = {
            "true_normal": float(sum(not rotten for _, rotten in true)),
            "true_rotten": float(sum(rotten for _, rotten in true)),
            "called_normal": float(sum(not rotten for _, rotten in called)),
            "called_rotten": float(sum(rotten for _, rotten in called)),
        }
        self.worst.offer(
            "normal_rotten_ap50",
            photo.path.name,
            max(len(true), len(called)) - right,
            facts,
            lambda: box_pictures(graded.frame.rgb, _coloured(true), _coloured(called)),
        )


def _coloured(boxes: list[tuple[Box, bool]]) -> list[ColouredBox]:
    return [(box, ROTTEN_COLOUR if rotten else SOUND_COLOUR) for box, rotten in boxes]


def true_worst(photo: Photograph) -> str:
    """What `worst` is to say of a picture of the disease set, by its label."""
    return {"normal": "sound", "rot": "rot"}.get(photo.label, "blotch")


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
