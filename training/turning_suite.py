"""The figures on fruit that turns: its turn, each defect once, the same class again, and what ten views are worth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from grader.grade import decide_grade
from grader.match_turn import turn_from_pictures, turn_from_prior
from grader.pipeline import GradedFruit, GradeOptions
from grader.standard import load_default_standard
from grader.turn import Rollers
from grader.types import REJECT, UNGRADED, Crop, Frame, FruitMeasurement, GradeDecision
from training.grade_suite import whole_fruit
from training.light_change import change_light
from training.simulator import Rendered
from training.simulator.generate import FIRST_HELD_OUT_SEED
from training.simulator_suite import MM_PER_PX, mean, median, only_fruit
from training.statistics import Figure, bootstrap, share
from training.true_masks import decide_true, measure_true, true_measured
from training.turning_fruit import (
    Patch,
    TurningFruit,
    draw_turning_fruit,
    rollers_prior,
    step_errors_deg,
)

FIRST_TURNING_SEED = FIRST_HELD_OUT_SEED + 45_000_000
VIEWS = 10
COUNTED_MM2, EITHER_WAY = 10.0, 1.5
"""Blemishes from this area on are counted; one within this factor of it may count or not."""
SUMMED_MM2 = 25.0
"""Relative errors of the summed area are given for fruit with at least this much defect."""
LANE_GAINS = (0.94, 1.0, 1.05)
"""Another lane: linear light of R, G and B times these."""


class ViewsGrader(Protocol):
    """The seam to the grader: what all views of one fruit say together."""

    def grade_views(self, frames: Sequence[Frame], options: GradeOptions) -> GradedFruit:
        """One fruit, seen in several frames."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was measured and decided of one fruit. None where no fruit was found."""

    measurement: FruitMeasurement | None
    grade: GradeDecision | None

    @property
    def called(self) -> str | None:
        """The class, None where no fruit was found."""
        return None if self.grade is None else self.grade.grade_class

    @property
    def reject_score(self) -> float:
        """How surely it is to be rejected, 0-1; a fruit that is not found or not graded is not accepted."""
        if self.grade is None or self.grade.grade_class == UNGRADED:
            return 1.0
        sure = self.grade.confidence
        return 0.5 + sure / 2 if self.grade.grade_class == REJECT else 0.5 - sure / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One fruit and the answers to it: one view, all views, all views again in the same and in another lane."""

    true: str
    patches: tuple[Patch, ...]
    one: Answer
    all: Answer
    again: Answer
    other_lane: Answer


class TurningSuite:
    """Simulated apples in ten views of one turn, by the true masks and by the grader's own network.

    draw: (seed, views) -> one apple, shown twice.
    """

    def __init__(
        self,
        grader: ViewsGrader,
        count: int,
        draw: Callable[[int, int], TurningFruit] = draw_turning_fruit,
    ) -> None:
        self.grader, self.count, self.draw = grader, count, draw
        self._standard = load_default_standard(Crop.APPLE)

    def figures(self) -> Iterator[Figure]:
        """The turn first, then every figure on fruit with true masks and with the network."""
        seeds = range(FIRST_TURNING_SEED, FIRST_TURNING_SEED + self.count)
        turns: dict[str, list[list[tuple[float, ...]]]] = {"rollers": [], "given": [], "pictures": []}
        cases: dict[str, list[_Case]] = {"true_masks": [], "network": []}
        for seed in seeds:
            fruit = self.draw(seed, VIEWS)
            prior = rollers_prior(fruit.pictures, seed)
            self._turns(fruit.pictures, prior, turns)
            cases["true_masks"].append(self._case(fruit, seed, self._by_true_masks))
            cases["network"].append(self._case(fruit, seed, self._by_network))
        yield from _turn_figures(turns, self.count)
        for end, answered in cases.items():
            yield from case_figures(answered, end)

    def _turns(
        self, pictures: Sequence[Rendered], rollers: Rollers, turns: dict[str, list[list[tuple[float, ...]]]]
    ) -> None:
        measured = [
            true_measured(picture, MM_PER_PX, rollers, number) for number, picture in enumerate(pictures)
        ]
        views = [view.surface for view in measured if view.surface is not None]
        radius_mm = only_fruit(pictures[0])["equatorial_diameter_mm"] / 2
        prior = rollers.turn(1.0, radius_mm)
        assert prior is not None
        found = {
            "rollers": turn_from_prior(views, prior, look=False),
            "given": turn_from_prior(views, prior),
            "pictures": turn_from_pictures(views),
        }
        for name, turned in found.items():
            if turned is not None:
                turns[name].append([(error,) for error in step_errors_deg(turned.of_the_fruit(), pictures)])

    def _case(
        self,
        fruit: TurningFruit,
        seed: int,
        answer: Callable[[Sequence[Rendered], Rollers | None], Answer],
    ) -> _Case:
        true = decide_grade(whole_fruit(only_fruit(fruit.pictures[0])), self._standard)
        first, second = rollers_prior(fruit.pictures, seed), rollers_prior(fruit.again, seed + 1)
        return _Case(
            true=true.grade_class,
            patches=fruit.patches,
            one=answer(fruit.pictures[:1], None),
            all=answer(fruit.pictures, first),
            again=answer(fruit.again, second),
            other_lane=answer([in_other_lane(picture) for picture in fruit.again], second),
        )

    def _by_true_masks(self, pictures: Sequence[Rendered], rollers: Rollers | None) -> Answer:
        measurement = measure_true(pictures, MM_PER_PX, rollers)
        return Answer(measurement=measurement, grade=decide_true(measurement, self._standard))

    def _by_network(self, pictures: Sequence[Rendered], rollers: Rollers | None) -> Answer:
        frames = [
            Frame(frame_id=f"simulated {picture.truth['seed']} {n}", rgb=picture.rgb)
            for n, picture in enumerate(pictures)
        ]
        record = self.grader.grade_views(frames, GradeOptions(mm_per_px=MM_PER_PX, rollers=rollers)).record
        if record is None:
            return Answer(measurement=None, grade=None)
        return Answer(measurement=record.measurement, grade=record.grade)


def in_other_lane(picture: Rendered) -> Rendered:
    """The same picture from a camera with the gains `LANE_GAINS`."""
    return replace(picture, rgb=change_light(picture.rgb, LANE_GAINS))


def _turn_figures(turns: dict[str, list[list[tuple[float, ...]]]], count: int) -> Iterator[Figure]:
    for name, rows in turns.items():
        yield bootstrap(f"sim_turn_error_median_{name}", rows, median, "degrees a step")
        yield bootstrap(f"sim_turn_error_p90_{name}", rows, _p90, "degrees a step")
    yield share("sim_turn_seen_in_pictures", len(turns["pictures"]), count)


def case_figures(cases: Sequence[_Case], end: str) -> Iterator[Figure]:
    """What all views together are worth. end: of the names of the figures."""
    counted = [count_right(case.patches, case.all.measurement) for case in cases]
    yield share(f"sim_turning_count_right_{end}", sum(counted), len(cases))
    marked = [
        right for case, right in zip(cases, counted, strict=True) if any(p.area_mm2 > 0 for p in case.patches)
    ]
    yield share(f"sim_turning_count_right_defective_{end}", sum(marked), len(marked))
    errors = [
        [(abs(_summed(case.all.measurement) - true) / true,)]
        for case in cases
        if (true := sum(patch.area_mm2 for patch in case.patches)) >= SUMMED_MM2
    ]
    yield bootstrap(f"sim_turning_area_error_{end}", errors, mean, "mean abs. relative error per fruit")
    yield bootstrap(
        f"sim_turning_area_error_median_{end}", errors, median, "median abs. relative error per fruit"
    )
    same = sum(case.all.called == case.again.called for case in cases)
    yield share(f"sim_turning_same_class_same_lane_{end}", same, len(cases))
    same = sum(case.all.called == case.other_lane.called for case in cases)
    yield share(f"sim_turning_same_class_other_lane_{end}", same, len(cases))
    yield from accepted_figures(cases, end)


def count_right(patches: Sequence[Patch], measurement: FruitMeasurement | None) -> bool:
    """Whether as many blemishes of `COUNTED_MM2` were found as there are; those near the limit and on the rim
    alone may count or not."""
    if measurement is None:
        return False
    found = sum((defect.area_mm2 or 0.0) >= COUNTED_MM2 for defect in measurement.defects)
    least = sum(patch.area_mm2 >= COUNTED_MM2 * EITHER_WAY for patch in patches)
    most = sum(patch.rim_mm2 >= COUNTED_MM2 / EITHER_WAY for patch in patches)
    return least <= found <= most


def accepted_figures(cases: Sequence[_Case], end: str) -> Iterator[Figure]:
    """Defective fruit accepted and good fruit rejected: by one view and by all views as they decide, and by all
    views at the level (`reject_score`) that rejects no more good fruit than one view does.

    The level for every other fruit is chosen on the rest, so no fruit is judged by a level that it had a say in.
    """
    halves = [list(cases[0::2]), list(cases[1::2])]
    levelled = [
        (case, case.all.reject_score > reject_level(rest))
        for half, rest in zip(halves, reversed(halves), strict=True)
        for case in half
    ]
    ways = {
        "1_view": [(case, case.one.called == REJECT) for case in cases],
        "as_called": [(case, case.all.called == REJECT) for case in cases],
        "all_views": levelled,
    }
    for way, judged in ways.items():
        good = [rejected for case, rejected in judged if case.true != REJECT]
        bad = [rejected for case, rejected in judged if case.true == REJECT]
        yield share(f"sim_turning_good_rejected_{way}_{end}", sum(good), len(good))
        yield share(f"sim_turning_defective_accepted_{way}_{end}", len(bad) - sum(bad), len(bad))


def reject_level(cases: Sequence[_Case]) -> float:
    """The lowest reject score above which all views reject no more good fruit than one view does."""
    good = [case for case in cases if case.true != REJECT]
    rejected = sum(case.one.called == REJECT for case in good)
    scores = sorted((case.all.reject_score for case in good), reverse=True)
    return scores[rejected] if rejected < len(scores) else 0.0


def _summed(measurement: FruitMeasurement | None) -> float:
    return 0.0 if measurement is None else sum(defect.area_mm2 or 0.0 for defect in measurement.defects)


def _p90(rows: NDArray[np.float64]) -> float:
    return float(np.percentile(rows, 90))
