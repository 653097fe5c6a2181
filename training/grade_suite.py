"""The figures on classes: simulated apples graded from one view and from ten, against the class of the whole fruit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import pi
from typing import Any, Protocol

import numpy as np

from grader.defects import ELONGATED_RATIO, MIN_AREA_MM2
from grader.grade import decide_grade
from grader.grade_command import index_mask
from grader.pipeline import GradedFruit, GradeOptions
from grader.reason_text import Language, class_name, reason_text
from grader.size import DENSITY_G_PER_CM3
from grader.standard import load_default_standard
from grader.types import (
    FIRST_DEFECT_VALUE,
    REJECT,
    ColourMeasurement,
    Crop,
    Defect,
    DefectKind,
    Frame,
    FruitMeasurement,
    GradeDecision,
    Interval,
    SizeMeasurement,
)
from training.case_pictures import mask_pictures
from training.class_answers import NOT_FOUND, ClassAnswer, calibration_error, confusion_figures
from training.risk_coverage import risk_figures
from training.simulator import Rendered, render_views
from training.simulator.generate import FIRST_HELD_OUT_SEED
from training.simulator_suite import MM_PER_PX, mean, only_fruit
from training.statistics import Figure, bootstrap, share
from training.worst_cases import Fact, Shown, WorstCases

FIRST_GRADED_SEED = FIRST_HELD_OUT_SEED + 30_000_000
MANY_VIEWS = 10
FRUIT_PER_MANY = 4
"""Of this many apples one is also shown in `MANY_VIEWS` views."""


class ViewsGrader(Protocol):
    """The seam to the grader: what all views of one fruit say together. A test gives a small real class."""

    def grade_views(self, frames: Sequence[Frame], options: GradeOptions) -> GradedFruit:
        """One fruit, seen in several frames."""
        ...


def draw_turning(seed: int, views: int) -> list[Rendered]:
    """One random apple in so many views of one turn; two of three have defects."""
    return render_views(seed, views=views, mm_per_px=MM_PER_PX, sound=seed % 3 == 0)


class GradeSuite:
    """Grades `count` simulated apples from one view, a quarter of them from ten, by the default standard for apples.

    draw: (seed, views) -> pictures of one apple. answers: what each apple was called, by `1_view` and `10_views`, once
    the figures were measured.
    """

    def __init__(
        self,
        grader: ViewsGrader,
        count: int,
        draw: Callable[[int, int], list[Rendered]] = draw_turning,
        worst: WorstCases | None = None,
    ) -> None:
        self.grader, self.count, self.draw = grader, count, draw
        self.worst = worst or WorstCases()
        self.answers: dict[str, tuple[ClassAnswer, ...]] = {}
        self._standard = load_default_standard(Crop.APPLE)

    @property
    def classes(self) -> tuple[str, ...]:
        """Classes that can be the truth, best first."""
        return (*self._standard.class_ids, REJECT)

    def figures(self) -> Iterator[Figure]:
        """All figures, one view first. A fruit that is not found has no class and is wrong."""
        for views, count in ((1, self.count), (MANY_VIEWS, max(self.count // FRUIT_PER_MANY, 1))):
            end = _ending(views)
            self.answers[end] = self._graded(views, count)
            yield from _class_figures(self.answers[end], end)

    def more_figures(self) -> Iterator[Figure]:
        """Risk and coverage, and the confusion of classes, of the fruit that `figures` graded."""
        for end, answers in self.answers.items():
            yield from risk_figures(answers, end)
            yield from confusion_figures(answers, self.classes, end)

    def _graded(self, views: int, count: int) -> tuple[ClassAnswer, ...]:
        answers = []
        for seed in range(FIRST_GRADED_SEED, FIRST_GRADED_SEED + count):
            pictures = self.draw(seed, views)
            frames = [Frame(frame_id=f"simulated {seed} {n}", rgb=p.rgb) for n, p in enumerate(pictures)]
            true = decide_grade(whole_fruit(only_fruit(pictures[0])), self._standard)
            graded = self.grader.grade_views(frames, GradeOptions(mm_per_px=MM_PER_PX))
            called = None if graded.record is None else graded.record.grade
            answer = ClassAnswer(
                fruit=f"simulated {seed}",
                true=true.grade_class,
                called=NOT_FOUND if called is None else called.grade_class,
                confidence=0.0 if called is None else called.confidence,
                review=called is None or called.review,
            )
            answers.append(answer)
            if not answer.right:
                self._offer(f"sim_class_right_{_ending(views)}", answer, (true, called), pictures, graded)
        return tuple(answers)

    def _offer(
        self,
        figure: str,
        answer: ClassAnswer,
        decisions: tuple[GradeDecision, GradeDecision | None],
        pictures: list[Rendered],
        graded: GradedFruit,
    ) -> None:
        """A wrong class; the surer the grader was, the worse, and worse still when nobody is asked."""
        true, called = decisions
        facts: dict[str, Fact] = {
            "confidence": answer.confidence,
            "true_en": self._in_words(true, "en"),
            "true_zh": self._in_words(true, "zh"),
            "called_en": self._in_words(called, "en"),
            "called_zh": self._in_words(called, "zh"),
        }
        score = 0.01 + answer.confidence + (not answer.review)
        self.worst.offer(figure, answer.fruit, score, facts, lambda: _most_marked(pictures, graded))

    def _in_words(self, decision: GradeDecision | None, language: Language) -> str:
        """The class and the first reason that denied a better one."""
        if decision is None:
            return "未找到" if language == "zh" else "not found"
        name = class_name(decision.grade_class, self._standard, language)
        denied = [reason for reason in decision.reasons if reason.denies is not None]
        return f"{name} ({reason_text(denied[0], self._standard, language)})" if denied else name


def _ending(views: int) -> str:
    return "1_view" if views == 1 else f"{views}_views"


def _class_figures(answers: Sequence[ClassAnswer], end: str) -> Iterator[Figure]:
    found = [answer for answer in answers if answer.called != NOT_FOUND]
    defective = [answer for answer in answers if answer.true == REJECT]
    good = [answer for answer in answers if answer.true != REJECT]
    alone = [answer for answer in found if not answer.review]
    accepted = sum(answer.called not in (REJECT, NOT_FOUND) for answer in defective)
    yield bootstrap(f"sim_class_right_{end}", [[(float(a.right),)] for a in answers], mean, "share")
    trust = [[(a.confidence, float(a.right))] for a in found]
    yield bootstrap(f"sim_class_calibration_error_{end}", trust, calibration_error, "expected, abs.")
    yield share(f"sim_defective_accepted_{end}", accepted, len(defective))
    yield share(f"sim_good_rejected_{end}", sum(a.called == REJECT for a in good), len(good))
    yield share(f"sim_class_right_without_review_{end}", sum(a.right for a in alone), len(alone))


def _most_marked(pictures: list[Rendered], graded: GradedFruit) -> Shown:
    """The view with most defect pixels, true and called together."""
    masks = [index_mask(frame) for frame in graded.frames] or [np.zeros_like(p.surface) for p in pictures]
    marked = [
        np.count_nonzero(picture.surface >= FIRST_DEFECT_VALUE) + np.count_nonzero(mask >= FIRST_DEFECT_VALUE)
        for picture, mask in zip(pictures, masks, strict=True)
    ]
    view = int(np.argmax(marked))
    return mask_pictures(pictures[view].rgb, pictures[view].surface, masks[view])


def whole_fruit(truth: dict[str, Any]) -> FruitMeasurement:
    """What a grader that sees all of a simulated apple and errs nowhere would measure.

    truth: of one fruit, as `training/simulator/truth.py` describes it.
    """
    diameter, surface = truth["equatorial_diameter_mm"], truth["surface_mm2"]
    weight = truth["volume_cm3"] * DENSITY_G_PER_CM3[Crop.APPLE][0]
    return FruitMeasurement(
        frame_id="truth",
        fruit_index=0,
        crop=Crop.APPLE,
        variety=None,
        box_xyxy_px=(0, 0, 1, 1),
        touches_edge=False,
        view_count=MANY_VIEWS,
        surface_seen_fraction=1.0,
        crop_confidence=1.0,
        size=SizeMeasurement(
            diameter_px=diameter / MM_PER_PX,
            equatorial_diameter_mm=_exactly(diameter),
            ring_diameter_mm=_exactly(truth["ring_diameter_mm"]),
            length_mm=_exactly(truth["length_mm"]),
            shape_index=truth["length_mm"] / diameter,
            volume_cm3=_exactly(truth["volume_cm3"]),
            weight_g=_exactly(weight),
        ),
        colour=ColourMeasurement(
            blush_fraction=truth["blush_fraction_whole"],
            light_red_fraction=truth["light_red_fraction_whole"],
            ground_lab=None,
            blush_lab=None,
        ),
        netting=None,
        defects=tuple(
            Defect(
                kind=DefectKind(defect["kind"]),
                area_mm2=defect["area_mm2"],
                area_fraction=min(1.0, defect["area_mm2"] / surface),
                length_mm=defect["length_mm"],
                length_diameters=defect["length_mm"] / diameter,
                elongated=pi * defect["length_mm"] ** 2 / (4 * defect["area_mm2"]) > ELONGATED_RATIO,
                confidence=1.0,
                box_xyxy_px=(0, 0, 1, 1),
            )
            for defect in truth["defects"]
            if defect["area_mm2"] >= MIN_AREA_MM2
        ),
        landmarks=(),
        model_id="truth",
        quality_flags=(),
    )


def _exactly(value: float) -> Interval:
    return Interval(value=value, low=value, high=value)
