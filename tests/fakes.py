"""Small real stand-ins for tests."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from grader.errors import ModelError, SkuTableError, StandardError
from grader.pipeline import GradedFrame, GradedFruit, GradeOptions
from grader.record import record_to_json
from grader.rule_shelf import RuleShelf
from grader.rules_in_force import AS_INSTALLED
from grader.types import (
    Box,
    ColourMeasurement,
    Crop,
    Defect,
    DefectKind,
    Frame,
    FruitMeasurement,
    FruitRecord,
    FruitView,
    GradeDecision,
    Interval,
    Reason,
    SizeMeasurement,
    SkuAssignment,
    SurfaceClass,
)
from service.line.line_grader import Ahead, ViewOutcome, ViewResult, ViewWork
from service.line.outlets import Verdict

MODEL_ID = "fake/1.0.0+sha256:000000000000"
STANDARD = "apple_eu_2023_2429"
CLASSES = ("extra", "I", "II")


class FakeGrader:
    """Sees a fruit wherever a run of columns differs from the top left pixel. Same frame, same records.

    The class follows from the place in the picture: extra, I, II, and again. `before_frame` is called
    first with every frame (a test may wait in it, or raise).
    """

    def __init__(self, before_frame: Callable[[Frame], None] = lambda _frame: None) -> None:
        self._before_frame = before_frame
        self._shelf = RuleShelf()

    def check(self, options: GradeOptions) -> None:
        """Knows one standard and one SKU table."""
        if options.standard not in (None, STANDARD):
            raise StandardError(f"no standard {options.standard!r}; known are {STANDARD}")
        if options.sku_table != "default":
            raise SkuTableError(f"no SKU table {options.sku_table!r}; known are default")

    def grade_frame(self, frame: Frame, options: GradeOptions) -> GradedFrame:
        """One record per run of columns."""
        self._before_frame(frame)
        boxes = _find_boxes(frame.rgb)
        return GradedFrame(
            frame=frame,
            views=tuple(_view(frame, index, box) for index, box in enumerate(boxes)),
            records=tuple(
                _by_rules(_record(frame, index, box, options, view_count=1), options, self._shelf)
                for index, box in enumerate(boxes)
            ),
            notes=() if boxes else ("no_fruit",),
        )

    def grade_views(self, frames: Sequence[Frame], options: GradeOptions) -> GradedFruit:
        """The first fruit of every frame; the record is that of the first frame that shows one."""
        graded = tuple(self.grade_frame(frame, options) for frame in frames)
        seen = [one for one in graded if one.records]
        if not seen:
            return GradedFruit(frames=graded, record=None)
        first = seen[0]
        box = first.records[0].measurement.box_xyxy_px
        record = _record(first.frame, 0, box, options, view_count=len(seen))
        return GradedFruit(frames=graded, record=_by_rules(record, options, self._shelf))


def painted_line_picture(*, shade: int = 0, **orders: object) -> bytes:
    """A real JPEG of 160 x 120 px with a red disc on grey, with orders for `FakeLineGrader` in its comment."""
    rgb = np.full((120, 160, 3), 200, np.uint8)
    cv2.circle(rgb, (80, 60), 40, (150 + shade, 30, 40), -1)
    text = json.dumps(orders).encode()
    comment = b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text
    jpeg = cv2.imencode(".jpg", rgb[:, :, ::-1])[1].tobytes()
    return jpeg[:2] + comment + jpeg[2:]


def read_orders(picture: bytes) -> dict[str, Any]:
    """The orders in a picture of `line_picture` or `painted_line_picture`; none in another real one."""
    if picture[2:4] == b"\xff\xfe":
        text = picture[6 : 4 + int.from_bytes(picture[4:6], "big")]
    elif picture[3:4] == b"{":
        text = picture[3:-2]
    else:
        return {}
    orders: dict[str, Any] = json.loads(text)
    return orders


def load_fake_grader(model: Path) -> FakeGrader:
    """The model `faulty` cannot be loaded, the grader of `deadly` kills its process, a named pipe is waited at."""
    if model.name == "faulty":
        raise ModelError(f"{model}: faulty")
    if model.is_fifo():
        model.read_bytes()
    if model.name == "deadly":
        return FakeGrader(lambda _frame: os.kill(os.getpid(), signal.SIGKILL))
    return FakeGrader()


def line_picture(**orders: object) -> bytes:
    """Bytes that a line takes for a JPEG, with orders for `FakeLineGrader`.

    grade_class, sku, outlet: what to see. outcome: see no fruit. raises: a fault. die: kill the process.
    die_once: the same, unless this file is there already (it is made). wait_at: a named pipe to wait at until
    somebody opens it. ahead: a file to make ahead of time, or `fault`; enough: nothing further is done ahead then.
    """
    return b"\xff\xd8\xff" + json.dumps(orders).encode() + b"\xff\xd9"


class FakeLineGrader:
    """Does what `line_picture` orders. Decides as the first view says; the record names the views in order, and the
    hashes of the rules that it was to be judged by."""

    def __init__(self, model_id: str = MODEL_ID) -> None:
        self._model_id = model_id
        self._shelf = RuleShelf()
        self._shelf.check(AS_INSTALLED)

    @classmethod
    def load(cls, model: Path) -> FakeLineGrader:
        """The model `faulty` cannot be loaded, `deadly` kills the process."""
        if model.name == "faulty":
            raise ModelError(f"{model}: faulty")
        if model.name == "deadly":
            os.kill(os.getpid(), signal.SIGKILL)
        return cls(model.name)

    def grade_view(self, work: ViewWork) -> ViewResult:
        """Obey. A real picture without a comment orders nothing."""
        orders = read_orders(work.data)
        once = orders.get("die_once")
        if orders.get("die") or (once and not Path(once).exists()):
            if once:
                Path(once).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if "wait_at" in orders:
            Path(orders["wait_at"]).read_bytes()
        if orders.get("raises"):
            raise RuntimeError("as ordered")
        if "outcome" in orders:
            return ViewResult(outcome=ViewOutcome(orders["outcome"]), problem="as ordered")
        return ViewResult(outcome=ViewOutcome.FRUIT, kept=(f"{work.camera} {work.view}", orders))

    def look_ahead(self, kept: Sequence[tuple[str, dict[str, Any]]]) -> Ahead | None:
        """The first view that orders it and was not seen to: makes a file, or fails; the record tells of it."""
        for number, (name, orders) in enumerate(kept):
            if "ahead" not in orders or name.endswith(" ahead"):
                continue
            if orders["ahead"] == "fault":
                raise RuntimeError("as ordered")
            Path(orders["ahead"]).touch()
            return Ahead(view=number, kept=(f"{name} ahead", orders), enough=orders.get("enough", False))
        return None

    def decide_fruit(
        self, kept: Sequence[tuple[str, dict[str, object]]], options: GradeOptions
    ) -> Verdict | None:
        """As the first view says."""
        orders: dict[str, Any] = kept[0][1]
        grade_class = orders.get("grade_class", "extra")
        if grade_class == "fault":
            raise RuntimeError("cannot decide, as ordered")
        record = record_to_json(_by_rules(_ordered_record(orders, len(kept)), options, self._shelf))
        return Verdict(
            grade_class=grade_class,
            sku=orders.get("sku", f"APL-ANY-{grade_class}"),
            table_outlet=orders.get("outlet", "pack_first"),
            diameter_mm=orders.get("diameter_mm"),
            standard_id=STANDARD,
            model_id=self._model_id,
            view_count=len(kept),
            record={**record, "views": [name for name, _ in kept]},
        )


def _by_rules(record: FruitRecord, options: GradeOptions, shelf: RuleShelf) -> FruitRecord:
    """With the hashes of the standard and the SKU table in force."""
    standard, table = (
        shelf.standard(options.rules, STANDARD),
        shelf.sku_table(options.rules, options.sku_table),
    )
    return replace(
        record,
        grade=replace(record.grade, standard_sha256=standard.sha256),
        sku=replace(record.sku, table_sha256=table.sha256),
    )


def _ordered_record(orders: Mapping[str, Any], view_count: int) -> FruitRecord:
    """A record as ordered: grade_class, diameter_mm, blush_fraction."""
    diameter_mm = orders.get("diameter_mm")
    options = GradeOptions(mm_per_px=None if diameter_mm is None else diameter_mm / 100)
    index = CLASSES.index(orders["grade_class"]) if orders.get("grade_class") in CLASSES else 0
    frame = Frame(frame_id="ordered", rgb=np.zeros((100, 100, 3), np.uint8))
    record = _record(frame, index, (0, 0, 100, 100), options, view_count=view_count)
    colour = replace(record.measurement.colour, blush_fraction=orders.get("blush_fraction", 0.71))
    grade = replace(record.grade, grade_class=orders.get("grade_class", "extra"))
    return replace(record, measurement=replace(record.measurement, colour=colour), grade=grade)


def _find_boxes(rgb: np.ndarray) -> list[Box]:
    different = np.abs(rgb.astype(np.int16) - rgb[0, 0].astype(np.int16)).max(axis=2) > 40
    columns = np.flatnonzero(different.any(axis=0))
    if columns.size == 0:
        return []
    boxes = []
    for run in np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1):
        rows = np.flatnonzero(different[:, run[0] : run[-1] + 1].any(axis=1))
        boxes.append((int(run[0]), int(rows[0]), int(run[-1]) + 1, int(rows[-1]) + 1))
    return boxes


def _view(frame: Frame, index: int, box: Box) -> FruitView:
    x0, y0, x1, y1 = box
    hw = (y1 - y0, x1 - x0)
    return FruitView(
        frame_id=frame.frame_id,
        fruit_index=index,
        crop=Crop.APPLE,
        crop_confidence=0.99,
        rgb=frame.rgb[y0:y1, x0:x1].copy(),
        mask=np.ones(hw, np.bool_),
        surface=np.full(hw, SurfaceClass.SOUND_SKIN, np.uint8),
        confidence=np.full(hw, 0.95, np.float32),
        net_cover=np.zeros(hw, np.float32),
        box_xyxy_px=box,
        frame_hw=(frame.rgb.shape[0], frame.rgb.shape[1]),
        touches_edge=False,
        touches_fruit=False,
    )


def _record(frame: Frame, index: int, box: Box, options: GradeOptions, *, view_count: int) -> FruitRecord:
    x0, y0, x1, y1 = box
    scale = options.mm_per_px
    grade_class = CLASSES[index % len(CLASSES)]
    bruised = grade_class != CLASSES[0]
    area_mm2 = None if scale is None else 120.0
    bruise = Defect(
        kind=DefectKind.BRUISE,
        area_mm2=area_mm2,
        area_fraction=0.021,
        length_mm=None if scale is None else 14.0,
        length_diameters=0.2,
        elongated=False,
        confidence=0.9,
        box_xyxy_px=(x0, y0, x0 + 10, y0 + 10),
    )
    measurement = FruitMeasurement(
        frame_id=frame.frame_id,
        fruit_index=index,
        crop=options.crop or Crop.APPLE,
        variety=options.variety,
        box_xyxy_px=box,
        touches_edge=False,
        view_count=view_count,
        surface_seen_fraction=0.48,
        crop_confidence=0.99,
        size=SizeMeasurement(
            diameter_px=float(x1 - x0),
            equatorial_diameter_mm=None if scale is None else _around((x1 - x0) * scale),
            weight_g=None if scale is None else _around(((x1 - x0) * scale) ** 3 / 2200.0),
            shape_index=(y1 - y0) / (x1 - x0),
        ),
        colour=ColourMeasurement(
            blush_fraction=0.71,
            light_red_fraction=0.1,
            ground_lab=(71.0, -8.1, 44.2),
            blush_lab=(38.0, 41.5, 20.3),
        ),
        netting=None,
        defects=(bruise,) if bruised else (),
        landmarks=(),
        model_id=MODEL_ID,
        quality_flags=("no_scale",) if scale is None else (),
    )
    reasons = (Reason(rule="bruise", value=1.2, limit=1.0, denies="I"),) if bruised else ()
    return FruitRecord(
        measurement=measurement,
        grade=GradeDecision(
            standard_id=STANDARD,
            grade_class=grade_class,
            confidence=0.97,
            review=index == 1,
            reasons=reasons,
            class_set=("extra", "I") if index == 1 else (),
        ),
        sku=SkuAssignment(
            code=f"APL-{grade_class.upper()}", table_id="default", outlet=f"outlet_{index + 1}"
        ),
    )


def _around(value: float) -> Interval:
    return Interval(value=value, low=value * 0.99, high=value * 1.01)
