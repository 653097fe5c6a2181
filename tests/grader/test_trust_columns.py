"""Many decisions are trusted as each alone is, for any weights a card may state."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from grader.grade_columns import GradeColumns
from grader.trust import trusted_decision
from grader.trust_columns import trusted_grades
from grader.types import REJECT, UNGRADED
from tests.grader.test_trust import CLASSES, decided, made_trust

NAMES = (*CLASSES, REJECT, UNGRADED)
weights = st.tuples(*(st.tuples(*(st.floats(-8, 8) for _ in range(4))) for _ in range(5)))
fruit = st.tuples(st.sampled_from(NAMES), st.floats(0, 1), st.booleans(), st.floats(0, 1))


@given(weights, st.lists(fruit, min_size=1, max_size=8))
def test_columns_say_what_single_decisions_say(
    weights: tuple[tuple[float, ...], ...], fruits: list[tuple[str, float, bool, float]]
) -> None:
    trust = made_trust(weights=weights)
    columns = GradeColumns(
        standard_id="s",
        class_names=NAMES,
        class_index=np.array([NAMES.index(name) for name, _, _, _ in fruits]),
        confidence=np.array([confidence for _, confidence, _, _ in fruits]),
        review=np.array([review for _, _, review, _ in fruits]),
    )
    many = trusted_grades(columns, np.array([seen for _, _, _, seen in fruits]), trust)
    alone = [
        trusted_decision(decided(name, confidence, review), seen, CLASSES, trust)
        for name, confidence, review, seen in fruits
    ]
    np.testing.assert_allclose(many.confidence, [one.confidence for one in alone], atol=1e-12)
    assert many.review.tolist() == [one.review for one in alone]
    assert many.class_index.tolist() == columns.class_index.tolist()
