"""What is said of defects that a network was never shown, counted by hand for planted answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grader.image_io import write_png
from grader.pipeline import GradedFruit, GradeOptions
from grader.types import REJECT, DefectKind, Frame
from tests.grader.made_fruit import make_defect
from tests.training.planted import DataFolder, Planted, PlantedGrader
from training.one_defect import LEAST_MM2, SIDE_PX, draw_one_defect
from training.simulator_suite import MM_PER_PX, only_fruit
from training.unseen import SUPPOSED_DIAMETER_MM, Shown, ask, figures

BOX = (10, 10, 50, 50)


class Answering(PlantedGrader):
    """The planted fruit with a grade, from the first view; remembers the scales it was given."""

    def __init__(self, *fruits: Planted, review: bool = False, grade_class: str = "I") -> None:
        self.fruits, self.review, self.grade_class = fruits, review, grade_class
        self.asked: list[tuple[int, float | None]] = []

    def grade_views(self, frames: Sequence[Frame], options: GradeOptions) -> GradedFruit:
        self.asked.append((len(frames), options.mm_per_px))
        self._answers = {Path(frame.frame_id).name: self.fruits for frame in frames}
        graded = tuple(self.grade_frame(frame, options) for frame in frames)
        if not self.fruits:
            return GradedFruit(frames=graded, record=None)
        record = graded[0].records[0]
        grade = replace(record.grade, review=self.review, grade_class=self.grade_class)
        return GradedFruit(frames=graded, record=replace(record, grade=grade))


def frame(name: str = "a") -> Frame:
    return Frame(frame_id=name, rgb=np.zeros((60, 80, 3), np.uint8))


def test_what_is_said_of_one_fruit() -> None:
    sound, rotten = Planted(box=BOX), Planted(box=BOX, measured=(make_defect("rot", fraction=0.1),))
    said = ask(Answering(sound), [frame()], 0.35)
    assert said == Shown(flagged=False, accused=False, rejected=False)
    said = ask(Answering(rotten, review=True, grade_class=REJECT), [frame()], 0.35)
    assert said == Shown(flagged=True, accused=True, rejected=True)
    assert ask(Answering(), [frame()], 0.35) is None
    assert ask(Answering(), [frame()], None) is None


def test_a_photograph_is_graded_as_if_of_the_supposed_size() -> None:
    grader = Answering(Planted(box=BOX, diameter_px=150.0))
    assert ask(grader, [frame()], None) is not None
    assert grader.asked == [(1, None), (1, SUPPOSED_DIAMETER_MM / 150.0)]


def test_several_views_are_one_fruit() -> None:
    (views,) = draw_one_defect(DefectKind.ROT, 5, 1, views=3)
    assert len(views) == 3
    grader = Answering(Planted(box=BOX))
    assert ask(grader, [frame("a"), frame("b"), frame("c")], 0.35) is not None
    assert grader.asked == [(3, 0.35)]


def test_every_sort_of_fruit_has_three_figures(tmp_path: Path) -> None:
    data = DataFolder(tmp_path)
    folder = "apples/disease_web_kaggle_st4nsb/images"
    data.add(f"{folder}/s.png", label="scab", kind="image_class")
    data.add(f"{folder}/r.png", label="rot", kind="image_class", split="train")
    for place in ("rot_masks_aabdurrauf", "rot_masks_melo04"):
        mask = tmp_path / "apples" / place / "m.png"
        mask.parent.mkdir(parents=True)
        write_png(mask, np.zeros((60, 80), np.uint8))
    data.add("apples/rot_masks_aabdurrauf/images/SCAB1.png", label="m.png", kind="defect_mask")
    data.add("apples/rot_masks_melo04/images/a.png", label="m.png", kind="fruit_and_defect_mask")
    grader = Answering(Planted(box=BOX), review=True)
    found = {
        figure.name: (figure.value, figure.n) for figure in figures(grader, [DefectKind.SCAB], 1, 2, tmp_path)
    }
    for sort, n in (("sound", 1), ("known", len(DefectKind) - 1), ("scab", 1), ("scab_photographs", 2)):
        assert found[f"unseen_{sort}_flagged"] == (1.0, n)
        assert found[f"unseen_{sort}_accused"] == (0.0, n)
        assert found[f"unseen_{sort}_passed"] == (0.0, n)
    assert len(found) == 12
    assert sorted({views for views, _ in grader.asked}) == [1, 2]  # photographs have one


@pytest.mark.parametrize("kind", [DefectKind.SCALD, DefectKind.CRACK])
def test_one_defect_is_in_sight_and_the_same_for_the_same_seed(kind: DefectKind) -> None:
    ((picture,),) = draw_one_defect(kind, 5, 1)
    assert picture.rgb.shape == (SIDE_PX, SIDE_PX, 3)
    assert [defect["kind"] for defect in only_fruit(picture)["defects"]] == [kind]
    assert (picture.surface == kind.surface_class).sum() * MM_PER_PX**2 >= LEAST_MM2
    ((again,),) = draw_one_defect(kind, 5, 1)
    np.testing.assert_array_equal(picture.rgb, again.rgb)
