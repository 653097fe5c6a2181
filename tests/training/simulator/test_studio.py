"""Pictures of exactly known fruit."""

from __future__ import annotations

import json
import subprocess
import sys
from math import pi, sqrt

import cv2
import numpy as np
import pytest

from grader.types import Crop, DefectKind, SurfaceClass
from training.simulator import (
    DefectSpec,
    LensSpec,
    Outline,
    Rendered,
    fruit_of_views,
    render_fruit,
    render_scene,
    render_views,
)
from training.simulator.camera import distance_for_scale

BALL = Outline()
FACING = (0.05, 0.02, 1.0)


def _fruit(picture: Rendered, index: int = 0) -> dict[str, object]:
    fruits = picture.truth["fruits"]
    assert isinstance(fruits, list)
    fruit = fruits[index]
    assert isinstance(fruit, dict)
    return fruit


def _number(value: object) -> float:
    assert isinstance(value, float)
    return value


@pytest.mark.parametrize("distance", [250.0, 500.0, 1500.0])
def test_outline_of_a_ball_follows_focal_length_and_distance(distance: float) -> None:
    picture = render_fruit(
        seed=1,
        outline=BALL,
        stem_mm=0.0,
        equatorial_diameter_mm=70.0,
        focal_px=distance * 3.0,
        distance_mm=distance,
    )
    diameter = 2 * sqrt(np.count_nonzero(picture.instance) / pi)
    expected = 2 * distance * 3.0 * 35.0 / sqrt(distance**2 - 35.0**2)
    assert diameter == pytest.approx(expected, rel=0.004)
    outline_mm = 70.0 * sqrt(1 - (35.0 / distance) ** 2)
    assert diameter * _number(_fruit(picture)["mm_per_px"]) == pytest.approx(outline_mm, rel=0.004)


@pytest.mark.parametrize("scale", [0.2, 0.35, 0.8])
def test_asked_scale_is_the_scale_in_the_truth(scale: float) -> None:
    picture = render_fruit(seed=1, outline=BALL, mm_per_px=scale, size_hw=(160, 160))
    assert _fruit(picture)["mm_per_px"] == pytest.approx(scale, rel=1e-3)


def test_seen_skin_of_a_ball_is_its_cap() -> None:
    picture = render_fruit(
        seed=1, outline=BALL, stem_mm=0.0, equatorial_diameter_mm=70.0, distance_mm=400.0, focal_px=1000.0
    )
    assert _fruit(picture)["surface_seen_mm2"] == pytest.approx(
        2 * pi * 35.0**2 * (1 - 35.0 / 400.0), rel=0.02
    )
    assert _fruit(picture)["surface_mm2"] == pytest.approx(pi * 70.0**2, rel=1e-3)


@pytest.mark.parametrize("kind", [DefectKind.ROT, DefectKind.BRUISE, DefectKind.PUNCTURE, DefectKind.INSECT])
def test_a_defect_that_faces_the_camera_is_seen_whole_and_has_its_pixels(kind: DefectKind) -> None:
    spot = DefectSpec(kind=kind, area_mm2=200.0, direction=FACING, seed=4)
    picture = render_fruit(
        seed=1,
        outline=BALL,
        stem_mm=0.0,
        defects=(spot,),
        equatorial_diameter_mm=80.0,
        mm_per_px=0.25,
        size_hw=(360, 360),
    )
    defects = _fruit(picture)["defects"]
    assert isinstance(defects, list)
    assert defects[0]["area_mm2"] == pytest.approx(200.0, rel=0.03)
    assert defects[0]["area_seen_mm2"] == pytest.approx(defects[0]["area_mm2"], rel=0.02)
    pixels = np.count_nonzero(picture.surface == kind.surface_class)
    nearer = (0.25 * 1500 / (distance_for_scale(0.25, 40.0, 1500.0) - 40.0)) ** 2
    slant = 1 - 200.0 / (2 * pi * 40.0**2)  # mean cosine over a cap of that area
    assert pixels * 0.25**2 == pytest.approx(200.0 * nearer * slant, rel=0.08)


def test_skin_under_two_defects_counts_once() -> None:
    large = DefectSpec(kind=DefectKind.ROT, area_mm2=400.0, direction=(0.5, 0.3, 1.0), seed=4)
    within = DefectSpec(kind=DefectKind.SCAB, area_mm2=60.0, direction=(0.5, 0.3, 1.0), seed=5)
    fruit = _fruit(render_fruit(seed=1, outline=BALL, stem_mm=0.0, defects=(large, within)))
    parts = [defect["area_seen_mm2"] for defect in fruit["defects"]]  # type: ignore[attr-defined]
    assert sum(parts) == pytest.approx(460.0, rel=0.02)
    assert fruit["defect_seen_mm2"] == pytest.approx(400.0, rel=0.03)


def test_a_defect_on_the_far_side_is_not_seen() -> None:
    spot = DefectSpec(kind=DefectKind.ROT, area_mm2=200.0, direction=(0.0, 0.0, -1.0), seed=4)
    picture = render_fruit(seed=1, outline=BALL, stem_mm=0.0, defects=(spot,))
    defects = _fruit(picture)["defects"]
    assert isinstance(defects, list)
    assert defects[0]["area_seen_mm2"] == 0.0
    assert not np.any(picture.surface == SurfaceClass.ROT)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.8, 1.0])
@pytest.mark.parametrize("variety", ["gala", "red_delicious"])
def test_asked_blush_is_met(share: float, variety: str) -> None:
    picture = render_fruit(seed=3, variety=variety, blush_fraction=share, size_hw=(64, 64), mm_per_px=2.0)
    assert _fruit(picture)["blush_fraction_whole"] == pytest.approx(share, abs=0.04)


def test_blush_in_the_picture_is_red_and_ground_is_not() -> None:
    red = render_fruit(seed=3, variety="gala", blush_fraction=1.0, stem_mm=0.0, lens=LensSpec(exposure=0.2))
    pale = render_fruit(seed=3, variety="gala", blush_fraction=0.0, stem_mm=0.0, lens=LensSpec(exposure=0.2))
    hues = []
    for picture in (red, pale):
        skin = picture.rgb[picture.surface == SurfaceClass.SOUND_SKIN].astype(np.float32)[None] / 255
        lab = cv2.cvtColor(skin, cv2.COLOR_RGB2LAB)[0]
        hues.append(float(np.degrees(np.arctan2(np.median(lab[:, 2]), np.median(lab[:, 1])))))
    assert hues[0] < 50.0 < hues[1]


def test_same_request_same_bytes_also_in_another_process() -> None:
    code = (
        "import hashlib; from training.simulator import render_scene; p = render_scene(7, 'single', (96, 96));"
        "print(hashlib.sha256(p.rgb.tobytes() + p.surface.tobytes() + p.net_cover.tobytes()).hexdigest())"
    )
    runs = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    first, again = render_scene(7, "single", (96, 96)), render_scene(7, "single", (96, 96))
    assert len(runs) == 1
    assert np.array_equal(first.rgb, again.rgb)
    assert first.truth == again.truth
    assert not np.array_equal(first.rgb, render_scene(8, "single", (96, 96)).rgb)


def test_views_turn_one_fruit_and_see_all_of_a_defect_between_them() -> None:
    spot = DefectSpec(kind=DefectKind.ROT, area_mm2=300.0, direction=(1.0, 0.0, 0.0), seed=1)
    pictures = render_views(5, views=4, size_hw=(120, 160), mm_per_px=0.9, defects=(spot,), variety="fuji")
    wholes = {json.dumps([d["area_mm2"] for d in _fruit(p)["defects"]]) for p in pictures}  # type: ignore[attr-defined]
    seen = [_fruit(p)["defects"][0]["area_seen_mm2"] for p in pictures]  # type: ignore[index]
    assert len(wholes) == 1
    assert len({json.dumps(_fruit(p)["pose"]) for p in pictures}) == 4
    assert max(seen) > 150.0
    assert all(_fruit(p)["mm_per_px"] == pytest.approx(0.9, rel=1e-3) for p in pictures)
    assert _fruit(pictures[0])["variety"] == "fuji"


def test_a_given_background_is_seen_beside_the_fruit() -> None:
    green = np.zeros((50, 70, 3), np.uint8)
    green[..., 1] = 200
    picture = render_scene(2, "single", (96, 96), background=green)
    corner = picture.rgb[picture.instance == 0].astype(int)
    assert np.median(corner[:, 1]) > np.median(corner[:, 0]) + 40


@pytest.mark.parametrize(
    ("background", "named"),
    [(np.zeros((4, 4), np.uint8), r"\(4, 4\)"), (np.zeros((4, 4, 3), np.float32), "float32")],
)
def test_a_wrong_background_is_named(background: np.ndarray, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        render_scene(2, "single", (32, 32), background=background)


def test_wrong_requests_are_named() -> None:
    with pytest.raises(ValueError, match="views: expected at least 1, got 0"):
        render_views(1, views=0)
    with pytest.raises(ValueError, match="mm_per_px or distance_mm"):
        render_fruit(seed=1, mm_per_px=None)
    with pytest.raises(TypeError, match="colour_of_pips"):
        render_views(1, views=1, colour_of_pips="brown")


def test_a_melon_has_net_cover_only_on_the_melon() -> None:
    picture = render_fruit(
        seed=2,
        crop=Crop.MELON,
        variety="cantaloupe",
        equatorial_diameter_mm=140.0,
        mm_per_px=0.8,
        size_hw=(240, 240),
    )
    assert set(np.unique(picture.crop)) == {0, 2}
    assert picture.net_cover[picture.crop == 0].max() == 0.0
    assert picture.net_cover[picture.crop == 2].mean() == pytest.approx(
        _number(_fruit(picture)["netting_fraction_seen"]), abs=0.12
    )


def test_the_same_fruit_can_be_shown_again() -> None:
    small = {"size_hw": (96, 96), "mm_per_px": 1.2, "sound": True}
    first = render_views(5, views=2, **small)
    again = render_views(5, views=2, start_deg=180.0, take=1, **small)
    assert again[0].truth["fruits"][0]["pose"]["rotation"] == pytest.approx(
        np.array(first[1].truth["fruits"][0]["pose"]["rotation"]), abs=1e-5
    )
    assert again[0].truth["fruits"][0]["variety"] == first[0].truth["fruits"][0]["variety"]
    assert (again[0].rgb != first[1].rgb).any()  # other noise
    assert fruit_of_views(5, sound=True).spec.variety == first[0].truth["fruits"][0]["variety"]
    with pytest.raises(ValueError, match="take: expected 0 to 99, got 100"):
        render_views(5, views=1, take=100, **small)
