"""Every figure on photographs, computed by hand for answers that were planted."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from grader.pipeline import GradedFrame, GradeOptions
from grader.types import Box, Crop, Frame
from tests.training.planted import DataFolder, Planted, PlantedGrader
from training.manifest import ManifestError
from training.photo_suite import PhotoSuite
from training.statistics import Figure
from training.worst_cases import WorstCases

SHOT = "test/Royal-Gala/Royal-Gala_010.jpg"


def by_name(figures: Iterable[Figure]) -> dict[str, tuple[float, int]]:
    """(value, n) by name; every interval holds its value."""
    known = {}
    for figure in figures:
        assert figure.low <= figure.value <= figure.high, figure.name
        known[figure.name] = (pytest.approx(figure.value), figure.n)
    return known


def masks(data: DataFolder) -> dict[str, tuple[Planted, ...]]:
    """Two rot masks of 100 px: half of what is found is right; nothing is found."""
    binary = np.zeros((60, 80), np.uint8)
    binary[10:20, 10:20] = 255
    data.add("apples/rot_masks_aabdurrauf/images/a.png", label="masks/a.png", kind="defect_mask")
    data.add_mask("apples/rot_masks_aabdurrauf/masks/a.png", binary)
    index = np.zeros((60, 80), np.uint8)
    index[10:50, 10:50] = 1
    index[10:20, 10:20] = 2
    data.add("apples/rot_masks_melo04/images/b.png", label="masks/b.png", kind="fruit_and_defect_mask")
    data.add_mask("apples/rot_masks_melo04/masks/b.png", index)
    return {
        "a.png": (Planted(box=(5, 5, 45, 45), rot=(10, 10, 20, 30)),),
        "b.png": (Planted(box=(10, 10, 50, 30)),),
    }


def test_defect_iou_pools_pixels(tmp_path: Path) -> None:
    data = DataFolder(tmp_path)
    answers = masks(data)
    data.add(  # a training picture is never looked at
        "apples/rot_masks_melo04/images/t.png",
        label="masks/b.png",
        kind="fruit_and_defect_mask",
        split="train",
    )
    assert by_name(PhotoSuite(PlantedGrader(answers), tmp_path).defect_iou()) == {
        "defect_iou": (100 / 300, 2),
        "defect_iou_rot_masks_aabdurrauf": (100 / 200, 1),
        "defect_iou_rot_masks_melo04": (0.0, 1),
    }


def test_outline_iou_is_a_mean_over_pictures(tmp_path: Path) -> None:
    data = DataFolder(tmp_path)
    answers = masks(data)
    data.add("apples/rot_masks_melo04/images/c.png", label="masks/b.png", kind="fruit_and_defect_mask")
    answers["c.png"] = (Planted(box=(10, 10, 50, 50), rot=(10, 10, 20, 20)),)  # a defect is fruit too
    figure = PhotoSuite(PlantedGrader(answers), tmp_path).outline_iou()
    assert by_name([figure]) == {"outline_iou_melo04": (0.75, 2)}


def test_false_alarms_start_above_half_a_per_cent(tmp_path: Path) -> None:
    """A fruit of 2000 px: 10 px of defect are let pass, 11 are not."""
    data = DataFolder(tmp_path)
    box = (0, 0, 50, 40)
    at, above = Planted(box=box, rot=(0, 0, 10, 1)), Planted(box=box, rot=(0, 0, 11, 1))
    for name in ("k1", "k2"):
        data.add(f"apples/varieties_kayseri/images/Gala/{name}.png", label="Gala", kind="cultivar_sound")
    for name, label, group in (
        ("t1", "sound;axis=r0;frame=0;", "apple 1"),
        ("t2", "sound;axis=r0;frame=4;", "apple 1"),
        ("t3", "sound;axis=r0;frame=0;", "apple 2"),
        ("t4", "rot;axis=r0;frame=0;", "apple 3"),
    ):
        path = f"apples/turntable_fruits360_3body/images/{name}.png"
        data.add(path, label=label, kind="turntable_condition", group=group)
    answers = {"k1.png": (at,), "k2.png": (at, above), "t1.png": (above,), "t2.png": (at,), "t3.png": ()}
    assert by_name(PhotoSuite(PlantedGrader(answers), tmp_path).false_alarms()) == {
        "false_alarm_kayseri": (0.5, 2),
        "false_alarm_turntable": (1 / 3, 2),
        "false_alarm": (2 / 5, 4),
    }


def test_false_alarms_in_shops_look_at_the_one_fruit_in_front(tmp_path: Path) -> None:
    data = DataFolder(tmp_path)
    answers = shop_shots(data)
    data.add("apples/varieties_kayseri/images/Gala/k.png", label="Gala", kind="cultivar_sound")
    turn = "apples/turntable_fruits360_3body/images/t.png"
    data.add(turn, label="sound;axis=r0;frame=0;", kind="turntable_condition")
    behind = Planted(box=(0, 0, 10, 10), rot=(0, 0, 5, 5))
    blamed = Planted(box=(20, 20, 60, 60), rot=(20, 20, 40, 40))
    answers |= {
        "k.png": (),
        "t.png": (),
        "Royal-Gala_010.jpg": (behind, Planted(box=(20, 20, 60, 60))),
        "m1.png": (behind, blamed),
    }
    worst = WorstCases(3)
    figures = by_name(PhotoSuite(PlantedGrader(answers), tmp_path, worst).false_alarms(shop=True))
    assert figures["false_alarm_shop_apples"] == (0.0, 1)
    assert figures["false_alarm_shop_melons"] == (0.5, 2)
    assert figures["false_alarm_all"] == (1 / 5, 5)
    (case,) = worst.by_figure()["false_alarm_all"]
    assert (case.name, case.facts["share"], case.facts["kinds"]) == ("m1.png", 0.25, "rot")


def test_worst_cases_of_photographs(tmp_path: Path) -> None:
    data, worst = DataFolder(tmp_path), WorstCases(2)
    answers = masks(data) | scenes(data) | shop_shots(data)
    suite = PhotoSuite(PlantedGrader(answers), tmp_path, worst)
    for _ in (*suite.defect_iou(), *suite.apple_counts(), suite.outline_iou(), *suite.crop_choice()):
        pass
    cases = worst.by_figure()
    assert [case.name for case in cases["defect_iou"]] == ["a.png", "b.png"]
    assert cases["defect_iou"][0].facts == pytest.approx({"iou": 0.5, "missed": 0.0, "extra": 0.5})
    assert cases["apple_count_exact"][0].facts == {"true": 1.0, "called": 2.0}
    assert cases["outline_iou_melo04"][0].facts == {"iou": 0.5}
    assert cases["crop_right"][0].facts == {"true": "melon", "called": "nothing"}
    assert all(case.shown.picture.ndim == 3 for kept in cases.values() for case in kept)


class OncePerPicture(PlantedGrader):
    """Refuses to look at a picture twice."""

    def __init__(self, answers: dict[str, tuple[Planted, ...]]) -> None:
        super().__init__(answers)
        self._seen: set[str] = set()

    def grade_frame(self, frame: Frame, options: GradeOptions) -> GradedFrame:
        """As planted, the first time."""
        assert frame.frame_id not in self._seen
        self._seen.add(frame.frame_id)
        return super().grade_frame(frame, options)


def test_scenes_are_graded_once_for_all_figures(tmp_path: Path) -> None:
    data = DataFolder(tmp_path)
    answers = scenes(data) | shop_shots(data)
    suite = PhotoSuite(OncePerPicture(answers), tmp_path)
    assert len([*suite.apple_counts(), *suite.crop_choice()]) == 6


def scenes(data: DataFolder) -> dict[str, tuple[Planted, ...]]:
    """Two camera scenes and a small picture, with apples and other produce."""
    camera, small = (480, 640), (100, 100)
    left, right, other = (100, 100, 200, 200), (300, 100, 400, 200), (450, 300, 550, 400)
    contents: dict[str, tuple[tuple[int, int], list[tuple[str, Box]]]] = {
        "s1": (camera, [("freshapple", left), ("rottenapple", right), ("freshbanana", other)]),
        "s2": (camera, [("freshapple", left), ("freshorange", other)]),
        "s3": (small, [("freshorange", (10, 10, 90, 90))]),
    }
    for name, (hw, boxes) in contents.items():
        label = f"annotations_voc/{name}.xml"
        data.add(f"apples/freshness3_voc_zijian/images/{name}.png", label=label, kind="voc_boxes", hw=hw)
        data.add_boxes(f"apples/freshness3_voc_zijian/{label}", boxes, hw)
    return {
        "s1.png": (Planted(box=left), Planted(box=right)),
        "s2.png": (Planted(box=left), Planted(box=(450, 300, 550, 340))),  # IoU 0.4 with the orange
        "s3.png": (Planted(box=(10, 10, 34, 90)),),  # IoU 0.3: not the orange
    }


def test_apple_counts_look_at_camera_scenes_only(tmp_path: Path) -> None:
    answers = scenes(DataFolder(tmp_path))
    assert by_name(PhotoSuite(PlantedGrader(answers), tmp_path).apple_counts()) == {
        "apple_count_exact": (0.5, 2),
        "other_produce_left_alone": (0.5, 2),
    }


def shop_shots(data: DataFolder) -> dict[str, tuple[Planted, ...]]:
    """One known shot of one apple, one of a pile, two of one melon, one of several."""
    data.add(f"apples/varieties_grocerystore/{SHOT}", label="Royal-Gala", kind="variety")
    data.add("apples/varieties_grocerystore/test/Royal-Gala/pile.png", label="Royal-Gala", kind="variety")
    folder = "melons/grocerystore-melons"
    for name in ("m1", "m2", "m3"):
        data.add(f"{folder}/val/Honeydew/{name}.png", label="Honeydew", kind="variety")
    (data.folder / folder / "review_scene.csv").write_text(
        "image,scene,shows_cut_watermelon_pieces\n"
        "val/Honeydew/m1.png,single_fruit,0\nval/Honeydew/m2.png,single_fruit,0\n"
        "val/Honeydew/m3.png,several_or_pile,0\n"
    )
    small, large = (0, 0, 10, 10), (20, 20, 60, 60)
    return {
        "Royal-Gala_010.jpg": (
            Planted(box=small, crop=Crop.MELON),
            Planted(box=large),
        ),  # the largest decides
        "pile.png": (),
        "m1.png": (Planted(box=large, crop=Crop.MELON),),
        "m2.png": (),
        "m3.png": (Planted(box=large),),
    }


def test_crop_choice(tmp_path: Path) -> None:
    data = DataFolder(tmp_path)
    answers = scenes(data) | shop_shots(data)
    assert by_name(PhotoSuite(PlantedGrader(answers), tmp_path).crop_choice()) == {
        "crop_right_apple": (1.0, 1),
        "crop_right_melon": (0.5, 2),
        "crop_right_neither": (2 / 3, 3),
        "crop_right": (4 / 6, 6),
    }


def test_a_missing_data_set_is_named(tmp_path: Path) -> None:
    answers = masks(DataFolder(tmp_path))
    with pytest.raises(ManifestError, match="varieties_kayseri"):
        list(PhotoSuite(PlantedGrader(answers), tmp_path).false_alarms())


def test_single_fruit_shots_are_listed_once() -> None:
    names = (Path(__file__).parents[2] / "training" / "single_fruit_shots.txt").read_text().split()
    assert SHOT in names
    assert len(names) == len(set(names)) > 5
    assert all(len(Path(name).parts) == 3 for name in names)
