"""Figures on the diameter in photographs, computed by hand for answers that were planted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grader.types import Box, Crop
from tests.grader.made_fruit import make_fruit
from tests.training.planted import DataFolder, Planted, PlantedGrader
from tests.training.test_photo_suite import by_name
from training.diameter_suite import DiameterSuite, largest_change


def test_diameter_repeatability_is_a_mean_over_apples(tmp_path: Path) -> None:
    data = DataFolder(tmp_path)
    answers: dict[str, tuple[Planted, ...]] = {}
    box = (0, 0, 20, 20)
    for group, diameters in (("one", (99.0, 101.0)), ("two", (100.0, 100.0)), ("three", (50.0,))):
        for view, diameter in enumerate(diameters):
            name = f"{group}_{view}.png"
            path = f"apples/multiview_station_nekoder/images/{name}"
            data.add(path, label=f"apple={group};view={view}", kind="multi_view", group=group)
            answers[name] = (Planted(box=box, diameter_px=diameter), Planted(box=box, diameter_px=1.0))
    answers["two_1.png"] = ()  # not found: one view is left, which has no spread
    figure = DiameterSuite(PlantedGrader(answers), tmp_path).diameter_repeatability()
    assert by_name([figure]) == {"diameter_cv_nekoder": (2**0.5 / 100, 1)}


def coins(data: DataFolder) -> dict[str, tuple[Planted, ...]]:
    """Coins of 50 px (0.5 mm/px). From the side three fruit of 80 mm read 5 %, 10 % and 10 % too small."""
    answers: dict[str, tuple[Planted, ...]] = {}
    for name, view, diameter_px, coin in (
        ("s1", "side", 152.0, True),
        ("s2", "side", 144.0, True),
        ("s3", "side", 144.0, True),
        ("s4", "side", 10.0, False),
        ("t1", "top", 176.0, True),
    ):
        hw = (300, 400)
        folder = "apples/ecustfd_size"
        label = f"diam_mm=80;weight_g=200;volume_cm3=260;view={view}"
        data.add(f"{folder}/images/{name}.png", label=label, kind="size", group=f"apple{name}", hw=hw)
        boxes: list[tuple[str, Box]] = [("apple", (10, 10, 170, 170))]
        if coin:
            boxes.append(("coin", (300, 200, 350, 249)))
        data.add_boxes(f"{folder}/annotations_voc/{name}.xml", boxes, hw)
        melon = Planted(box=(0, 0, 20, 20), crop=Crop.MELON, diameter_px=999.0)
        answers[f"{name}.png"] = (Planted(box=(10, 10, 170, 170), diameter_px=diameter_px), melon)
    return answers


def test_diameter_accuracy_takes_the_plane_from_the_other_fruit(tmp_path: Path) -> None:
    answers = coins(DataFolder(tmp_path))
    # side: 0.95, 0.9, 0.9 of the truth; the others' medians are 0.9, 0.925, 0.925. Top: no other fruit.
    errors = [0.95 / 0.9 - 1, 1 - 0.9 / 0.925, 1 - 0.9 / 0.925]
    assert by_name(DiameterSuite(PlantedGrader(answers), tmp_path).diameter_accuracy()) == {
        "diameter_error_ecustfd_fruit": (float(np.mean(errors)), 3),
        "diameter_error_ecustfd_picture": (float(np.mean(errors)), 3),
        "diameter_error_ecustfd_naive": (float(np.mean([0.05, 0.1, 0.1, 0.1])), 4),
    }


def test_one_view_left_out_moves_the_fused_diameter_by_so_much() -> None:
    one = make_fruit()
    views = [replace(one, size=replace(one.size, diameter_px=px)) for px in (100.0, 101.0, 102.0)]
    assert largest_change(views) == pytest.approx(101.5 / 101 - 1)
    assert largest_change(views[:1] * 3) == 0.0


def test_only_apples_with_enough_views_are_left_one_out(tmp_path: Path) -> None:
    data = DataFolder(tmp_path)
    answers: dict[str, tuple[Planted, ...]] = {}
    box = (0, 0, 20, 20)
    for group, diameters in (
        ("one", (100.0, 101.0, 102.0)),
        ("two", (100.0, 120.0)),
        ("three", (90.0, 100.0, 110.0)),
    ):
        for view, diameter in enumerate(diameters):
            name = f"{group}_{view}.png"
            path = f"apples/multiview_station_nekoder/images/{name}"
            data.add(path, label=f"apple={group};view={view}", kind="multi_view", group=group)
            answers[name] = (Planted(box=box, diameter_px=diameter),)
    figures = by_name(DiameterSuite(PlantedGrader(answers), tmp_path).left_out())
    assert figures["diameter_steady_nekoder"] == (0.5, 2)
    assert figures["diameter_left_out_nekoder"] == (pytest.approx((101.5 / 101 - 1 + 0.05) / 2), 2)
