"""`python -m training trust`: what a network's confidences and intervals are worth, measured and written on its card.

Simulated apples that were not used for training are graded from one view and from many; their classes are known. From
these come: the chance that the class given is right, or how far off it is (multinomial logistic regression on the
computed confidence, "Platt scaling", J. Platt 1999); the chance from which a class is in the class set (split conformal
prediction over folds of fruit, V. Vovk, "Cross-conformal predictors", 2015); the width of the size and blush intervals.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from math import ceil, floor
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from grader.errors import GraderError
from grader.grade import decide_grade
from grader.model_card import load_card
from grader.multi_view import fuse_views
from grader.onnx_model import OnnxModel
from grader.pipeline import GradeOptions, Grader
from grader.standard import load_default_standard
from grader.trust import FEATURES, OFFSETS, Trust, chances, features_of, trusted_measurement
from grader.types import REJECT, UNGRADED, Crop, Frame, FruitMeasurement
from training.class_answers import calibration_error
from training.grade_suite import MANY_VIEWS, draw_turning, whole_fruit
from training.simulator_suite import MM_PER_PX, only_fruit

FIRST_TRUST_SEED = 600_000_000
FOLDS = 10
COVERAGE = 0.9
"""Share of fruit whose class set holds the true class."""
INTERVAL_COVERAGE = 0.95
PENALTY = 1.0
"""On the squared weights: with it, a feature that says nothing gets a weight near 0 in a few hundred fruit."""
FEWEST = 40
"""Fruit that a fit needs, from one view and from many each: below, a 95 % quantile is the largest value."""


class TrustError(GraderError):
    """Too little to measure a network's confidence by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One fruit from so many views, as it was graded without any trust, and its truth.

    measurements: of each view in which it was found; fused: of all together. index, true_index: of the class, 0 the
    best, `count` classes with `reject`; index is None where it was ungraded. features: of `grader.trust`.
    diameter_mm, blush: true ones.
    """

    measurements: tuple[FruitMeasurement, ...]
    fused: FruitMeasurement
    index: int | None
    true_index: int
    count: int
    features: tuple[float, ...]
    diameter_mm: float
    blush: float

    @property
    def offset(self) -> int:
        """One of `OFFSETS`, for a fruit that was graded."""
        assert self.index is not None
        return int(np.clip(self.true_index - self.index, OFFSETS[0], OFFSETS[-1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """trust: what goes on the card. coverage, set_size, calibration_error: of fruit left out of the fit in turn."""

    trust: Trust
    fruit: int
    coverage: float
    set_size: float
    calibration_error: float


def judge(model: Path, seed: int, views: int) -> Judged | None:
    """Grade one simulated apple without trust; None when no view shows it."""
    cv2.setNumThreads(1)
    grader = _grader(model)
    pictures = draw_turning(seed, views)
    options = GradeOptions(mm_per_px=MM_PER_PX)
    frames = [Frame(frame_id=str(n), rgb=picture.rgb) for n, picture in enumerate(pictures)]
    graded = grader.grade_views(frames, options)
    if graded.record is None:
        return None
    measurements = [record.measurement for frame in graded.frames for record in frame.records]
    return judged(measurements, graded.record.measurement, only_fruit(pictures[0]))


def judged(
    measurements: Sequence[FruitMeasurement], fused: FruitMeasurement, truth: dict[str, object]
) -> Judged:
    """What the default standard for apples makes of the views of one fruit, beside its truth."""
    standard = load_default_standard(Crop.APPLE)
    ordered = (*standard.class_ids, REJECT)
    decision = decide_grade(fused, standard)
    graded = decision.grade_class != UNGRADED
    blush = "blush_fraction_whole" if len(measurements) > 1 else "blush_fraction_seen"
    return Judged(
        measurements=tuple(measurements),
        fused=fused,
        index=ordered.index(decision.grade_class) if graded else None,
        true_index=ordered.index(decide_grade(whole_fruit(truth), standard).grade_class),
        count=len(ordered),
        features=features_of(decision, fused.surface_seen_fraction),
        diameter_mm=float(str(truth["equatorial_diameter_mm"])),
        blush=float(str(truth[blush])),
    )


def judge_all(model: Path, single: int, many: int, jobs: int) -> Iterator[Judged | None]:
    """`single` apples from one view, then `many` others from `MANY_VIEWS`, in that order."""
    seeds = range(FIRST_TRUST_SEED, FIRST_TRUST_SEED + single + many)
    views = [1] * single + [MANY_VIEWS] * many
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(judge, [model] * len(views), seeds, views)


def fit(fruit: Iterable[Judged | None]) -> Fit:
    """Raises TrustError for fewer than `FEWEST` graded fruit from one view or from many."""
    found = [one for one in fruit if one is not None]
    single = [one for one in found if len(one.measurements) == 1]
    many = [one for one in found if len(one.measurements) > 1]
    for name, group in (("one view", single), ("many views", many)):
        if len(group) < FEWEST:
            raise TrustError(f"expected at least {FEWEST} fruit found from {name}, got {len(group)}")
    size_single = _factor([(one.measurements[0], one.diameter_mm) for one in single])
    first = Trust(
        weights=((0.0,) * len(FEATURES),) * len(OFFSETS),
        coverage=COVERAGE,
        least_chance=0.0,
        size_factor=(size_single, 1.0),
        blush_half_width=(1.0, 1.0),
    )
    fused = [  # each view with its wider interval, as a grader with this trust would have had it
        (
            replace(
                one.fused, size=fuse_views([trusted_measurement(v, first) for v in one.measurements]).size
            ),
            one,
        )
        for one in many
    ]
    graded = [one for one in found if one.index is not None]
    trust = replace(
        first,
        weights=_weights(graded),
        size_factor=(size_single, _factor([(measured, one.diameter_mm) for measured, one in fused])),
        blush_half_width=(
            _quantile([abs(one.measurements[0].colour.blush_fraction - one.blush) for one in single]),
            _quantile([abs(measured.colour.blush_fraction - one.blush) for measured, one in fused]),
        ),
    )
    left_out = _left_out(graded)
    true = [likely[one.offset] for one, likely in zip(graded, left_out, strict=True)]
    # Of n + 1 exchangeable scores: the next one is below the k-th smallest of the others with chance k / (n + 1).
    least = sorted(true)[max(floor((1 - COVERAGE) * (len(true) + 1)) - 1, 0)]
    sizes = [sum(offset == 0 or chance >= least for offset, chance in likely.items()) for likely in left_out]
    return Fit(
        trust=replace(trust, least_chance=least),
        fruit=len(graded),
        coverage=float(
            np.mean([chance >= least or one.offset == 0 for one, chance in zip(graded, true, strict=True)])
        ),
        set_size=float(np.mean(sizes)),
        calibration_error=_calibration_error(
            [likely[0] for likely in left_out], [one.offset == 0 for one in graded]
        ),
    )


def write_trust(folder: Path, trust: Trust) -> None:
    """Put it on the model's card, by rename. Raises ModelCardError or OSError; the weights stay as they are."""
    load_card(folder)
    path = folder / "card.json"
    card = json.loads(path.read_text(encoding="utf-8"))
    card["trust"] = {name: _rounded(getattr(trust, name)) for name in Trust.__slots__}
    new = path.with_suffix(".new")
    new.write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    new.replace(path)


_GRADERS: dict[Path, Grader] = {}


def _grader(model: Path) -> Grader:
    """The grader of a model, once in each process, with the trust of its card left aside."""
    if model not in _GRADERS:
        _GRADERS[model] = Grader(OnnxModel(replace(load_card(model), trust=None)))
    return _GRADERS[model]


def _weights(graded: Sequence[Judged]) -> tuple[tuple[float, ...], ...]:
    """Weights that make the true offsets likeliest, with `PENALTY`; 0 for offset 0, as only differences count."""
    x = np.array([one.features for one in graded])
    true = np.array([OFFSETS.index(one.offset) for one in graded])
    exists = np.array([[0 <= _index(one) + offset < one.count for offset in OFFSETS] for one in graded])
    same = OFFSETS.index(0)
    free = [row for row in range(len(OFFSETS)) if row != same]

    def cost(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = np.zeros((len(OFFSETS), x.shape[1]))
        weights[free] = flat.reshape(len(free), -1)
        scores = np.where(exists, x @ weights.T, -np.inf)
        scores -= scores.max(axis=1, keepdims=True)
        likely = np.exp(scores)
        likely /= likely.sum(axis=1, keepdims=True)
        error = likely.copy()
        error[np.arange(len(x)), true] -= 1
        slope = error.T @ x + PENALTY * weights
        value = -np.log(likely[np.arange(len(x)), true]).sum() + PENALTY / 2 * (weights**2).sum()
        return float(value), slope[free].ravel()

    found = minimize(cost, np.zeros(len(free) * x.shape[1]), jac=True, method="L-BFGS-B")
    weights = np.zeros((len(OFFSETS), x.shape[1]))
    weights[free] = found.x.reshape(len(free), -1)
    return tuple(tuple(float(value) for value in row) for row in weights)


def _left_out(graded: Sequence[Judged]) -> list[dict[int, float]]:
    """Chances of each fruit by a fit that did not see it, in `FOLDS` folds."""
    likely: list[dict[int, float]] = [{} for _ in graded]
    for fold in range(FOLDS):
        weights = _weights([one for n, one in enumerate(graded) if n % FOLDS != fold])
        trust = Trust(
            weights=weights,
            coverage=COVERAGE,
            least_chance=0.0,
            size_factor=(1.0, 1.0),
            blush_half_width=(1.0, 1.0),
        )
        for n in range(fold, len(graded), FOLDS):
            one = graded[n]
            likely[n] = chances(trust, one.features, _index(one), one.count)
    return likely


def _index(one: Judged) -> int:
    assert one.index is not None
    return one.index


def _factor(pairs: Sequence[tuple[FruitMeasurement, float]]) -> float:
    """How many times as wide the diameter intervals have to be."""
    ratios = []
    for measured, true in pairs:
        size = measured.size.equatorial_diameter_mm
        assert size is not None
        ratios.append(abs(size.value - true) / max((size.high - size.low) / 2, 1e-6))
    return _quantile(ratios)


def _quantile(errors: Sequence[float]) -> float:
    """The error that the next of exchangeable ones stays below with `INTERVAL_COVERAGE` (the largest of few)."""
    ordered = sorted(errors)
    return ordered[min(ceil(INTERVAL_COVERAGE * (len(ordered) + 1)), len(ordered)) - 1]


def _calibration_error(confidence: Sequence[float], right: Sequence[bool]) -> float:
    return calibration_error(np.column_stack([confidence, np.array(right, float)]))


def _rounded(value: float | tuple[object, ...]) -> object:
    return round(value, 5) if isinstance(value, float) else [_rounded(item) for item in value]  # type: ignore[arg-type]
