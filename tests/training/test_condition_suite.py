"""Figures on the condition of fruit, computed by hand for planted answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.grader.made_fruit import make_defect
from tests.training.planted import DataFolder, Planted, PlantedGrader
from training.condition_suite import ROTTEN_FROM, ConditionSuite, average_precision
from training.worst_cases import WorstCases

BOX = (10, 10, 50, 50)
FOLDER = "apples/normal_rotten_boxes_capstone"


def diseases(data: DataFolder) -> None:
    """A picture of each label and one more sound one."""
    for name, label in (("r", "rot"), ("s", "scab"), ("b", "blotch"), ("n", "normal"), ("m", "normal")):
        data.add(f"apples/disease_web_kaggle_st4nsb/images/{name}.png", label=label, kind="image_class")


def boxes(data: DataFolder, name: str, *lines: str) -> None:
    """A picture of 80 x 60 px with YOLO boxes: class, then middle and size as shares."""
    data.add(f"{FOLDER}/images/{name}.png", label=f"labels_box/{name}.txt", kind="yolo_boxes")
    folder = data.folder / FOLDER
    (folder / "classes.txt").write_text("normal_apple\nrotten_apple\n")
    (folder / "labels_box").mkdir(exist_ok=True)
    (folder / "labels_box" / f"{name}.txt").write_text("\n".join(lines) + "\n")


def test_the_worst_defect_is_that_of_the_greatest_sum(tmp_path: Path) -> None:
    diseases(DataFolder(tmp_path))
    answers = {
        "r.png": (
            Planted(
                box=BOX, measured=(make_defect("rot", fraction=0.03), make_defect("scab", fraction=0.04))
            ),
            Planted(box=BOX, measured=(make_defect("rot", fraction=0.02),)),
        ),
        "s.png": (Planted(box=BOX, measured=(make_defect("rot", fraction=0.01),)),),  # wrong
        "b.png": (Planted(box=BOX, measured=(make_defect("sooty", fraction=0.01),)),),
        "n.png": (Planted(box=BOX, measured=(make_defect("rot", fraction=0.005),)),),  # too little to count
        "m.png": (Planted(box=BOX, measured=(make_defect("bruise", fraction=0.0051),)),),  # wrong
    }
    worst = WorstCases(5)
    figure = ConditionSuite(PlantedGrader(answers), tmp_path, worst).worst_defect()
    assert (figure.value, figure.n) == (pytest.approx(3 / 5), 5)
    cases = worst.by_figure()["worst_defect_right"]
    assert [case.name for case in cases] == ["s.png", "m.png"]
    assert cases[1].facts == {"true": "sound", "called": "other", "share": pytest.approx(0.0051)}


def test_a_fruit_is_offered_as_what_it_looks_like(tmp_path: Path) -> None:
    """One rotten and one normal apple, both found and told apart: nothing is lost by the doubtful offers."""
    data = DataFolder(tmp_path)
    boxes(data, "p", "1 0.25 0.5 0.25 0.5", "0 0.75 0.5 0.25 0.5")
    rotten = Planted(box=(10, 15, 30, 45), measured=(make_defect("rot", fraction=ROTTEN_FROM),))
    normal = Planted(box=(50, 15, 70, 45))
    figure = ConditionSuite(PlantedGrader({"p.png": (rotten, normal)}), tmp_path).normal_or_rotten()
    assert (figure.value, figure.n) == (1.0, 1)
    swapped = Planted(box=normal.box, measured=rotten.measured), Planted(box=rotten.box)
    worst = WorstCases(5)
    figure = ConditionSuite(PlantedGrader({"p.png": swapped}), tmp_path, worst).normal_or_rotten()
    assert figure.value == 0.5  # each truth is matched by the second offer
    (case,) = worst.by_figure()["normal_rotten_ap50"]
    assert (case.score, set(case.facts.values())) == (2, {1.0})


def test_two_offers_for_one_box_are_one_match(tmp_path: Path) -> None:
    data = DataFolder(tmp_path)
    boxes(data, "p", "0 0.25 0.5 0.25 0.5", "1 0.75 0.5 0.25 0.5")
    twice = (Planted(box=(10, 15, 30, 45)), Planted(box=(10, 15, 30, 44)))
    figure = ConditionSuite(PlantedGrader({"p.png": twice}), tmp_path).normal_or_rotten()
    assert figure.value == 0.5  # normal 1, rotten 0


def test_average_precision_by_hand() -> None:
    offers = [(0.9, 1.0, 0.0), (0.8, 0.0, 0.0), (0.7, 1.0, 0.0), (0.6, 0.0, 0.0)]
    truth = [(0.0, 0.0, 1.0)] * 4  # two are never found
    assert average_precision(np.array(offers + truth)) == pytest.approx(0.25 * 1 + 0.25 * 2 / 3)
    assert average_precision(np.array(offers)) == 0.0
