"""Intervals against published values."""

from __future__ import annotations

import numpy as np
import pytest

from training.statistics import bootstrap, share


def test_wilson_interval_of_nine_in_ten() -> None:
    figure = share("x", 9, 10)
    assert figure.value == 0.9
    assert figure.low == pytest.approx(0.5958, abs=1e-3)
    assert figure.high == pytest.approx(0.9821, abs=1e-3)


@pytest.mark.parametrize(("hits", "n"), [(0, 20), (20, 20)])
def test_extremes_stay_within_bounds(hits: int, n: int) -> None:
    figure = share("x", hits, n)
    assert 0 <= figure.low <= figure.value <= figure.high <= 1
    assert figure.high - figure.low > 0.1


def test_nothing_measured_is_no_figure() -> None:
    assert np.isnan(share("x", 0, 0).value)
    assert np.isnan(bootstrap("x", [], lambda rows: float(rows.mean()), "mm").value)


def test_bootstrap_draws_whole_groups() -> None:
    one_group = bootstrap("x", [[(0.0,), (1.0,)]], lambda rows: float(rows.mean()), "mm")
    assert (one_group.low, one_group.value, one_group.high) == (0.5, 0.5, 0.5)
    two = bootstrap("x", [[(0.0,)], [(1.0,)]], lambda rows: float(rows.mean()), "mm")
    assert (two.low, two.high, two.n) == (0.0, 1.0, 2)
