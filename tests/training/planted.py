"""A grader that answers what was planted, and a data folder of painted pictures to ask it about."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from grader.image_io import write_png
from grader.pipeline import GradedFrame, GradeOptions
from grader.types import (
    Box,
    Crop,
    Defect,
    Frame,
    FruitMeasurement,
    FruitRecord,
    FruitView,
    GradeDecision,
    SizeMeasurement,
    SkuAssignment,
    SurfaceClass,
    UInt8Array,
)
from tests.grader.made_fruit import make_fruit


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A fruit that fills its box; `rot` is a part of the box that is called rotten, `measured` what its record says."""

    box: Box
    crop: Crop = Crop.APPLE
    rot: Box | None = None
    diameter_px: float = 100.0
    measured: tuple[Defect, ...] = ()


class PlantedGrader:
    """Answers by the name of the picture's file. A picture that nobody planted is a KeyError."""

    def __init__(self, answers: Mapping[str, tuple[Planted, ...]]) -> None:
        self._answers = answers

    def grade_frame(self, frame: Frame, options: GradeOptions) -> GradedFrame:
        """What was planted in this picture."""
        fruits = self._answers[Path(frame.frame_id).name]
        return GradedFrame(
            frame=frame,
            views=tuple(_view(frame, index, fruit) for index, fruit in enumerate(fruits)),
            records=tuple(record_of(_measured(fruit)) for fruit in fruits),
            notes=(),
        )


def _view(frame: Frame, index: int, fruit: Planted) -> FruitView:
    x0, y0, x1, y1 = fruit.box
    hw = (y1 - y0, x1 - x0)
    surface = np.full(hw, SurfaceClass.SOUND_SKIN, np.uint8)
    if fruit.rot is not None:
        left, top, right, bottom = fruit.rot
        surface[top - y0 : bottom - y0, left - x0 : right - x0] = SurfaceClass.ROT
    return FruitView(
        frame_id=frame.frame_id,
        fruit_index=index,
        crop=fruit.crop,
        crop_confidence=0.9,
        rgb=frame.rgb[y0:y1, x0:x1].copy(),
        mask=np.ones(hw, np.bool_),
        surface=surface,
        confidence=np.ones(hw, np.float32),
        net_cover=np.zeros(hw, np.float32),
        box_xyxy_px=fruit.box,
        frame_hw=(frame.rgb.shape[0], frame.rgb.shape[1]),
        touches_edge=False,
        touches_fruit=False,
    )


def _measured(fruit: Planted) -> FruitMeasurement:
    return replace(
        make_fruit(*fruit.measured, crop=fruit.crop),
        box_xyxy_px=fruit.box,
        size=SizeMeasurement(diameter_px=fruit.diameter_px),
    )


def record_of(measurement: FruitMeasurement) -> FruitRecord:
    """The measurement with a decision that no figure looks at."""
    return FruitRecord(
        measurement=measurement,
        grade=GradeDecision(standard_id="any", grade_class="I", confidence=1.0, review=False, reasons=()),
        sku=SkuAssignment(code="A", table_id="default", outlet="1"),
    )


class DataFolder:
    """Writes pictures, labels and the list of a data folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._rows: list[tuple[str, str, str, str, str]] = []

    def add(
        self,
        path: str,
        *,
        label: str,
        kind: str,
        group: str | None = None,
        split: str = "val",
        hw: tuple[int, int] = (60, 80),
    ) -> None:
        """A grey picture and its row of the list. path: crop/dataset/.../name.png."""
        whole = self.folder / path
        whole.parent.mkdir(parents=True, exist_ok=True)
        write_png(whole, np.full((*hw, 3), 120, np.uint8))
        source = self.folder / "/".join(path.split("/")[:2]) / "SOURCE.json"
        source.write_text(json.dumps({"license": "MIT"}))
        self._rows.append((path, split, group or path, label, kind))
        with (self.folder / "manifest.csv").open("w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out)
            writer.writerow(("path", "split", "group", "label", "label_kind"))
            writer.writerows(self._rows)

    def add_mask(self, path: str, mask: UInt8Array) -> None:
        """A label picture, uint8 (H, W)."""
        whole = self.folder / path
        whole.parent.mkdir(parents=True, exist_ok=True)
        write_png(whole, mask)

    def add_boxes(self, path: str, boxes: list[tuple[str, Box]], hw: tuple[int, int]) -> None:
        """A Pascal VOC file of (name, box)."""
        whole = self.folder / path
        whole.parent.mkdir(parents=True, exist_ok=True)
        objects = "".join(
            f"<object><name>{name}</name><bndbox><xmin>{b[0]}</xmin><ymin>{b[1]}</ymin>"
            f"<xmax>{b[2]}</xmax><ymax>{b[3]}</ymax></bndbox></object>"
            for name, b in boxes
        )
        size = f"<size><width>{hw[1]}</width><height>{hw[0]}</height></size>"
        whole.write_text(f"<annotation>{size}{objects}</annotation>")
