"""How far to trust the decisions on many fruit: `trust.trusted_decision` in columns, without the class sets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from grader.fruit_columns import Doubles
from grader.grade_columns import GradeColumns
from grader.grade_settings import REVIEW_BELOW
from grader.trust import CONFIDENCE_RANGE, OFFSETS, Trust
from grader.types import REJECT, UNGRADED


def trusted_grades(grades: GradeColumns, surface_seen: Doubles, trust: Trust) -> GradeColumns:
    """The same classes with their measured confidence, and `review` where it is too low.

    surface_seen: float64 (n,), 0-1, share of the skin that was seen. What is `ungraded` stays as it is.
    """
    names = grades.class_names
    count = names.index(UNGRADED)
    judged = grades.class_index != count
    confidence = np.clip(grades.confidence, *CONFIDENCE_RANGE)
    features = np.stack(
        (
            np.ones_like(confidence),
            np.log(confidence / (1.0 - confidence)),
            surface_seen,
            (grades.class_index == names.index(REJECT)).astype(np.float64),
        )
    )
    scores = np.asarray(trust.weights, np.float64) @ features  # (offsets, n)
    reached = grades.class_index + np.asarray(OFFSETS)[:, np.newaxis]
    scores[(reached < 0) | (reached >= count)] = -np.inf
    with np.errstate(invalid="ignore"):  # of an ungraded fruit no offset need exist
        weighed = np.exp(scores - scores.max(axis=0))
        likely = weighed[OFFSETS.index(0)] / weighed.sum(axis=0)
    measured = np.where(judged, likely, grades.confidence)
    return replace(grades, confidence=measured, review=grades.review | (judged & (measured < REVIEW_BELOW)))
