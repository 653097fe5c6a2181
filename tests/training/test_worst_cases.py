"""The worst pictures of a figure: bounded, one a fruit, drawn only when they are kept."""

from __future__ import annotations

import numpy as np

from training.worst_cases import Shown, WorstCases

GREY = np.zeros((4, 4, 3), np.uint8)


class Artist:
    """Draws a grey picture and counts how often it was asked."""

    def __init__(self) -> None:
        self.drawn = 0

    def __call__(self) -> Shown:
        self.drawn += 1
        return Shown(picture=GREY, truth=None, called=GREY)


def names(worst: WorstCases, figure: str = "f") -> list[str]:
    return [case.name for case in worst.by_figure().get(figure, ())]


def test_the_worst_are_kept_the_worst_first() -> None:
    worst, draw = WorstCases(2), Artist()
    for name, score in (("a", 1.0), ("b", 3.0), ("c", 2.0), ("d", 0.5), ("e", 2.0)):
        worst.offer("f", name, score, {"kind": name}, draw)
    assert names(worst) == ["b", "c"]
    assert draw.drawn == 3  # d and e were never drawn
    assert worst.by_figure()["f"][1].to_json() == {"picture": "c", "score": 2.0, "kind": "c"}


def test_figures_do_not_crowd_each_other_out() -> None:
    worst = WorstCases(1)
    worst.offer("f", "a", 1.0, {}, Artist())
    worst.offer("g", "b", 9.0, {}, Artist())
    assert (names(worst), names(worst, "g")) == (["a"], ["b"])
    assert list(worst.by_figure()) == ["f", "g"]


def test_one_case_a_fruit() -> None:
    worst = WorstCases(3)
    for name, score in (("view 1", 1.0), ("view 2", 4.0), ("view 3", 2.0)):
        worst.offer("f", name, score, {}, Artist(), group="apple 7")
    assert names(worst) == ["view 2"]


def test_no_fault_is_no_case_and_nobody_asks_for_none() -> None:
    draw = Artist()
    kept, none = WorstCases(3), WorstCases()
    kept.offer("f", "a", 0.0, {}, draw)
    none.offer("f", "a", 1.0, {}, draw)
    assert (kept.by_figure(), none.by_figure(), draw.drawn) == ({}, {}, 0)
