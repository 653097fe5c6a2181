"""A turning fruit, view by view: a quick look at each, a close look at the suspicious ones, one decision.

Which views are looked at closely depends on what the quick looks say and on nothing else (`view_choice.py`), so the
same views give the same record, in whatever order they came and whether or not some were looked at ahead of time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from grader.image_io import decode_image
from grader.join_views import MeasuredView
from grader.pipeline import GradeOptions, Grader, largest_fruit
from grader.quick_look import QuickView
from grader.types import REJECT, FruitMeasurement, FruitRecord
from grader.view_choice import LEVEL, views_to_look_at, views_to_measure

QUICK_SIDE_PX = 240
"""The shorter side of a frame keeps so many pixels for the quick look, at least: a fruit over a line then has about as
many as the small network is shown of it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeenView:
    """One view that was looked at. data: the file of the frame, for a close look; name and size of the frame. options:
    how it is graded.

    suspicion: 0-1, see `quick_look.py`; 1 where only a close look can tell. quick: what the quick look saw, None where
    that is no fruit or not to be believed; measured: what was measured of it, None: not yet. looked: a close look was
    taken; close: what it measured, None when it saw no fruit.
    travel, camera: where in the turn it was taken, as in `MeasuredView`.
    """

    name: str
    data: bytes
    options: GradeOptions
    frame_wh: tuple[int, int]
    suspicion: float
    quick: QuickView | None = None
    measured: FruitMeasurement | None = None
    looked: bool = False
    close: MeasuredView | None = None
    travel: float = 0.0
    camera: str = ""

    @property
    def shows_fruit(self) -> bool:
        """As far as the looks that were taken can tell; a doubtful view does."""
        return self.close is not None if self.looked else self.suspicion > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnedFruit:
    """What many views of one fruit gave. record: None when none shows a fruit. close_looks: indices of the views that
    were looked at closely, in that order."""

    record: FruitRecord | None
    close_looks: tuple[int, ...]


class TurningGrader(Grader):
    """Grades turning fruit. A model without a quick look is asked for a close look at every view."""

    def see(
        self, data: bytes, name: str, options: GradeOptions, *, travel: float = 0.0, camera: str = ""
    ) -> SeenView:
        """Look at one frame of a fruit. travel, camera: where in the turn it was taken, as in `MeasuredView`.

        Raises InvalidImageError for what is no whole picture, CalibrationError when the calibration is not of it.
        """
        quickly = self.model.quick is not None
        frame = decode_image(data, name, shrink_to_px=QUICK_SIDE_PX if quickly else None)
        height, width = frame.whole_hw or frame.rgb.shape[:2]
        doubtful = SeenView(
            name=name,
            data=data,
            options=options,
            frame_wh=(width, height),
            suspicion=1.0,
            travel=travel,
            camera=camera,
        )
        if not quickly:
            return self.see_closely(doubtful)
        quick = self.look_quickly(frame, options)
        if quick is None:
            return replace(doubtful, suspicion=0.0)
        return doubtful if quick.doubtful else replace(doubtful, suspicion=quick.suspicion, quick=quick)

    def measure(self, seen: SeenView) -> SeenView:
        """The same view with its quick look measured; itself where there is none, or it was measured already."""
        if seen.quick is None or seen.measured is not None:
            return seen
        return replace(seen, measured=self.measure_quickly(seen.quick, seen.options))

    def see_closely(self, seen: SeenView) -> SeenView:
        """The same view with a close look at its fruit; itself when that was taken already."""
        if seen.looked:
            return seen
        frame = decode_image(seen.data, seen.name)
        close: MeasuredView | None = None
        if seen.quick is not None:
            looked = self.look_closely(frame, seen.quick, seen.options)
            if looked is not None:
                close = MeasuredView(measurement=looked, surface=None, travel=seen.travel, camera=seen.camera)
        else:
            graded = self.grade_frame(frame, seen.options)
            if graded.records:
                close = self.measured_view(
                    graded, largest_fruit(graded), seen.options, travel=seen.travel, camera=seen.camera
                )
        return replace(seen, close=close, looked=True)

    def decide_seen(self, seen: Sequence[SeenView], options: GradeOptions) -> TurnedFruit:
        """One record from the views of one fruit, in their order. options: how the fruit is decided.

        Looks closely at one suspicious view after the other, the most suspicious first. A fruit that is rejected
        already is not looked at further: another defect cannot better its class. Views that were looked at closely
        ahead of time count only when their turn comes.
        """
        if self.model.quick is None:
            return TurnedFruit(record=self._record(seen, options), close_looks=tuple(range(len(seen))))
        views = [replace(view, looked=False, measured=None) for view in seen]
        alone = [number for number, view in enumerate(views) if view.quick is not None]
        for place in views_to_measure(len(alone)):
            views[alone[place]] = replace(self.measure(seen[alone[place]]), looked=False)
        record = self._record(views, options)
        looks: list[int] = []
        for number in self.worth_a_close_look(seen):
            if record is not None and record.grade.grade_class == REJECT:
                break
            views[number] = self.see_closely(seen[number])
            looks.append(number)
            record = self._record(views, options)
        return TurnedFruit(record=record, close_looks=tuple(looks))

    def next_close_look(self, seen: Sequence[SeenView]) -> int | None:
        """Index of the most suspicious view that no close look was taken of; None: there is none above the level.

        Whatever views follow, `decide_seen` will ask for it, unless the fruit is rejected before its turn comes.
        """
        ranked = self.worth_a_close_look(seen)
        return next((n for n in ranked if not seen[n].looked and seen[n].suspicion > LEVEL), None)

    def worth_a_close_look(self, seen: Sequence[SeenView]) -> tuple[int, ...]:
        """Indices of the views, the most suspicious first."""
        return views_to_look_at([view.suspicion for view in seen])

    def _record(self, views: Sequence[SeenView], options: GradeOptions) -> FruitRecord | None:
        close = [view.close for view in views if view.looked and view.close is not None]
        only_quick = [view for view in views if not view.looked and view.quick is not None]
        measured = [view.measured for view in only_quick if view.measured is not None]
        if not close and not measured:
            return None
        unmeasured = [view.quick.notes for view in only_quick if view.quick and view.measured is None]
        return self.decide_views(close, options, measured, unmeasured)
