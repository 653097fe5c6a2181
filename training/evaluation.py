"""Which figures a suite is made of, and the walk over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from grader.pipeline import GradedFrame, GradedFruit, GradeOptions
from grader.turning_grader import TurningGrader
from grader.types import Frame
from training.cast_suite import CASTS, CastSuite
from training.class_answers import ClassAnswer, confusion, reliability
from training.condition_suite import ConditionSuite
from training.diameter_suite import DiameterSuite
from training.grade_suite import FRUIT_PER_MANY, MANY_VIEWS, GradeSuite
from training.kept_pictures import KeptPictures
from training.line_suite import LineSuite
from training.melon_suite import MelonSuite
from training.photo_suite import PhotoSuite
from training.place_suite import PlaceSuite
from training.risk_coverage import risk_coverage
from training.simulator_suite import SimulatorSuite
from training.statistics import Figure
from training.turning_melon_suite import TurningMelonSuite
from training.turning_suite import VIEWS as TURNING_VIEWS
from training.turning_suite import TurningSuite
from training.worst_cases import WorstCase, WorstCases

SUITES = ("release", "dev", "line", "turning")
GROUPS = ("photographs", "simulator")


class AnyGrader(Protocol):
    """The seam to the grader: single frames, and all views of one fruit."""

    def grade_frame(self, frame: Frame, options: GradeOptions) -> GradedFrame:
        """Every fruit of one frame."""
        ...

    def grade_views(self, frames: Sequence[Frame], options: GradeOptions) -> GradedFruit:
        """One fruit, seen in several frames."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A part of an evaluation. pictures: how many it grades, None where only the walk tells."""

    name: str
    group: str
    pictures: int | None
    figures: Callable[[], Iterator[Figure]]


class WatchedGrader:
    """A grader that tells how many frames it has graded."""

    def __init__(self, grader: AnyGrader, graded: Callable[[int], None]) -> None:
        self._grader, self._graded = grader, graded

    def grade_frame(self, frame: Frame, options: GradeOptions) -> GradedFrame:
        """As the grader inside."""
        result = self._grader.grade_frame(frame, options)
        self._graded(1)
        return result

    def grade_views(self, frames: Sequence[Frame], options: GradeOptions) -> GradedFruit:
        """As the grader inside."""
        result = self._grader.grade_views(frames, options)
        self._graded(len(frames))
        return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """All that was measured of one model. figures: by group. answers: by number of views. found: blemishes (found, all)
    by kind and size. worst: the worst cases by figure."""

    suite: str
    model_id: str
    figures: dict[str, tuple[Figure, ...]]
    answers: dict[str, tuple[ClassAnswer, ...]]
    classes: tuple[str, ...]
    found: dict[str, dict[str, tuple[int, int]]]
    worst: dict[str, tuple[WorstCase, ...]]

    def to_json(self) -> dict[str, object]:
        """Figures by group and name; curves by number of views where classes were measured; worst cases by figure
        where they were kept."""
        report: dict[str, object] = {"model_id": self.model_id}
        for group, figures in self.figures.items():
            report[group] = {figure.name: figure.to_json() for figure in figures}
        if self.answers:
            report["curves"] = {end: self._curves(answers) for end, answers in self.answers.items()}
        if self.worst:
            report["worst_cases"] = {
                figure: [case.to_json() for case in cases] for figure, cases in self.worst.items()
            }
        return report

    def _curves(self, answers: tuple[ClassAnswer, ...]) -> dict[str, object]:
        return {
            "risk_coverage": risk_coverage(answers).to_json(),
            "reliability": [
                {"low": b.low, "high": b.high, "n": b.n, "confidence": b.confidence, "right": b.right}
                for b in reliability(answers)
            ],
            "confusion": confusion(answers, self.classes),
        }


class Evaluator:
    """One evaluation of a model.

    suite: `release`, every figure a release is judged by; `dev`, what the next network is worked on with; `line`, what
    a line makes of turning fruit; `turning`, what many views of one fruit are worth.
    data: folder of photographs, None leaves them out. count: simulated fruit per figure, 0 leaves them out.
    also: sets whose frozen pictures are measured too.
    worst_limit: pictures kept for each figure. graded: called with the number of frames that were just graded.
    Raises ManifestError when the data folder cannot be read, ValueError for another suite, or for `line` and a
    grader that takes no quick looks.
    """

    def __init__(
        self,
        grader: AnyGrader,
        suite: str,
        *,
        data: Path | None,
        count: int,
        also: Sequence[KeptPictures] = (),
        worst_limit: int = 0,
        graded: Callable[[int], None] = lambda _: None,
    ) -> None:
        if suite not in SUITES:
            raise ValueError(f"suite: expected one of {SUITES}, got {suite!r}")
        self.suite = suite
        self.worst = WorstCases(worst_limit)
        self._grades: GradeSuite | None = None
        self._apples: SimulatorSuite | None = None
        self._figures: dict[str, list[Figure]] = {}
        if suite == "line":
            self.steps: tuple[Step, ...] = (_turning(grader, count, graded),) if count else ()
            return
        watched = WatchedGrader(grader, graded)
        self.steps = (
            *(self._photographs(watched, data) if data is not None else ()),
            *(_kept(watched, kept) for kept in also),
            *(self._simulated(watched, count) if count else ()),
        )

    def run(self, step: Step) -> Iterator[Figure]:
        """The figures of one step, each as soon as it is measured."""
        kept = self._figures.setdefault(step.group, [])
        for figure in step.figures():
            kept.append(figure)
            yield figure

    def result(self, model_id: str) -> Evaluation:
        """What the steps that were run have measured."""
        return Evaluation(
            suite=self.suite,
            model_id=model_id,
            figures={group: tuple(figures) for group, figures in self._figures.items()},
            answers={} if self._grades is None else dict(self._grades.answers),
            classes=() if self._grades is None else self._grades.classes,
            found={} if self._apples is None else self._apples.single.found_table(),
            worst=self.worst.by_figure(),
        )

    def _photographs(self, grader: WatchedGrader, data: Path) -> Iterator[Step]:
        if self.suite == "turning":
            yield Step(
                name="diameters", group=GROUPS[0], pictures=None, figures=DiameterSuite(grader, data).left_out
            )
            return
        photos = PhotoSuite(grader, data, self.worst)
        conditions = ConditionSuite(grader, data, self.worst)
        diameters = DiameterSuite(grader, data)
        measured = photos.figures if self.suite == "release" else photos.conditions
        yield Step(name="photographs", group=GROUPS[0], pictures=None, figures=measured)
        if self.suite == "release":
            yield Step(name="diameters", group=GROUPS[0], pictures=None, figures=diameters.figures)
        yield Step(name="conditions", group=GROUPS[0], pictures=None, figures=conditions.figures)

    def _simulated(self, grader: WatchedGrader, count: int) -> Iterator[Step]:
        group = GROUPS[1]
        if self.suite == "turning":
            turning = TurningSuite(grader, count)
            graded = (3 * TURNING_VIEWS + 1) * count
            yield Step(name="turning fruit", group=GROUPS[1], pictures=graded, figures=turning.figures)
            turning_melons = TurningMelonSuite(grader, count)
            yield Step(
                name="turning melons",
                group=GROUPS[1],
                pictures=TURNING_VIEWS * count,
                figures=turning_melons.figures,
            )
            return
        self._apples = apples = SimulatorSuite(grader, count, worst=self.worst)
        self._grades = grades = GradeSuite(grader, count, worst=self.worst)
        in_classes = count + MANY_VIEWS * max(count // FRUIT_PER_MANY, 1)
        if self.suite == "release":
            melons = MelonSuite(grader, count, worst=self.worst)
            yield Step(name="apples", group=group, pictures=2 * count, figures=apples.figures)
            yield Step(name="melons", group=group, pictures=count, figures=melons.figures)
            yield Step(name="classes", group=group, pictures=in_classes, figures=grades.figures)
            return
        places = PlaceSuite(grader, count, worst=self.worst)
        casts = CastSuite(grader, count, worst=self.worst)
        yield Step(
            name="apples",
            group=group,
            pictures=count,
            figures=lambda: _both(apples.measurements, apples.more_figures),
        )
        yield Step(name="sound fruit", group=group, pictures=2 * count, figures=places.figures)
        yield Step(
            name="classes",
            group=group,
            pictures=in_classes,
            figures=lambda: _both(grades.figures, grades.more_figures),
        )
        under = (1 + len(CASTS)) * count
        yield Step(name="changed light", group=group, pictures=under, figures=casts.figures)


def _kept(grader: WatchedGrader, kept: KeptPictures) -> Step:
    return Step(
        name=f"set {kept.name}", group=GROUPS[0], pictures=kept.count, figures=lambda: kept.figures(grader)
    )


def _both(first: Callable[[], Iterator[Figure]], then: Callable[[], Iterator[Figure]]) -> Iterator[Figure]:
    yield from first()
    yield from then()


def _turning(grader: AnyGrader, count: int, graded: Callable[[int], None]) -> Step:
    """Turning fruit as a line sees them."""
    if not isinstance(grader, TurningGrader):
        raise ValueError(f"suite line: expected a TurningGrader, got {type(grader).__name__}")
    suite = LineSuite(grader, count, graded=graded)
    return Step(name="turning fruit", group=GROUPS[1], pictures=MANY_VIEWS * count, figures=suite.figures)
