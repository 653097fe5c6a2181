from __future__ import annotations

import pytest

from service.line.backoff import Backoff


def test_pauses_double_up_to_the_bound_and_begin_again() -> None:
    pauses = Backoff(0.25, 1.5)
    assert [pauses.next_s() for _ in range(5)] == [0.25, 0.5, 1.0, 1.5, 1.5]
    pauses.reset()
    assert pauses.next_s() == 0.25


@pytest.mark.parametrize(("first_s", "longest_s"), [(0.0, 1.0), (2.0, 1.0), (-1.0, 1.0)])
def test_impossible_pauses_are_refused(first_s: float, longest_s: float) -> None:
    with pytest.raises(ValueError, match=r"expected 0 < first_s <= longest_s"):
        Backoff(first_s, longest_s)
