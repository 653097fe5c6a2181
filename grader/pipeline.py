"""The whole way from a frame to a class and a SKU. The only stateful object of the grader: it holds the network,
the standards, the SKU tables and the calibrations that it has read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import numpy as np

from grader.calibration import Calibration, load_calibration
from grader.colour import measure_colour
from grader.defects import find_defects
from grader.errors import StandardError
from grader.exposure import check_exposure
from grader.find_fruit import find_fruit, look_again
from grader.grade import decide_grade
from grader.join_views import MeasuredView, join_views
from grader.landmarks import find_landmarks
from grader.multi_view import QualityFlags
from grader.netting import measure_netting
from grader.onnx_model import OnnxModel
from grader.outline import QUICK, THOROUGH
from grader.production import production_model
from grader.quick_look import QuickView, quick_look
from grader.rounding import rounded_measurement
from grader.rule_shelf import RuleShelf
from grader.rules import Standard, plain_name
from grader.rules_in_force import AS_INSTALLED, RulesInForce
from grader.scale import BeltScale, Scale
from grader.size import measure_size
from grader.sku import SkuTable, assign_sku
from grader.surface import QUICK_WORKING_PX, WORKING_DIAMETER_PX, SkinMap, map_skin, seen_fraction
from grader.trust import trusted_decision, trusted_measurement
from grader.turn import Rollers
from grader.types import (
    Box,
    Crop,
    Frame,
    FruitMeasurement,
    FruitRecord,
    FruitView,
)
from grader.uncertainty import review_needed
from grader.view_surface import view_surface

DEFAULT_SKU_TABLE = "default"

NOTHING_TO_SEE = frozenset({"black_frame", "clipped_frame"})
"""Flags of a frame that is not looked at."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeOptions:
    """How to grade. crop None: the network decides. mm_per_px: scale in the plane of the fruit's outline.

    standard: id or path, None for the crop's default. allow_draft: let a draft standard decide.
    one_fruit: all frames show one fruit. rollers: what turns it from view to view; None looks for the turn in the
    pictures. rules: the versions that judge.
    """

    crop: Crop | None = None
    variety: str | None = None
    standard: str | None = None
    calibration: Path | None = None
    mm_per_px: float | None = None
    sku_table: str = DEFAULT_SKU_TABLE
    one_fruit: bool = False
    allow_draft: bool = False
    rollers: Rollers | None = None
    rules: RulesInForce = AS_INSTALLED

    def __post_init__(self) -> None:
        if self.mm_per_px is not None and not (0 < self.mm_per_px < 1000):
            raise ValueError(f"mm_per_px: expected a number over 0 and under 1000, got {self.mm_per_px}")
        if self.mm_per_px is not None and self.calibration is not None:
            raise ValueError("give either a calibration or mm_per_px, not both")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GradedFrame:
    """What one frame gave. views, records and skins have the same order; notes are quality flags of the whole frame."""

    frame: Frame
    views: tuple[FruitView, ...]
    records: tuple[FruitRecord, ...]
    notes: tuple[str, ...]
    skins: tuple[SkinMap, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GradedFruit:
    """One fruit seen in several frames. views: at most one a frame. record None: no frame showed a fruit."""

    frames: tuple[GradedFrame, ...]
    record: FruitRecord | None


class Grader:
    """Grades frames. One per process or thread; the network inside is shared safely."""

    def __init__(self, model: OnnxModel) -> None:
        self.model = model
        self._rules = RuleShelf()
        self._calibrations: dict[Path, Calibration] = {}

    @classmethod
    def load(cls, model_dir: Path | None = None) -> Grader:
        """Load and verify a model; None takes the one in production. Raises ModelError."""
        return cls(OnnxModel.load(model_dir or production_model()))

    def check(self, options: GradeOptions) -> None:
        """Read everything the options name, so that a wrong name is refused before the first frame.

        Raises StandardError, SkuTableError, VersionError, CalibrationError.
        """
        self._sku_table(options)
        crops = [options.crop] if options.crop else list(Crop)
        standards = [self._standard_for(crop, options) for crop in crops]
        for standard in standards:
            standard.check_usable(allow_draft=options.allow_draft)
        if options.variety is not None and not any(_lists(s, options.variety) for s in standards):
            for standard in standards:  # refused by those whose rules depend on the variety
                standard.check_variety(options.variety)
        self._calibration(options)

    def grade_frame(self, frame: Frame, options: GradeOptions) -> GradedFrame:
        """Everything one frame shows. A fruit that cannot be judged is `ungraded`, with reasons.

        Raises CalibrationError when the calibration is not of this frame.
        """
        notes, calibration = self._frame_notes(frame, frame.rgb.shape[:2], options)
        if NOTHING_TO_SEE & set(notes):
            return GradedFrame(frame=frame, views=(), records=(), notes=notes)
        views = find_fruit(frame, self.model, options.crop)
        skins = tuple(map_skin(view) for view in views)
        records = tuple(
            self._decide(self._measure(view, options, calibration, notes, skin), options)
            for view, skin in zip(views, skins, strict=True)
        )
        if not views:
            notes = tuple(sorted({*notes, "no_fruit"}))
        return GradedFrame(frame=frame, views=views, records=records, notes=notes, skins=skins)

    def look_quickly(self, frame: Frame, options: GradeOptions) -> QuickView | None:
        """The largest fruit of a frame, not yet measured; None where none is seen.

        frame: may have been decoded at a reduced size; the view is in the pixels of the whole one.
        Raises CalibrationError when the calibration is not of this frame. Only for a model with a quick look.
        """
        assert self.model.quick is not None
        whole_hw = frame.whole_hw or frame.rgb.shape[:2]
        notes, _ = self._frame_notes(frame, whole_hw, options)
        notes = tuple(note for note in notes if note != "reduced_size")
        if NOTHING_TO_SEE & set(notes):
            return None
        quick = quick_look(frame, self.model.quick, options.crop)
        return None if quick is None else quick.of_frame(whole_hw[1] / frame.rgb.shape[1], notes)

    def measure_quickly(self, quick: QuickView, options: GradeOptions) -> FruitMeasurement:
        """What a quick look measures: all but defects, in pixels of the whole frame. quick: of `look_quickly`."""
        calibration = self._calibration(options)
        measurement = measure_fruit(
            quick.view,
            scale=quick.part.scale(_scale(options, calibration)),
            colour_matrix=None if calibration is None else calibration.colour_matrix,
            variety=self._variety_for(quick.view.crop, options),
            model_id=self.model.card.model_id,
            flags=quick.notes,
            quick=True,
        )
        return self._finished(quick.part.in_frame(measurement))

    def look_closely(self, frame: Frame, quick: QuickView, options: GradeOptions) -> FruitMeasurement | None:
        """What a close look makes of the fruit of a quick one. None when no fruit is there.

        frame: at its own size. quick: of `look_quickly`, not doubtful, so the fruit is alone.
        Raises CalibrationError when the calibration is not of this frame.
        """
        model, crop = self.model.close or self.model, options.crop
        views = look_again(frame, model, [quick.found], crop, surely=crop is not None, alone=True)
        if not views:
            return None
        view = max(views, key=lambda each: int(each.mask.sum()))
        calibration = self._calibration(options)
        return self._finished(self._measure(view, options, calibration, quick.notes, map_skin(view)))

    def _measure(
        self,
        view: FruitView,
        options: GradeOptions,
        calibration: Calibration | None,
        notes: tuple[str, ...],
        skin: SkinMap,
    ) -> FruitMeasurement:
        """What one view shows in all its pixels. notes: quality flags of the frame."""
        return measure_fruit(
            view,
            skin=skin,
            scale=_scale(options, calibration),
            colour_matrix=None if calibration is None else calibration.colour_matrix,
            variety=self._variety_for(view.crop, options),
            model_id=self.model.card.model_id,
            flags=(*notes, *check_exposure(view.rgb, view.mask)),
        )

    def _frame_notes(
        self, frame: Frame, frame_hw: tuple[int, ...], options: GradeOptions
    ) -> tuple[tuple[str, ...], Calibration | None]:
        """Quality flags of a whole frame, sorted, and the calibration it is measured with."""
        notes = {*check_exposure(frame.rgb), *frame.notes}
        if not self.model.card.knows(options.crop):
            notes.add("crop_unknown_to_network")
        calibration = self._calibration(options)
        if calibration is not None and not NOTHING_TO_SEE & notes:
            notes |= set(calibration.check(frame_hw, datetime.now(UTC)))
        return tuple(sorted(notes)), calibration

    def grade_views(
        self, frames: Sequence[Frame], options: GradeOptions, numbers: Sequence[int] | None = None
    ) -> GradedFruit:
        """All frames show one fruit: the largest fruit of each frame is taken, the views become one record.

        numbers: of the frames in the order of the turn, growing, so that a frame that is missing leaves a gap; None: 0,
        1, 2, ...
        """
        graded = tuple(_largest_only(self.grade_frame(frame, options)) for frame in frames)
        places = range(len(graded)) if numbers is None else numbers
        views = [
            self.measured_view(frame, 0, options, travel=place)
            for frame, place in zip(graded, places, strict=True)
            if frame.records
        ]
        record = self.decide_views(views, options) if views else None
        return GradedFruit(frames=graded, record=record)

    def measured_view(
        self, graded: GradedFrame, index: int, options: GradeOptions, *, travel: float, camera: str = ""
    ) -> MeasuredView:
        """One fruit of a frame as one of the views of a fruit. travel: as in `MeasuredView`."""
        view, skin = graded.views[index], graded.skins[index]
        calibration = self._calibration(options)
        surface = None
        if not view.touches_edge and not view.touches_fruit:
            surface = view_surface(
                view,
                skin,
                _scale(options, calibration),
                None if calibration is None else calibration.colour_matrix,
            )
        return MeasuredView(
            measurement=graded.records[index].measurement,
            surface=surface,
            travel=travel,
            rollers=options.rollers,
            camera=camera,
        )

    def decide_views(
        self,
        views: Sequence[MeasuredView],
        options: GradeOptions,
        quick: Sequence[FruitMeasurement] = (),
        unmeasured: Sequence[QualityFlags] = (),
    ) -> FruitRecord:
        """The record of one fruit from its views (`join_views`); the same as `grade_views` gives.

        quick, unmeasured: of further views, as in `fuse_views`. Raises ValueError when nothing was measured.
        """
        return self._decide(join_views(views, quick, unmeasured), options)

    def _finished(self, measurement: FruitMeasurement) -> FruitMeasurement:
        """With intervals as wide as was measured, all flags, and rounded."""
        trust = self.model.card.trust
        if trust is not None:
            measurement = trusted_measurement(measurement, trust)
        flags = {*measurement.quality_flags, *review_needed(measurement)}
        return rounded_measurement(replace(measurement, quality_flags=tuple(sorted(flags))))

    def _decide(self, measurement: FruitMeasurement, options: GradeOptions) -> FruitRecord:
        trust = self.model.card.trust
        measurement = self._finished(measurement)
        standard = self._standard_for(measurement.crop, options)
        grade = decide_grade(measurement, standard, allow_draft=options.allow_draft)
        if trust is not None:
            seen = measurement.surface_seen_fraction
            grade = trusted_decision(grade, seen, standard.class_ids, trust)
        sku = assign_sku(measurement, grade, self._sku_table(options))
        return FruitRecord(measurement=measurement, grade=grade, sku=sku)

    def _standard_for(self, crop: Crop, options: GradeOptions) -> Standard:
        if options.standard is not None:
            return self._rules.standard(options.rules, options.standard)
        return self._rules.default_standard(options.rules, crop)

    def _variety_for(self, crop: Crop, options: GradeOptions) -> str | None:
        """The variety asked for, unless this fruit is of the other crop and its standard does not know it."""
        variety = options.variety
        return variety if variety and _knows(self._standard_for(crop, options), variety) else None

    def _sku_table(self, options: GradeOptions) -> SkuTable:
        return self._rules.sku_table(options.rules, options.sku_table)

    def _calibration(self, options: GradeOptions) -> Calibration | None:
        """That of the options, if any. Raises CalibrationError."""
        path = options.calibration
        return None if path is None else _remember(self._calibrations, path, load_calibration)


def measure_fruit(
    view: FruitView,
    *,
    scale: Scale | BeltScale | None,
    colour_matrix: np.ndarray | None,
    variety: str | None,
    model_id: str,
    flags: Sequence[str] = (),
    quick: bool = False,
    skin: SkinMap | None = None,
) -> FruitMeasurement:
    """All measurements of one view. flags: quality flags known already; more are added. skin: `map_skin(view)` where it
    is there already.

    quick: of a quick look: no defects, whose kinds it does not know, and one search for the edge instead of two.
    """
    skin = skin or map_skin(view, QUICK_WORKING_PX if quick else WORKING_DIAMETER_PX)
    found = set(flags)
    if scale is None:
        found.add("no_scale")
    if view.touches_edge:
        found.add("touches_edge")
    if view.touches_fruit:
        found.add("touches_fruit")
    return FruitMeasurement(
        frame_id=view.frame_id,
        fruit_index=view.fruit_index,
        crop=view.crop,
        variety=variety,
        box_xyxy_px=_fruit_box(view),
        touches_edge=view.touches_edge,
        view_count=1,
        surface_seen_fraction=seen_fraction(skin),
        crop_confidence=view.crop_confidence,
        size=measure_size(view, scale, view.crop, QUICK if quick else THOROUGH),
        colour=measure_colour(view, colour_matrix, skin),
        netting=measure_netting(view, skin),
        defects=() if quick else find_defects(view, scale, skin),
        landmarks=find_landmarks(view),
        model_id=model_id,
        quality_flags=tuple(sorted(found)),
    )


def _fruit_box(view: FruitView) -> Box:
    rows, cols = np.flatnonzero(view.mask.any(axis=1)), np.flatnonzero(view.mask.any(axis=0))
    left, top = view.box_xyxy_px[:2]
    return int(left + cols[0]), int(top + rows[0]), int(left + cols[-1] + 1), int(top + rows[-1] + 1)


def _scale(options: GradeOptions, calibration: Calibration | None) -> Scale | BeltScale | None:
    if options.mm_per_px is not None:
        return Scale(mm_per_px=options.mm_per_px)
    return None if calibration is None else calibration.scale()


def _knows(standard: Standard, variety: str) -> bool:
    try:
        standard.check_variety(variety)
    except StandardError:
        return False
    return True


def _lists(standard: Standard, variety: str) -> bool:
    return any(plain_name(variety) in known.plain_names for known in standard.varieties)


def largest_fruit(graded: GradedFrame) -> int:
    """Index of the fruit that covers most pixels, the first of equal ones. Raises ValueError when there is none."""
    return max(range(len(graded.views)), key=lambda index: int(graded.views[index].mask.sum()))


def _largest_only(graded: GradedFrame) -> GradedFrame:
    if len(graded.views) <= 1:
        return graded
    largest = largest_fruit(graded)
    return replace(
        graded,
        views=(graded.views[largest],),
        records=(graded.records[largest],),
        skins=graded.skins[largest : largest + 1],
    )


K = TypeVar("K")


def _remember(known: dict[K, T], key: K, load: Callable[[K], T]) -> T:
    if key not in known:
        known[key] = load(key)
    return known[key]
